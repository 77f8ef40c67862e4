// The log: sentences on stderr, for the person at the rack and for the journal.
#pragma once

#include <string>
#include <vector>

namespace fohd {

/// [main thread, first of all] From now on a thread of its own writes what is logged: who logs never waits for a
/// terminal. Where that stands still, the oldest of a thousand lines give way. `quiet_terminal`: the live meter owns
/// the terminal; sentences wait for it to show them. If stderr goes elsewhere (a file, the journal) it gets them in any
/// case.
void set_up_log(bool quiet_terminal, int fd = 2);
/// [main thread] Writes what is still waiting, which takes a second at most if nobody reads it. What is logged later is
/// lost.
void finish_log();
/// [control] The last few lines.
std::vector<std::string> recent_log_lines();

}  // namespace fohd
