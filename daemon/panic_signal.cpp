#include "daemon/panic_signal.h"

#include <atomic>
#include <csignal>

namespace fohd {
namespace {

// A signal handler takes no argument, so this is the one global of the program.
std::atomic<Flag*> target{nullptr};
Flag happened;

void on_signal(int) {
  happened.raise();
  if (Flag* flag = target.load(std::memory_order_acquire)) flag->raise();
}

}  // namespace

void install_panic_signal() {
  struct sigaction action {};
  action.sa_handler = on_signal;
  action.sa_flags = SA_RESTART;
  ::sigaction(SIGUSR1, &action, nullptr);
}

void set_panic_target(Flag* flag) noexcept { target.store(flag, std::memory_order_release); }

bool take_panic_signal() noexcept {
  if (!happened.raised()) return false;
  happened.lower();
  return true;
}

}  // namespace fohd
