// What one talker may cost the others.
#include <catch2/catch.hpp>

#include "tests/control/osc/osc_harness.h"

using namespace fohd;
using namespace fohd::osc_test;
using Catch::Contains;

namespace {

/// As the daemon numbers them: the machine above, 16 bits of port below.
std::uint64_t host_of(ClientId client) { return client >> 16; }
ClientId port_of(std::uint64_t host, std::uint64_t port) { return host << 16 | port; }

std::size_t bytes_to(World& w, ClientId client) {
  std::size_t bytes = 0;
  for (const Datagram& d : w.take(client)) bytes += d.size;
  return bytes;
}

}  // namespace

TEST_CASE("osc: a large packet of requests or gets is refused with one error, and nothing of it is done",
          "[control][osc]") {
  World w;
  for (const char* address : {"/counters", "/info", "/subscribe", "/ch/1/fader", "/ch/1/muted"}) {
    CAPTURE(address);
    const ClientId stranger = 10;
    w.now_ms += 2000;
    std::vector<Bytes> requests(2500, message(address));
    requests.insert(requests.begin(), message("/ch/2/fader", {-20.0f}));
    const Message error = only_error(w.ask(stranger, bundle(requests)));
    CHECK_THAT(error.s(1), Contains("one packet") && Contains("nothing of its bundle was applied"));
    CHECK(w.real("/ch/2/fader") == -90.0f);
  }
  CHECK(w.server.subscriber_count() == 0);
  // What a client really sends at its start fits.
  std::vector<Bytes> start = {message("/subscribe"), message("/info"), message("/counters")};
  for (std::int32_t group = 0; group < 5; ++group) start.push_back(message("/meters", {group, std::int32_t{50}}));
  CHECK(w.ask(11, bundle(start)).size() == start.size());
}

TEST_CASE("osc: /info and /counters bring a stranger no more in a second than patterned gets do", "[control][osc]") {
  for (const char* address : {"/counters", "/info"}) {
    CAPTURE(address);
    World w;
    const Bytes packet = bundle(std::vector<Bytes>(16, message(address)));
    for (int i = 0; i < 1000; ++i) w.send(1, packet);
    // 1,000 values of at most 60 bytes and 10 errors of at most 200.
    CHECK(bytes_to(w, 1) <= 1000 * 60 + 10 * 200);
    CHECK(w.ask(2, message(address)).size() == 1);  // others ask as before
    w.now_ms += 1000;
    CHECK(w.ask(1, message(address)).size() == 1);  // and so does it, a second later
  }
}

TEST_CASE("osc: forged senders bring no more than all strangers together may, and subscribers do not notice",
          "[control][osc]") {
  World w;
  w.send(1, message("/subscribe", {std::string("/main"), std::int32_t{60}}));
  w.run(1000);
  w.take(1);
  for (ClientId forged = 100; forged < 1100; ++forged) {
    for (int i = 0; i < 10; ++i) w.send(forged, bundle(std::vector<Bytes>(16, message("/counters"))));
  }
  std::size_t bytes = 0;
  for (ClientId forged = 100; forged < 1100; ++forged) bytes += bytes_to(w, forged);
  CHECK(bytes <= 20'000 * 60 + 200 * 200);  // values and errors of all strangers
  CHECK(w.ask(1, message("/info")).size() == 1);
  CHECK(w.ask(1, message("/ch/*/fader")).size() == 8);
  // Changes are not questions: who only sets is never stopped.
  w.send(2000, message("/ch/1/fader", {-11.0f}));
  CHECK(w.real("/ch/1/fader") == -11.0f);
}

TEST_CASE("osc: one client's answers that nobody takes leave room for those of others", "[control][osc]") {
  World w({.inputs = 64, .buses = 32});
  for (ClientId greedy = 1; greedy <= 16; ++greedy) w.send(greedy, message("/subscribe", {std::string("/main")}));
  w.run(1000);
  w.inbox.clear();
  w.socket_blocked = true;
  for (ClientId greedy = 1; greedy <= 16; ++greedy) {
    for (int i = 0; i < 20; ++i) {
      w.now_ms += 50;
      w.send(greedy, message("/ch/*/send/*/level"));
    }
  }
  CHECK(w.server.counters().answers_dropped > 0);
  for (ClientId other = 50; other < 80; ++other) w.send(other, message("/info"));
  w.socket_blocked = false;
  w.collect();
  for (ClientId other = 50; other < 80; ++other) {
    CAPTURE(other);
    CHECK(w.messages(other).size() == 1);
  }
  // What was held is forgotten once it is sent.
  w.now_ms += 1000;
  w.inbox.clear();
  CHECK(w.ask(1, message("/ch/*/send/*/level")).size() == 64 * 32);
}

TEST_CASE("osc: one machine may take 16 places, and the 17th is told so while another still finds one",
          "[control][osc]") {
  World w({.inputs = 8, .buses = 4}, [](ClientId client) { return client / 1000; });
  for (ClientId port = 1; port <= 16; ++port) {
    CHECK(w.ask(1000 + port, message("/subscribe", {std::string("/main")})).at(0).address == "/subscribed");
  }
  for (const char* verb : {"/subscribe", "/meters"}) {
    const std::vector<Argument> arguments = verb == std::string("/meters")
                                                ? std::vector<Argument>{std::int32_t{0}, std::int32_t{50}}
                                                : std::vector<Argument>{};
    const Message error = only_error(w.ask(1017, message(verb, arguments)));
    CHECK(error.s(0) == verb);
    CHECK_THAT(error.s(1), Contains("16 places of one machine"));
  }
  CHECK(w.ask(1001, message("/subscribe", {std::string("/ch/1")})).at(0).address == "/subscribed");  // it has its place
  CHECK(w.ask(2001, message("/subscribe")).at(0).address == "/subscribed");
  w.send(1016, message("/unsubscribe"));
  CHECK(w.ask(1017, message("/subscribe")).at(0).address == "/subscribed");
  CHECK(w.server.subscriber_count() == 17);
}

TEST_CASE("osc: a subscriber that floods with patterns uses up its own allowance, not its neighbours'",
          "[control][osc]") {
  World w;
  for (const ClientId client : {1, 2}) w.send(client, message("/subscribe", {std::string("/main"), std::int32_t{60}}));
  w.run(1000);
  w.take(1), w.take(2);
  bool refused = false;
  for (int i = 0; i < 2000; ++i) w.send(1, message("/ch/*/send/*/level", {-20.0f}));
  for (const Datagram& d : w.take(1)) {
    for (const Message& m : d.messages) {
      refused = refused || (m.address == "/error" && m.s(1).find("too many patterns") != std::string::npos);
    }
  }
  CHECK(refused);
  for (const ClientId other : {2, 3}) {
    CAPTURE(other);
    w.send(other, message("/ch/{1,2}/mute", {std::int32_t{1}}));
    CHECK(w.whole("/ch/2/mute") == 1);
    w.send(other, message("/ch/{1,2}/mute", {std::int32_t{0}}));
    CHECK(w.whole("/ch/2/mute") == 0);
  }
  w.now_ms += 1000;
  w.send(1, message("/ch/{1,2}/mute", {std::int32_t{1}}));
  CHECK(w.whole("/ch/2/mute") == 1);  // and a second later it is heard again itself
}

TEST_CASE("osc: a machine that sends from thousands of ports silences neither other machines nor its own subscribers",
          "[control][osc]") {
  World w({.inputs = 32, .buses = 12}, host_of);
  const ClientId subscriber = port_of(1, 1);
  w.send(subscriber, message("/subscribe", {std::string("/main")}));
  w.run(1000);
  w.take(subscriber);
  for (std::uint64_t port = 100; port < 5100; ++port) {
    for (const char* address : {"/nonsense", "/ch/1/fader", "/ch/*/send/*/level", "/ch/[1-8]/fader"}) {
      w.send(port_of(1, port), message(address));
    }
    w.send(port_of(1, port), message("/subscribe", std::vector<Argument>(16, std::string("/none"))));
  }
  CHECK_THAT(only_error(w.ask(subscriber, message("/nonsense"))).s(1), Contains("unknown"));
  for (const std::uint64_t other : {2, 3}) {
    const ClientId stranger = port_of(other, 1);
    CAPTURE(other);
    CHECK(w.ask(stranger, message("/ch/1/fader")).at(0).address == "/ch/1/fader");
    CHECK(w.ask(stranger, message("/ch/*/mute")).size() == 32);
    CHECK_THAT(only_error(w.ask(stranger, message("/nonsense"))).s(1), Contains("unknown"));
    CHECK(w.ask(stranger, message("/subscribe", {std::string("/ch/1")})).at(0).address == "/subscribed");
  }
}

TEST_CASE(
    "osc: one machine takes at most a quarter of what strangers share, another of its ports is heard a second later",
    "[control][osc]") {
  World w({.inputs = 8, .buses = 4}, host_of);
  std::size_t values = 0, errors = 0;
  for (std::uint64_t port = 1; port <= 2000; ++port) {
    for (int i = 0; i < 40; ++i) {
      for (const Message& m : w.ask(port_of(1, port), bundle(std::vector<Bytes>(100, message("/ch/1/fader"))))) {
        m.address == "/error" ? ++errors : ++values;
      }
    }
  }
  CHECK(values <= 20'000 / 4);
  CHECK(values > 20'000 / 4 - 100);
  CHECK(errors <= 200 / 4);
  // Each of its ports still has no more than its own.
  w.now_ms += 1000;
  CHECK(w.ask(port_of(1, 3000), message("/ch/1/fader")).size() == 1);
}

TEST_CASE("osc: more machines than can be remembered share what one would have, and those known keep theirs",
          "[control][osc]") {
  World w({.inputs = 8, .buses = 4}, host_of);
  CHECK(w.ask(port_of(1, 1), message("/ch/1/fader")).size() == 1);
  std::size_t values = 0;
  const Bytes gets = bundle(std::vector<Bytes>(16, message("/ch/1/fader")));
  for (std::uint64_t host = 2; host <= 257; ++host) w.send(port_of(host, 1), message("/renew"));
  for (std::uint64_t host = 1000; host < 9000; ++host) values += w.ask(port_of(host, 1), gets).size();
  CHECK(values <= 20'000 / 4 + 200);
  CHECK(w.ask(port_of(1, 1), message("/ch/1/fader")).at(0).address == "/ch/1/fader");
}

TEST_CASE("osc: all subscribers of one machine together get 40,000 values a second, also by coming again",
          "[control][osc]") {
  World w({.inputs = 64, .buses = 32}, host_of);
  std::size_t values = 0;
  // 16 programs ask for 2,048 values ten times, and each leaves and comes again in between.
  for (int i = 0; i < 10; ++i) {
    for (std::uint64_t port = 1; port <= 16; ++port) {
      w.send(port_of(1, port), message("/meters", {std::int32_t{0}, std::int32_t{1000}}));
      w.take(port_of(1, port));
      for (const Message& m : w.ask(port_of(1, port), message("/ch/*/send/*/level"))) values += m.address != "/error";
      w.send(port_of(1, port), message("/unsubscribe"));
    }
  }
  CHECK(values <= 40'000);
  CHECK(values > 40'000 - 2'048);
  w.send(port_of(2, 1), message("/meters", {std::int32_t{0}, std::int32_t{1000}}));
  w.take(port_of(2, 1));
  CHECK(w.ask(port_of(2, 1), message("/ch/*/send/*/level")).size() == 2'048);
  w.now_ms += 1000;
  w.send(port_of(1, 1), message("/meters", {std::int32_t{0}, std::int32_t{1000}}));
  w.take(port_of(1, 1));
  CHECK(w.ask(port_of(1, 1), message("/ch/*/send/*/level")).size() == 2'048);
}

TEST_CASE("osc: leaving and coming again brings no new allowance for patterns", "[control][osc]") {
  World w({.inputs = 64, .buses = 32}, host_of);
  for (int i = 0; i < 3000; ++i) {
    w.send(port_of(1, 1), message("/meters", {std::int32_t{0}, std::int32_t{1000}}));
    w.send(port_of(1, 1), message("/ch/*/send/*/level", {-20.0f}));
    w.send(port_of(1, 1), message("/unsubscribe"));
  }
  CHECK(w.server.counters().sets > 100'000);
  CHECK(w.server.counters().sets <= 1'600'000);
}
