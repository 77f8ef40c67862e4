#include "daemon/store/state_load.h"

#include <algorithm>

#include "daemon/base/numbered_file.h"

namespace fohd {
namespace {

constexpr NumberedName kGeneration{kStatePrefix, 6, kGenerationSuffix}, kLog{kStatePrefix, 6, kLogSuffix};

void use(StoredState& state, ParsedGeneration&& generation, const std::string& path) {
  state.found = true;
  state.source = path;
  state.values = std::move(generation.values);
  state.meta = generation.meta;
  for (const std::string& note : generation.notes) state.warnings.push_back(path + ": " + note + ".");
}

StoredState load_file(const std::string& path, FileSystem& files) {
  StoredState state;
  std::string text;
  const std::string error = files.read(path, text);
  if (!error.empty()) {
    state.warnings.push_back("No state was loaded: " + error + ".");
    return state;
  }
  ParsedGeneration generation = parse_generation(text);
  if (!generation.error.empty()) {
    state.warnings.push_back("No state was loaded: " + path + " is damaged: " + generation.error + ".");
    return state;
  }
  if (!generation.checksummed) generation.notes.emplace_back("it has no checksum and is taken as it is");
  use(state, std::move(generation), path);
  return state;
}

/// Puts what a log says over the values of its generation.
void apply_log(const std::string& path, FileSystem& files, Mix& mix, std::vector<std::string>& warnings) {
  std::string text;
  const std::string error = files.read(path, text);
  if (!error.empty()) {
    warnings.push_back("The changes since the last whole state are lost: " + error + ".");
    return;
  }
  ParsedLog log = parse_log(text);
  for (auto& [address, value] : log.values) mix.insert_or_assign(std::move(address), std::move(value));
  for (const std::string& note : log.notes) warnings.push_back(path + ": " + note + ".");
}

StoredState load_folder(const std::string& folder, FileSystem& files) {
  StoredState state;
  StateFiles present;
  const std::string error = list_state_files(folder, files, present);
  if (!error.empty()) {
    state.warnings.push_back("No state was loaded: " + error + ".");
    return state;
  }
  if (!present.absurd.empty()) state.warnings.push_back(absurd_names_text(folder, present.absurd) + ".");
  std::string rejected;  // the damaged generations so far, in words
  std::uint64_t base = 0;
  for (auto number = present.generations.rbegin(); number != present.generations.rend() && base == 0; ++number) {
    const std::string path = generation_path(folder, *number);
    std::string text;
    ParsedGeneration generation;
    generation.error = files.read(path, text);
    if (generation.error.empty()) generation = parse_generation(text);
    if (generation.error.empty()) {
      const std::string written = generation.written_utc.empty() ? "" : ", written " + generation.written_utc;
      if (!rejected.empty()) {
        state.warnings.push_back(rejected + " The previous one is used: " + path + written +
                                 ", with every change logged since.");
      }
      if (!generation.checksummed) generation.notes.emplace_back("it has no checksum and is taken as it is");
      base = *number;
      use(state, std::move(generation), path);
    } else {
      rejected += (rejected.empty() ? "" : " ") + path + " is damaged: " + generation.error + ".";
    }
  }
  if (!state.found) {
    if (!rejected.empty()) state.warnings.push_back(rejected + " No older one is whole: no state was loaded.");
    if (rejected.empty() && !present.logs.empty()) {
      state.warnings.push_back("No state was loaded: " + folder + " has logs of changes but no whole state.");
    }
    return state;
  }
  // A generation holds what its predecessor and that one's log hold, so from an older one all later logs follow.
  Mix mix(std::make_move_iterator(state.values.begin()), std::make_move_iterator(state.values.end()));
  for (std::uint64_t number : present.logs) {
    if (number >= base) apply_log(log_path(folder, number), files, mix, state.warnings);
  }
  state.values.assign(std::make_move_iterator(mix.begin()), std::make_move_iterator(mix.end()));
  return state;
}

}  // namespace

std::string generation_path(const std::string& folder, std::uint64_t number) {
  return folder + "/" + numbered_name(kGeneration, number);
}
std::string log_path(const std::string& folder, std::uint64_t number) {
  return folder + "/" + numbered_name(kLog, number);
}

std::string list_state_files(const std::string& folder, FileSystem& files, StateFiles& present) {
  std::vector<std::string> names;
  std::string error = files.list(folder, names);
  if (!error.empty()) return error;
  for (const std::string& name : names) {
    if (const std::uint64_t number = number_in_name(kGeneration, name, present.absurd)) {
      present.generations.push_back(number);
    }
    if (const std::uint64_t number = number_in_name(kLog, name, present.absurd)) present.logs.push_back(number);
    if (name.starts_with(kStatePrefix) && name.ends_with(kTemporarySuffix)) present.leftovers.push_back(name);
  }
  std::sort(present.generations.begin(), present.generations.end());
  std::sort(present.logs.begin(), present.logs.end());
  std::sort(present.absurd.begin(), present.absurd.end());
  return error;
}

StoredState load_state(const std::string& path, FileSystem& files) {
  switch (files.kind(path)) {
    case FileSystem::Kind::folder:
      return load_folder(path, files);
    case FileSystem::Kind::file:
      return load_file(path, files);
    case FileSystem::Kind::nothing:
      break;
  }
  StoredState state;  // a folder that will be made, unless it is called like a file
  if (path.ends_with(kGenerationSuffix)) state.warnings.push_back("No state was loaded: there is no " + path + ".");
  return state;
}

StoredState load_state(const std::string& path) {
  FileSystem files;
  return load_state(path, files);
}

std::string current_boot_id() {
  std::string id;
  static_cast<void>(read_regular_file("/proc/sys/kernel/random/boot_id", kSystemFile, id));
  return id.substr(0, id.find('\n'));
}

}  // namespace fohd
