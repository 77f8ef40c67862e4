// What a control of a surface does, in words: "fader", "strip mute", "bank left", "/main/fader". One grammar for device
// profiles, MIDI learn and lists.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace fohd {

struct MidiTarget {
  enum class What : std::uint8_t {
    nothing,
    fader,            ///< the column's fader, or what flip and sends on faders put there
    rotary,           ///< the column's rotary: pan, or what was assigned
    rotary_push,      ///< back to its default
    select,           ///< the column's strip becomes the selected one
    strip,            ///< `path` of the column's strip
    selected,         ///< `path` of the selected strip
    address,          ///< a parameter, a read-out to show, or a command
    rotary_strip,     ///< the rotaries become `path` of each strip
    rotary_selected,  ///< the rotaries become what the selected strip has below `prefixes`
    view,             ///< the strips of one kind, or all
    layer,            ///< the user's strips number `number`, from 1
    bank_left,
    bank_right,
    channel_left,
    channel_right,
    flip,
    sends_on_faders,
    spill,
    fine,
    page_left,
    page_right,
    display_values,
    display_clock,
  };
  What what = What::nothing;
  std::string path = {};  ///< strip, selected, rotary_strip: below the strip; address: all of it; view: its word
  std::vector<std::string> prefixes = {};  ///< rotary_selected
  int number = 0;
};

/// [any] Parses `text`; "{n}" in it becomes `n`. Empty: nothing. On failure nullopt, and `error` says what is
/// allowed.
std::optional<MidiTarget> parse_midi_target(std::string_view text, int n, std::string& error);
/// [any] The other way round.
std::string to_string(const MidiTarget& target);

}  // namespace fohd
