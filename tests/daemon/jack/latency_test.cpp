#include "daemon/jack/latency.h"

#include <catch2/catch.hpp>
#include <sstream>
#include <vector>

using namespace fohd;

TEST_CASE("latency: the peak is found behind noise, and silence is not taken for sound", "[daemon][latency]") {
  std::vector<float> sound(48000, 0.0f);
  for (std::size_t i = 0; i < sound.size(); ++i) sound[i] = i % 2 == 0 ? 0.001f : -0.001f;
  CHECK_FALSE(find_impulse(sound, 0.001f, 48000));
  sound[1000] = 0.02f;  // what a converter's filter does before its peak
  sound[1010] = -0.2f;
  sound[1020] = 0.05f;
  CHECK(find_impulse(sound, 0.001f, 48000) == 1010u);
  sound[1010 + 200] = 0.9f;  // 4 ms later: an echo, not the sound
  CHECK(find_impulse(sound, 0.001f, 48000) == 1010u);
  CHECK_FALSE(find_impulse({}, 0, 48000));
  CHECK_FALSE(find_impulse(std::vector<float>(100, 0.0f), 0, 48000));
}

TEST_CASE("latency: no JACK server is a sentence and exit code 2", "[daemon][latency]") {
  LatencyOptions options;
  options.out = "fohd:in_1", options.in = "fohd:main_l", options.server = "there-is-no-such-server";
  std::ostringstream out, err;
  const Flag never;
  CHECK(measure_latency(options, out, err, never) == 2);
  CHECK_THAT(err.str(), Catch::Contains("no JACK server called \"there-is-no-such-server\""));
  CHECK(out.str().empty());
}
