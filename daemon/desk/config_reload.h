// Reads the configuration again while the desk runs. A disk may stand still: neither the control loop nor the end of
// the desk waits for it, so the thread that reads is detached, and poll() returns its result.
#pragma once

#include <future>
#include <optional>
#include <string>

#include "daemon/config/config.h"

namespace fohd {

/// [control]
class ConfigReload {
 public:
  explicit ConfigReload(std::string file) : file_(std::move(file)) {}

  /// Begins to read. During a reading it is noted, and the file is read once more after it, since what is being read
  /// may be older than the request. Without a file, or where no thread can be started, the log says so.
  void request();
  /// What was read, once, errors included; nothing while nothing is ready.
  std::optional<ConfigResult> poll();

 private:
  std::string file_;
  std::future<ConfigResult> result_;  ///< valid while a thread reads
  bool again_ = false;
};

}  // namespace fohd
