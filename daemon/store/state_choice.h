// Which state the desk begins with and where it is kept, from the command line and the configuration.
#pragma once

#include <string>

#include "daemon/store/state.h"

namespace fohd {

struct StateChoice {
  StoredState stored;   ///< what the mix begins with
  std::string keep;     ///< the folder where changes are kept; empty: nowhere
  std::string refusal;  ///< not empty: the desk must not start, and why. Nothing has been changed on disk.
};

/// [main thread, reads the disk] `state`: --state, a file or a folder; `state_dir`: --state-dir; `fallback`: the folder
/// to use when neither is given. --state alone with a folder: begin there and keep it there. Beside --state-dir it says
/// only what to begin with. A file that was named and cannot be used is refused: starting with the defaults in its
/// place would put them over the mixes in the folder.
StateChoice choose_state(const std::string& state, const std::string& state_dir, const std::string& fallback);

}  // namespace fohd
