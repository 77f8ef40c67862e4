// What a control of a surface is to the wire: a kind of message, a channel, a number. Messages become events of such a
// source (14-bit controllers, NRPN and the switches of a HUI put together from their parts), and the other way round.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "control/midi/midi_parser.h"

namespace fohd {

enum class MidiKind : std::uint8_t {
  note,               ///< value: velocity, 0 when released
  control_change,     ///< value 0..127
  control_change_14,  ///< MSB number 0..31, LSB number + 32; value 0..16383
  nrpn,               ///< number: MSB * 128 + LSB; value 0..16383
  pitch_bend,         ///< value 0..16383, number 0
  program,            ///< number: the program; value 127
  pressure,           ///< of the channel; value 0..127, number 0
  hui_fader,          ///< value 0..16383
  hui_switch,         ///< number: zone * 8 + port; value 127 pressed, 0 released
  hui_vpot,           ///< value: ticks, bit 6 set counter-clockwise
};

struct MidiSource {
  MidiKind kind = MidiKind::note;
  std::uint8_t channel = 0;  ///< 0..15
  std::uint16_t number = 0;
  auto operator<=>(const MidiSource&) const = default;
};

/// [any] "note 16 ch 1", "nrpn 3/23 ch 1", "hui_switch 0/2". The channel may be left out: 1.
std::optional<MidiSource> parse_midi_source(std::string_view text);
/// [any] Words of the kinds, for messages: "note, cc, ...".
std::string midi_kind_words();
std::string to_string(const MidiSource& source);
/// [any] The largest value of a kind: 127 or 16383.
constexpr int max_value(MidiKind kind) noexcept {
  const bool wide = kind == MidiKind::control_change_14 || kind == MidiKind::nrpn || kind == MidiKind::pitch_bend ||
                    kind == MidiKind::hui_fader;
  return wide ? 16383 : 127;
}
/// [any] Where the first number of a kind of `count` in a row may lie: below this.
int number_limit(MidiKind kind) noexcept;

struct MidiEvent {
  MidiSource source;
  int value = 0;
};

enum class MidiProtocol : std::uint8_t { midi, mcu, hui };

/// Messages to events. [control] One for each cable: it keeps the halves of what comes in two parts.
class MidiDecoder {
 public:
  explicit MidiDecoder(MidiProtocol protocol = MidiProtocol::midi) : protocol_(protocol) {}
  /// Controllers (MSB) that are to be read as 14 bits, whatever else comes on their numbers.
  void expect_14_bit(const MidiSource& source);

  /// One channel message (not system exclusive). 0 to 2 events.
  struct Events {
    std::array<MidiEvent, 2> list;
    int count = 0;
    const MidiEvent* begin() const { return list.data(); }
    const MidiEvent* end() const { return list.data() + count; }
    void add(const MidiEvent& event) { list[static_cast<std::size_t>(count++)] = event; }
  };
  Events decode(MidiBytes message);

 private:
  struct Channel {
    std::uint8_t nrpn_msb = 127, nrpn_lsb = 127;  ///< 127, 127: none is chosen
    bool registered = false;                      ///< the data that follow are of an RPN, which is not mapped
    std::uint8_t data_msb = 0, data_lsb = 0;
    bool data_known = false;        ///< of the chosen parameter
    std::uint32_t expected_14 = 0;  ///< bit n: controller n is the upper half of 14 bits
    std::uint32_t known_14 = 0;     ///< bit n: its upper half has come
    std::array<std::uint8_t, 32> msb{};
  };
  void decode_control(std::uint8_t channel, std::uint8_t number, std::uint8_t value, Events& events);
  /// True if the message was one of HUI's own.
  bool decode_hui(std::uint8_t number, std::uint8_t value, Events& events);
  static bool take_data_entry(Channel& channel, std::uint8_t number, std::uint8_t value);

  MidiProtocol protocol_;
  std::array<Channel, 16> channels_;
  std::uint8_t hui_zone_ = 0;
  std::array<std::uint8_t, 16> hui_msb_{};
};

/// [any] Appends what sets a control (position or LED) to `value`: one to four messages, each of three bytes or two.
void append_midi(std::vector<std::uint8_t>& out, const MidiSource& target, int value);

}  // namespace fohd
