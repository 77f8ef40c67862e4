// A helper of the scripts: what systemd is to a Type=notify service with a watchdog.
//   service_manager SOCKET WATCHDOG_MS PROGRAM ARGUMENTS...
// Runs the program, prints what it notifies, and sends SIGABRT when no ping came for WATCHDOG_MS. SIGTERM to this
// helper goes on to the program. The last line tells how it ended.
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>

namespace {

using Clock = std::chrono::steady_clock;
volatile std::sig_atomic_t end = 0;

int fail(const char* text) {
  std::fprintf(stderr, "service_manager: %s: %s\n", text, std::strerror(errno));
  return 1;
}

long since_ms(Clock::time_point begin) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - begin).count();
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 4) return fail("SOCKET WATCHDOG_MS PROGRAM ARGUMENTS...");
  std::setvbuf(stdout, nullptr, _IOLBF, 0);
  const long watchdog_ms = std::atol(argv[2]);
  const int socket = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::strncpy(address.sun_path, argv[1], sizeof address.sun_path - 1);
  if (::bind(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) return fail("bind");
  const timeval patience{0, 5000};
  ::setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);

  const pid_t child = ::fork();
  if (child == 0) {
    ::setenv("NOTIFY_SOCKET", argv[1], 1);
    ::setenv("WATCHDOG_USEC", std::to_string(watchdog_ms * 1000).c_str(), 1);
    ::setenv("WATCHDOG_PID", std::to_string(::getpid()).c_str(), 1);
    ::execv(argv[3], argv + 3);
    std::_Exit(127);
  }
  std::signal(SIGTERM, [](int) { end = 1; });
  const Clock::time_point begin = Clock::now();
  Clock::time_point pinged = begin, asked = begin;
  bool aborted = false;
  for (;;) {
    char text[4096];
    const ssize_t size = ::recv(socket, text, sizeof text - 1, 0);
    if (size > 0) {
      const std::string_view message(text, static_cast<std::size_t>(size));
      if (message == "WATCHDOG=1") pinged = Clock::now();
      if (message != "WATCHDOG=1") std::printf("%ld %.*s\n", since_ms(begin), static_cast<int>(size), text);
    }
    if (end != 0) {
      end = 0;
      ::kill(child, SIGTERM);
    }
    if (!aborted && watchdog_ms > 0 && since_ms(pinged) > watchdog_ms) {
      std::printf("%ld watchdog: no ping for %ld ms\n", since_ms(begin), since_ms(pinged));
      aborted = true;
      asked = Clock::now();
      ::kill(child, SIGABRT);
    }
    int status = 0;
    if (::waitpid(child, &status, WNOHANG | __WALL) != child) continue;
    if (WIFEXITED(status)) std::printf("%ld exit %d\n", since_ms(begin), WEXITSTATUS(status));
    if (WIFSIGNALED(status)) {
      std::printf("%ld signal %d, %ld ms after SIGABRT\n", since_ms(begin), WTERMSIG(status), since_ms(asked));
    }
    if (WIFEXITED(status) || WIFSIGNALED(status)) break;
  }
  ::unlink(argv[1]);
  return 0;
}
