#include <catch2/catch.hpp>

#include <algorithm>
#include <random>

#include "tests/control/midi/motor_fader_rig.h"

using namespace fohd;

namespace {

/// Positions of real devices: a Mackie Control's, an X-Touch's, plain controllers.
constexpr std::pair<int, int> kScales[] = {{16383, 1023}, {15935, 1023}, {127, 127}, {1023, 1023}};

}  // namespace

TEST_CASE("motor fader: without a motor nothing is ever sent", "[midi][motor]") {
  for (const bool has_touch : {true, false}) {
    MotorFader fader(spec_of(MidiEcho::never, has_touch));
    fader.connected(1000);
    for (std::int64_t now = 1000; now < 5000; now += kTurnMs) {
      if (now % 500 == 0) fader.touch(now % 1000 == 0, now);
      if (now % 300 == 0) CHECK(fader.moved(static_cast<int>(now), now));
      CHECK(!fader.next(static_cast<int>(now * 7 % 16383), now));
      CHECK(!fader.busy());
    }
  }
}

TEST_CASE("motor fader: while it is touched nothing is sent, whoever moves what", "[midi][motor]") {
  std::mt19937 random(1);
  for (const MidiEcho echo : {MidiEcho::required, MidiEcho::after_move}) {
    MotorFader fader = standing_at(3000, spec_of(echo, true));
    fader.touch(true, 5000);
    for (std::int64_t now = 5000; now < 30'000; now += kTurnMs) {
      CHECK(fader.held(now));
      if (random() % 4 == 0) CHECK(fader.moved(static_cast<int>(random() % 16384), now));
      CHECK(!fader.next(static_cast<int>(random() % 16384), now));
    }
    fader.touch(false, 30'000);
    CHECK(!fader.held(30'000));
    CHECK(fader.next(9000, 30'000));
  }
}

TEST_CASE("motor fader: after a touch a servo hears the place it reported, once", "[midi][motor]") {
  std::mt19937 random(2);
  MotorFader fader = standing_at(3000, spec_of(MidiEcho::required, true));
  std::int64_t now = 5000;
  for (int run = 0; run < 500; ++run) {
    int at = 0;
    fader.touch(true, now += 50);
    for (int i = 0; i < 5; ++i) fader.moved(at = static_cast<int>(random() % 16384), now += 10);
    fader.touch(false, now += 5);
    // What the desk made of it may be the neighbour by rounding: the place that it reported counts.
    const int target = std::clamp(at + static_cast<int>(random() % 17) - 8, 0, 16383);
    REQUIRE(all_of(fader, target, now) == std::vector<int>{at});
    REQUIRE(!fader.busy());
  }
  // A touch without a move is answered, too: it may have been pushed by less than it reports.
  fader.moved(4000, now);
  all_of(fader, 4000, now);
  fader.touch(true, now);
  fader.touch(false, now += 100);
  CHECK(all_of(fader, 4000, now) == std::vector<int>{4000});
}

TEST_CASE("motor fader: a servo without touch hears every place that it reports, at once", "[midi][motor]") {
  MotorFader fader = standing_at(3000, spec_of(MidiEcho::required, false));
  std::int64_t now = 5000;
  for (int at = 3000; at < 12'000; at += 37) {
    REQUIRE(fader.moved(at, now += 10));
    CHECK(fader.next(at, now) == at);
    CHECK(!fader.next(at, now + 1));
  }
  // The same where there is a touch but it was moved by a nail.
  MotorFader touchy = standing_at(3000, spec_of(MidiEcho::required, true));
  CHECK(touchy.moved(5000, now));
  CHECK(touchy.next(5000, now) == 5000);
}

TEST_CASE("motor fader: what stumbles over echoes hears nothing of its own moves, and nothing else before it rested",
          "[midi][motor]") {
  for (const int hold_off_ms : {100, 250, 500}) {
    MotorFaderSpec spec = spec_of(MidiEcho::after_move, false);
    spec.hold_off_ms = hold_off_ms;
    MotorFader fader = standing_at(3000, spec);
    std::int64_t now = 5000;
    for (int at = 3000; at < 9000; at += 100) {
      CHECK(fader.moved(at, now += 15));
      CHECK(!fader.next(at, now));
      CHECK(!fader.next(16383, now + 5));  // somebody else moved it meanwhile
      CHECK(fader.busy());
    }
    const std::int64_t rest_from = now;
    while (!fader.next(16383, now)) ++now;
    CHECK(now - rest_from == hold_off_ms);
    MotorFader agreed = standing_at(3000, spec);
    agreed.moved(4000, 5000);
    now = 5000;
    CHECK(all_of(agreed, 4000, now).empty());
    for (int i = 0; i < 100; ++i) CHECK(!agreed.next(4000, now += kTurnMs));
    CHECK(!agreed.busy());
  }
}

TEST_CASE("motor fader: what the desk wanted under the hand it gets when the hand is gone", "[midi][motor]") {
  for (const MotorFaderSpec& spec : kSpecs) {
    MotorFader fader = standing_at(3000, spec);
    std::int64_t now = 5000;
    if (spec.has_touch) fader.touch(true, now);
    fader.moved(5000, now += 10);
    if (spec.has_touch || spec.echo == MidiEcho::after_move) {
      for (const int old : {1000, 16000, 200}) CHECK(!fader.next(old, now));  // never sent: it is true no longer
    }
    if (spec.has_touch) fader.touch(false, now += 10);
    now += spec.hold_off_ms;
    const std::vector<int> sent = all_of(fader, 12'000, now);
    CAPTURE(static_cast<int>(spec.echo), spec.has_touch);
    REQUIRE(!sent.empty());
    CHECK(std::is_sorted(sent.begin(), sent.end()));  // from where the hand left it, straight there
    CHECK(sent.front() > 5000);
    CHECK(within_a_step(sent.back(), 12'000, spec));
    CHECK(!fader.busy());
  }
}

TEST_CASE("motor fader: only another step of the device is worth a message, and that only once", "[midi][motor]") {
  std::mt19937 random(3);
  for (const auto& [full, resolution] : kScales) {
    for (MotorFaderSpec spec : kSpecs) {
      spec.full_scale = full;
      spec.resolution = resolution;
      MotorFader fader = standing_at(full / 2, spec);
      std::int64_t now = 5000;
      int last = full / 2, target = full / 2, sent = 0;
      for (int i = 0; i < 3000; ++i) {
        const int reach = std::max(1, 2 * full / resolution);
        if (random() % 3 == 0) {
          target = std::clamp(target + static_cast<int>(random() % (2u * reach + 1)) - reach, 0, full);
        }
        now += kTurnMs;
        if (const auto next = fader.next(target, now)) {
          REQUIRE(!within_a_step(*next, last, spec));
          last = *next;
          ++sent;
        }
        REQUIRE(within_a_step(last, target, spec));  // so near a way takes one turn
        REQUIRE(!fader.next(target, now));
      }
      CHECK(sent > 100);
    }
  }
}

TEST_CASE("motor fader: its ways take time", "[midi][motor]") {
  std::mt19937 random(4);
  for (const auto& [full, resolution] : kScales) {
    MotorFaderSpec spec = spec_of(MidiEcho::required, true);
    spec.full_scale = full;
    spec.resolution = resolution;
    MotorFader fader = standing_at(0, spec);
    std::int64_t now = 5000, last_ms = 0;
    int last = 0, target = full;
    for (int i = 0; i < 20'000; ++i) {
      now += 1 + static_cast<std::int64_t>(random() % 40);
      if (random() % 30 == 0) target = static_cast<int>(random() % static_cast<unsigned>(full + 1));
      const auto next = fader.next(target, now);
      if (!next) continue;
      // Of a long pause a turn counts; one position at least, or it would never come there.
      const double most =
          std::max(1.0, full * static_cast<double>(std::min(now - last_ms, kTurnMs)) / MotorFader::kTravelMs);
      REQUIRE(std::abs(*next - last) <= most);
      REQUIRE((*next - last) * (target - last) > 0);
      last = *next;
      last_ms = now;
    }
    // From end to end: ten turns, and one for what rounding left.
    MotorFader whole = standing_at(0, spec);
    std::int64_t began = now, arrived = now;
    int at = 0;
    while (!within_a_step(at, full, spec)) {
      if (const auto next = whole.next(full, now)) at = *next, arrived = now;
      CHECK((whole.busy() || within_a_step(at, full, spec)));  // or nobody would ask again
      now += kTurnMs;
    }
    CHECK(arrived - began >= MotorFader::kTravelMs - kTurnMs);
    CHECK(arrived - began <= MotorFader::kTravelMs + 2 * kTurnMs);
  }
}

TEST_CASE("motor fader: a touch whose end was lost on the wire heals", "[midi][motor]") {
  for (const MidiEcho echo : {MidiEcho::required, MidiEcho::after_move}) {
    MotorFader fader = standing_at(3000, spec_of(echo, true));
    fader.touch(true, 5000);
    fader.moved(4000, 6000);
    CHECK(!fader.next(9000, 6000 + MotorFader::kTouchMs - 1));
    CHECK(fader.busy());  // or nobody would ask again
    CHECK(fader.next(9000, 6000 + MotorFader::kTouchMs));
    // A hand that does hold it still says so by its next move.
    CHECK(fader.moved(4100, 7000 + MotorFader::kTouchMs));
    CHECK(!fader.next(9000, 7000 + MotorFader::kTouchMs));
  }
}

TEST_CASE("motor fader: one that comes back waits its turn and goes to its place, unless a hand is on it",
          "[midi][motor]") {
  for (const MotorFaderSpec& spec : kSpecs) {
    std::vector<MotorFader> faders(8, standing_at(3000, spec));
    constexpr std::int64_t kStaggerMs = 30;
    for (std::size_t i = 0; i < faders.size(); ++i) {
      faders[i].connected(5000 + kStaggerMs * static_cast<std::int64_t>(i));
    }
    std::vector<std::int64_t> first(8, -1);
    for (std::int64_t now = 5000; now < 6000; ++now) {
      for (std::size_t i = 0; i < faders.size(); ++i) {
        const auto next = faders[i].next(3000, now);
        if (!next) continue;
        CHECK(first[i] == -1);  // once
        CHECK(*next == 3000);   // though that is where it was sent before
        first[i] = now;
      }
    }
    for (std::size_t i = 0; i < faders.size(); ++i) {
      CHECK(first[i] == 5000 + kStaggerMs * static_cast<std::int64_t>(i));
      CHECK(!faders[i].busy());
    }
    if (!spec.has_touch || spec.echo == MidiEcho::never) continue;
    MotorFader held = standing_at(3000, spec);
    held.touch(true, 4990);  // its touch is what woke the device
    held.connected(5000);
    CHECK(!held.next(9000, 5200));
    held.touch(false, 5300);
    CHECK(held.next(9000, 5320));
  }
}
