#include "daemon/base/non_blocking_writer.h"

#include <fcntl.h>
#include <poll.h>
#include <spdlog/spdlog.h>
#include <termios.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstdlib>
#include <iostream>
#include <thread>

#include "daemon/base/log.h"

using namespace fohd;
using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

namespace {

constexpr std::size_t kPipeBytes = 4096;

struct Pipe {
  int ends[2] = {-1, -1};
  Pipe() {
    REQUIRE(::pipe2(ends, O_CLOEXEC) == 0);
    REQUIRE(::fcntl(ends[1], F_SETPIPE_SZ, static_cast<int>(kPipeBytes)) == static_cast<int>(kPipeBytes));
  }
  ~Pipe() {
    close_reader();
    ::close(ends[1]);
  }
  void close_reader() {
    if (ends[0] >= 0) ::close(ends[0]);
    ends[0] = -1;
  }
};

/// What comes within 100 ms after what came before.
std::string read_all(int fd) {
  std::string text;
  pollfd wanted{fd, POLLIN, 0};
  char block[4096];
  while (::poll(&wanted, 1, 100) > 0) {
    const ssize_t got = ::read(fd, block, sizeof block);
    if (got <= 0) break;
    text.append(block, static_cast<std::size_t>(got));
  }
  return text;
}

struct LogTo {
  std::shared_ptr<spdlog::logger> before = spdlog::default_logger();
  explicit LogTo(int fd) { set_up_log(false, fd); }
  ~LogTo() {
    finish_log();
    spdlog::set_default_logger(before);
  }
};

}  // namespace

TEST_CASE("writer: a pipe that nobody reads costs no time, and what it did not take comes later", "[daemon][writer]") {
  Pipe pipe;
  NonBlockingWriter writer(pipe.ends[1]);
  std::string all;
  for (int i = 0; i < 1000; ++i) all += "line " + std::to_string(i) + "\n";
  writer.take(all);
  const auto begin = Clock::now();
  CHECK_FALSE(writer.flush(0ms));
  CHECK_FALSE(writer.flush(50ms));
  CHECK(Clock::now() - begin < 5s);
  std::string got;
  const auto deadline = Clock::now() + 20s;
  for (bool done = false; !done && Clock::now() < deadline;) {
    done = writer.flush(0ms);
    got += read_all(pipe.ends[0]);
  }
  CHECK(got == all);
}

TEST_CASE("writer: a reader that has gone ends nobody", "[daemon][writer]") {
  Pipe pipe;
  NonBlockingWriter writer(pipe.ends[1]);
  pipe.close_reader();
  writer.take("nobody");
  CHECK(writer.flush(1000ms));  // SIGPIPE would end this program
}

TEST_CASE("writer: a terminal stopped with Ctrl-S costs no time and goes on with Ctrl-Q", "[daemon][writer]") {
  const int master = ::posix_openpt(O_RDWR | O_NOCTTY);
  if (master < 0) {  // a chroot without devpts; ./check repeats this line at its end
    std::cout << "SKIPPED: writer: a terminal stopped with Ctrl-S: no pseudo-terminal is to be had here\n";
    return;
  }
  REQUIRE(::grantpt(master) == 0);
  REQUIRE(::unlockpt(master) == 0);
  const int terminal = ::open(::ptsname(master), O_RDWR | O_NOCTTY);  // NOLINT(concurrency-mt-unsafe)
  REQUIRE(terminal >= 0);
  NonBlockingWriter writer(terminal);
  CHECK(writer.is_terminal());
  CHECK((::fcntl(terminal, F_GETFL) & O_NONBLOCK) == 0);  // the shell shares it
  REQUIRE(::tcflow(terminal, TCOOFF) == 0);
  writer.take(std::string(20'000, 'x'));
  const auto begin = Clock::now();
  CHECK_FALSE(writer.flush(0ms));
  CHECK(Clock::now() - begin < 5s);
  REQUIRE(::tcflow(terminal, TCOON) == 0);
  std::string got;
  const auto deadline = Clock::now() + 20s;
  for (bool done = false; !done && Clock::now() < deadline;) {
    done = writer.flush(0ms);
    got += read_all(master);
  }
  CHECK(got == std::string(20'000, 'x'));
  ::close(terminal);
  ::close(master);
}

TEST_CASE("log: a reader that stands still holds up neither who logs nor the end", "[daemon][log]") {
  Pipe pipe;
  const auto begin = Clock::now();
  {
    const LogTo log(pipe.ends[1]);
    for (int i = 0; i < 5000; ++i) spdlog::info("line {}", i);
    CHECK(Clock::now() - begin < 5s);
  }
  CHECK(Clock::now() - begin < 10s);
  CHECK(read_all(pipe.ends[0]).find("info: line ") != std::string::npos);  // as much as the pipe holds
}

TEST_CASE("log: at the end everything is written for a reader that is merely slow", "[daemon][log]") {
  Pipe pipe;
  std::string got;
  std::thread reader([&] {
    char block[256];
    for (ssize_t n = 0; (n = ::read(pipe.ends[0], block, sizeof block)) > 0;) {
      got.append(block, static_cast<std::size_t>(n));
      if (got.find("line 499\n") != std::string::npos) return;
    }
  });
  {
    const LogTo log(pipe.ends[1]);
    for (int i = 0; i < 500; ++i) spdlog::info("line {}", i);
  }
  reader.join();
  std::size_t at = 0;
  for (int i = 0; i < 500; ++i) {
    at = got.find("line " + std::to_string(i) + "\n", at);
    if (at == std::string::npos) FAIL("line " << i << " is missing");
  }
}
