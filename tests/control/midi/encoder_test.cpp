#include "control/midi/encoder.h"

#include <catch2/catch.hpp>

using namespace fohd;

TEST_CASE("encoder: every number of every coding is what its definition says", "[midi][encoder]") {
  // What each of them says: control/midi/encoder.h.
  for (int value = 0; value < 128; ++value) {
    CAPTURE(value);
    const bool back = value / 64 == 1;
    const int below = value % 64;
    const int ticks = below == 0 ? 1 : below;  // "0 ticks counts as 1"
    CHECK(encoder_ticks(MidiRelative::mcu, value) == (back ? -ticks : ticks));
    CHECK(encoder_ticks(MidiRelative::sign, value) == (back ? -ticks : ticks));
    CHECK(encoder_ticks(MidiRelative::offset, value) == value - 64);
    CHECK(encoder_ticks(MidiRelative::twos, value) == (back ? value - 128 : value));
  }
  CHECK(encoder_ticks(MidiRelative::twos, 0x7F) == -1);
  CHECK(encoder_ticks(MidiRelative::sign, 0x41) == -1);
  CHECK(encoder_ticks(MidiRelative::offset, 0x41) == 1);
}

TEST_CASE("encoder: there and back is where it was, in every coding", "[midi][encoder]") {
  for (int n = 1; n < 64; ++n) {
    CHECK(encoder_ticks(MidiRelative::mcu, n) + encoder_ticks(MidiRelative::mcu, 64 + n) == 0);
    CHECK(encoder_ticks(MidiRelative::sign, n) + encoder_ticks(MidiRelative::sign, 64 + n) == 0);
    CHECK(encoder_ticks(MidiRelative::offset, 64 + n) + encoder_ticks(MidiRelative::offset, 64 - n) == 0);
    CHECK(encoder_ticks(MidiRelative::twos, n) + encoder_ticks(MidiRelative::twos, 128 - n) == 0);
  }
}

namespace {

/// The factor of the second of two messages of `ticks`, `gap_ms` apart.
double factor_of(int ticks, std::int64_t gap_ms, std::int64_t now_ms = 1'000'000) {
  EncoderSpeed speed;
  speed.factor(ticks, now_ms);
  return speed.factor(ticks, now_ms + gap_ms);
}

}  // namespace

TEST_CASE("encoder: a slow turn goes one by one, the quickest six times as far", "[midi][encoder]") {
  for (int gap_ms = 0; gap_ms < 2000; ++gap_ms) {
    for (const int ticks : {-63, -8, -1, 1, 2, 63}) {
      const double factor = factor_of(ticks, gap_ms);
      CAPTURE(gap_ms, ticks);
      REQUIRE(factor >= 1);
      REQUIRE(factor <= EncoderSpeed::kMost);
      // 15 ticks a second, which are one in 66.7 ms.
      if (std::abs(ticks) * 1000 <= 15 * gap_ms) REQUIRE(factor == 1);
    }
  }
  CHECK(factor_of(63, 5) == EncoderSpeed::kMost);
  // Three times as fast goes three times as far: 3 ticks in 66.667 ms. The margin is the whole millisecond.
  CHECK(std::abs(factor_of(9, 200) - 3) < 1e-12);
}

TEST_CASE("encoder: quicker never goes less far", "[midi][encoder]") {
  for (int ticks = 1; ticks < 64; ++ticks) {
    for (int gap_ms = 0; gap_ms < 400; ++gap_ms) {
      REQUIRE(factor_of(ticks, gap_ms) >= factor_of(ticks, gap_ms + 1));
      REQUIRE(factor_of(ticks + 1, gap_ms) >= factor_of(ticks, gap_ms));
      REQUIRE(factor_of(-ticks, gap_ms) == factor_of(ticks, gap_ms));
    }
  }
}

TEST_CASE("encoder: the first tick, one after a pause and one the other way are slow", "[midi][encoder]") {
  EncoderSpeed speed;
  CHECK(speed.factor(10, 5) == 1);  // the clock may have just begun
  CHECK(speed.factor(10, 10) > 1);
  CHECK(speed.factor(-10, 15) == 1);
  CHECK(speed.factor(-10, 20) > 1);
  CHECK(speed.factor(10, 25) == 1);
  CHECK(speed.factor(63, 1025) == 1);
}
