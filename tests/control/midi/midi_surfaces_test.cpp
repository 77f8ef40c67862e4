// Motor faders under hands while others move the same values: the hand wins, nothing fights, all agree in the end.
#include <iostream>
#include <random>

#include "tests/control/midi/midi_rig.h"

namespace fohd {
namespace {

using namespace midi_test;

constexpr int kSteps = 1023;  // both devices know so many positions

/// A Mackie Control: a servo that drives back to the last commanded place when the hand lets go.
class Mcu : public Device {
 public:
  explicit Mcu(int full_scale, bool tells_motor_moves = false)
      : full_scale_(full_scale), tells_motor_moves_(tells_motor_moves) {}

  void hear(MidiBytes message, std::int64_t now_ms) override {
    if (message[0] == 0xF0 && message.size() == 7 && message[5] == 0x00) answer_ = true;
    if (message[0] >> 4 != 0xE) return;
    const auto channel = static_cast<std::size_t>(message[0] & 0x0F);
    if (channel >= faders.size()) return;
    SimulatedFader& fader = faders[channel];
    ++fader_messages;
    fader.heard_ms = now_ms;
    // What was on its way when the hand came is not the desk's fault.
    if (fader.hand && was_hand_[channel] && now_ms - touched_ms_[channel] > 2 * Rig::kDelayMs + 1) ++sent_to_touched;
    fader.commanded = static_cast<double>(message[1] | message[2] << 7) / full_scale_;
  }

  void step(std::int64_t now_ms, std::vector<Bytes>& out) override {
    if (answer_) out.push_back({0xF0, 0, 0, 0x66, 0x14, 0x01, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 0xF7});
    answer_ = false;
    for (std::size_t i = 0; i < faders.size(); ++i) {
      SimulatedFader& fader = faders[i];
      if (fader.hand != was_hand_[i]) {
        was_hand_[i] = fader.hand;
        if (fader.hand) touched_ms_[i] = now_ms;
        const auto note = static_cast<std::uint8_t>(i == 8 ? 112 : 104 + i);
        if (!fader.hand) say(i, now_ms, out);
        out.push_back({0x90, note, static_cast<std::uint8_t>(fader.hand ? 127 : 0)});
      }
      fader.step(now_ms);
      if ((fader.hand || tells_motor_moves_) && now_ms - fader.said_ms >= 10) say(i, now_ms, out);
    }
  }

  std::array<SimulatedFader, 9> faders;
  std::uint64_t fader_messages = 0, sent_to_touched = 0;

 private:
  void say(std::size_t i, std::int64_t now_ms, std::vector<Bytes>& out) {
    SimulatedFader& fader = faders[i];
    const int step = static_cast<int>(std::lround(fader.place * kSteps));
    if (step == fader.said) return;
    fader.said = step;
    fader.said_ms = now_ms;
    const int value = static_cast<int>(static_cast<std::int64_t>(step) * full_scale_ / kSteps);
    out.push_back({static_cast<std::uint8_t>(0xE0 | i), static_cast<std::uint8_t>(value & 0x7F),
                   static_cast<std::uint8_t>(value >> 7)});
  }

  int full_scale_;
  bool tells_motor_moves_, answer_ = false;
  std::array<bool, 9> was_hand_{};
  std::array<std::int64_t, 9> touched_ms_{};
};

/// A BCF2000: no touch; what it hears while it sends, and for 100 ms behind, stops its motor against the hand.
class Bcf : public Device {
 public:
  void hear(MidiBytes message, std::int64_t now_ms) override {
    if (message[0] >> 4 != 0xE) return;
    const auto channel = static_cast<std::size_t>(message[0] & 0x0F);
    if (channel >= faders.size()) return;
    SimulatedFader& fader = faders[channel];
    ++fader_messages;
    fader.heard_ms = now_ms;
    // Its first report needs as long as our last word to cross; only what comes later is a fight.
    const bool moving = fader.hand && now_ms - fader.said_ms < 100;
    if (moving && now_ms - moving_since_[channel] > 2 * Rig::kDelayMs + 1) ++blocked;
    fader.commanded = static_cast<double>(message[1] | message[2] << 7) / 16383;
  }

  void step(std::int64_t now_ms, std::vector<Bytes>& out) override {
    for (std::size_t i = 0; i < faders.size(); ++i) {
      SimulatedFader& fader = faders[i];
      // The motor holds where the hand left it.
      if (!fader.hand && was_hand_[i]) fader.commanded = fader.place;
      was_hand_[i] = fader.hand;
      fader.step(now_ms);
      if (!fader.hand && now_ms - fader.said_ms > 30) continue;
      const int step = static_cast<int>(std::lround(fader.place * kSteps));
      if (step == fader.said || now_ms - fader.said_ms < 10) continue;
      if (!fader.hand && fader.heard_ms > fader.said_ms) continue;  // its motor's way is its own affair
      if (now_ms - fader.said_ms >= 100) moving_since_[i] = now_ms;
      fader.said = step;
      fader.said_ms = now_ms;
      const int value = static_cast<int>(static_cast<std::int64_t>(step) * 16383 / kSteps);
      out.push_back({static_cast<std::uint8_t>(0xE0 | i), static_cast<std::uint8_t>(value & 0x7F),
                     static_cast<std::uint8_t>(value >> 7)});
    }
  }

  std::array<SimulatedFader, 8> faders;
  std::uint64_t fader_messages = 0, blocked = 0;

 private:
  std::array<bool, 8> was_hand_{};
  std::array<std::int64_t, 8> moving_since_{};
};

std::string fader_address(std::size_t i) { return "/ch/" + std::to_string(i + 1) + "/fader"; }

/// Random hands and a random other client for so long, then quiet. `faders`: of the device, the first eight.
template <class Faders>
class Players {
 public:
  Players(Rig& rig, Faders& faders, unsigned seed) : rig_(rig), faders_(faders), random_(seed) {}

  void step() {
    for (std::size_t i = 0; i < 8; ++i) {
      SimulatedFader& fader = faders_[i];
      if (!fader.hand && chance(1.0 / 1500)) {
        fader.hand = true;
        hand_until_[i] = rig_.now_ms + between(150, 2500);
        aim(i);
        ++hands;
      } else if (fader.hand && rig_.now_ms > hand_until_[i]) {
        fader.hand = false;
      } else if (fader.hand && fader.place == fader.hand_to && chance(1.0 / 100)) {
        aim(i);
      }
      // The other client: single values, and fades of 50 steps a second, on faders with and without a hand.
      if (chance(1.0 / 3000)) rig_.set(fader_address(i), static_cast<float>(between(-90, 10))), ++sets;
      if (fade_left_[i] == 0 && chance(1.0 / 8000)) fade_left_[i] = 50;
      if (fade_left_[i] > 0 && rig_.now_ms % 20 == 7) {
        --fade_left_[i];
        rig_.set(fader_address(i), rig_.real(fader_address(i)) * 0.9f - 1), ++sets;
      }
    }
  }
  void stop() {
    for (std::size_t i = 0; i < 8; ++i) faders_[i].hand = false, fade_left_[i] = 0;
  }
  std::uint64_t hands = 0, sets = 0;

 private:
  bool chance(double p) { return std::bernoulli_distribution(p)(random_); }
  int between(int low, int high) { return std::uniform_int_distribution(low, high)(random_); }
  void aim(std::size_t i) {
    faders_[i].hand_to = between(0, kSteps) / static_cast<double>(kSteps);
    faders_[i].hand_per_ms = between(1, 20) / 1000.0;  // 50 ms to 1 s from end to end
  }

  Rig& rig_;
  Faders& faders_;
  std::mt19937 random_;
  std::array<std::int64_t, 8> hand_until_{};
  std::array<int, 8> fade_left_{};
};

template <class Faders>
void agree(const Rig& rig, const Faders& faders) {
  for (std::size_t i = 0; i < 8; ++i) {
    INFO("fader " << i + 1 << " at " << rig.now_ms);
    // Within one of its steps: the device's own rounding and ours.
    CHECK(std::abs(faders[i].place - rig.place(fader_address(i))) <= 1.0 / kSteps + 1e-9);
  }
}

/// Ten minutes of players at a device that is plugged in, each minute with a rest in which all must agree and nothing
/// wiggles on. Prints what was on the wire.
template <class Device>
std::uint64_t play_ten_minutes(Rig& rig, Device& device, unsigned seed, const std::string& name) {
  constexpr std::int64_t kMinuteMs = 60'000;
  rig.run(2'000);
  Players players(rig, device.faders, seed);
  for (int minute = 0; minute < 10; ++minute) {
    rig.run(kMinuteMs - 3'000, [&] { players.step(); });
    players.stop();
    rig.run(2'000);
    agree(rig, device.faders);
    const std::uint64_t before = device.fader_messages;
    rig.run(1'000);
    CHECK(device.fader_messages == before);
  }
  std::cout << name << ": " << players.hands << " hands, " << players.sets << " sets by others, "
            << device.fader_messages << " messages to faders, in all " << rig.sent_messages / 600.0
            << " messages/s to the device and " << rig.heard_messages / 600.0 << " from it\n";
  return players.hands + players.sets;
}

}  // namespace

TEST_CASE("ten minutes of hands and other clients on a servo surface: the hand wins and all agree", "[midi][surface]") {
  const bool tells_motor_moves = GENERATE(false, true);
  Rig rig;
  Mcu mcu(15935, tells_motor_moves);
  rig.plug(mcu, "X-Touch");
  const std::uint64_t causes =
      play_ten_minutes(rig, mcu, 7, tells_motor_moves ? "servo that tells its motor's moves" : "servo");
  CHECK(mcu.sent_to_touched == 0);
  int turned = 0;
  for (const SimulatedFader& fader : mcu.faders) turned += fader.travelled_back;
  // After a release the servo starts back to its last command until ours has come (one turn and the cable): that one
  // turning round is the device's. Other clients' jumps turn it, too. What fights does it many times for each cause.
  CHECK(turned <= static_cast<int>(causes));
  std::cout << "its motors turned round " << turned << " times\n";
}

TEST_CASE("ten minutes of hands and other clients on a surface that echoes would stop", "[midi][surface]") {
  Rig rig;
  Bcf bcf;
  rig.plug(bcf, "BCF2000");
  play_ten_minutes(rig, bcf, 11, "BCF2000");
  CHECK(bcf.blocked == 0);
}

TEST_CASE("what a hand does is the desk's value at once, and a release sends one message", "[midi][surface]") {
  Rig rig;
  Mcu mcu(15935);
  rig.plug(mcu, "X-Touch");
  rig.run(2'000);
  SimulatedFader& fader = mcu.faders[2];
  std::uint64_t before = mcu.fader_messages;
  fader.hand = true;
  fader.hand_to = 0.8;
  fader.hand_per_ms = 0.01;
  rig.run(300, [&] {
    // The device's own rounding, and 10 ms until it says the next.
    if (rig.now_ms > 3'020) CHECK(std::abs(rig.place("/ch/3/fader") - fader.place) <= 14 * 0.01 + 1.0 / kSteps);
  });
  CHECK(std::abs(rig.place("/ch/3/fader") - 0.8) <= 1.0 / kSteps);
  CHECK(mcu.fader_messages == before);
  SECTION("the desk agrees") {
    fader.hand = false;
    rig.run(1'000);
    CHECK(mcu.fader_messages == before + 1);
    CHECK(std::abs(fader.place - 0.8) <= 1.0 / kSteps);
  }
  SECTION("somebody else moved it under the hand") {
    rig.set("/ch/3/fader", -40.0f);
    rig.run(500);
    CHECK(mcu.fader_messages == before);
    CHECK(std::abs(fader.place - 0.8) <= 1e-9);
    fader.hand = false;
    rig.run(1'000);
    CHECK(std::abs(fader.place - rig.place("/ch/3/fader")) <= 1.0 / kSteps);
    CHECK(rig.real("/ch/3/fader") == -40.0f);
  }
}

TEST_CASE("a surface that is pulled and returns a hundred times in the middle of moves agrees each time",
          "[midi][surface]") {
  Rig rig;
  auto mcu = std::make_unique<Mcu>(15935);
  MidiUnitId id = rig.plug(*mcu, "X-Touch");
  std::mt19937 random(3);
  std::int64_t slowest_ms = 0;
  for (int time = 0; time < 100; ++time) {
    Players players(rig, mcu->faders, random());
    rig.run(std::uniform_int_distribution(50, 2'000)(random), [&] { players.step(); });
    rig.unplug(id);
    rig.run(std::uniform_int_distribution(1, 500)(random), [&] {
      if (random() % 100 == 0) rig.set(fader_address(random() % 8), static_cast<float>(random() % 100) - 90);
    });
    mcu = std::make_unique<Mcu>(15935);
    for (SimulatedFader& fader : mcu->faders) {  // somebody moved them meanwhile
      fader.place = fader.commanded = std::uniform_real_distribution(0.0, 1.0)(random);
    }
    id = rig.plug(*mcu, "X-Touch");
    const std::int64_t from_ms = rig.now_ms;
    const auto apart = [&] {
      for (std::size_t i = 0; i < 8; ++i) {
        if (std::abs(mcu->faders[i].place - rig.place(fader_address(i))) > 1.0 / kSteps + 1e-9) return true;
      }
      return false;
    };
    std::int64_t agreed_ms = from_ms;
    rig.run(2'000, [&] {
      if (apart()) agreed_ms = rig.now_ms;
    });
    slowest_ms = std::max(slowest_ms, agreed_ms - from_ms);
    agree(rig, mcu->faders);
  }
  CHECK(slowest_ms < 1'000);
  std::cout << "a hundred reconnects: all faders agree after " << slowest_ms << " ms at most\n";
}

}  // namespace fohd
