// Effects in the desk: bus -> slot -> return -> main, and back into the buses 64 frames later.
#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>

#include "engine/engine_rig.h"
#include "engine/tile/delayed_returns.h"

using namespace fohd;
using namespace fohd::test;

namespace {

constexpr Geometry kDesk{.inputs = 4, .returns = 4, .buses = 3};

/// What comes in goes out.
class Wire final : public Effect {
 public:
  explicit Wire(EffectId id) : Effect(id) {}
  void process(const EffectCoeffs&, const float* left, const float* right, float* out_left, float* out_right,
               int frames) noexcept override {
    std::copy_n(left, frames, out_left), std::copy_n(right, frames, out_right);
  }
  void kill() noexcept override {}
  bool silent() const noexcept override { return true; }
};

/// Input 1 -> channel 1 -> bus 1 -> slot 2 (a Wire) -> returns 3 and 4. Outputs at 0 dB, limiters off.
struct World {
  explicit World(EffectCoeffs coeffs = {}) : rig(kDesk), engine(kDesk, kRateHz) {
    for (OutputTargets& output : rig.targets.outputs) ++output.revision, output.gain = 1, output.limiter_on = false;
    ++rig.targets.lanes[0].revision;
    rig.targets.lanes[0].source = 0;
    rig.set_row(0, Tap::pre_fader, kDesk.bus_column(0), 1);
    for (int side = 0; side < 2; ++side) {
      rig.set_row(kDesk.first_bus_strip(), Tap::pre_fader, kDesk.effect_column(1) + side, 1);
      rig.set_row(return_strip(side), Tap::pre_fader, kDesk.main_column() + side, 1);
    }
    rig.targets.effects[1] = {.revision = 1, .id = 1, .coeffs = coeffs};
    auto effect = make_effect(coeffs, 1, kRateHz);
    if (!effect) effect = std::make_unique<Wire>(1);
    engine.effect_swap(1).offer(std::move(effect));
    engine.set_targets(rig.targets);
    engine.settle();
  }
  static int return_strip(int side) { return kDesk.first_return_strip() + 2 + side; }

  Rig rig;
  Engine engine;
};

Audio one_input(std::vector<float> samples) {
  Audio in(4, std::vector<float>(samples.size()));
  in[0] = std::move(samples);
  return in;
}

}  // namespace

TEST_CASE("effects: a return is in main in the same frame and in a bus exactly 64 frames later, whatever the period",
          "[engine][effect]") {
  for (const int block : {1, 32, 48, 64, 100, 1024}) {
    CAPTURE(block);
    World world;
    world.rig.set_row(World::return_strip(0), Tap::pre_fader, kDesk.bus_column(1), 1);
    world.rig.set_row(World::return_strip(1), Tap::input, kDesk.bus_column(2), 0.5f);
    world.engine.set_targets(world.rig.targets);
    const Audio in = world.rig.noise(4, 1000, 0.9f);
    const Audio out = play(world.engine, in, block);
    for (std::size_t i = 0; i < 1000; ++i) {
      REQUIRE(out[0][i] == in[0][i]);
      REQUIRE(out[1][i] == in[0][i]);
      REQUIRE(out[3][i] == (i < 64 ? 0.0f : in[0][i - 64]));  // below 0 dBFS not a bit is changed
      REQUIRE(out[4][i] == (i < 64 ? 0.0f : 0.5f * in[0][i - 64]));
    }
  }
}

TEST_CASE("effects: a loop of any gain saturates at 0 dBFS, and dies when it is opened", "[engine][effect]") {
  World world;
  world.rig.set_row(World::return_strip(0), Tap::pre_fader, kDesk.bus_column(0), 3.16f);  // 10 dB round and round
  world.engine.set_targets(world.rig.targets);
  Audio in = one_input(std::vector<float>(48000));
  in[0][0] = 0.01f;
  MeterFrame meters(kDesk);
  play(world.engine, in, 256);
  world.engine.read_meters(meters);
  // What comes back is at most 1, times the gain of the way.
  CHECK(meters.strips[kDesk.first_bus_strip()].pre_peak == Approx(3.16).epsilon(1e-6));
  world.rig.set_row(World::return_strip(0), Tap::pre_fader, kDesk.bus_column(0), 0.5f, 240);
  world.engine.set_targets(world.rig.targets);
  in[0][0] = 0;
  const Audio out = play(world.engine, in, 256);
  CHECK(*std::max_element(out[0].end() - 1000, out[0].end()) == 0);
  for (float x : out[0]) REQUIRE(std::isfinite(x));
}

TEST_CASE("effects: a reverb sounds in main, wet only and wide, and then falls silent", "[engine][effect]") {
  ReverbParams params;
  params.decay_s = 0.3f;
  World world(design(params, kRateHz));
  std::vector<float> click(96000);
  click[0] = 0.9f;
  const Audio out = play(world.engine, one_input(click), 128);
  const auto energy = [&](int from, int to) {
    double sum = 0;
    for (int i = from; i < to; ++i) sum += static_cast<double>(out[0][i]) * static_cast<double>(out[0][i]);
    return sum;
  };
  CHECK(energy(0, 960) == 0);  // its predelay: the click itself is not in it
  CHECK(energy(960, 9600) > 1e-4);
  CHECK(out[0] != out[1]);
  CHECK(energy(90000, 96000) == 0);
  CHECK(out[2] == click);  // the bus itself, dry
}

TEST_CASE("effects: panic's kill ends a tail in 20 ms", "[engine][effect]") {
  ReverbParams params;
  params.decay_s = 8;
  World world(design(params, kRateHz));
  std::vector<float> burst(24000);
  std::copy_n(world.rig.noise(1, 4800)[0].begin(), 4800, burst.begin());
  Audio out = play(world.engine, one_input(burst), 128);
  CHECK(std::abs(out[0][23999]) > 0);
  ++world.rig.targets.effects[1].revision;
  world.rig.targets.effects[1].kills = 1;
  world.engine.set_targets(world.rig.targets);
  out = play(world.engine, one_input(std::vector<float>(4800)), 128);
  CHECK(std::any_of(out[0].begin(), out[0].begin() + 480, [](float x) { return x != 0; }));
  CHECK(std::all_of(out[0].begin() + 960, out[0].end(), [](float x) { return x == 0; }));
}

TEST_CASE("effects: a desk without slots, and slots without effects, are silent there", "[engine][effect]") {
  Rig rig(kDesk, 5);
  rig.randomise(0);
  const Audio in = rig.noise(4, 500);
  Engine engine(kDesk, kRateHz);
  engine.set_targets(rig.targets);
  engine.settle();
  play(engine, in, 64);
  MeterFrame meters(kDesk);
  engine.read_meters(meters);
  CHECK(meters.strips[kDesk.first_effect_strip()].pre_peak > 0);
  for (int lane = 0; lane < kDesk.returns; ++lane)
    CHECK(meters.strips[kDesk.first_return_strip() + lane].pre_peak == 0);
}

TEST_CASE("effects: what is not a number does not come back into a bus", "[engine][effect]") {
  DelayedReturns returns;
  Tile broken;
  broken.frame(0)[2] = NAN, broken.frame(1)[2] = INFINITY, broken.frame(2)[2] = -5, broken.frame(3)[2] = 0.25f;
  TileTaps taps;
  for (const float*& tap : taps.tap) tap = broken.samples;
  taps.silent = false;
  CHECK(returns.read(64, 0).silent);
  returns.write(taps, 64, 0);
  const TileTaps late = returns.read(64, 64);
  CHECK_FALSE(late.silent);
  for (const float* tap : late.tap) {
    CHECK(tap[2] == 0);
    CHECK(tap[kLanes + 2] == 0);
    CHECK(tap[2 * kLanes + 2] == -1);
    CHECK(tap[3 * kLanes + 2] == 0.25f);
  }
  returns.write(TileTaps{}, 64, 64);
  const TileTaps silent = returns.read(64, 128);
  CHECK(silent.silent);
  for (const float* tap : silent.tap) CHECK(std::all_of(tap, tap + 64 * kLanes, [](float x) { return x == 0; }));
}

TEST_CASE("effects: every row has a name of its own, and says what its processor is", "[engine][effects]") {
  for (std::size_t i = 0; i < Effects::kNames.size(); ++i) {
    CHECK(std::count(Effects::kNames.begin(), Effects::kNames.end(), Effects::kNames[i]) == 1);
  }
  CHECK(Effects::kNames[1] == "reverb");  // numbers are for ever
  CHECK(Effects::kTraits[1].latency_frames == Reverb::latency_frames());
  CHECK_FALSE(Effects::kTraits[1].replaces);
  const EffectParams params;
  for (std::size_t type = 0; type < Effects::kNames.size(); ++type) {
    const EffectCoeffs coeffs = design(static_cast<EffectType>(type), params, kRateHz);
    CHECK(coeffs.index() == type);
    CHECK((make_effect(coeffs, 1, kRateHz) != nullptr) == (type != 0));
  }
}
