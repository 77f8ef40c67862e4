#include <linux/gpio.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <catch2/catch.hpp>
#include <chrono>
#include <thread>

#include "daemon/machine/realtime_resources.h"
#include "daemon/service/panic_button.h"
#include "daemon/service/service_manager.h"

using namespace fohd;

TEST_CASE("watchdog: pings come at half the interval, and only while control and audio move", "[daemon][service]") {
  Watchdog nobody;
  CHECK_FALSE(nobody.due(1'000'000, 5, true));

  Watchdog watchdog(10'000);
  std::uint64_t frames = 0;
  int pings = 0;
  std::int64_t longest_ms = 0, last_ms = 0;
  for (std::int64_t now_ms = 0; now_ms < 100'000; now_ms += 20) {  // audio moves
    frames += 960;
    if (!watchdog.due(now_ms, frames, true)) continue;
    longest_ms = std::max(longest_ms, now_ms - last_ms);
    last_ms = now_ms;
    ++pings;
  }
  CHECK(pings == 20);
  CHECK(longest_ms <= 5'020);
  for (std::int64_t now_ms = 105'000; now_ms < 200'000; now_ms += 20) {  // audio stands still: one more at most
    if (watchdog.due(now_ms, frames, true)) ++pings;
  }
  CHECK(pings <= 21);
  pings = 0;
  for (std::int64_t now_ms = 200'000; now_ms < 250'000; now_ms += 20) {  // there is no audio, and that is known
    if (watchdog.due(now_ms, frames, false)) ++pings;
  }
  CHECK(pings == 10);
}

TEST_CASE("panic button: every press is heard, and a chip that is not there is said", "[daemon][service]") {
  int ends[2];
  REQUIRE(::pipe(ends) == 0);
  std::atomic<int> presses{0};
  {
    PanicButton button(ends[0], [&] { ++presses; });
    const gpio_v2_line_event event{};
    for (int i = 0; i < 3; ++i) REQUIRE(::write(ends[1], &event, sizeof event) == sizeof event);
    for (int wait = 0; wait < 2000 && presses < 3; ++wait) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    CHECK(presses == 3);
  }  // and it ends while it waits
  ::close(ends[1]);

  const PanicButtonConfig nowhere{.chip = "/dev/no-such-chip", .line = 17};
  const PanicButton button(nowhere, [] {});
  CHECK(button.error() == "the panic button on pin 17 of /dev/no-such-chip cannot be used: No such file or directory");
}

TEST_CASE("memory lock: under a limit nothing is locked, so that nothing later fails", "[daemon][service]") {
  // In a process of its own, without the capability that lifts the limit.
  const pid_t child = ::fork();
  if (child == 0) {
    const rlimit small{64 * 1024, 64 * 1024};
    if (::setrlimit(RLIMIT_MEMLOCK, &small) != 0 || ::setuid(65534) != 0) ::_exit(3);
    const std::string why = lock_memory();
    void* const more = ::mmap(nullptr, 16 << 20, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    ::_exit(why.find("64 KiB") != std::string::npos && more != MAP_FAILED ? 0 : 1);
  }
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  if (::getuid() == 0) CHECK(WEXITSTATUS(status) == 0);
}

TEST_CASE("CPUs: one that does not exist is named", "[daemon][service]") {
  CHECK(leave_cpus({}).empty());
  CHECK(leave_cpus({1000}).find("there is no CPU 1000; this machine has 0 to ") == 0);
}
