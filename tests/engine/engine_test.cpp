// The engine as a mixer: against one written down in double, one strip after the other, the way a textbook would.
#include "engine/engine.h"

#include <catch2/catch.hpp>

#include "engine/engine_rig.h"
#include "simd_targets.h"

using namespace fohd;
using namespace fohd::test;

namespace {

using Signal = std::vector<double>;

Signal filtered(Signal x, const SvfCoeffs& c) {
  double c1 = 0, c2 = 0;
  for (double& sample : x) {
    const double v = sample - c2, y = c.d * sample + c.y1 * c1 + c.y2 * c2;
    const double next = (c1 + c.p * c1) + c.b * v;
    c2 = (c2 + c.b * c1) + c.t * v;
    c1 = next;
    sample = y;
  }
  return x;
}

/// Left and right change places, at half the level.
class Crossover final : public Effect {
 public:
  explicit Crossover(EffectId id) : Effect(id) {}
  void process(const EffectCoeffs&, const float* left, const float* right, float* out_left, float* out_right,
               int frames) noexcept override {
    for (int i = 0; i < frames; ++i) {
      const float l = left[i], r = right[i];
      out_left[i] = 0.5f * r, out_right[i] = 0.5f * l;
    }
  }
  void kill() noexcept override {}
  bool silent() const noexcept override { return true; }
};

/// A settled desk without limiter, delay and shutter, a Crossover in each slot. No bus feeds a bus; matrices have no
/// outputs; a return is heard by buses 64 frames late.
class Reference {
 public:
  Reference(const Geometry& geometry, const DeskTargets& desk_targets, const Audio& input)
      : g(geometry), targets(desk_targets), in(input), frames(input.front().size()) {}

  std::vector<Signal> outputs() {
    // Each round knows the returns 64 frames further than the one before.
    const std::size_t rounds = g.effects() > 0 ? frames / kSubBlockFrames + 1 : 1;
    for (std::size_t round = 0; round < rounds; ++round) mix();
    std::vector<Signal> all;
    for (int output = 0; output < g.outputs(); ++output) {
      all.push_back(strips[g.output_strip(output)]);
      for (double& y : all.back()) y *= targets.outputs[output].gain;
    }
    return all;
  }

 private:
  void mix() {
    columns.assign(static_cast<std::size_t>(g.columns()), Signal(frames));
    strips.assign(static_cast<std::size_t>(g.strips()), Signal(frames));
    for (int channel = 0; channel < g.channels(); ++channel) {
      const LaneTargets& lane = targets.lanes[channel];
      Signal x(frames);
      for (std::size_t i = 0; lane.source >= 0 && i < frames; ++i) x[i] = lane.input_gain * in[lane.source][i];
      for (const SvfCoeffs& section : lane.low_cut) x = filtered(x, section);
      run_strip(channel, x, 0, g.columns());
    }
    const int effects = g.effect_column(0), main = g.main_column(), matrices = main + kLanes;
    returned.resize(static_cast<std::size_t>(g.returns), Signal(frames));
    for (int lane = 0; lane < g.returns; ++lane) {  // of the round before
      Signal late(frames);
      for (std::size_t i = kSubBlockFrames; i < frames; ++i) late[i] = returned[lane][i - kSubBlockFrames];
      run_strip(g.first_return_strip() + lane, late, 0, effects);
    }
    for (int bus = 0; bus < g.buses; ++bus) run_strip(g.first_bus_strip() + bus, columns[bus], effects, g.columns());
    for (int lane = 0; lane < g.returns; ++lane) {
      returned[lane] = run_strip(g.first_effect_strip() + (lane ^ 1), columns[effects + (lane ^ 1)], 0, 0);
      for (double& y : returned[lane]) y *= 0.5;
      run_strip(g.first_return_strip() + lane, returned[lane], main, g.columns());
    }
    for (int side = 0; side < 2; ++side) run_strip(g.main_strip() + side, columns[main + side], matrices, g.columns());
  }

  /// Gives what the strip does with x, to columns first..end-1 too.
  Signal run_strip(int strip, Signal x, int first, int end) {
    const LaneTargets& lane = targets.lanes[strip];
    send(strip, Tap::input, x, first, end);
    send(strip, Tap::pre_eq, x, first, end);
    for (const SvfCoeffs& band : lane.eq) x = filtered(x, band);
    send(strip, Tap::post_eq, x, first, end);
    send(strip, Tap::pre_fader, x, first, end);
    return strips[strip] = x;
  }
  void send(int strip, Tap tap, const Signal& x, int first, int end) {
    const bool channel = g.kind(strip / kLanes) == TileKind::channel;
    for (int column = first; column < end; ++column) {
      if (channel && column >= g.effect_column(0) && column < g.main_column()) continue;  // effects hear buses
      const double gain = static_cast<double>(targets.gain(DeskTargets::row_index(strip, tap), column));
      for (std::size_t i = 0; gain != 0 && i < frames; ++i) columns[column][i] += gain * x[i];
    }
  }

  const Geometry& g;
  const DeskTargets& targets;
  const Audio& in;
  const std::size_t frames;
  std::vector<Signal> columns, strips, returned;  ///< [column], [strip], [return lane]
};

void check_against_reference(const Geometry& geometry, unsigned seed) {
  CAPTURE(geometry.inputs, geometry.buses, geometry.aux, geometry.matrices, seed);
  Rig rig(geometry, seed);
  rig.randomise(0);
  // Inputs and gains such that nothing reaches the clamp: random EQ gains add up to some 30 dB.
  const Audio in = rig.noise(geometry.inputs, 500, 0.02f);
  Engine engine(geometry, kRateHz);
  for (int slot = 0; slot < geometry.effects(); ++slot) {
    rig.targets.effects[slot] = {.revision = 1, .id = 1, .coeffs = {}};
    engine.effect_swap(slot).offer(std::make_unique<Crossover>(1));
  }
  engine.set_targets(rig.targets);
  engine.settle();
  const Audio out = play(engine, in, 128);
  const auto expected = Reference(geometry, rig.targets, in).outputs();
  double worst = 0, loudest = 0;
  for (std::size_t port = 0; port < out.size(); ++port) {
    for (std::size_t i = 0; i < out[port].size(); ++i) {
      worst = std::max(worst, std::abs(out[port][i] - expected[port][i]));
      loudest = std::max(loudest, std::abs(expected[port][i]));
    }
  }
  REQUIRE(loudest > 1e-4);
  REQUIRE(loudest < 1);
  // Float against double: up to 16 sections of 120 dB SNR and sums of a few hundred terms (24 bits each).
  CHECK(worst < 2e-5 * loudest);
}

}  // namespace

TEST_CASE("engine: a settled desk of any size mixes as the textbook in double does", "[engine][mixer]") {
  unsigned seed = 1;
  for (const Geometry geometry :
       {Geometry{.inputs = 1, .buses = 0}, Geometry{.inputs = 8, .buses = 4}, Geometry{.inputs = 17, .buses = 3},
        Geometry{.inputs = 32, .aux = 8, .returns = 8, .buses = 16, .matrices = 6},
        Geometry{.inputs = 128, .aux = 0, .returns = 0, .buses = 64, .matrices = 0}}) {
    check_against_reference(geometry, seed++);
  }
}

TEST_CASE("engine: every SIMD target mixes alike", "[engine][mixer][simd]") {
  for_each_simd_target([] {
    check_against_reference(Geometry{.inputs = 17, .buses = 11}, 7);
    check_against_reference(Geometry{.inputs = 8, .aux = 3, .returns = 2, .buses = 3, .matrices = 2}, 8);
  });
}

TEST_CASE("engine: a channel assigned to main left is heard there, at the gain of its row, and not right",
          "[engine][mixer]") {
  Rig rig(Geometry{.inputs = 1, .buses = 0});
  rig.wire_to_main(0.5f);
  Engine engine(rig.geometry, kRateHz);
  engine.set_targets(rig.targets);
  engine.settle();
  const Audio out = play(engine, {std::vector<float>(100, 0.25f)}, 33);
  CHECK(same_bits(out[0], std::vector<float>(100, 0.125f)));
  CHECK(same_bits(out[1], std::vector<float>(100, 0.0f)));
}

TEST_CASE("engine: null ports are silence in and are left alone out", "[engine][mixer]") {
  Rig rig(Geometry{.inputs = 2, .buses = 1});
  rig.wire_to_main();
  Engine engine(rig.geometry, kRateHz);
  engine.set_targets(rig.targets);
  engine.settle();
  const std::vector<float> x(70, 0.5f);
  std::vector<float> left(70, 9.0f);
  const float* ins[] = {nullptr, x.data()};
  float* outs[] = {left.data(), nullptr, nullptr};
  engine.process(ins, outs, 0);
  CHECK(left.front() == 9.0f);
  engine.process(ins, outs, 70);
  CHECK(same_bits(left, x));
}

TEST_CASE("engine: the shutter opens linearly over its full-scale time and closes from where it is",
          "[engine][shutter]") {
  Rig rig(Geometry{.inputs = 1, .buses = 0});
  rig.wire_to_main();
  rig.targets.shutter = {.open = false, .close_ramp_frames = 100, .open_ramp_frames = 400};
  Engine engine(rig.geometry, kRateHz);
  engine.set_targets(rig.targets);
  engine.settle();
  rig.targets.shutter.open = true;
  engine.set_targets(rig.targets);
  const Audio in{std::vector<float>(1000, 0.5f)};
  Audio out;
  play(engine, in, 0, 200, 64, out);
  rig.targets.shutter.open = false;
  engine.set_targets(rig.targets);
  play(engine, in, 200, 300, 64, out);
  rig.targets.shutter.open = true;
  engine.set_targets(rig.targets);
  play(engine, in, 300, 1000, 64, out);
  const auto expected = [](int i) {
    if (i < 200) return 0.5 * (i + 1) / 400;
    if (i < 300) return std::max(0.0, 0.25 - 0.5 * (i - 199) / 100);
    return std::min(0.5, 0.5 * (i - 299) / 400);
  };
  for (int i = 0; i < 1000; ++i) {
    CAPTURE(i);
    REQUIRE(std::abs(out[0][i] - expected(i)) < 1e-6);
  }
  CHECK(out[0][699] == 0.5f);
}
