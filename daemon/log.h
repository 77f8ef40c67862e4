// The log: sentences on stderr, for the person at the rack and for the journal.
#pragma once

#include <string>
#include <vector>

namespace fohd {

/// [main thread, first of all] `quiet_terminal`: the live meter owns the terminal; sentences wait for it to show them.
/// If stderr goes elsewhere (a file, the journal) it gets them in any case.
void set_up_log(bool quiet_terminal);
/// [control] The last few lines.
std::vector<std::string> recent_log_lines();

}  // namespace fohd
