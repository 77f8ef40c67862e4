#include "daemon/service/service_manager.h"

#include <systemd/sd-daemon.h>

#include <algorithm>

namespace fohd {
namespace {

std::int64_t watchdog_interval_ms() {
  std::uint64_t interval_us = 0;
  if (::sd_watchdog_enabled(0, &interval_us) <= 0) return 0;
  return std::max<std::int64_t>(static_cast<std::int64_t>(interval_us / 1000), 1);
}

}  // namespace

ServiceManager::ServiceManager() : watchdog_(watchdog_interval_ms()) {}

void ServiceManager::ready() { ::sd_notify(0, "READY=1"); }
void ServiceManager::stopping() { ::sd_notify(0, "STOPPING=1"); }

void ServiceManager::status(const std::string& text) {
  if (text == status_) return;
  status_ = text;
  ::sd_notify(0, ("STATUS=" + text).c_str());
}

void ServiceManager::turn(std::int64_t now_ms, std::uint64_t frames, bool audio_expected) {
  if (watchdog_.due(now_ms, frames, audio_expected)) ::sd_notify(0, "WATCHDOG=1");
}

}  // namespace fohd
