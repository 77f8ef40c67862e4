// Nothing clicks: whatever changes, no sample steps further than the ramps explain.
#include <catch2/catch.hpp>

#include "engine/engine_rig.h"

using namespace fohd;
using namespace fohd::test;

namespace {

constexpr double kPi = 3.14159265358979323846, kToneHz = 997, kPeak = 0.5;
constexpr double kStep = 2 * kPi * kToneHz / kRateHz;  // radians per frame
constexpr Geometry kDesk{.inputs = 2, .buses = 2};
constexpr int kRamp = 480, kChange = 4000;

double roughness(const std::vector<float>& x, int begin, int end) {
  double worst = 0;
  for (int i = begin + 1; i < end - 1; ++i) {
    worst = std::max(worst, std::abs(static_cast<double>(x[i + 1]) - 2.0 * x[i] + x[i - 1]));
  }
  return worst;
}

/// A tone through channel 0 on main left; `change` happens at frame kChange, after `prepare`.
template <class Prepare, class Change>
std::vector<float> tone(Prepare prepare, Change change, int ramp_frames) {
  Rig rig(kDesk);
  rig.wire_to_main();
  rig.set_row(1, Tap::pre_fader, kDesk.main_column(), 0);
  prepare(rig);
  Engine engine(kDesk, kRateHz);
  engine.set_targets(rig.targets);
  engine.settle();
  const Audio in{sine(kToneHz, 9000, kPeak), sine(kToneHz, 9000, kPeak)};
  Audio out;
  play(engine, in, 0, kChange, 64, out);
  change(rig, ramp_frames);
  engine.set_targets(rig.targets);
  play(engine, in, kChange, 9000, 64, out);
  return out[0];
}

/// The second difference of g(n) sin(n w), g linear with steps of delta / R: at most g w^2 + 2 (delta / R) w on the way
/// plus one corner delta / R at each end of the ramp.
template <class Prepare, class Change>
void check_gain_change(Prepare prepare, Change change, double largest_gain, double delta) {
  const double slope = delta / kRamp;
  const double bound = kPeak * (largest_gain * kStep * kStep + 2 * slope * kStep + slope);
  CHECK(roughness(tone(prepare, change, kRamp), kChange - 100, 9000) < bound * 1.001 + 1e-6);  // float rounding
  CHECK(roughness(tone(prepare, change, 0), kChange - 100, 9000) > bound);                     // a jump would be seen
}

const auto kNothing = [](Rig&) {};

}  // namespace

TEST_CASE("clicks: mute, pan, sends, trim, polarity and output level move without one", "[engine][clicks]") {
  const int left = kDesk.main_column();
  SECTION("mute") {
    check_gain_change(
        kNothing, [&](Rig& rig, int ramp) { rig.set_row(0, Tap::pre_fader, left, 0, ramp); }, 1, 1);
  }
  SECTION("pan") {
    check_gain_change(
        kNothing,
        [&](Rig& rig, int ramp) {
          rig.set_row(0, Tap::pre_fader, left, 0.2f, ramp);
          rig.set_row(0, Tap::pre_fader, left + 1, 0.98f, ramp);
        },
        1, 0.8);
  }
  SECTION("a change of tap: two rows at once") {
    check_gain_change([&](Rig& rig) { rig.set_row(0, Tap::input, left, 0.25f); },
                      [&](Rig& rig, int ramp) {
                        rig.set_row(0, Tap::input, left, 0, ramp);
                        rig.set_row(0, Tap::pre_fader, left, 0.25f, ramp);
                      },
                      1.25, 1.0);
  }
  SECTION("a bus into main") {
    check_gain_change([&](Rig& rig) { rig.set_row(0, Tap::input, 0, 1); },
                      [&](Rig& rig, int ramp) { rig.set_row(kDesk.first_bus_strip(), Tap::pre_fader, left, 1, ramp); },
                      2, 1);
  }
  SECTION("polarity") {
    check_gain_change(
        kNothing,
        [&](Rig& rig, int ramp) {
          rig.targets.lanes[0].input_gain = -1;
          rig.targets.lanes[0].input_gain_ramp_frames = ramp;
          ++rig.targets.lanes[0].revision;
        },
        1, 2);
  }
  SECTION("output level") {
    check_gain_change(
        kNothing,
        [&](Rig& rig, int ramp) {
          rig.targets.outputs[0].gain = 0.1f;
          rig.targets.outputs[0].gain_ramp_frames = ramp;
          ++rig.targets.outputs[0].revision;
        },
        1, 0.9);
  }
}

TEST_CASE("clicks: the equaliser switches on, off and its type without one", "[engine][clicks]") {
  const EqBandParams off{false, EqType::bell, 1000, 12, 2}, boost{true, EqType::bell, 1000, 12, 2},
      cut{true, EqType::bell, 1000, -12, 2}, low_cut{true, EqType::low_cut, 1200, 0, 2},
      high_cut{true, EqType::high_cut, 800, 0, 2}, shelf{true, EqType::high_shelf, 900, 9, 2};
  const std::pair<EqBandParams, EqBandParams> switches[] = {{off, boost},   {boost, off},        {boost, cut},
                                                            {cut, low_cut}, {low_cut, high_cut}, {high_cut, shelf}};
  for (const auto& [from, to] : switches) {
    const SvfCoeffs before = design(from, kRateHz), after = design(to, kRateHz);
    constexpr float kRow = 0.25f;  // +12 dB stay below the clamp
    const auto prepare = [&](Rig& rig) {
      rig.targets.lanes[0].eq[0] = before;
      rig.set_row(0, Tap::pre_fader, kDesk.main_column(), kRow);
    };
    const auto change = [&](Rig& rig, int ramp) {
      rig.targets.lanes[0].eq[0] = after;
      rig.targets.lanes[0].coeff_ramp_frames = ramp;
      ++rig.targets.lanes[0].revision;
    };
    const auto ramped = tone(prepare, change, kRamp), jumped = tone(prepare, change, 0);
    // y = d x + y1 c1 + y2 c2. States reach at most Q = 2 times the tone at resonance, the boosted bell's poles four
    // times (its Q at the poles is Q sqrt(gain)); each output coefficient moves linearly and has corners as a gain has.
    const double reach = 4 * kPeak;
    const double slope = (std::abs(after.d - before.d) * kPeak +
                          (std::abs(after.y1 - before.y1) + std::abs(after.y2 - before.y2)) * reach) /
                         kRamp;
    const double steady = std::max(roughness(ramped, kChange - 500, kChange - 1), roughness(ramped, 8000, 9000));
    const double bound = steady + kRow * slope * (1 + 2 * kStep);
    CAPTURE(static_cast<int>(from.type), static_cast<int>(to.type), steady, bound);
    CHECK(roughness(ramped, kChange - 100, 9000) < bound);
    // A jump would be seen; a section that wakes from rest starts with empty states and cannot jump far.
    if (from.on) CHECK(roughness(jumped, kChange - 100, 9000) > 2 * bound);
  }
}

TEST_CASE("clicks: a bundle of 1,000 changes makes no sample step above what its ramps make", "[engine][clicks]") {
  // Every channel plays direct current, so that a step of the output is a step of gains and of nothing else.
  const Geometry geometry{.inputs = 32, .buses = 16};
  Rig rig(geometry, 21);
  for (OutputTargets& output : rig.targets.outputs) output = {.revision = 1, .gain = 1}, output.limiter_on = false;
  const auto randomise = [&](int ramp) {
    int changes = 0;
    for (int channel = 0; channel < 32; ++channel) {
      LaneTargets& lane = rig.targets.lanes[channel];
      lane.source = channel;
      lane.post_gain = rig.uniform(0, 1), lane.post_gain_ramp_frames = ramp;
      ++lane.revision;
      for (const Tap tap : {Tap::input, Tap::pre_fader}) {
        for (int output = 0; output < geometry.outputs(); ++output, ++changes) {
          const int column = geometry.output_strip(output) - geometry.first_mix_strip();
          rig.set_row(channel, tap, column, rig.uniform(-0.02f, 0.02f), ramp);
        }
      }
    }
    return changes;
  };
  REQUIRE(randomise(0) >= 1000);
  const DeskTargets before = rig.targets;
  Engine engine(geometry, kRateHz);
  engine.set_targets(before);
  engine.settle();
  Audio in(32), out;
  for (auto& port : in) port.assign(2000, rig.uniform(-1, 1));
  play(engine, in, 0, 500, 64, out);
  randomise(240);
  engine.set_targets(rig.targets);
  play(engine, in, 500, 2000, 64, out);
  for (int output = 0; output < geometry.outputs(); ++output) {
    const int column = geometry.output_strip(output) - geometry.first_mix_strip();
    double allowed = 1e-6;  // rounding of sums below 1
    for (int channel = 0; channel < 32; ++channel) {
      for (const Tap tap : {Tap::input, Tap::pre_fader}) {
        const int row = DeskTargets::row_index(channel, tap);
        allowed += std::abs((rig.targets.gain(row, column) - before.gain(row, column)) * in[channel][0]) / 240;
      }
    }
    double step = 0;
    for (int i = 1; i < 2000; ++i)
      step = std::max(step, std::abs(static_cast<double>(out[output][i]) - out[output][i - 1]));
    CAPTURE(output);
    CHECK(step <= allowed);
    CHECK(step > 0);
  }
}
