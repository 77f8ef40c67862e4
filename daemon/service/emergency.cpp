#include "daemon/service/emergency.h"

#include <poll.h>

#include <array>
#include <atomic>
#include <csignal>

#include "daemon/audio/audio_core.h"

namespace fohd {
namespace {

// A signal handler takes no argument, so these are the globals of the program.
std::atomic<AudioCore*> target{nullptr};
Flag panic_signalled;
std::atomic<bool> dying{false};

// 20 ms of ramp, a block of silence behind it, and two periods of 1,024 frames at 44.1 kHz around both. Where the audio
// thread stands still no thread is left to ramp, and waiting longer would only delay the restart.
constexpr int kLongestWaitMs = 100;

void on_panic(int) { press_panic(); }

/// Only what POSIX allows in a handler: atomics, poll, sigaction, raise.
void on_fatal(int signal) {
  if (dying.exchange(true)) {
    for (;;) ::poll(nullptr, 0, 1000);  // another thread handles it, and ends the process
  }
  AudioCore* core = target.load(std::memory_order_acquire);
  if (core != nullptr && !AudioCore::in_callback()) {
    core->shutdown().raise();
    for (int waited_ms = 0; waited_ms < kLongestWaitMs && !core->is_shut(); ++waited_ms) ::poll(nullptr, 0, 1);
  }
  struct sigaction by_default {};
  by_default.sa_handler = SIG_DFL;
  ::sigaction(signal, &by_default, nullptr);
  ::raise(signal);  // delivered on return: the exit status and the core dump are those of the signal
}

void install(int signal, void (*handler)(int), int flags) {
  struct sigaction action {};
  action.sa_handler = handler;
  action.sa_flags = flags;
  ::sigfillset(&action.sa_mask);  // a fault inside the handler ends the process at once
  ::sigaction(signal, &action, nullptr);
}

// The sanitizers report faults through handlers of their own.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kFaultsAreOurs = false;
#else
constexpr bool kFaultsAreOurs = true;
#endif

}  // namespace

void install_emergency_signals() {
  static std::array<char, 64 * 1024> handler_stack;  // MINSIGSTKSZ is 11 kB with AVX-512's registers
  stack_t stack{};
  stack.ss_sp = handler_stack.data();
  stack.ss_size = handler_stack.size();
  if (kFaultsAreOurs) ::sigaltstack(&stack, nullptr);
  install(SIGUSR1, on_panic, SA_RESTART);
  install(SIGABRT, on_fatal, SA_ONSTACK);
  if (!kFaultsAreOurs) return;
  for (const int fault : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGSYS}) install(fault, on_fatal, SA_ONSTACK);
}

void set_emergency_core(AudioCore* core) noexcept { target.store(core, std::memory_order_release); }

void press_panic() noexcept {
  panic_signalled.raise();
  if (AudioCore* core = target.load(std::memory_order_acquire)) core->panic().raise();
}

bool take_panic_press() noexcept {
  if (!panic_signalled.raised()) return false;
  panic_signalled.lower();
  return true;
}

}  // namespace fohd
