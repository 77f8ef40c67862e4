#include "control/midi/takeover.h"

#include <catch2/catch.hpp>

#include <algorithm>
#include <cmath>
#include <random>

using namespace fohd;

namespace {

constexpr double kStep = 1.0 / 127;

double place(int seven_bits) { return seven_bits / 127.0; }

/// A control and what it controls, as the desk plays them: the value goes where it is told, and says so.
struct Pair {
  explicit Pair(MidiTakeover mode) : takeover(mode) {}

  /// True if the hand moved the value.
  bool move(double to) {
    const auto next = takeover.move(to, value);
    if (!next) return false;
    value = *next;
    takeover.settled(value);
    return true;
  }

  Takeover takeover;
  double value = 0;
};

}  // namespace

TEST_CASE("takeover: whatever hand and others do, a pickup never jumps", "[midi][takeover]") {
  std::mt19937 random(1);
  Pair p(MidiTakeover::pickup);
  int hand = 64;
  bool fresh = true;
  int moved = 0, waited = 0, wrong = 0;
  for (int i = 0; i < 100'000; ++i) {
    switch (random() % 20) {
      case 0:  // somebody else: anywhere, or a hair
        p.value = std::uniform_real_distribution<double>(0, 1)(random);
        break;
      case 1:
        p.value = std::clamp(p.value + std::uniform_real_distribution<double>(-kStep, kStep)(random), 0.0, 1.0);
        break;
      case 2:
        p.takeover.rearm();
        fresh = true;
        // What it controls from now on stands anywhere, and so may the hand.
        p.value = std::uniform_real_distribution<double>(0, 1)(random);
        hand = static_cast<int>(random() % 128);
        break;
      default: {
        const int before = hand;
        const int reach = random() % 4 == 0 ? 127 : 3;  // a quick hand skips any window
        hand = std::clamp(hand + static_cast<int>(random() % (2u * reach + 1)) - reach, 0, 127);
        const double old = p.value;
        const bool did = p.move(place(hand));
        did ? ++moved : ++waited;
        if (fresh && did) ++wrong;
        fresh = false;
        // Half a step: what others moved by less counts as not moved. 1e-12 for the sums' rounding.
        if (std::abs(p.value - old) > std::abs(place(hand) - place(before)) + kStep / 2 + 1e-12) ++wrong;
        if (did && p.value != place(hand)) ++wrong;
      }
    }
  }
  CHECK(wrong == 0);
  CHECK(moved > 10'000);
  CHECK(waited > 10'000);
}

TEST_CASE("takeover: a crossing is found however far the hand goes in one message", "[midi][takeover]") {
  for (int value = 0; value <= 127; ++value) {
    for (int from = 0; from <= 127; from += 3) {
      for (int to = 0; to <= 127; ++to) {
        Pair p(MidiTakeover::pickup);
        p.value = place(value);
        if (p.move(place(from))) FAIL("the first report only tells where the hand is");
        const bool crosses = from != to && std::min(from, to) <= value && value <= std::max(from, to);
        if (p.move(place(to)) != crosses) FAIL(from << " to " << to << " past " << value);
        // Once taken over it follows, both ways and to both ends.
        if (crosses && (!p.move(0) || !p.move(1) || p.value != 1)) FAIL("lost at " << to);
      }
    }
  }
}

TEST_CASE("takeover: values at the ends are taken over there", "[midi][takeover]") {
  for (const bool top : {false, true}) {
    Pair p(MidiTakeover::pickup);
    p.value = top ? 1 : 0;
    const auto at = [&](int from_end) { return place(top ? 127 - from_end : from_end); };
    CHECK(!p.move(at(60)));
    CHECK(!p.move(at(2)));
    CHECK(!p.move(at(1)));
    CHECK(p.move(at(0)));
    CHECK(p.value == (top ? 1 : 0));
    CHECK(p.move(at(1)));
    CHECK(p.value == at(1));
    // The hand stands there already: the first move away takes it along.
    p.takeover.rearm();
    p.value = top ? 1 : 0;
    CHECK(!p.move(at(0)));
    CHECK(p.move(at(1)));
  }
}

TEST_CASE("takeover: a value that somebody else moved must be picked up again", "[midi][takeover]") {
  Pair p(MidiTakeover::pickup);
  p.value = 0.5;
  p.move(0.4);
  REQUIRE(p.move(0.6));
  p.value = 0.2;
  CHECK(!p.move(0.7));
  CHECK(!p.move(0.3));
  CHECK(p.move(0.1));
  p.value += 0.4 * kStep;  // less than half a step is not worth losing the hand for
  CHECK(p.move(0.15));
  CHECK(p.value == 0.15);
}

TEST_CASE("takeover: the same report again sets nothing", "[midi][takeover]") {
  Pair p(MidiTakeover::pickup);
  p.value = 0.5;
  for (int i = 0; i < 5; ++i) CHECK(!p.move(0.5));
  CHECK(p.value == 0.5);
}

TEST_CASE("takeover: a jump is where the hand is, from the first message", "[midi][takeover]") {
  std::mt19937 random(2);
  Pair p(MidiTakeover::jump);
  for (int i = 0; i < 10'000; ++i) {
    if (random() % 10 == 0) p.takeover.rearm();
    if (random() % 3 == 0) p.value = std::uniform_real_distribution<double>(0, 1)(random);
    const double to = place(static_cast<int>(random() % 128));
    if (!p.move(to) || p.value != to) FAIL("at " << to);
    if (p.takeover.way(p.value) != 0) FAIL("a jump has no way");
  }
}

TEST_CASE("takeover: scaled, a value never goes against the hand and is at the end when the hand is",
          "[midi][takeover]") {
  std::mt19937 random(3);
  int scaled = 0;
  for (int run = 0; run < 2'000; ++run) {
    Pair p(MidiTakeover::scaled);
    p.value = std::uniform_real_distribution<double>(0, 1)(random);
    int hand = static_cast<int>(random() % 128);
    if (p.move(place(hand))) FAIL("the first report only tells where the hand is");
    for (int i = 0; i < 100; ++i) {
      if (random() % 15 == 0) p.value = std::uniform_real_distribution<double>(0, 1)(random);
      const int before = hand;
      hand = std::clamp(hand + static_cast<int>(random() % 41) - 20, 0, 127);
      const double old = p.value;
      const bool ahead = old > place(before);
      // What it follows within half a step of others' moves may step back by as much.
      const bool followed = p.takeover.way(old) == 0;
      const bool did = p.move(place(hand));
      const double way = (p.value - old) * (hand - before);
      if (hand != before && !did) FAIL("scaled always moves");
      if (way < 0 && !(followed && std::abs(p.value - old) <= kStep / 2)) FAIL("against the hand");
      if (p.value < 0 || p.value > 1) FAIL("beyond the end");
      // 1e-12: the rest of the way, divided and multiplied.
      if (hand == 127 && hand != before && std::abs(p.value - 1) > 1e-12) FAIL("not at the top: " << p.value);
      if (hand == 0 && hand != before && std::abs(p.value) > 1e-12) FAIL("not at the bottom: " << p.value);
      // Neither overtakes the other before they meet.
      if (did && p.value != place(hand)) {
        ++scaled;
        if ((p.value > place(hand)) != ahead && std::abs(p.value - place(hand)) > 1e-12) FAIL("passed the hand");
      }
    }
  }
  CHECK(scaled > 10'000);
}

TEST_CASE("takeover: the way says where the hand must go, and nothing once it has it", "[midi][takeover]") {
  Pair p(MidiTakeover::pickup);
  p.value = 0.5;
  CHECK(p.takeover.way(p.value) == 0);  // nobody knows where the hand is
  p.move(0.2);
  CHECK(p.takeover.way(p.value) == 1);
  p.move(0.3);
  CHECK(p.takeover.way(p.value) == 1);
  p.move(0.6);
  CHECK(p.takeover.way(p.value) == 0);
  p.value = 0.1;  // somebody else
  CHECK(p.takeover.way(p.value) == -1);
  p.value = 0.9;
  CHECK(p.takeover.way(p.value) == 1);
  p.takeover.rearm();
  CHECK(p.takeover.way(p.value) == 0);
}

TEST_CASE("takeover: the way never points beyond an end", "[midi][takeover]") {
  for (const double end : {0.0, 1.0}) {
    for (int value = 0; value <= 127; ++value) {
      Pair p(MidiTakeover::pickup);
      p.value = place(value);
      p.move(end);
      CAPTURE(end, value);
      CHECK(end + p.takeover.way(p.value) >= 0);
      CHECK(end + p.takeover.way(p.value) <= 1);
    }
  }
}
