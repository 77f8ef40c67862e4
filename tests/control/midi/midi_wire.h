// A Mackie Control without hands and motors: what it was sent, byte by byte, and what it would show then.
#pragma once

#include <algorithm>
#include <utility>

#include "tests/control/midi/midi_rig.h"

namespace fohd::midi_test {

inline std::uint8_t byte_of(int number) { return static_cast<std::uint8_t>(number); }
inline Bytes three(int status, int first, int second) { return {byte_of(status), byte_of(first), byte_of(second)}; }
inline Bytes bend(int channel, int value) { return three(0xE0 | channel, value & 0x7F, value >> 7); }
inline bool begins_with(const Bytes& bytes, const Bytes& head) {
  return bytes.size() >= head.size() && std::equal(head.begin(), head.end(), bytes.begin());
}

/// The notes of an MCU's buttons.
enum Note : int {
  kSolo = 8,
  kMute = 16,
  kSelect = 24,
  kPush = 32,
  kAssignTrack = 40,
  kAssignSend = 41,
  kAssignPan = 42,
  kAssignPlugIn = 43,
  kAssignEq = 44,
  kAssignInstrument = 45,
  kBankLeft = 46,
  kBankRight = 47,
  kChannelLeft = 48,
  kChannelRight = 49,
  kFlip = 50,
  kViewAll = 51,
  kNameValue = 52,
  kSmpteBeats = 53,
  kF1 = 54,
  kViewInputs = 63,
  kViewAux = 66,
  kViewBuses = 67,
  kShift = 70,
  kGroup = 79,
  kCursorLeft = 98,
  kCursorRight = 99,
  kZoom = 100,
  kTouch = 104
};

class Surface : public Device {
 public:
  explicit Surface(int sysex_id = 0x14, bool answers = true) : sysex_id_(byte_of(sysex_id)), answers_(answers) {
    fader.fill(-1);
    forget();
  }

  void hear(MidiBytes bytes, std::int64_t now_ms) override {
    const Bytes m(bytes.begin(), bytes.end());
    log.emplace_back(now_ms, m);
    if (m[0] == 0xF0) return hear_exclusive(m);
    REQUIRE(m.size() == (m[0] >> 4 == 0xD || m[0] >> 4 == 0xC ? 2 : 3));
    const int number = m[1], value = m.size() > 2 ? m[2] : 0;
    if (m[0] == 0x90) {
      leds[number] = value;
    } else if (m[0] >> 4 == 0xE) {
      REQUIRE((m[0] & 0x0F) < 9);
      fader[m[0] & 0x0Fu] = number | value << 7;
    } else if (m[0] == 0xB0 && number >= 0x30 && number < 0x38) {
      rings[static_cast<std::size_t>(number - 0x30)] = value;
    } else if (m[0] == 0xB0 && number >= 0x40 && number < 0x4C) {
      digits[static_cast<std::size_t>(number - 0x40)] = value;
    } else if (m[0] == 0xD0) {
      const auto column = static_cast<std::size_t>(number >> 4);
      const int level = number & 0x0F;
      REQUIRE(column < 8);
      if (level <= 0x0C) meters[column] = level;
      if (level >= 0x0E) overload[column] = level == 0x0E;
    } else {
      FAIL("an MCU knows no " << static_cast<int>(m[0]) << ' ' << number << ' ' << value);
    }
  }

  void step(std::int64_t now_ms, std::vector<Bytes>& out) override {
    if (asked_ && answers_) {
      out.push_back({0xF0, 0, 0, 0x66, sysex_id_, 0x01, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 0xF7});
    }
    asked_ = false;
    (void)now_ms;
    for (Bytes& bytes : says) {
      if (bytes[0] >> 4 == 0xE) fader[bytes[0] & 0x0Fu] = bytes[1] | bytes[2] << 7;  // where the hand put it
      out.push_back(std::move(bytes));
    }
    says.clear();
  }

  /// It shows nothing any more: switched off.
  void forget() {
    text.assign(112, '\0');
    leds.clear();
    rings.fill(-1);
    digits.fill(-1);
    meters.fill(-1);
    overload.fill(false);
    colors.clear();
  }
  bool lit(int note) const {
    const auto at = leds.find(note);
    return at != leds.end() && at->second != 0;
  }
  std::string cell(int line, int column) const {
    std::string all = text.substr(static_cast<std::size_t>(line * 56 + column * 7), 7);
    all.erase(std::find_if(all.rbegin(), all.rend(), [](char c) { return c != ' '; }).base(), all.end());
    return all;
  }
  /// The upper line's cells, with a comma between.
  std::string names() const {
    std::string all = cell(0, 0);
    for (int i = 1; i < 8; ++i) all += "," + cell(0, i);
    return all;
  }
  std::size_t count(const Bytes& head) const {
    return static_cast<std::size_t>(
        std::count_if(log.begin(), log.end(), [&](const auto& entry) { return begins_with(entry.second, head); }));
  }

  std::vector<std::pair<std::int64_t, Bytes>> log;
  std::vector<Bytes> says;
  std::string text;
  std::map<int, int> leds;
  std::array<int, 9> fader{};  ///< where it stands: as commanded, or where a hand put it
  std::array<int, 8> rings{}, meters{};
  std::array<bool, 8> overload{};
  std::array<int, 12> digits{};  ///< from the right, as the wire counts
  Bytes colors;

 private:
  void hear_exclusive(const Bytes& m) {
    REQUIRE(m.back() == 0xF7);
    if (!begins_with(m, {0xF0, 0x00, 0x00, 0x66, sysex_id_})) return;  // not for us
    if (m[5] == 0x00) asked_ = true;
    if (m[5] == 0x12) {
      const std::string chars(m.begin() + 7, m.end() - 1);
      REQUIRE(m[6] + chars.size() <= text.size());
      text.replace(m[6], chars.size(), chars);
    }
    if (m[5] == 0x72) colors.assign(m.begin() + 6, m.end() - 1);
  }

  std::uint8_t sysex_id_;
  bool answers_, asked_ = false;
};

/// Pressed and released; the desk has looked at it and painted.
inline void tap(Rig& rig, Surface& surface, int note) {
  surface.says.push_back(three(0x90, note, 127));
  surface.says.push_back(three(0x90, note, 0));
  rig.run(200);
}
/// The motors have arrived and all is painted.
inline void settle(Rig& rig) { rig.run(1'500); }

/// All values of the desk.
inline std::vector<Value> everything(const Rig& rig) {
  std::vector<Value> all;
  for (ParameterId id = 0; id < rig.desk.table().size(); ++id) all.push_back(rig.desk.get(id));
  return all;
}
/// The addresses whose values differ.
inline std::vector<std::string> changed(const Rig& rig, const std::vector<Value>& before) {
  std::vector<std::string> all;
  for (ParameterId id = 0; id < rig.desk.table().size(); ++id) {
    if (!(rig.desk.get(id) == before[id])) all.push_back(rig.desk.table()[id].address);
  }
  return all;
}

/// Whether an X-Touch's fader stands where this value is, within one of its 1024 positions.
inline void stands_at(const Rig& rig, const Surface& surface, std::size_t fader, const std::string& address,
                      int full_scale = 15935) {
  INFO("fader " << fader + 1 << " and " << address);
  CHECK(std::abs(surface.fader[fader] - rig.place(address) * full_scale) <= full_scale / 1023.0 + 1);
}

}  // namespace fohd::midi_test
