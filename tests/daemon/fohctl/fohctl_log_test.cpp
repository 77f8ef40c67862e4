// fohctl log and fohctl metrics: thousands of lines through a network that loses some and a desk that allows so many a
// second; and from the folder of a desk that does not run.
#include <atomic>
#include <catch2/catch.hpp>
#include <sstream>
#include <thread>

#include "daemon/blackbox/line_pages.h"
#include "daemon/fohctl/fohctl.h"
#include "daemon/fohctl/log.h"
#include "tests/daemon/fohctl/loopback_desk.h"
#include "tests/temporary_folder.h"

using namespace fohd;
using namespace fohd::test;

namespace {

/// A desk with a black box and a text for /metrics; every so many of its datagrams get lost.
struct LoggingDesk {
  explicit LoggingDesk(int lose_each = 0, std::string metrics = "") : text(std::move(metrics)) {
    desk.lose_each = lose_each;
  }
  std::string port() const { return desk.port(); }

  BlackBox box;
  const std::string text;
  LoopbackDesk desk{kSmallDesk, [this](const CommandCall& call, std::span<const Value> arguments,
                                       const LoopbackDesk::Tell& tell, std::string& error) {
                      const auto number = [&](std::size_t i) { return std::get<std::int32_t>(arguments[i]); };
                      if (call.command == Command::log) return tell_page(box.page(number(0), number(1)), tell), true;
                      if (call.command == Command::metrics) {
                        return tell_page(page_of(text, number(0), number(1)), tell), true;
                      }
                      error = "not here";
                      return false;
                    }};
};

}  // namespace

TEST_CASE("fohctl log: 2,500 lines arrive complete and in order, though each 97th datagram is lost",
          "[daemon][fohctl]") {
  LoggingDesk desk(97);
  for (int i = 0; i < 2500; ++i) desk.box.note(EventKind::load, EventLevel::info, "event " + std::to_string(i));
  const Result result = fohctl({"--port", desk.port(), "log"});
  CHECK(result.err.empty());
  REQUIRE(result.code == 0);
  const auto lines = result.lines();
  REQUIRE(lines.size() == 2500);
  for (std::size_t i = 0; i < lines.size(); ++i) {
    CHECK(lines[i].ends_with("Z info load event " + std::to_string(i)));
  }
}

TEST_CASE("fohctl metrics: the text of the desk, byte for byte", "[daemon][fohctl]") {
  std::string text;
  for (int i = 0; i < 450; ++i) text += "fohd_line{number=\"" + std::to_string(i) + "\"} 1\n";
  LoggingDesk desk(37, text);
  const Result result = fohctl({"--port", desk.port(), "metrics"});
  CHECK(result.err.empty());
  CHECK(result.code == 0);
  CHECK(result.out == desk.text);
}

TEST_CASE("fohctl log: kinds and times are chosen, and only as much is fetched", "[daemon][fohctl]") {
  LoggingDesk desk;
  const std::string port = desk.port();
  for (int i = 0; i < 900; ++i)
    desk.box.note(i % 10 == 0   ? EventKind::xrun
                  : i % 10 == 5 ? EventKind::jack
                                : EventKind::load,
                  EventLevel::warn, "event " + std::to_string(i));
  CHECK(fohctl({"--port", port, "log", "--kind", "xrun"}).lines().size() == 90);
  std::this_thread::sleep_for(std::chrono::milliseconds(1000));  // the allowance of a second
  CHECK(fohctl({"--port", port, "log", "--kind", "xrun,jack", "--since", "1h"}).lines().size() == 180);
  for (const std::vector<std::string>& wrong :
       {std::vector<std::string>{"log", "--kind", "yrun"}, std::vector<std::string>{"log", "--kind", "xrun,"},
        std::vector<std::string>{"log", "--since", "1"}, std::vector<std::string>{"log", "--since", "-1h"},
        std::vector<std::string>{"log", "--since", "nanh"}, std::vector<std::string>{"log", "--since", "h"},
        std::vector<std::string>{"log", "--since", "1w"},
        std::vector<std::string>{"log", "--state", "x", "--follow"}}) {
    CAPTURE(wrong);
    const Result result = fohctl(wrong);
    CHECK(result.code == 3);
    CHECK_FALSE(result.err.empty());
  }
}

TEST_CASE("fohctl log: an empty box and a desk that is not there", "[daemon][fohctl]") {
  std::string port;
  {
    LoggingDesk desk;
    port = desk.port();
    const Result result = fohctl({"--port", port, "log"});
    CHECK(result.code == 0);
    CHECK(result.out.empty());
  }
  const Result result = fohctl({"--port", port, "--timeout", "300", "log"});
  CHECK(result.code == 2);
  CHECK(result.err.find("Is fohd running there?") != std::string::npos);
}

TEST_CASE("fohctl log --state: the box of a desk that does not run; times count back from its last line",
          "[daemon][fohctl]") {
  const test::TemporaryFolder folder;
  std::filesystem::create_directory(folder / "blackbox");
  std::string text;
  for (int minute = 0; minute < 120; ++minute) {
    text += to_line({1'600'000'000'000 + minute * 60'000, minute * 60'000, EventKind::machine, EventLevel::info,
                     "minute " + std::to_string(minute)}) +
            "\n";
  }
  test::write_text(folder / "blackbox/events-00000001.log", text + "2020-09-13T14:26:40.000Z 1");
  const std::string path = folder.path().string();
  const Result all = fohctl({"log", "--state", path});
  CHECK(all.code == 0);
  CHECK(all.lines().size() == 120);
  CHECK(all.lines().front() == "2020-09-13T12:26:40.000Z info machine minute 0");
  CHECK(all.err == "fohctl: 1 damaged lines were left out\n");
  CHECK(fohctl({"log", "--state", path, "--since", "30m"}).lines().size() == 31);
  CHECK(fohctl({"log", "--state", path + "/blackbox", "--since", "90s"}).lines().size() == 2);
  CHECK(fohctl({"log", "--state", path, "--kind", "xrun"}).out.empty());
  const Result none = fohctl({"log", "--state", path + "/nothing"});
  CHECK(none.code == 1);
  CHECK(none.err.find("there is no black box in") != std::string::npos);
}
