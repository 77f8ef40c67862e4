// fohctl against a real desk and OSC server behind a socket on the loopback interface.
#include "daemon/fohctl/fohctl.h"

#include <atomic>
#include <catch2/catch.hpp>
#include <chrono>
#include <fstream>
#include <functional>
#include <mutex>
#include <sstream>
#include <thread>

#include "daemon/fohctl/value_text.h"
#include "tests/daemon/fohctl/loopback_desk.h"

using namespace fohd;
using namespace fohd::test;

namespace {

/// Its outputs are held, until the second release.
class HeldDesk : public LoopbackDesk {
 public:
  explicit HeldDesk(const Geometry& geometry = kSmallDesk)
      : HeldDesk(geometry, std::make_shared<std::atomic<int>>(0)) {}
  int releases() const { return *releases_; }

 private:
  HeldDesk(const Geometry& geometry, const std::shared_ptr<std::atomic<int>>& releases)
      : LoopbackDesk(geometry,
                     [releases](const CommandCall& call, std::span<const Value>, const Tell&, std::string& error) {
                       if (call.command == Command::start_release && ++*releases < 3) return true;
                       error = "nothing is held";
                       return false;
                     }),
        releases_(releases) {}
  std::shared_ptr<std::atomic<int>> releases_;
};

Result fohctl(const LoopbackDesk& desk, std::vector<std::string> arguments) {
  // A machine under load is slow, not silent.
  const std::vector<std::string> where = {"--port", desk.port(), "--timeout", "20000"};
  arguments.insert(arguments.begin(), where.begin(), where.end());
  return test::fohctl(std::move(arguments));
}

bool set(Desk& desk, const char* address, Value value) {
  std::string error;
  const std::vector<Change> change = {{*desk.table().find(address), std::move(value)}};
  return desk.apply(Origin(), change, error);
}

std::size_t lines(const std::string& text) {
  return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
}

}  // namespace

TEST_CASE("fohctl: set prints the value that resulted, get prints the same", "[daemon][fohctl]") {
  LoopbackDesk desk;
  Result result = fohctl(desk, {"set", "/ch/1/fader", "-6.5"});
  CHECK(result.out == "/ch/1/fader -6.5\n");
  CHECK(result.err.empty());
  CHECK(result.code == 0);
  CHECK(fohctl(desk, {"get", "/ch/1/fader"}).out == "/ch/1/fader -6.5\n");
  CHECK(fohctl(desk, {"get", "--value", "/ch/1/fader"}).out == "-6.5\n");
}

TEST_CASE("fohctl: a value beyond its range is limited, and that is said", "[daemon][fohctl]") {
  LoopbackDesk desk;
  const Result result = fohctl(desk, {"set", "/ch/1/fader", "20"});
  CHECK(result.out == "/ch/1/fader 10.0  (asked for 20, which is out of range)\n");
  CHECK(result.code == 0);
}

TEST_CASE("fohctl: what is typed is taken as the parameter's kind", "[daemon][fohctl]") {
  LoopbackDesk desk;
  const auto becomes = [&](const char* address, const char* typed) {
    const Result result = fohctl(desk, {"set", address, typed});
    CAPTURE(result.err);
    CHECK(result.code == 0);
    return result.out;
  };
  CHECK(becomes("/ch/1/mute", "on") == "/ch/1/mute 1\n");
  CHECK(becomes("/ch/1/mute", "off") == "/ch/1/mute 0\n");
  CHECK(becomes("/ch/1/mute", "1") == "/ch/1/mute 1\n");
  CHECK(becomes("/ch/1/fader", "-3") == "/ch/1/fader -3.0\n");
  CHECK(becomes("/ch/1/fader", "+3") == "/ch/1/fader 3.0\n");
  CHECK(becomes("/ch/1/fader", "-.5") == "/ch/1/fader -0.5\n");
  CHECK(becomes("/ch/1/fader", "off") == "/ch/1/fader -90.0\n");
  CHECK(becomes("/ch/1/fader", "-inf") == "/ch/1/fader -90.0\n");
  CHECK(becomes("/ch/1/lowcut/slope", "24dB") == "/ch/1/lowcut/slope 24dB\n");
  CHECK(becomes("/ch/1/lowcut/slope", "0") == "/ch/1/lowcut/slope 12dB\n");
  CHECK(becomes("/ch/1/name", "Kick in") == "/ch/1/name Kick in\n");
  CHECK(becomes("/ch/1/name", "12") == "/ch/1/name 12\n");    // a number can be a name
  CHECK(becomes("/ch/1/name", "off") == "/ch/1/name off\n");  // so can this
  CHECK(becomes("/ch/1/name", "nan") == "/ch/1/name nan\n");
  CHECK(becomes("/ch/1/name", "") == "/ch/1/name \n");
  CHECK(fohctl(desk, {"set", "/ch/1/name", "-7", "--text"}).out == "/ch/1/name -7\n");
}

TEST_CASE("fohctl: a pattern sets and gets all that match", "[daemon][fohctl]") {
  LoopbackDesk desk;
  CHECK(fohctl(desk, {"set", "/ch/{1,3}/mute", "on"}).out == "/ch/1/mute 1\n/ch/3/mute 1\n");
  CHECK(fohctl(desk, {"get", "/ch/*/mute"}).out == "/ch/1/mute 1\n/ch/2/mute 0\n/ch/3/mute 1\n/ch/4/mute 0\n");
}

TEST_CASE("fohctl: a pattern may match more than one question brings, and is set and read whole", "[daemon][fohctl]") {
  LoopbackDesk desk({.inputs = kMaxInputs, .aux = 0, .returns = 0, .buses = kMaxBuses, .matrices = 0});
  Result result = fohctl(desk, {"set", "/ch/*/send/*/level", "-17"});
  CHECK(result.err.empty());
  CHECK(result.code == 0);
  CHECK(lines(result.out) == static_cast<std::size_t>(kMaxInputs * kMaxBuses));
  CHECK_THAT(result.out, Catch::StartsWith("/ch/1/send/1/level -17.0\n/ch/1/send/2/level -17.0\n"));
  result = fohctl(desk, {"get", "--value", "/ch/*/send/*/level"});
  CHECK(lines(result.out) == static_cast<std::size_t>(kMaxInputs * kMaxBuses));
  result = fohctl(desk, {"get", "/ch/1/*"});  // and not what lies below /ch/1/eq
  CHECK(result.code == 0);
  CHECK_THAT(result.out, Catch::Contains("/ch/1/fader ") && !Catch::Contains("/ch/1/eq/"));
}

TEST_CASE("fohctl: what is no command, no value or no address is explained, and nothing is done", "[daemon][fohctl]") {
  LoopbackDesk desk;
  struct Case {
    std::vector<std::string> line;
    const char* words;
  };
  for (const Case& c : {Case{{"do", "/panic"}, "not a command"}, Case{{"do", "/ch/1/fader", "3"}, "/start/release"},
                        Case{{"do", "release"}, "begins with /"}, Case{{"get", "/subscribe"}, "fohctl watch"},
                        Case{{"set", "/meters", "0"}, "fohctl meters"}, Case{{"set", "/info", "1"}, "can be read"},
                        Case{{"watch", "ch"}, "begins with /"}, Case{{"list", "ch"}, "begins with /"},
                        Case{{"get", "/ch/1/"}, "fohctl list /ch/1 "}, Case{{"set", "/ch/1/fader/", "3"}, "end with /"},
                        Case{{"wach"}, "did you mean watch?"}, Case{{"--timeout", "5", "ste", "/x", "1"}, "mean set?"},
                        Case{{"elephant"}, "there are get, set"}}) {
    CAPTURE(c.line);
    const Result result = fohctl(desk, c.line);
    CHECK(result.code == 3);
    CHECK(result.out.empty());
    CHECK_THAT(result.err, Catch::StartsWith("fohctl: ") && Catch::Contains(c.words));
  }
  CHECK(fohctl(desk, {"get", "-v", "/ch/1/fader"}).out == "-90.0\n");
  CHECK_THAT(fohctl(desk, {"get", "/info"}).out, Catch::Contains("stage left"));
  CHECK_THAT(fohctl(desk, {"get", "/counters"}).out, Catch::StartsWith("/counters packets "));
}

TEST_CASE("fohctl: an output that takes nothing is exit code 4, not success", "[daemon][fohctl]") {
  LoopbackDesk desk;
  static const Flag never;
  for (const char* command : {"list", "info"}) {
    CAPTURE(command);
    std::ofstream full("/dev/full");
    std::ostringstream err;
    CHECK(ctl::run({"--port", desk.port(), "--timeout", "20000", command}, full, err, never) == 4);
    CHECK_THAT(err.str(), Catch::Contains("cannot be written"));
  }
}

TEST_CASE("fohctl: what the desk refuses is exit code 1 and its words, and nothing changed", "[daemon][fohctl]") {
  LoopbackDesk desk;
  Result result = fohctl(desk, {"get", "/ch/1/fadr"});
  CHECK(result.code == 1);
  CHECK(result.out.empty());
  CHECK_THAT(result.err, Catch::StartsWith("fohctl: /ch/1/fadr: ") && Catch::Contains("/ch/1/fader"));
  result = fohctl(desk, {"set", "/ch/1/fader", "loud"});
  CHECK(result.code == 1);
  CHECK_THAT(result.err, Catch::Contains("/ch/1/fader") && Catch::Contains("-90 to 10") && !Catch::Contains("bundle"));
  CHECK(fohctl(desk, {"get", "-v", "/ch/1/fader"}).out == "-90.0\n");
  CHECK(fohctl(desk, {"get", "/ch/9*/mute"}).code == 1);
  CHECK(fohctl(desk, {"set", "/ch/1/muted", "1"}).code == 1);  // a read-out
  CHECK(fohctl(desk, {"list", "/nothing"}).code == 1);
  CHECK(fohctl(desk, {"watch", "/nothing", "--seconds", "5"}).code == 1);
}

TEST_CASE("fohctl: no desk is exit code 2 and a sentence", "[daemon][fohctl]") {
  std::string port;
  {
    const LoopbackDesk gone;
    port = gone.port();
  }
  for (const std::vector<std::string>& command : {std::vector<std::string>{"get", "/ch/1/fader"},
                                                  {"set", "/ch/1/fader", "0"},
                                                  {"do", "/start/release"},
                                                  {"list"},
                                                  {"info"},
                                                  {"watch"},
                                                  {"meters"}}) {
    std::vector<std::string> arguments = {"--port", port, "--timeout", "200"};
    arguments.insert(arguments.end(), command.begin(), command.end());
    CAPTURE(command[0]);
    const Result result = fohctl(arguments);
    CHECK(result.code == 2);
    CHECK(result.out.empty());
    CHECK_THAT(result.err, Catch::Contains("no answer from 127.0.0.1:" + port));
  }
  const Result result = fohctl({"--host", "no such host", "info"});
  CHECK(result.code == 2);
  CHECK_THAT(result.err, Catch::Contains("no such host"));
}

TEST_CASE("fohctl: a wrong command line is exit code 3, help is 0 and shows an example", "[daemon][fohctl]") {
  CHECK(fohctl({}).code == 3);
  CHECK(fohctl({"fly"}).code == 3);
  CHECK(fohctl({"get"}).code == 3);
  CHECK(fohctl({"set", "/ch/1/fader"}).code == 3);
  CHECK(fohctl({"--port", "0", "info"}).code == 3);
  CHECK(fohctl({"--port", "many", "info"}).code == 3);
  CHECK(fohctl({"watch", "--seconds", "-1"}).code == 3);
  CHECK(fohctl({"meters", "--interval", "1"}).code == 3);
  CHECK(fohctl({"latency"}).code == 3);
  CHECK(fohctl({"latency", "measure", "--out", "a:b"}).code == 3);
  const Result wrong = fohctl({"get", "ch/1/fader"});
  CHECK(wrong.code == 3);
  CHECK_THAT(wrong.err, Catch::Contains("begins with /"));

  for (const std::vector<std::string>& command : {std::vector<std::string>{},
                                                  {"get"},
                                                  {"set"},
                                                  {"do"},
                                                  {"list"},
                                                  {"info"},
                                                  {"watch"},
                                                  {"meters"},
                                                  {"latency"},
                                                  {"latency", "measure"}}) {
    std::vector<std::string> arguments = command;
    arguments.emplace_back("--help");
    const Result result = fohctl(arguments);
    CHECK(result.code == 0);
    CHECK_THAT(result.out, Catch::Contains("Example: fohctl "));
  }
  CHECK(fohctl({"--version"}).code == 0);
}

TEST_CASE("fohctl: a command is carried out by do, never by get", "[daemon][fohctl]") {
  HeldDesk desk;
  CHECK(fohctl(desk, {"get", "/start/release"}).code == 3);
  CHECK(fohctl(desk, {"set", "/start/release", "1"}).code == 3);
  CHECK(desk.releases() == 0);
  CHECK(fohctl(desk, {"do", "/start/release"}).code == 0);
  CHECK(fohctl(desk, {"do", "/start/release", "1"}).code == 0);
  CHECK(desk.releases() == 2);
  const Result refused = fohctl(desk, {"do", "/start/release"});
  CHECK(refused.code == 1);
  CHECK_THAT(refused.err, Catch::Contains("nothing is held"));
}

TEST_CASE("fohctl: a question that got lost is asked again, a command is not", "[daemon][fohctl]") {
  HeldDesk desk;
  const auto impatient = [&](std::vector<std::string> arguments) {
    const std::vector<std::string> where = {"--port", desk.port(), "--timeout", "3000"};
    arguments.insert(arguments.begin(), where.begin(), where.end());
    return fohctl(std::move(arguments));
  };
  desk.lose_in = 1;
  CHECK(impatient({"set", "/ch/1/fader", "-7"}).out == "/ch/1/fader -7.0\n");
  desk.lose_out = 2;  // the answer and its end
  CHECK(impatient({"get", "/ch/1/fader"}).out == "/ch/1/fader -7.0\n");
  desk.lose_out = 1;
  const Result result = fohctl({"--port", desk.port(), "--timeout", "300", "do", "/start/release"});
  CHECK(result.code == 2);
  CHECK_THAT(result.err, Catch::Contains("not known whether /start/release"));
  CHECK(desk.releases() == 1);
}

TEST_CASE("fohctl: list prints every address of the desk once, or those below a prefix", "[daemon][fohctl]") {
  LoopbackDesk desk;
  const ParameterTable table(kSmallDesk);
  const ReadoutTable readouts(kSmallDesk);
  Result result = fohctl(desk, {"list"});
  CHECK(result.code == 0);
  CHECK(lines(result.out) == table.size() + readouts.size());
  for (ParameterId id = 0; id < table.size(); ++id) {
    CAPTURE(table[id].address);
    CHECK(("\n" + result.out).find("\n" + table[id].address + " ") != std::string::npos);
  }
  result = fohctl(desk, {"list", "/ch/2/send", "/main/mute"});
  CHECK(lines(result.out) == 2 * 4 + 1);  // on, level, pan, tap to two buses
  CHECK_THAT(result.out, Catch::Contains("/ch/2/send/1/tap ") && Catch::Contains("/main/mute 0\n"));
}

TEST_CASE("fohctl: list of the largest desk arrives whole, also when a datagram is lost", "[daemon][fohctl]") {
  const Geometry largest = {.inputs = kMaxInputs, .aux = 0, .returns = 0, .buses = kMaxBuses, .matrices = 0};
  LoopbackDesk desk(largest);
  desk.each_turn([&desk, turn = 0](Desk&, MeterFrame&) mutable {
    if (++turn == 30) desk.lose_out = 1;  // in the middle of some 60 turns of sending
    return false;
  });
  const Result result = fohctl(desk, {"list"});
  CHECK(result.code == 0);
  CHECK(lines(result.out) == ParameterTable(largest).size() + ReadoutTable(largest).size());
}

TEST_CASE("fohctl: info says who the desk is", "[daemon][fohctl]") {
  LoopbackDesk desk;
  const Result result = fohctl(desk, {"info"});
  CHECK(result.code == 0);
  CHECK_THAT(result.out, Catch::Contains("stage left") && Catch::Contains("9.9.9") &&
                             Catch::Contains("inputs    4\n") && Catch::Contains("buses     2\n") &&
                             Catch::Contains("48000.0 Hz") && Catch::Contains("messages "));
}

TEST_CASE("fohctl: watch prints changes and only changes, until it is stopped", "[daemon][fohctl]") {
  LoopbackDesk desk;
  Flag stop;
  std::ostringstream out, err;
  std::thread watcher([&] {
    ctl::run({"--port", desk.port(), "--timeout", "20000", "watch", "/ch/1"}, out, err, stop);
  });
  // A change each 100 ms; the watcher sees those after its start. Once it must have seen some it is stopped.
  desk.each_turn([&stop, value = 0, next_ms = now_ms() + 500](Desk& d, MeterFrame&) mutable {
    if (now_ms() < next_ms) return false;
    next_ms = now_ms() + 100;
    REQUIRE(set(d, "/ch/1/fader", -static_cast<float>(++value)));
    REQUIRE(set(d, "/ch/2/fader", -static_cast<float>(value)));
    if (value < 20) return false;
    stop.raise();
    return true;
  });
  watcher.join();
  CHECK(err.str().empty());
  const std::string text = out.str();
  CHECK(lines(text) > 3);
  CHECK(text.find("/ch/2") == std::string::npos);
  CHECK(text.find("/ch/1/mute") == std::string::npos);  // never changed
  std::istringstream each(text);
  std::string address;
  float last = 0, now = 0;
  while (each >> address >> now) {
    CHECK(address == "/ch/1/fader");
    CHECK(now < last);  // in order, none twice
    last = now;
  }
}

TEST_CASE("fohctl: watch learns what it missed when a datagram is lost", "[daemon][fohctl]") {
  LoopbackDesk desk;
  Flag stop;
  std::ostringstream out, err;
  std::thread watcher([&] {
    ctl::run({"--port", desk.port(), "--timeout", "20000", "watch", "/ch/1/fader", "/ch/2/fader"}, out, err, stop);
  });
  desk.each_turn([&desk, &stop, step = 0, next_ms = now_ms() + 1000](Desk& d, MeterFrame&) mutable {
    if (now_ms() < next_ms) return false;
    next_ms = now_ms() + 300;
    if (step == 0) desk.lose_out = 1;
    if (step == 0) set(d, "/ch/1/fader", -11.0f);  // this update is lost
    if (step == 1) set(d, "/ch/2/fader", -12.0f);  // this one shows the gap
    if (step == 4) stop.raise();
    return ++step > 4;
  });
  watcher.join();
  CHECK_THAT(out.str(), Catch::Contains("/ch/1/fader -11.0\n") && Catch::Contains("/ch/2/fader -12.0\n"));
}

TEST_CASE("fohctl: meters without a terminal are lines of decibels", "[daemon][fohctl]") {
  LoopbackDesk desk;
  desk.each_turn([](Desk&, MeterFrame& frame) {
    frame.strips[1].pre_peak = 0.5f;           // -6.02 dB
    frame.strips[1].post_mean_square = 0.01f;  // -20 dB
    frame.strips[static_cast<std::size_t>(kSmallDesk.main_strip())].post_peak = 1;
    frame.strips[1].gate_gain = -2, frame.strips[1].compressor_gain = -0.5f;  // octaves
    frame.limiter_gain = -1;
    ++frame.frames;
    return false;
  });
  const Result result = fohctl(desk, {"meters", "--plain", "--seconds", "1.5", "--interval", "100"});
  CHECK(result.code == 0);
  CHECK(result.err.empty());
  CHECK_THAT(result.out, Catch::Contains("/ch/1   -inf   -inf   -inf   -inf\n"));
  CHECK_THAT(result.out, Catch::Contains("/ch/2   -6.0   -inf   -inf  -20.0\n"));
  CHECK_THAT(result.out, Catch::Contains("/main/left   -inf   -inf    0.0   -inf\n"));
  CHECK_THAT(result.out, Catch::Contains("/bus/2 "));
  CHECK_THAT(result.out, Catch::Contains("/ch/1/gain    0.0    0.0\n"));
  CHECK_THAT(result.out, Catch::Contains("/ch/2/gain  -12.0   -3.0\n"));
  CHECK_THAT(result.out, Catch::Contains("/main/limiter/gain   -6.0\n"));
}

TEST_CASE("fohctl: names from the desk cannot command the terminal", "[daemon][fohctl]") {
  CHECK(ctl::printable("a\x1b[2Jb\n\x7f") == "a?[2Jb??");
  CHECK(ctl::printable("Flöte") == "Flöte");
  CHECK(ctl::fitted("Flöte", 4) == "Flöt");
  CHECK(ctl::fitted("ö", 3) == "ö  ");
}
