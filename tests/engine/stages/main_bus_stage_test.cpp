// Main behind its fader: its place in the desk, its latency, its meter. What limiter and width do is in their own
// tests.
#include <catch2/catch.hpp>

#include "engine/engine_rig.h"

using namespace fohd;
using namespace fohd::test;

namespace {

constexpr Geometry kDesk{.inputs = 2, .buses = 2};

struct Desk {
  Desk() : rig(kDesk), engine(kDesk, kRateHz, 1.0) {
    rig.wire_to_main(0);
    rig.set_row(0, Tap::pre_fader, kDesk.main_column(), 1);
    rig.set_row(1, Tap::pre_fader, kDesk.main_column() + 1, 1);
    rig.set_row(0, Tap::pre_fader, 0, 1);
    rig.targets.main.limiter = design(TruePeakLimiterParams{true, -1, 150}, kRateHz);
    settle();
  }
  void settle() {
    ++rig.targets.main.revision;
    engine.set_targets(rig.targets);
    engine.settle();
  }
  Rig rig;
  Engine engine;
};

}  // namespace

TEST_CASE("main: late by its limiter's look-ahead, to the bit, and the buses are not", "[engine][main]") {
  Desk desk;
  const Audio in = desk.rig.noise(2, 5000, 0.4f);
  const Audio out = play(desk.engine, in, 96);
  const int late = desk.engine.latency_frames();
  CHECK(late == 48 + 16);  // 1 ms and the detector
  CHECK(std::all_of(out[0].begin(), out[0].begin() + late, [](float x) { return x == 0; }));
  for (int side = 0; side < 2; ++side) CHECK(std::equal(out[side].begin() + late, out[side].end(), in[side].begin()));
  CHECK(same_bits(out[2], in[0]));
  CHECK(Engine(kDesk, kRateHz).latency_frames() == 0);
}

TEST_CASE("main: fader, mute and balance stand in front of the limiter, an output's level behind it",
          "[engine][main]") {
  Desk desk;
  Audio in = desk.rig.noise(2, 48'000, 1);
  desk.rig.targets.main.gain[0] = desk.rig.targets.main.gain[1] = 4;
  desk.rig.targets.outputs[1].gain = 0.5f;
  ++desk.rig.targets.outputs[1].revision;
  desk.settle();
  const Audio loud = play(desk.engine, in, 64);
  const float ceiling = 0.8912509f;  // -1 dB
  const auto peak = [](const std::vector<float>& x) {
    float largest = 0;
    for (const float y : x) largest = std::max(largest, std::abs(y));
    return largest;
  };
  CHECK(peak(loud[0]) <= ceiling);
  CHECK(peak(loud[0]) > 0.8f * ceiling);
  CHECK(peak(loud[1]) <= 0.5f * ceiling);
  MeterFrame meters(kDesk);
  desk.engine.read_meters(meters);
  // 13 dB too loud; between the samples white noise is some 5 dB louder.
  CHECK(meters.limiter_gain * 6.0206 < -11);
  CHECK(meters.limiter_gain * 6.0206 > -20);
}

TEST_CASE("main: what is in the limiter's look-ahead when the music stops still comes out, then exact silence",
          "[engine][main]") {
  Desk desk;
  Audio in = desk.rig.noise(2, 4000, 0.4f);
  for (auto& port : in) std::fill(port.begin() + 1000, port.end(), 0.0f);
  const int late = desk.engine.latency_frames();
  for (const int block : {64, 7, 1000}) {
    Desk fresh;
    const Audio out = play(fresh.engine, in, block);
    CAPTURE(block);
    CHECK(std::equal(out[0].begin() + late, out[0].begin() + late + 1000, in[0].begin()));
    CHECK(std::all_of(out[0].begin() + late + 1000, out[0].end(), [](float x) { return x == 0; }));
  }
}

TEST_CASE("main: a width of 0 is mono, and the mono sum stays", "[engine][main]") {
  Desk desk;
  const Audio in = desk.rig.noise(2, 3000, 0.15f) /* under the ceiling at any width */;
  const int late = desk.engine.latency_frames();
  for (const float width : {0.0f, 50.0f, 200.0f}) {
    Desk wide;
    wide.rig.targets.main.width = design(StereoWidthParams{width, false, 120}, kRateHz);
    wide.settle();
    const Audio out = play(wide.engine, in, 64);
    CAPTURE(width);
    for (int f = late; f < 3000; ++f) {
      const double mid = (static_cast<double>(in[0][f - late]) + in[1][f - late]) / 2;
      const double side = (static_cast<double>(in[0][f - late]) - in[1][f - late]) / 2 * width / 100;
      REQUIRE(static_cast<double>(out[0][f]) == Approx(mid + side).margin(1e-6));
      REQUIRE(static_cast<double>(out[1][f]) == Approx(mid - side).margin(1e-6));
    }
  }
}
