#include "control/parameters/x32_law.h"

#include <catch2/catch.hpp>

#include <cmath>
#include <set>

#include "control/parameters/table.h"

using namespace fohd;

TEST_CASE("x32 law: the fader's corner points and its grid are the console's", "[control][x32]") {
  // docs/X32.md, "The fader".
  const double corners[][2] = {{0, -90}, {0.0625, -60}, {0.25, -30}, {0.5, -10}, {0.75, 0}, {1, 10}};
  for (const auto& [position, level_db] : corners) {
    CHECK(fader_db(position) == level_db);
    CHECK(fader_position(level_db) == position);
  }
  const X32Mapping fader{"mix/fader", X32Law::fader1024, -90, 10, 1024};
  CHECK(x32_from_native(fader, 0) == 767.0f / 1023);
  CHECK(x32_from_native(fader, 3) == 844.0f / 1023);  // as on a real desk: these bytes come back unchanged
  CHECK(x32_from_native(fader, -100) == 0);
  CHECK(x32_from_native(fader, 20) == 1);
  CHECK(std::abs(native_from_x32(fader, x32_from_native(fader, -85.4f)) + 85.3f) < 0.05f);  // shown with one decimal
}

TEST_CASE("x32 law: a send's level moves in 3, 1, 0.5 and 0.25 dB", "[control][x32]") {
  const X32Mapping send{"mix/##/level", X32Law::level161, -90, 10, 161};
  for (int k = 0; k < 160; ++k) {
    const float from = native_from_x32(send, static_cast<float>(k) / 160);
    const float to = native_from_x32(send, static_cast<float>(k + 1) / 160);
    const float step = from < -60 ? 3.0f : from < -30 ? 1.0f : from < -10 ? 0.5f : 0.25f;
    CAPTURE(k, from);
    CHECK(std::abs(to - from - step) < 1e-4f);  // float near 90 has a step of 8e-6
  }
}

TEST_CASE("x32 law: known values of a real console", "[control][x32]") {
  const X32Mapping frequency{"f", X32Law::logarithmic, 20, 20000, 201}, q{"q", X32Law::logarithmic, 10, 0.3f, 72};
  CHECK(std::lround(native_from_x32(frequency, 0.57f)) == 1026);  // snaps to 114/200: 20 * 1000^0.57
  CHECK(native_from_x32(q, 0) == 10);
  CHECK(native_from_x32(q, 1) == 0.3f);
  CHECK(native_from_x32(frequency, 1) == 20000);
  CHECK(x32_from_native(q, 100) == 0);
  CHECK(x32_from_native({"mix/on", X32Law::inverted_toggle, 0, 1, 2}, 1) == 0);
}

TEST_CASE("x32 law: a ratio is the nearest of the console's twelve by ear", "[control][x32]") {
  const X32Mapping ratio{"dyn/ratio", X32Law::ratio, 1.1f, 100, 12};
  CHECK(x32_from_native(ratio, 1.1f) == 0);
  CHECK(x32_from_native(ratio, 3) == 5);
  CHECK(x32_from_native(ratio, 14) == 9);  // 14/10 is less than 20/14
  CHECK(x32_from_native(ratio, 15) == 10);
  CHECK(x32_from_native(ratio, 100) == 11);
  CHECK(native_from_x32(ratio, 10) == 20);
  CHECK(native_from_x32(ratio, 99) == 100);
}

TEST_CASE("x32 law: every row's law takes its own grid points back to themselves, inside the row's range",
          "[control][x32]") {
  const ParameterTable table{Geometry{.inputs = 2, .buses = 2}};
  std::set<const ParameterRow*> seen;
  for (ParameterId id = 0; id < table.size(); ++id) {
    const ParameterRow& row = *table[id].row;
    if (row.x32.steps == 0 || !seen.insert(&row).second) continue;
    CAPTURE(table[id].address);
    for (int k = 0; k < row.x32.steps; ++k) {
      const bool is_index = row.x32.law == X32Law::ratio;
      const auto wire = static_cast<float>(is_index ? k : k / static_cast<double>(row.x32.steps - 1));
      const float native = native_from_x32(row.x32, wire);
      REQUIRE(x32_from_native(row.x32, native) == wire);
      REQUIRE(native >= row.min);
      REQUIRE(native <= row.max);
      REQUIRE(native_from_x32(row.x32, x32_from_native(row.x32, native)) == native);
    }
  }
  CHECK(seen.size() > 30);
}
