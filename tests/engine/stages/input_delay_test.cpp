// The delay of a channel's input.
#include <catch2/catch.hpp>

#include "engine/engine_rig.h"

using namespace fohd;
using namespace fohd::test;

namespace {

constexpr Geometry kDesk{.inputs = 3, .buses = 3};

struct Desk {
  Desk() : rig(kDesk), engine(kDesk, kRateHz) {
    rig.wire_to_main(0);
    for (int n = 0; n < 3; ++n) rig.set_row(n, Tap::pre_fader, n, 1);  // bus n plays channel n
    take();
    engine.settle();
  }
  void delay(int channel, int frames) {
    rig.targets.lanes[channel].delay_frames = frames;
    ++rig.targets.lanes[channel].revision;
    take();
  }
  void take() { engine.set_targets(rig.targets); }
  Rig rig;
  Engine engine;
};

}  // namespace

TEST_CASE("input delay: N frames are N frames, to the bit, and no other channel's", "[engine][input_stage]") {
  for (const int frames : {1, 63, 64, 1000, 24000}) {
    Desk desk;
    desk.delay(1, frames);
    desk.engine.settle();
    const Audio in = desk.rig.noise(3, frames + 3000);
    const Audio out = play(desk.engine, in, 96);
    CAPTURE(frames);
    CHECK(same_bits(out[2], in[0]));
    CHECK(std::all_of(out[3].begin(), out[3].begin() + frames, [](float x) { return x == 0; }));
    CHECK(std::equal(out[3].begin() + frames, out[3].end(), in[1].begin()));
  }
}

TEST_CASE("input delay: switched on later it cross-fades in 10 ms into what was really played",
          "[engine][input_stage]") {
  Desk desk;
  const Audio in = desk.rig.noise(3, 6000);
  Audio out;
  play(desk.engine, in, 0, 3000, 64, out);
  desk.delay(0, 700);
  play(desk.engine, in, 3000, 6000, 64, out);
  const std::vector<float>& heard = out[2];
  for (int f = 3000; f < 6000; ++f) {
    const double share = std::min((f - 3000 + 1) / 480.0, 1.0);
    const double expected = in[0][f] * (1 - share) + in[0][f - 700] * share;
    REQUIRE(static_cast<double>(heard[f]) == Approx(expected).margin(1e-6));  // a few roundings of 2^-25
  }
}

TEST_CASE("input delay: broken samples do not wait in it", "[engine][input_stage]") {
  // Behind the delay nobody looks for them any more; 1e30 would pass every later finite check.
  for (const bool delayed_before : {false, true}) {
    Desk desk;
    if (delayed_before) desk.delay(0, 500);
    Audio in = desk.rig.noise(3, 9000);
    in[0][1000] = NAN, in[0][1001] = INFINITY, in[0][1400] = 1e30f;
    Audio out;
    play(desk.engine, in, 0, 2000, 64, out);
    desk.delay(0, 1500);
    play(desk.engine, in, 2000, 9000, 64, out);
    CAPTURE(delayed_before);
    float loudest = 0;
    for (const float x : out[2]) loudest = std::isfinite(x) ? std::max(loudest, std::abs(x)) : INFINITY;
    CHECK(loudest <= 0.5f);
    CHECK(loudest > 0.4f);
    MeterFrame meters(kDesk);
    desk.engine.read_meters(meters);
    CHECK(meters.faults[0] == 3);  // each counted once
  }
}

TEST_CASE("input delay: full scale is counted once, when it comes in", "[engine][input_stage]") {
  for (const int frames : {0, 1000}) {
    Desk desk;
    desk.delay(0, frames);
    desk.engine.settle();
    Audio in = desk.rig.noise(3, 3000);
    in[0][100] = 1, in[0][101] = -1.5f;
    Audio out;
    play(desk.engine, in, 0, 256, 64, out);
    MeterFrame meters(kDesk);
    desk.engine.read_meters(meters);
    CHECK(meters.input_clips[0] == 2);
    play(desk.engine, in, 256, 3000, 64, out);
    desk.engine.read_meters(meters);
    CHECK(meters.input_clips[0] == 2);
  }
}
