// A desk with surfaces, and surfaces made of arithmetic: faders with motors and hands, down to the wire.
#pragma once

#include <catch2/catch.hpp>

#include <array>
#include <cmath>
#include <cstdint>
#include <deque>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

#include "control/midi/midi_hub.h"
#include "control/midi/profile_parser.h"
#include "tests/control/desk/desk_rig.h"

namespace fohd::midi_test {

using Bytes = std::vector<std::uint8_t>;

/// The texts of the profiles that come with the program.
inline const std::vector<MidiProfileText>& shipped_profile_texts() {
  static const std::vector<MidiProfileText> texts = [] {
    std::vector<MidiProfileText> all;
    for (const auto& entry : std::filesystem::directory_iterator(FOHD_SOURCE_DIR "/configs/midi")) {
      std::ostringstream text;
      text << std::ifstream(entry.path()).rdbuf();
      all.push_back({entry.path().stem().string(), entry.path().string(), text.str()});
    }
    return all;
  }();
  return texts;
}

inline const std::vector<MidiProfile>& shipped_profiles() {
  static const std::vector<MidiProfile> profiles = [] {
    std::vector<ConfigError> errors;
    auto all = parse_midi_profiles(shipped_profile_texts(), errors);
    for (const ConfigError& error : errors) FAIL(error.to_string());
    return all;
  }();
  return profiles;
}

struct Commands : CommandSink {
  bool execute(const CommandCall& call, const Origin&, std::span<const Value>, std::string&) override {
    calls.push_back(call);
    return true;
  }
  std::vector<CommandCall> calls;
};

/// Something at the other end of a cable.
class Device {
 public:
  virtual ~Device() = default;
  /// One message from the desk.
  virtual void hear(MidiBytes message, std::int64_t now_ms) = 0;
  /// A millisecond passes; what it says goes into `out`.
  virtual void step(std::int64_t now_ms, std::vector<Bytes>& out) = 0;
};

/// Says what it is told to say.
class Puppet : public Device {
 public:
  void hear(MidiBytes message, std::int64_t) override { heard.emplace_back(message.begin(), message.end()); }
  void step(std::int64_t, std::vector<Bytes>& out) override {
    out.insert(out.end(), says.begin(), says.end());
    says.clear();
  }
  std::vector<Bytes> says, heard;
};

/// The desk, its hub and the cables, each with a delay of its own, stepped by the millisecond.
class Rig : public test::DeskRig {
 public:
  explicit Rig(Geometry geometry = {.inputs = 16, .buses = 8}, MidiSetup setup = {})
      : DeskRig(geometry), status(geometry), hub(desk, status, commands, with_profiles(std::move(setup))) {}

  MidiUnitId plug(Device& device, const std::string& name, int ordinal = 1) {
    const MidiUnitId id = ++last_id_;
    cables_[id] = {&device, {}, {}};
    hub.connect(id, name, ordinal, now_ms);
    return id;
  }
  void unplug(MidiUnitId id) {
    cables_.erase(id);
    hub.disconnect(id);
  }

  void run(std::int64_t ms, const std::function<void()>& every_ms = {}) {
    for (const std::int64_t end = now_ms + ms; now_ms < end;) {
      ++now_ms;
      if (every_ms) every_ms();
      step();
    }
  }

  /// As another client would.
  void set(const std::string& address, const Value& to) {
    std::string error;
    const auto id = desk.table().find(address);
    REQUIRE(id);
    const Change change{*id, to};
    REQUIRE(desk.apply({Origin::Side::osc, 99}, {&change, 1}, error));
  }
  /// Where a fader of this value stands, 0..1.
  double place(const std::string& address) const {
    const auto id = desk.table().find(address);
    REQUIRE(id);
    return taper_position(*desk.table()[*id].row, desk.get(*id), {});
  }

  std::int64_t now_ms = 1'000;
  DeskStatus status;
  Commands commands;
  MidiHub hub;
  std::uint64_t sent_messages = 0, sent_bytes = 0, heard_messages = 0;
  static constexpr std::int64_t kDelayMs = 2;  ///< of USB, each way

 private:
  struct Cable {
    Device* device = nullptr;
    std::deque<std::pair<std::int64_t, Bytes>> to_device, to_desk;
  };

  static MidiSetup with_profiles(MidiSetup setup) {
    if (setup.profiles.empty()) setup.profiles = shipped_profiles();
    return setup;
  }

  void step() {
    for (auto& [id, cable] : cables_) {
      std::vector<Bytes> said;
      while (!cable.to_device.empty() && cable.to_device.front().first <= now_ms) {
        cable.device->hear(cable.to_device.front().second, now_ms);
        cable.to_device.pop_front();
      }
      cable.device->step(now_ms, said);
      for (Bytes& bytes : said) cable.to_desk.emplace_back(now_ms + kDelayMs, std::move(bytes));
      while (!cable.to_desk.empty() && cable.to_desk.front().first <= now_ms) {
        ++heard_messages;
        hub.receive(id, cable.to_desk.front().second, now_ms);
        cable.to_desk.pop_front();
      }
    }
    if (now_ms % 20 != 0) return;
    hub.turn(now_ms, {});
    hub.drain([this](MidiUnitId id, MidiBytes message) {
      ++sent_messages;
      sent_bytes += message.size();
      const auto at = cables_.find(id);
      if (at != cables_.end())
        at->second.to_device.emplace_back(now_ms + kDelayMs, Bytes(message.begin(), message.end()));
      return true;
    });
  }

  std::map<MidiUnitId, Cable> cables_;
  MidiUnitId last_id_ = 0;
};

/// A motor fader with a hand that may be on it. Places are 0..1 of its way.
struct SimulatedFader {
  double place = 0, commanded = 0;
  bool hand = false;
  double hand_to = 0, hand_per_ms = 0;
  double motor_per_ms = 1.0 / 100;  ///< from end to end in 100 ms
  int said = -1;                    ///< the last position it reported, in its steps
  std::int64_t said_ms = -1000, heard_ms = -1000;
  int travelled_back = 0;  ///< times its motor turned round within 300 ms without a hand
  double last_way = 0;
  std::int64_t last_way_ms = 0;

  void step(std::int64_t now_ms) {
    const double target = hand ? hand_to : commanded, speed = hand ? hand_per_ms : motor_per_ms;
    const double way = std::clamp(target - place, -speed, speed);
    place += way;
    if (hand || way == 0) {
      if (hand) last_way = 0;
      return;
    }
    if (way * last_way < 0 && now_ms - last_way_ms < 300) ++travelled_back;
    last_way = way;
    last_way_ms = now_ms;
  }
};

}  // namespace fohd::midi_test
