// Device profiles as text: TOML, one for each kind of surface (configs/midi; docs/MIDI.md explains every key).
#pragma once

#include <span>
#include <string>
#include <vector>

#include "control/midi/midi_hub.h"
#include "control/toml/config_error.h"

namespace fohd {

struct MidiProfileText {
  std::string id;    ///< by which others extend it: its file's name without .toml
  std::string file;  ///< as errors call it
  std::string text;
};

/// [any] Of two with the same id the first that is TOML counts. A profile that is wrong is left out and reported in
/// `errors`, each with its line.
std::vector<MidiProfile> parse_midi_profiles(std::span<const MidiProfileText> texts, std::vector<ConfigError>& errors);

/// [any] The text of a profile that holds what was learned.
std::string midi_profile_text(const MidiHub::Saved& saved);

}  // namespace fohd
