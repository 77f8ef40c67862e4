#include <catch2/catch.hpp>

#include <cmath>
#include <limits>

#include "tests/control/osc/osc_harness.h"

using namespace fohd;
using namespace fohd::osc_test;
using Catch::Contains;

TEST_CASE("osc: an address alone is a get, and the answer is a bare message with that address", "[control][osc]") {
  World w;
  w.send(1, message("/ch/1/fader", {-6.0f}));
  w.send(1, message("/ch/1/name", {std::string("Kick")}));
  REQUIRE(w.take(1).empty());

  const auto fader = w.ask(1, message("/ch/1/fader"));
  REQUIRE(fader.size() == 1);
  CHECK(fader[0].address == "/ch/1/fader");
  CHECK(fader[0].tags == ",f");
  CHECK(fader[0].f() == -6.0f);
  CHECK(w.ask(1, message("/ch/1/mute")).at(0).tags == ",i");
  CHECK(w.ask(1, message("/ch/1/name")).at(0).s() == "Kick");
  CHECK(w.ask(1, message("/ch/1/eq/1/type")).at(0).tags == ",s");  // an enumeration answers with its name
}

TEST_CASE("osc: a message without a type tag string counts as one without arguments", "[control][osc]") {
  World w;
  Bytes packet;
  put_text(packet, "/ch/2/mute");
  const auto answer = w.ask(1, packet);
  REQUIRE(answer.size() == 1);
  CHECK(answer[0].i() == 0);
}

TEST_CASE("osc: a set is clamped and applied, and who is not subscribed hears nothing", "[control][osc]") {
  World w;
  w.send(1, message("/ch/1/fader", {99.0f}));
  CHECK(w.real("/ch/1/fader") == 10.0f);
  w.send(1, message("/ch/1/fader", {-std::numeric_limits<float>::infinity()}));
  CHECK(w.real("/ch/1/fader") == kLevelOffDb);
  w.run(100);
  CHECK(w.take(1).empty());
}

TEST_CASE("osc: numbers are taken in every kind that can hold them", "[control][osc]") {
  World w;
  w.send(1, message("/ch/1/fader", {std::int32_t{-3}}));
  CHECK(w.real("/ch/1/fader") == -3.0f);
  w.send(1, message("/ch/1/fader", {-4.5}));
  CHECK(w.real("/ch/1/fader") == -4.5f);
  w.send(1, message("/ch/1/fader", {std::int64_t{-7}}));
  CHECK(w.real("/ch/1/fader") == -7.0f);
  w.send(1, message("/ch/1/fader", {1e300}));  // a huge double is clamped, not infinite
  CHECK(w.real("/ch/1/fader") == 10.0f);
  w.send(1, message("/ch/1/fader", {std::numeric_limits<std::int64_t>::min()}));
  CHECK(w.real("/ch/1/fader") == kLevelOffDb);
  for (const Argument& on : {Argument{true}, Argument{1.0f}, Argument{std::int32_t{1}}, Argument{std::string("on")}}) {
    w.send(1, message("/ch/1/mute", {std::int32_t{0}}));
    CHECK(w.whole("/ch/1/mute") == 0);
    w.send(1, message("/ch/1/mute", {on}));
    CHECK(w.whole("/ch/1/mute") == 1);
  }
  w.send(1, message("/ch/1/mute", {false}));
  CHECK(w.whole("/ch/1/mute") == 0);
  CHECK(w.take(1).empty());
}

TEST_CASE("osc: what cannot be is refused with the address and the reason, and nothing changes", "[control][osc]") {
  World w;
  w.send(1, message("/ch/1/fader", {-5.0f}));
  struct Case {
    Bytes packet;
    std::string address, reason;
  };
  const float nan = std::numeric_limits<float>::quiet_NaN(), inf = std::numeric_limits<float>::infinity();
  const Case cases[] = {
      {message("/ch/1/fader", {nan}), "/ch/1/fader", "nan"},
      {message("/ch/1/fader", {inf}), "/ch/1/fader", "inf"},
      {message("/ch/1/pan", {-inf}), "/ch/1/pan", "inf"},
      {message("/ch/1/fader", {std::string("loud")}), "/ch/1/fader", "dB"},
      {message("/ch/1/fader", {Blob(4)}), "/ch/1/fader", "number"},
      {message("/ch/1/fader", {1.0f, 2.0f}), "/ch/1/fader", "one value"},
      {message("/ch/1/mute", {0.5f}), "/ch/1/mute", "0 or 1"},
      {message("/ch/1/name", {1.0f}), "/ch/1/name", "text"},
      {message("/ch/1/eq/1/type", {std::string("wobble")}), "/ch/1/eq/1/type", "one of"},
      {message("/ch/1/muted", {std::int32_t{1}}), "/ch/1/muted", "read"},
      {message("/ch/*/muted", {std::int32_t{1}}), "/ch/*/muted", "read"},
      {message("/ch/*/nothing", {1.0f}), "/ch/*/nothing", "matches no address"},
  };
  ClientId client = 10;
  for (const Case& c : cases) {
    CAPTURE(c.address, c.reason);
    const Message error = only_error(w.ask(++client, c.packet));
    CHECK(error.s(0) == c.address);
    CHECK_THAT(error.s(1), Contains(c.reason));
  }
  CHECK(w.real("/ch/1/fader") == -5.0f);
  CHECK(w.real("/ch/1/pan") == 0.0f);
  CHECK(w.server.counters().refused == std::size(cases));
}

TEST_CASE("osc: an unknown address is answered with what was probably meant", "[control][osc]") {
  World w;
  const auto hint = [&](const char* address) { return only_error(w.ask(1, message(address, {1.0f}))).s(1); };
  CHECK_THAT(hint("/ch/1/fadre"), Contains("/ch/1/fader"));
  CHECK_THAT(hint("/chan/1/fader"), Contains("/ch/1/fader"));
  CHECK_THAT(hint("/ch/9/fader"), Contains("/ch goes from 1 to 8"));
  CHECK_THAT(hint("/ch/1/eq"), Contains("below it"));
  CHECK_THAT(hint("/subscirbe"), Contains("/subscribe"));
  CHECK_THAT(hint("/ch/1/fader/x"), Contains("nothing below"));
  CHECK(hint("/qqqqqqqqqq") == "unknown address");
  CHECK(w.server.counters().unknown_addresses == 7);
}

TEST_CASE("osc: patterns set and get segment by segment", "[control][osc]") {
  World w;
  w.send(1, message("/ch/{1,2,5}/mute", {std::int32_t{1}}));
  for (int n = 1; n <= 8; ++n) CHECK(w.whole("/ch/" + std::to_string(n) + "/mute") == (n == 1 || n == 2 || n == 5));
  w.send(1, message("/ch/*/send/3/on", {std::int32_t{0}}));
  for (int n = 1; n <= 8; ++n) {
    for (int bus = 1; bus <= 4; ++bus) {
      CHECK(w.whole("/ch/" + std::to_string(n) + "/send/" + std::to_string(bus) + "/on") == (bus != 3));
    }
  }
  CHECK(w.take(1).empty());
  const auto mutes = w.ask(1, message("/ch/[1-3]/mute"));
  REQUIRE(mutes.size() == 3);
  CHECK(mutes[2].address == "/ch/3/mute");
  CHECK(mutes[2].i() == 0);
  CHECK(w.ask(1, message("/ch/1/muted")).at(0).i() == 1);
  CHECK(w.ask(1, message("/ch/*/muted")).size() == 8);
  CHECK(w.ask(1, message("/ch/1/mute*")).size() == 2);  // the parameter and the read-out
}

TEST_CASE("osc: a bundle is one change, and one bad message refuses all of it by name", "[control][osc]") {
  World w;
  w.send(1, bundle({message("/ch/1/fader", {-1.0f}), bundle({message("/ch/2/fader", {-2.0f})})}));
  CHECK(w.real("/ch/1/fader") == -1.0f);
  CHECK(w.real("/ch/2/fader") == -2.0f);
  const Bytes bad[] = {message("/ch/2/pan", {std::string("left")}), message("/ch/2/pam", {1.0f}),
                       message("/ch/2/muted", {1.0f}), message("/start/release", {std::string("now")}),
                       message("/meters", {std::int32_t{77}})};
  ClientId client = 1;
  for (const Bytes& message_in_bundle : bad) {
    const std::string address = read_message(message_in_bundle.data(), message_in_bundle.size()).address;
    CAPTURE(address);
    const Bytes packet = bundle(
        {message("/ch/1/fader", {-9.0f}), message("/clips/clear"), message_in_bundle, message("/ch/3/fader", {-9.0f})});
    const Message error = only_error(w.ask(++client, packet));
    CHECK(error.s(0) == address);
    CHECK_THAT(error.s(1), Contains("nothing of its bundle"));
    CHECK(w.real("/ch/1/fader") == -1.0f);
    CHECK(w.real("/ch/3/fader") == kLevelOffDb);
    CHECK(w.commands.commands.empty());
  }
}

TEST_CASE("osc: an empty bundle is no error", "[control][osc]") {
  World w;
  CHECK(w.ask(1, bundle({})).empty());
  CHECK(w.server.counters().malformed == 0);
}

TEST_CASE("osc: bundles nest eight deep and no deeper", "[control][osc]") {
  World w;
  Bytes packet = message("/ch/1/fader", {-3.0f});
  for (int depth = 1; depth <= 8; ++depth) packet = bundle({packet});
  CHECK(w.ask(1, packet).empty());
  CHECK(w.real("/ch/1/fader") == -3.0f);
  const Message error = only_error(w.ask(1, bundle({packet})));
  CHECK_THAT(error.s(1), Contains("nested"));
}

TEST_CASE("osc: time tags up to 10 s ahead mean now, further ones are refused", "[control][osc]") {
  World w;
  const std::uint64_t second = std::uint64_t{1} << 32;
  w.send(1, bundle({message("/ch/1/fader", {-1.0f})}, kNtpNow - 1000 * second));
  CHECK(w.real("/ch/1/fader") == -1.0f);
  w.send(1, bundle({message("/ch/1/fader", {-2.0f})}, kNtpNow + 10 * second));
  CHECK(w.real("/ch/1/fader") == -2.0f);
  CHECK(w.take(1).empty());
  const Message error = only_error(w.ask(1, bundle({message("/ch/1/fader", {-3.0f})}, kNtpNow + 10 * second + 1)));
  CHECK(error.s(0) == "#bundle");
  only_error(w.ask(1, bundle({bundle({message("/ch/1/fader", {-3.0f})}, kNtpNow + 11 * second)}, 1)));
  CHECK(w.real("/ch/1/fader") == -2.0f);
}

TEST_CASE("osc: commands run once each, in order, between the changes around them", "[control][osc]") {
  World w;
  std::vector<float> seen;
  w.commands.then = [&] { seen.push_back(w.real("/ch/1/fader")); };
  w.send(7, bundle({message("/ch/1/fader", {-1.0f}), message("/clips/clear"), message("/clips/clear"),
                    message("/ch/1/fader", {-2.0f}), message("/start/release")}));
  CHECK(w.commands.commands == std::vector{Command::clips_clear, Command::clips_clear, Command::start_release});
  CHECK(w.commands.clients == std::vector<std::uint64_t>{7, 7, 7});
  CHECK(seen == std::vector{-1.0f, -1.0f, -2.0f});
}

TEST_CASE("osc: no pattern reaches a command", "[control][osc]") {
  World w;
  for (const char* address : {"/clips/*", "/*/clear", "/{clips,start}/*", "/*/*"}) w.send(1, message(address));
  w.send(1, message("/*/*", {std::int32_t{1}}));
  CHECK(w.commands.commands.empty());
}

TEST_CASE("osc: a tablet's button fires a command when pressed, not when released", "[control][osc]") {
  World w;
  w.send(1, message("/clips/clear", {1.0f}));
  w.send(1, message("/clips/clear", {0.0f}));
  w.send(1, message("/clips/clear", {true}));
  w.send(1, message("/clips/clear", {std::int32_t{0}}));
  CHECK(w.commands.commands.size() == 2);
  CHECK(w.commands.argument_counts == std::vector<std::size_t>{0, 0});
  CHECK(w.take(1).empty());
}

TEST_CASE("osc: a command that fails says why", "[control][osc]") {
  World w;
  w.commands.refuse = "not held";
  const Message error = only_error(w.ask(1, message("/start/release")));
  CHECK(error.s(0) == "/start/release");
  CHECK(error.s(1) == "not held");
}

TEST_CASE("osc: /info tells who this is and how the client is seen", "[control][osc]") {
  World w;
  w.status.rate_hz = 48000;
  const auto info = w.ask(5, message("/info"));
  REQUIRE(info.size() == 1);
  CHECK(info[0].tags == ",ssiiiiiifsi");
  CHECK(info[0].s(0) == "test desk");
  CHECK(info[0].s(1) == "1.2.3");
  CHECK(info[0].i(2) == kOscProtocolVersion);
  CHECK(info[0].i(3) == 8);
  CHECK(info[0].i(6) == 4);
  CHECK(info[0].f(8) == 48000.0f);
  CHECK(info[0].s(9) == "client-5");
  CHECK(info[0].i(10) == 0);
  w.send(5, message("/subscribe", {std::int32_t{60}}));
  w.take(5);
  CHECK(w.ask(5, message("/info")).at(0).i(10) == 60);
}

TEST_CASE("osc: errors are told ten times a second at most, the last one saying so", "[control][osc]") {
  World w;
  for (int i = 0; i < 1000; ++i) w.send(1, message("/nonsense"));
  const auto errors = w.messages(1);
  REQUIRE(errors.size() == 10);
  CHECK_THAT(errors[9].s(1), Contains("more errors"));
  CHECK(w.server.counters().refused == 1000);
  CHECK(w.server.counters().errors_withheld == 991);
  w.run(1000);
  CHECK(w.ask(1, message("/nonsense")).size() == 1);
}

TEST_CASE("osc: a stranger's small packet brings no flood of answers", "[control][osc]") {
  World w({.inputs = 64, .buses = 32});
  const Message error = only_error(w.ask(1, message("/ch/*/send/*/level")));
  CHECK_THAT(error.s(1), Contains("256"));
  std::size_t answers = 0;
  for (int i = 0; i < 1000; ++i) answers += w.ask(2, message("/ch/*/fader")).size();
  CHECK(answers <= 1000 + 10);  // values of one second, and errors
  w.send(3, message("/subscribe", {std::string("/main")}));
  w.take(3);
  CHECK(w.ask(3, message("/ch/*/send/*/level")).size() == 64 * 32);
}

TEST_CASE("osc: a packet holds at most 16 commands, or does nothing", "[control][osc]") {
  World w;
  const std::vector<Bytes> sixteen(16, message("/clips/clear"));
  w.send(1, bundle(sixteen));
  CHECK(w.commands.commands.size() == 16);
  std::vector<Bytes> more(17, message("/clips/clear"));
  more.push_back(message("/ch/1/fader", {-6.0f}));
  CHECK_THAT(only_error(w.ask(1, bundle(more))).s(1), Catch::Contains("more than 16 commands in one packet"));
  CHECK(w.commands.commands.size() == 16);
  CHECK(w.ask(1, message("/ch/1/fader")).at(0).f() == -90);
}
