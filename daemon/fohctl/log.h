// fohctl log and fohctl metrics.
#pragma once

#include <iosfwd>
#include <string>
#include <vector>

#include "daemon/base/event.h"
#include "daemon/fohctl/session.h"

namespace fohd::ctl {

struct LogOptions {
  double since_s = 0;            ///< back from the newest; 0: all
  std::vector<EventKind> kinds;  ///< empty: all
  bool follow = false;
  std::string folder;  ///< a state folder, when no desk runs
};

/// "90s", "30m", "12h", "2d". Returns "" or what is wrong.
std::string parse_since(const std::string& text, double& seconds);
/// "xrun,jack". Returns "" or what is wrong.
std::string parse_kinds(const std::string& text, std::vector<EventKind>& kinds);

int log(Session& session, const LogOptions& options);
int log_of_folder(const LogOptions& options, std::ostream& out, std::ostream& err);
int metrics(Session& session);

}  // namespace fohd::ctl
