// Each signal in a process of its own, where nothing else has a handler.
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <csignal>

#include "daemon/service/emergency.h"

using namespace fohd;

namespace {

/// How a desk that has just begun ends which gets `signals` and then looks at them; its exit status by waitpid(2).
template <class Look>
int status_after(std::initializer_list<int> signals, Look look) {
  const pid_t child = ::fork();
  if (child == 0) {
    for (int signal = 1; signal < NSIG; ++signal) std::signal(signal, SIG_DFL);  // without the test program's own
    sigset_t all;
    ::sigfillset(&all);
    ::sigprocmask(SIG_BLOCK, &all, nullptr);
    for (const int signal : signals) ::kill(::getpid(), signal);  // they wait
    install_signals();
    ::_exit(look() ? 0 : 1);
  }
  int status = -1;
  REQUIRE(::waitpid(child, &status, 0) == child);
  return status;
}

bool nothing_to_do() {
  bool any = take_panic_press();
  for (const int signal : kLoopSignals) any = take_early_signal(signal) || any;
  return !any;
}

}  // namespace

TEST_CASE("signals: a desk that begins ignores what means nothing to it", "[daemon][service]") {
  for (int signal = 1; signal < NSIG; ++signal) {
    const bool asked_for = signal == SIGKILL || signal == SIGSTOP || signal == SIGUSR1 || signal == SIGTERM ||
                           signal == SIGINT || signal == SIGQUIT || signal == SIGHUP;
    const bool fault = signal == SIGSEGV || signal == SIGBUS || signal == SIGFPE || signal == SIGILL ||
                       signal == SIGSYS || signal == SIGABRT;
    const bool of_the_library = signal > SIGSYS && signal < SIGRTMIN;  // of glibc's threads
    if (asked_for || fault || of_the_library) continue;
    CAPTURE(signal);
    CHECK(status_after({signal}, nothing_to_do) == 0);
  }
}

TEST_CASE("signals: what was asked of a desk before it runs is kept, each once", "[daemon][service]") {
  for (const int signal : kLoopSignals) {
    CAPTURE(signal);
    CHECK(status_after({signal}, [signal] { return take_early_signal(signal) && nothing_to_do(); }) == 0);
  }
  CHECK(status_after({SIGUSR1}, [] { return take_panic_press() && nothing_to_do(); }) == 0);
  CHECK(status_after({SIGUSR1, SIGHUP, SIGTERM}, [] {
          return take_panic_press() && take_early_signal(SIGHUP) && take_early_signal(SIGTERM) && nothing_to_do();
        }) == 0);
}

TEST_CASE("signals: a second Ctrl-C ends a start that hangs", "[daemon][service]") {
  const int status = status_after({SIGINT}, [] {
    ::kill(::getpid(), SIGINT);
    return true;
  });
  CHECK(WIFSIGNALED(status));
  CHECK(WTERMSIG(status) == SIGINT);
}

TEST_CASE("signals: an end that takes too long is over with the alarm that it has set", "[daemon][service]") {
  // Whatever stands still: here it is the process itself, which waits for ever. Before an end is asked for, the same
  // signal is nothing.
  const int status = status_after({SIGALRM}, [] {
    end_at_latest();
    const unsigned left_s = ::alarm(0);
    if (left_s < 8 || left_s > 9) return false;  // the service has 10
    ::kill(::getpid(), SIGALRM);
    for (;;) ::pause();
  });
  CHECK(WIFSIGNALED(status));
  CHECK(WTERMSIG(status) == SIGALRM);
}

TEST_CASE("signals: a fault is the end, with its own exit status", "[daemon][service]") {
  for (const int signal : {SIGABRT, SIGBUS, SIGFPE, SIGILL, SIGSYS}) {
    CAPTURE(signal);
    const int status = status_after({signal}, [] { return true; });
    CHECK(WIFSIGNALED(status));
    CHECK(WTERMSIG(status) == signal);
  }
}
