// NaN, infinities and impossible loudness: what the strip does (docs/DESK.md, "Things that could hurt"), and that
// nobody else notices.
#include <catch2/catch.hpp>

#include "engine/engine_rig.h"
#include "engine/tile/denormals.h"
#include "engine/tile/fault_guard.h"

using namespace fohd;
using namespace fohd::test;

namespace {

constexpr int kRecovery = 960;  // 20 ms at 48 kHz
constexpr Geometry kDesk{.inputs = 2, .buses = 1};

/// Channel 0 to main left, channel 1 to main right.
struct Desk : RiggedEngine {
  Desk() : RiggedEngine(kDesk, 1) {
    rig.set_row(1, Tap::pre_fader, kDesk.main_column(), 0);
    rig.set_row(1, Tap::pre_fader, kDesk.main_column() + 1, 1);
    settle();
  }
};

bool all_finite(const Audio& audio) {
  for (const auto& port : audio) {
    if (!std::all_of(port.begin(), port.end(), [](float x) { return std::isfinite(x) && std::abs(x) <= 1; }))
      return false;
  }
  return true;
}

}  // namespace

TEST_CASE("faults: a broken sample is silence, then the strip is back linearly in 20 ms, and only that strip",
          "[engine][faults]") {
  for (const float broken : {NAN, -NAN, INFINITY, -INFINITY, 31.7f, -100.0f, 1e5f, -3e38f}) {
    Desk desk, healthy;
    Audio in = desk.rig.noise(2, 3000);
    in[0].assign(3000, 0.5f);
    const Audio expected = play(healthy.engine, in, 64);
    in[0][100] = broken;
    const Audio out = play(desk.engine, in, 64);
    CAPTURE(broken);
    CHECK(same_bits(out[1], expected[1]));
    for (int i = 0; i < 3000; ++i) {
      const double gain = i < 100 ? 1 : std::min(1.0, (i - 100) / static_cast<double>(kRecovery));
      CAPTURE(i);
      REQUIRE(std::abs(out[0][i] - 0.5 * gain) < 1e-7);
    }
    CHECK(desk.read().faults[0] == 1);
    CHECK(desk.meters.faults[1] == 0);
    CHECK(desk.meters.safety_mutes[0] == 0);
  }
}

TEST_CASE("faults: +30 dBFS is loud but whole", "[engine][faults]") {
  Desk desk;
  Audio in(2, std::vector<float>(200, 31.62f));  // 29.999 dB
  desk.rig.targets.lanes[0].input_gain = 1e-2f;
  ++desk.rig.targets.lanes[0].revision;
  desk.engine.set_targets(desk.rig.targets);
  desk.engine.settle();
  CHECK(play(desk.engine, in)[0][150] == Approx(0.3162));
  CHECK(desk.read().faults[0] == 0);
  CHECK(desk.meters.input_clips[0] == 200);
}

TEST_CASE("faults: the filters of the strip forget the moment, not those of the others", "[engine][faults]") {
  Desk desk;
  for (int strip = 0; strip < 2; ++strip) {
    LaneTargets& lane = desk.rig.targets.lanes[strip];
    ++lane.revision;
    lane.eq[0] = design(EqBandParams{true, EqType::bell, 40, 15, 10}, kRateHz);  // rings for long
  }
  desk.engine.set_targets(desk.rig.targets);
  desk.engine.settle();
  Audio in(2, sine(40, 6000, 0.05));
  std::fill(in[0].begin() + 5000, in[0].end(), 0.0f);
  std::fill(in[1].begin() + 5000, in[1].end(), 0.0f);
  in[0][5000] = NAN;
  const Audio out = play(desk.engine, in, 64);
  CHECK(std::all_of(out[0].begin() + 5000, out[0].end(), [](float x) { return x == 0; }));
  CHECK(std::any_of(out[1].begin() + 5500, out[1].end(), [](float x) { return std::abs(x) > 0.01f; }));
}

TEST_CASE("faults: three times within a second mutes until somebody clears it; a run is one time", "[engine][faults]") {
  Desk desk;
  Audio in(2, std::vector<float>(48000, 0.5f));
  std::fill_n(in[0].begin() + 100, 300, NAN);  // one event, 300 samples
  in[0][20000] = NAN;
  Audio out = play(desk.engine, in, 64);
  CHECK(desk.read().safety_mutes[0] == 0);
  CHECK(desk.meters.faults[0] == 301);
  CHECK(out[0].back() == 0.5f);
  in[0].assign(48000, 0.5f);
  in[0][10] = NAN;  // 28,010 frames after the last, 47,910 after the first: the third within a second
  out = play(desk.engine, in, 64);
  CHECK(desk.read().safety_mutes[0] == 1);
  CHECK(desk.meters.safety_mutes[1] == 0);
  CHECK(std::all_of(out[0].begin() + 10, out[0].end(), [](float x) { return x == 0; }));
  CHECK(out[1].back() == 0.5f);
  desk.engine.clear_safety_mutes();
  in[0][10] = 0.5f;
  out = play(desk.engine, in, 64);
  CHECK(desk.read().safety_mutes[0] == 0);
  CHECK(out[0][kRecovery / 2 - 1] == Approx(0.25));
  CHECK(out[0][kRecovery - 1] == 0.5f);
}

TEST_CASE("faults: three times in more than a second mutes nothing", "[engine][faults]") {
  FaultGuard guard(1000);
  CHECK(guard.fault(0));
  CHECK(guard.fault(500));
  CHECK(guard.fault(1000));  // the first is a whole second ago
  CHECK_FALSE(guard.muted());
  CHECK(guard.fault(1499));
  CHECK(guard.muted());
}

TEST_CASE("faults: whatever breaks inside, no output ever carries it, and all is well when it ends",
          "[engine][faults]") {
  Desk desk;
  Rig& rig = desk.rig;
  rig.set_row(0, Tap::pre_fader, 0, 1);
  rig.targets.lanes[0].eq[0] = design(EqBandParams{true, EqType::bell, 1000, 6, 2}, kRateHz);
  rig.targets.lanes[kDesk.main_strip()].eq[0] = rig.targets.lanes[0].eq[0];
  ++rig.targets.lanes[kDesk.main_strip()].revision;
  const auto set_gain = [&](float gain) {
    rig.targets.lanes[0].input_gain = gain;
    ++rig.targets.lanes[0].revision;
    desk.engine.set_targets(rig.targets);
  };
  set_gain(1);
  const Audio in = rig.noise(2, 5000, 0.1f);
  play(desk.engine, in);
  set_gain(3e38f);
  Audio broken = play(desk.engine, in, 100);
  CHECK(all_finite(broken));
  CHECK(desk.read().faults[0] > 0);
  CHECK(std::isfinite(desk.meters.strips[0].pre_peak));
  CHECK(std::isfinite(desk.meters.strips[0].pre_mean_square));
  CHECK(std::isfinite(desk.meters.output_mean_squares[0]));
  set_gain(1);
  play(desk.engine, in);  // whatever is left in filters is found at the next grid point
  desk.engine.clear_safety_mutes();
  play(desk.engine, in);
  Desk fresh;
  rig.targets.lanes[0].revision += 1000;
  fresh.engine.set_targets(rig.targets);
  fresh.engine.settle();
  play(fresh.engine, in), play(fresh.engine, in), play(fresh.engine, in);
  play(fresh.engine, in);
  const Audio healed = play(desk.engine, in), expected = play(fresh.engine, in);
  CHECK(std::abs(healed[0].back() - expected[0].back()) < 1e-6);  // both have forgotten what was 100 ms ago
  CHECK(std::abs(healed[0][4000]) + std::abs(healed[0][4001]) > 1e-4);
}

TEST_CASE("faults: targets that are not numbers are silence or neutral", "[engine][faults]") {
  Desk desk;
  LaneTargets& lane = desk.rig.targets.lanes[0];
  ++lane.revision;
  lane.eq[1] = {NAN, 0, 0, 1, 0, 0};
  lane.eq[2].y1 = INFINITY;
  lane.post_gain = NAN;
  desk.rig.targets.outputs[1].gain = NAN;
  ++desk.rig.targets.outputs[1].revision;
  desk.engine.set_targets(desk.rig.targets);
  desk.engine.settle();
  const Audio in = desk.rig.noise(2, 500);
  const Audio out = play(desk.engine, in);
  CHECK(same_bits(out[0], in[0]));
  CHECK(same_bits(out[1], std::vector<float>(500, 0.0f)));
  CHECK(desk.read().strips[0].post_peak == 0);
}

TEST_CASE("faults: denormals come out as silence and the caller's mode is put back", "[engine][faults]") {
  Desk desk;
  const Audio in(2, std::vector<float>(500, 1e-40f));
  const Audio out = play(desk.engine, in);
  CHECK(same_bits(out[0], std::vector<float>(500, 0.0f)));
  volatile float tiny = 1e-38f;
  const float half = tiny * 0.25f;
  CHECK(half != 0);
  {
    const ScopedFlushToZero flush;
    const float flushed = tiny * 0.25f;
    CHECK(flushed == 0);
  }
  const float again = tiny * 0.25f;
  CHECK(again != 0);
}
