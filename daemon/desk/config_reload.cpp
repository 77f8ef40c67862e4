#include "daemon/desk/config_reload.h"

#include <spdlog/spdlog.h>

#include <chrono>
#include <exception>
#include <thread>
#include <utility>

#include "daemon/base/log.h"

namespace fohd {

void ConfigReload::request() {
  if (file_.empty()) {
    log_of(EventKind::config).info("SIGHUP: there is no configuration file to read again");
    return;
  }
  if (result_.valid()) {
    again_ = true;
    return;
  }
  try {
    std::packaged_task<ConfigResult(std::string)> read(load_config);
    result_ = read.get_future();
    std::thread(std::move(read), file_).detach();
  } catch (const std::exception& error) {  // no thread, no memory
    result_ = {};
    log_of(EventKind::config).error("The configuration cannot be read now: {}", error.what());
  }
}

std::optional<ConfigResult> ConfigReload::poll() {
  if (!result_.valid() || result_.wait_for(std::chrono::seconds(0)) != std::future_status::ready) return std::nullopt;
  std::optional<ConfigResult> read;
  try {
    read = result_.get();
  } catch (const std::exception& error) {
    log_of(EventKind::config).error("The configuration was not read again: {}", error.what());
  }
  if (std::exchange(again_, false)) request();
  return read;
}

}  // namespace fohd
