// Device profiles on the disk (control/midi/profile_parser.h: what is in them).
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "control/midi/profile_parser.h"
#include "daemon/config/config.h"

namespace fohd {

/// [any, reads the disk] All *.toml of the folders; of two with the same name the first folder's counts, and an
/// engineer's own folder comes first. A profile that is wrong is left out; `errors` has each error with its line.
/// Folders that do not exist are empty.
std::vector<MidiProfile> load_midi_profiles(const std::vector<std::filesystem::path>& folders,
                                            std::vector<ConfigError>& errors);

/// [any] Where the profiles that come with the program are: beside it as it was installed or built. "" if nowhere.
std::filesystem::path shipped_midi_profiles();

/// [any, writes the disk] Writes the profile whole or not at all. Returns "" or why not. name: its file's stem.
std::string save_midi_profile(const std::filesystem::path& folder, const std::string& name,
                              const MidiHub::Saved& saved);

}  // namespace fohd
