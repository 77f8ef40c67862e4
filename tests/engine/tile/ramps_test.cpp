#include "engine/tile/ramps.h"

#include <catch2/catch.hpp>

using namespace fohd;

namespace {

/// Runs `frames` frames the way the stages do; returns the value of every frame of one lane.
std::vector<float> walk(LaneRamp& ramp, int lane, int frames, int chunk) {
  std::vector<float> values;
  for (int begin = 0; begin < frames;) {
    const int length = ramp.segment(std::min(chunk, frames - begin));
    REQUIRE(length > 0);
    for (int f = 0; f < length; ++f) {
      for (int l = 0; l < kLanes; ++l) ramp.value[l] += ramp.increment[l];
      values.push_back(ramp.value[lane]);
    }
    ramp.finish_segment(length);
    begin += length;
  }
  return values;
}

}  // namespace

TEST_CASE("ramps: a lane is linear on the way, and its last frame is the target itself", "[engine][ramps]") {
  for (const int frames : {2, 3, 7, 64, 65, 240, 960, 9600}) {
    LaneRamp ramp;
    ramp.fill(0.3f);
    ramp.set(4, -0.7f, frames);
    ramp.set(5, 0.1f, 3);  // another lane arrives on the way
    const auto values = walk(ramp, 4, frames + 5, 64);
    CAPTURE(frames);
    for (int i = 0; i < frames - 1; ++i) {
      // Each addition rounds by at most 2^-25 (values below 1).
      REQUIRE(std::abs(values[i] - (0.3 - 1.0 * (i + 1) / frames)) < 4e-8 * (i + 2));
      REQUIRE(values[i] != -0.7f);
    }
    for (int i = frames - 1; i < frames + 5; ++i) REQUIRE(values[i] == -0.7f);
    CHECK(ramp.moving == 0);
    CHECK(ramp.value[5] == 0.1f);
    CHECK(ramp.value[3] == 0.3f);
  }
}

TEST_CASE("ramps: a new target starts from the value of the moment, the old one changes nothing", "[engine][ramps]") {
  LaneRamp ramp;
  ramp.set(0, 1.0f, 100);
  walk(ramp, 0, 50, 64);
  const float half_way = ramp.value[0];
  CHECK(half_way == Approx(0.5).margin(1e-5));
  ramp.set(0, 1.0f, 100);  // said again: still 50 frames to go
  CHECK(walk(ramp, 0, 50, 64).back() == 1.0f);
  ramp.set(0, 0.0f, 10);
  CHECK(walk(ramp, 0, 1, 64).back() == Approx(0.9).margin(1e-6));
}

TEST_CASE("ramps: a lane under way takes at least as long as it still had", "[engine][ramps]") {
  LaneRamp ramp;
  ramp.fill(1);
  ramp.set(0, 0.0f, 480);  // a mute,
  walk(ramp, 0, 100, 64);
  ramp.set(0, 0.001f, 240);  // and a fader that moves meanwhile
  const auto values = walk(ramp, 0, 380, 64);
  CHECK(values[378] > 0.002f);
  CHECK(values[379] == 0.001f);
  for (std::size_t i = 1; i < values.size(); ++i) REQUIRE(values[i - 1] - values[i] < 1.01f / 480);
}

TEST_CASE("ramps: lengths of one frame or less jump", "[engine][ramps]") {
  for (const int frames : {1, 0, -5}) {
    LaneRamp ramp;
    ramp.set(2, 0.25f, frames);
    CHECK(ramp.moving == 0);
    CHECK(walk(ramp, 2, 1, 64).front() == 0.25f);
  }
}
