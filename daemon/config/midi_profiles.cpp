#include "daemon/config/midi_profiles.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "daemon/base/file_system.h"
#include "daemon/config/toml_file.h"

namespace fohd {

namespace fs = std::filesystem;

std::vector<MidiProfile> load_midi_profiles(const std::vector<fs::path>& folders, std::vector<ConfigError>& errors) {
  std::vector<MidiProfileText> texts;
  FileSystem disk;
  for (const fs::path& folder : folders) {
    std::vector<std::string> names;
    // Of a folder that is not there, or that breaks off, what was found counts.
    if (const std::string why = disk.list(folder.string(), names);
        !why.empty() && disk.kind(folder.string()) != FileSystem::Kind::nothing) {
      errors.push_back({folder.string(), 0, 0, why});
    }
    std::vector<fs::path> found;
    for (const std::string& name : names) {
      if (fs::path(name).extension() == ".toml") found.push_back(folder / name);
    }
    std::sort(found.begin(), found.end());
    for (const fs::path& path : found) {
      MidiProfileText text{path.stem().string(), path.string(), ""};
      if (std::optional<ConfigError> error = read_toml_text(path, text.text)) {
        errors.push_back(*std::move(error));
      } else {
        texts.push_back(std::move(text));
      }
    }
  }
  return parse_midi_profiles(texts, errors);
}

fs::path shipped_midi_profiles() {
  std::error_code code;
  const fs::path program = fs::read_symlink("/proc/self/exe", code);
  if (code) return {};
  const fs::path folder = program.parent_path();
  for (const fs::path& candidate : {folder / "../share/fohd/midi", folder / "../../../configs/midi"}) {
    if (fs::is_directory(candidate, code)) return fs::canonical(candidate, code);
  }
  return {};
}

std::string save_midi_profile(const fs::path& folder, const std::string& name, const MidiHub::Saved& saved) {
  const bool fine =
      !name.empty() && name.size() <= 64 &&
      name.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_") == std::string::npos;
  if (!fine) return "a profile's name is letters, digits, - and _, at most 64";
  if (name == saved.extends) return "\"" + name + "\" is the profile that this one extends; choose another name";
  FileSystem disk;
  return write_whole(disk, folder.string(), name + ".toml", midi_profile_text(saved));
}

}  // namespace fohd
