#include "daemon/store/state_choice.h"

#include <filesystem>

#include "daemon/store/state_load.h"

namespace fohd {
namespace {

StateChoice refused(std::string why) {
  StateChoice choice;
  choice.refusal = std::move(why);
  return choice;
}

}  // namespace

StateChoice choose_state(const std::string& state, const std::string& state_dir, const std::string& fallback) {
  FileSystem files;
  const std::string folder = !state_dir.empty() ? state_dir : !state.empty() ? state : fallback;
  if (!state_dir.empty() && files.kind(state_dir) == FileSystem::Kind::file) {
    return refused(state_dir + ": --state-dir needs a folder, this is a file");
  }
  if (state.empty() || state == state_dir) return {load_state(folder, files), folder, ""};

  const FileSystem::Kind kind = files.kind(state);
  if (kind == FileSystem::Kind::nothing) {
    // A folder for the mix may be new, a mix to begin with may not.
    if (!state_dir.empty() || std::filesystem::path(state).has_extension()) {
      return refused(state + ": there is no such state");
    }
    return {load_state(folder, files), folder, ""};
  }
  const bool begin_only = kind == FileSystem::Kind::file || !state_dir.empty();
  if (!begin_only) return {load_state(folder, files), folder, ""};

  StateChoice choice{load_state(state, files), state_dir, ""};
  if (choice.stored.found) return choice;
  std::string why;
  for (const std::string& warning : choice.stored.warnings) why += (why.empty() ? "" : " ") + warning;
  if (why.empty()) why = "No state was loaded: " + state + " holds none.";
  return refused(why + " It was named with --state, so the desk does not start without it; nothing was changed");
}

}  // namespace fohd
