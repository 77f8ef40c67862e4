// A kind of surface, as data: which controls it has, what they send and receive, what they do. Profiles are files
// (configs/midi, docs/MIDI.md); daemon/config reads them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "control/midi/encoder.h"
#include "control/midi/midi_source.h"
#include "control/midi/midi_target.h"
#include "control/midi/motor_fader.h"
#include "control/midi/takeover.h"

namespace fohd {

enum class ControlType : std::uint8_t { fader, knob, encoder, button };
enum class RingStyle : std::uint8_t { none, mcu, value, steps_13 };
enum class ButtonMode : std::uint8_t {
  toggle,
  momentary,      ///< on while it is held
  set,            ///< a press sets `set_value`
  follow,         ///< 64 and above is on, below is off
  follow_nonzero  ///< the same, but 0 is ignored
};

/// A part of a parameter, in its unit.
struct ValueRange {
  float low = 0, high = 0;
};

struct MidiControlSpec {
  std::string name;  ///< "fader 3"
  ControlType type = ControlType::button;
  MidiSource message;
  std::optional<MidiSource> touch, ring, led;
  bool has_led = true;  ///< a button without `led`: its own message is the LED
  int full_scale = 127;
  int resolution = 127;
  bool motor = false;
  std::optional<bool> reports_motor;  ///< nothing: where it has a touch, which would report a hand
  MidiEcho echo = MidiEcho::never;
  int hold_off_ms = 250;
  MidiTakeover takeover = MidiTakeover::pickup;
  MidiRelative relative = MidiRelative::mcu;
  RingStyle ring_style = RingStyle::none;
  ButtonMode mode = ButtonMode::toggle;
  double set_value = 1;
  std::optional<ValueRange> range;
  bool invert = false;
  int led_on = 127, led_off = 0, led_blink = 1;
  int column = 0;  ///< from 0
  MidiTarget does;
};

enum class DisplayKind : std::uint8_t { none, mcu, mcu_icon, hui };

struct DisplaySpec {
  DisplayKind kind = DisplayKind::none;
  std::optional<int> sysex_id = {};  ///< nothing: 05 for a HUI, else 14h, a Mackie Control
  bool colors = false;               ///< X-Touch: sysex 72
  bool meters = false;
  bool clock = false;
};

struct MidiProfile {
  std::string id;                  ///< the file's stem
  std::string device;              ///< full name
  int depth = 0;                   ///< how many profiles it extends, one upon the other
  std::vector<std::string> ports;  ///< patterns of port names
  MidiProtocol protocol = MidiProtocol::midi;
  int columns = 0;
  std::string confirmed, documents;
  std::vector<std::vector<std::uint8_t>> hello, goodbye;
  DisplaySpec display;
  std::vector<MidiControlSpec> controls;
};

/// [any] Does a pattern with * and ? match all of a name, whatever the case?
bool name_matches(std::string_view pattern, std::string_view name) noexcept;
/// [any] Of this id; null if there is none.
const MidiProfile* profile_with_id(const std::vector<MidiProfile>& profiles, std::string_view id) noexcept;
/// [any] The profile for a device of that name: the one with the most specific pattern (most letters); null if none.
const MidiProfile* find_profile(const std::vector<MidiProfile>& profiles, std::string_view device_name) noexcept;

}  // namespace fohd
