// The log: sentences on stderr, for the person at the rack and for the journal.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/base/event.h"

namespace spdlog {
class logger;  // NOLINT(readability-identifier-naming): not ours
}

namespace fohd {

/// Called with every line that is logged, at info and above, on the thread that logs it and before a terminal blocks.
using LogListener = std::function<void(EventKind, EventLevel, std::string_view)>;

/// [main thread, first of all] From now on a thread of its own writes what is logged: logging never waits for a
/// terminal. Where that stands still, the oldest of a thousand lines give way. `quiet_terminal`: the live meter owns
/// the terminal; sentences wait for it to show them. If stderr goes elsewhere (a file, the journal) it gets them in any
/// case.
void set_up_log(bool quiet_terminal, int fd = 2, LogListener listener = {});
/// [any thread but audio] Where to log what is not of the kind `desk` (spdlog::info() and its like are):
/// log_of(EventKind::midi).info("..."). On the terminal all look the same; the black box keeps the kind.
spdlog::logger& log_of(EventKind kind) noexcept;
/// [main thread] Writes what is still waiting, which takes 1 s at most if it has no reader. What is logged later is
/// lost, and the listener is not called any more.
void finish_log();
/// [control] The last few lines.
std::vector<std::string> recent_log_lines();

}  // namespace fohd
