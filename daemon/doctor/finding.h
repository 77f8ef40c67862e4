// What `fohd doctor` found out about one thing.
#pragma once

#include <cstdint>
#include <span>
#include <string>

namespace fohd::doctor {

/// In the order of their weight.
enum class Level : std::uint8_t {
  ok,    ///< good for a show
  note,  ///< worth knowing; with a remedy it is advice
  warn,  ///< the desk runs, with a risk
  fail,  ///< keeps the show from working: no sound, no control, or the mix is lost
};

struct Finding {
  Level level = Level::ok;
  std::string title;   ///< what was looked at, two or three words
  std::string text;    ///< what was found and why it matters, whole sentences
  std::string remedy;  ///< what mends it, one command (or one thing to do) per line; empty: nothing to do
};

/// [any] 0 nothing to do, 1 there is advice or a warning, 2 something will keep the show from working.
inline int exit_code(std::span<const Finding> findings) {
  int code = 0;
  for (const Finding& finding : findings) {
    if (finding.level == Level::fail) return 2;
    if (finding.level == Level::warn || !finding.remedy.empty()) code = 1;
  }
  return code;
}

}  // namespace fohd::doctor
