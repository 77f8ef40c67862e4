// Timed OSC lines for a render: "12.5 /ch/1/fader -6.0", a time in seconds, an address or a pattern, a value.
// '#' begins a comment. Texts with blanks stand in quotes. Lines need not be in order of time.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "control/desk/desk.h"

namespace fohd {

/// All lines of one grid point are one change.
struct ScriptStep {
  std::int64_t frame = 0;  ///< a multiple of kSubBlockFrames, the nearest to the line's time
  std::vector<Change> changes;
};

/// [control] In order of time. Throws FileError naming file and line: not a time, unknown address, wrong value.
std::vector<ScriptStep> load_script(const std::filesystem::path& file, const ParameterTable& table, double rate_hz);

}  // namespace fohd
