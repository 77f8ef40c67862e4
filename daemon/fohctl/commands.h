// The commands of fohctl. Each returns the exit code.
#pragma once

#include <string>
#include <vector>

#include "daemon/fohctl/session.h"

namespace fohd::ctl {

int get(Session& session, const std::string& address, bool only_value);
int set(Session& session, const std::string& address, const std::string& text, bool as_text);
/// A command of the desk, such as /start/release.
int carry_out(Session& session, const std::string& address, const std::vector<std::string>& arguments);
int list(Session& session, const std::vector<std::string>& patterns);
int info(Session& session);
/// seconds: 0 for ever. Ends with kOk on Ctrl-C.
int watch(Session& session, const std::vector<std::string>& patterns, double seconds);

struct MeterOptions {
  double seconds = 0;  ///< 0: for ever
  int interval_ms = 50;
  bool plain = false;         ///< lines for a program instead of bars for a person
  int columns = 0, rows = 0;  ///< of the terminal; 0: not one, so plain
};
int meters(Session& session, const MeterOptions& options);

}  // namespace fohd::ctl
