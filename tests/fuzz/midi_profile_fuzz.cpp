// Device profiles, by themselves and upon each other. What is read is a device on a small desk: all its controls are
// moved, and what was learned on it is written and read back.
//
// An input is one profile, or several with a line "%% name.toml" before each.
#include <algorithm>
#include <set>

#include "daemon/config/midi_profiles.h"
#include "tests/fuzz/fuzz_files.h"
#include "tests/fuzz/fuzz_midi.h"

namespace {

using namespace fohd;
using namespace fohd::fuzz;

constexpr std::size_t kMostFiles = 4, kMovedControls = 64;

void use(const MidiProfile& profile) {
  static const Geometry geometry{.inputs = 2, .returns = 2, .buses = 2};
  Desk desk(geometry);
  DeskStatus status(geometry);
  NoCommands sink;
  MidiSetup setup;
  setup.profiles = {profile};
  setup.devices = {{"*", profile.id}};
  MidiHub hub(desk, status, sink, std::move(setup));
  std::int64_t now_ms = 1000;
  hub.connect(1, "device", 1, now_ms);
  for (std::size_t i = 0; i < std::min(profile.controls.size(), kMovedControls); ++i) {
    const MidiControlSpec& control = profile.controls[i];
    for (const int value : {control.full_scale, control.full_scale / 3, 0}) {
      std::vector<std::uint8_t> bytes;
      append_midi(bytes, control.message, std::min(value, max_value(control.message.kind)));
      hub.receive(1, bytes, now_ms);
      now_ms += 300;
      hub.turn(now_ms, {1, 2, 3});
      drain(hub);
    }
  }
  hub.say_goodbye();
  drain(hub);
  check_values(desk);
}

void save_and_read(const Folder& folder, const MidiProfile& profile, std::string_view device) {
  MidiHub::Saved saved{"", std::string(device), {}};
  std::set<std::string> names;
  for (const MidiControlSpec& control : profile.controls) {
    if (control.does.what == MidiTarget::What::nothing) continue;
    // As the desk names what was learned: by its message.
    saved.controls.push_back(control);
    saved.controls.back().name = to_string(control.message);
    names.insert(saved.controls.back().name);
  }
  if (saved.device.empty() || saved.device.size() > 64 || names.size() != saved.controls.size()) return;
  const std::filesystem::path inside = folder.path() / "saved";
  std::filesystem::create_directory(inside);
  folder.write("saved/learned.toml", midi_profile_text(saved));
  std::vector<ConfigError> errors;
  const auto read = load_midi_profiles({inside}, errors);
  check(errors.empty() && read.size() == 1 && read[0].controls.size() == saved.controls.size());
  for (std::size_t i = 0; i < saved.controls.size(); ++i) {
    check(read[0].controls[i].message == saved.controls[i].message);
    check(to_string(read[0].controls[i].does) == to_string(saved.controls[i].does));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const Folder folder;
  const auto files = split_files(as_text(data, size), "a.toml");
  std::vector<std::filesystem::path> written;
  for (const auto& [name, text] : files) {
    const bool fine =
        name.ends_with(".toml") && name.size() <= 32 && name.find_first_of(std::string_view("/\0", 2)) > 32;
    if (fine && written.size() < kMostFiles) written.push_back(folder.write(name, text));
  }
  std::vector<ConfigError> errors;
  const auto profiles = load_midi_profiles({folder.path()}, errors);
  for (const ConfigError& error : errors) check(!error.text.empty() && error.line >= 0 && error.column >= 0);
  for (const MidiProfile& profile : profiles) use(profile);
  for (const MidiProfile& profile : profiles) save_and_read(folder, profile, profile.device);
  for (const std::filesystem::path& path : written) std::filesystem::remove(path);
  return 0;
}
