// Motor faders against a simulated device: a motor and a hand.
#include <catch2/catch.hpp>

#include <algorithm>
#include <random>
#include <string>

#include "tests/control/midi/motor_fader_rig.h"

using namespace fohd;

namespace {

/// A fader as it is built: a motor that follows the last position it heard, a hand that is stronger, a touch plate.
struct Servo {
  explicit Servo(const MotorFaderSpec& s) : spec(s) {}
  int reading() const { return static_cast<int>(std::lround(at)); }
  void run(std::int64_t ms) {
    // A servo pulls always, a motor that is no servo only until it arrived.
    if (hand || !pulls) return;
    const double most = spec.full_scale * static_cast<double>(ms) / 100;
    at += std::clamp(commanded - at, -most, most);
    if (spec.echo != MidiEcho::required && at == commanded) pulls = false;
  }
  void hear(int position) {
    commanded = position;
    pulls = true;
  }

  MotorFaderSpec spec;
  double at = 0, commanded = 0;
  bool hand = false, pulls = false;
};

}  // namespace

TEST_CASE("motor fader: hand, desk and others at random: it stands where the desk is, and is never pulled from a hand",
          "[midi][motor]") {
  for (const MotorFaderSpec& spec : kSpecs) {
    CAPTURE(static_cast<int>(spec.echo), spec.has_touch);
    std::mt19937 random(5);
    Servo servo(spec);
    MotorFader fader(spec);
    fader.connected(1000);
    int desk = 8000, pulled = 0, not_heard = 0, apart = 0, rests = 0;
    std::int64_t now = 1000, busy_until = 2000;
    const auto turn = [&](std::int64_t ms) {
      now += ms;
      servo.run(ms);
      const auto next = fader.next(desk, now);
      if (!next) return;
      busy_until = now + MotorFader::kSettleMs;
      // A servo without touch is told where it is; all else is a pull.
      const bool echo = spec.echo == MidiEcho::required && !spec.has_touch && *next == servo.reading();
      if (servo.hand && !echo) ++pulled;
      servo.hear(*next);
    };
    for (int run = 0; run < 2000; ++run) {
      if (random() % 3 == 0) desk = static_cast<int>(random() % 16384);
      // Without touch, a first move along the motor's own way cannot be told from it: the hand comes later.
      while (!spec.has_touch && now < busy_until) turn(kTurnMs);
      servo.hand = true;
      if (spec.has_touch) fader.touch(true, now);
      for (unsigned n = random() % 20; n > 0; --n) {
        servo.at = std::clamp(servo.at + static_cast<double>(random() % 801) - 400, 0.0, 16383.0);
        if (fader.moved(servo.reading(), now))
          desk = servo.reading();
        else
          ++not_heard;
        turn(1 + static_cast<std::int64_t>(random() % 30));
      }
      // Others change it under the hand, but for where nothing but the hand's rest tells of it.
      if (spec.has_touch && random() % 4 == 0) desk = static_cast<int>(random() % 16384), turn(kTurnMs);
      servo.hand = false;
      if (spec.has_touch) fader.touch(false, now);
      if (random() % 2 == 0) {
        for (int i = 0; i < 60; ++i) turn(kTurnMs);
        ++rests;
        if (!within_a_step(servo.reading(), desk, spec)) ++apart;
      }
    }
    CHECK(pulled == 0);
    CHECK(not_heard == 0);
    CHECK(apart == 0);
    CHECK(rests > 500);
  }
}

TEST_CASE("motor fader: what its motor reports on the way is no hand", "[midi][motor]") {
  std::mt19937 random(6);
  for (const MotorFaderSpec& spec : kSpecs) {
    Servo servo(spec);
    MotorFader fader(spec);
    fader.connected(1000);
    std::int64_t now = 1000;
    fader.moved(0, now);  // it tells where it stands
    int hands = 0;
    for (int run = 0; run < 300; ++run) {
      const int target = static_cast<int>(random() % 16384);
      for (int i = 0; i < 40; ++i) {  // 800 ms
        now += kTurnMs;
        if (const auto next = fader.next(target, now)) servo.hear(*next);
        const int before = servo.reading();
        servo.run(kTurnMs);
        if (servo.reading() != before && fader.moved(servo.reading(), now + 15)) ++hands;
      }
      REQUIRE(within_a_step(servo.reading(), target, spec));
    }
    CAPTURE(static_cast<int>(spec.echo), spec.has_touch);
    CHECK(hands == 0);
  }
}

TEST_CASE("motor fader: when the desk turns round, its motor still on the old way is no hand", "[midi][motor]") {
  for (const MotorFaderSpec& spec : kSpecs) {
    // Cable, servo and the mass of the fader: it is where it was sent some turns ago.
    for (const std::size_t late_turns : {1u, 2u, 3u, 4u}) {
      MotorFader fader = standing_at(0, spec);
      CHECK(fader.moved(0, 1000));
      std::int64_t now = 2000;
      std::vector<int> sent(late_turns + 1, 0);
      std::string hands;
      const auto turn = [&](int target) {
        sent.push_back(fader.next(target, now).value_or(sent.back()));
        const int place = sent[sent.size() - 1 - late_turns];
        if (place != sent[sent.size() - 2 - late_turns] && fader.moved(place, now + 15)) {
          hands += std::to_string(place) + " ";
        }
        now += kTurnMs;
      };
      for (int i = 0; i < 6; ++i) turn(12'000);
      REQUIRE(sent.back() > 4000);
      REQUIRE(sent.back() < 12'000);
      for (int i = 0; i < 15; ++i) turn(2000);
      CAPTURE(static_cast<int>(spec.echo), spec.has_touch, late_turns);
      CHECK(hands == "");
    }
  }
}

TEST_CASE("motor fader: the first way after it came back is its motor's, too", "[midi][motor]") {
  for (const MotorFaderSpec& spec : kSpecs) {
    for (const int from : {0, 16383}) {
      MotorFader fader(spec);
      fader.connected(1000);
      CHECK(fader.next(12'000, 1000) == 12'000);
      int hands = 0;
      for (int i = 1; i <= 10; ++i) {
        if (fader.moved(from + (12'000 - from) * i / 10, 1000 + 15 * i)) ++hands;
      }
      CAPTURE(static_cast<int>(spec.echo), spec.has_touch, from);
      CHECK(hands == 0);
    }
  }
}

TEST_CASE("motor fader: a report beyond its way or after it is a hand", "[midi][motor]") {
  for (const MotorFaderSpec& spec : kSpecs) {
    const auto on_its_way = [&] {
      MotorFader fader = standing_at(0, spec);
      CHECK(fader.moved(0, 1000));
      std::int64_t now = 2000;
      all_of(fader, 12'000, now);
      return std::pair(fader, now);
    };
    auto [beyond, now] = on_its_way();
    CHECK(beyond.moved(14'000, now));
    auto [late, then] = on_its_way();
    CHECK(late.moved(6000, then + MotorFader::kSettleMs));
    if (!spec.has_touch) continue;
    auto [touched, when] = on_its_way();
    touched.touch(true, when);
    CHECK(touched.moved(4000, when + 1));
  }
}
