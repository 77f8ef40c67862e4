// `fohd run`: the desk, live.
#pragma once

#include "daemon/desk/run_options.h"

namespace fohd {

inline constexpr int kExitOk = 0, kExitBadInput = 1, kExitCouldNotRun = 2;

/// [main thread, after install_signals()] Runs until a signal or options.seconds have passed. Returns one of the exit
/// codes above, with a plain message on stderr if it is not 0. Where JACK does not let go at the end, everything is
/// saved and the process ends with kExitCouldNotRun, without returning.
int run(const RunOptions& options);

}  // namespace fohd
