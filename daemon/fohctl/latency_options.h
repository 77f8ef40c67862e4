// The options of `fohctl latency measure`, which `fohd latency` takes too: fohctl itself has no JACK and hands them
// on.
#pragma once

#include <iosfwd>

#include "daemon/jack/latency.h"

namespace CLI {
class App;
}

namespace fohd::ctl {

/// [main thread] Adds them to a command.
void add_latency_options(CLI::App& command, LatencyOptions& options);
/// [main thread] Becomes `fohd latency` with these options: the fohd beside this program, else the first on the PATH.
/// Returns only where there is none, with the exit code, after it was said.
int become_fohd_latency(const LatencyOptions& options, std::ostream& err);

}  // namespace fohd::ctl
