#include "daemon/service/emergency.h"

#include <poll.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <csignal>
#include <string_view>

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

std::atomic<bool> ending{false};
constexpr unsigned kLongestEnd_s = 9;

std::array<Flag, NSIG> early;  ///< by the number of the signal

void on_panic(int, siginfo_t*, void*) { press_panic(); }

void on_early(int signal, siginfo_t*, void*) { early[static_cast<std::size_t>(signal)].raise(); }

/// Only what POSIX allows in a handler: atomics, poll, sigaction, raise.
void on_fatal(int signal, siginfo_t*, void*) {
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

/// A breakpoint that nobody set is a fault (arm64's __builtin_trap); one that another process sent is a mistake.
void on_trap(int signal, siginfo_t* info, void* context) {
  if (info->si_code > 0) on_fatal(signal, info, context);  // from the kernel; sigaction(2)
}

/// Of end_at_latest(). One that another process sent before is a mistake.
void on_late(int signal, siginfo_t* info, void* context) {
  if (!ending.load(std::memory_order_acquire)) return;
  constexpr std::string_view kWords = "fohd: the end of the desk takes too long; it ends without what it waits for\n";
  pollfd terminal = {STDERR_FILENO, POLLOUT, 0};
  if (::poll(&terminal, 1, 0) == 1) static_cast<void>(!::write(STDERR_FILENO, kWords.data(), kWords.size()));
  on_fatal(signal, info, context);
}

using Handler = void (*)(int, siginfo_t*, void*);

// The sanitizers report faults through handlers of their own.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kFaultsAreOurs = false;
#else
constexpr bool kFaultsAreOurs = true;
#endif

struct SignalRow {
  int signal;
  Handler handler;  ///< null: the signal is ignored
  int flags = 0;
};

// Every signal that would end or stop a process by default, but KILL and STOP, which no process hears of, and the
// real-time ones, which are ignored as well.
constexpr SignalRow kSignals[] = {
    {SIGUSR1, on_panic, SA_RESTART},
    {SIGABRT, on_fatal, SA_ONSTACK},
    {SIGTRAP, on_trap, SA_ONSTACK},
    {SIGTERM, on_early, SA_RESTART | static_cast<int>(SA_RESETHAND)},
    {SIGINT, on_early, SA_RESTART | static_cast<int>(SA_RESETHAND)},
    {SIGQUIT, on_early, SA_RESTART | static_cast<int>(SA_RESETHAND)},
    {SIGHUP, on_early, SA_RESTART},
    // Sent by mistake, or by the kernel to say what is not worth the sound: a pipe without a reader (Ctrl-C ends
    // `fohd run | tee log` all at once), a file at its size limit, which its write() reports as well, and a limit of
    // processor time.
    {SIGPIPE, nullptr},
    {SIGXFSZ, nullptr},
    {SIGXCPU, nullptr},
    {SIGUSR2, nullptr},
    {SIGALRM, on_late, SA_RESTART},
    {SIGVTALRM, nullptr},
    {SIGPROF, nullptr},
    {SIGIO, nullptr},
    {SIGPWR, nullptr},
    {SIGSTKFLT, nullptr},
    // A desk that Ctrl-Z stops is cut off by JACK, without a fade; and one in the background may write to its terminal.
    {SIGTSTP, nullptr},
    {SIGTTIN, nullptr},
    {SIGTTOU, nullptr},
};
constexpr SignalRow kFaults[] = {
    {SIGSEGV, on_fatal, SA_ONSTACK}, {SIGBUS, on_fatal, SA_ONSTACK}, {SIGFPE, on_fatal, SA_ONSTACK},
    {SIGILL, on_fatal, SA_ONSTACK},  {SIGSYS, on_fatal, SA_ONSTACK},
};

/// What a profiler or a sanitizer has taken before us stays with it.
void ignore(int signal) {
  struct sigaction now {};
  if (::sigaction(signal, nullptr, &now) != 0 || now.sa_handler != SIG_DFL) return;
  now.sa_handler = SIG_IGN;
  ::sigaction(signal, &now, nullptr);
}

void install(const SignalRow& row) {
  if (row.handler == nullptr) return ignore(row.signal);
  struct sigaction action {};
  action.sa_sigaction = row.handler;
  action.sa_flags = row.flags | SA_SIGINFO;
  ::sigfillset(&action.sa_mask);  // a fault inside the handler ends the process at once
  ::sigaction(row.signal, &action, nullptr);
}

}  // namespace

void install_signals() noexcept {
  static std::array<char, 64 * 1024> handler_stack;  // MINSIGSTKSZ is 11 kB with AVX-512's registers
  stack_t stack{};
  stack.ss_sp = handler_stack.data();
  stack.ss_size = handler_stack.size();
  if (kFaultsAreOurs) ::sigaltstack(&stack, nullptr);
  for (const SignalRow& row : kSignals) install(row);
  for (int signal = SIGRTMIN; signal <= SIGRTMAX; ++signal) ignore(signal);
  if (kFaultsAreOurs) {
    for (const SignalRow& row : kFaults) install(row);
  }
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
}

bool take_early_signal(int signal) noexcept {
  Flag& flag = early[static_cast<std::size_t>(signal)];
  if (!flag.raised()) return false;
  flag.lower();
  return true;
}

void set_emergency_core(AudioCore* core) noexcept {
  target.store(core, std::memory_order_release);
  if (core != nullptr && panic_signalled.raised()) core->panic().raise();
}

void end_at_latest() noexcept {
  if (!ending.exchange(true, std::memory_order_acq_rel)) ::alarm(kLongestEnd_s);
}

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
