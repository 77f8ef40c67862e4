// Whose lease keeps whom out, who gives way to whom, and what ends a lease.
#include <catch2/catch.hpp>

#include <algorithm>

#include "tests/control/osc/osc_harness.h"

using namespace fohd;
using namespace fohd::osc_test;
using Catch::Contains;

namespace {

constexpr std::uint64_t kHere = 1;  // this machine, as the daemon numbers them: machine above, port below

std::uint64_t host_of(ClientId client) { return client >> 16; }
bool is_here(ClientId client) { return host_of(client) == kHere; }
ClientId port_of(std::uint64_t host, std::uint64_t port) { return host << 16 | port; }

/// Rights by machine. A machine that is not named was forgotten: it has none, as with AccessBook.
struct Roles final : Gate {
  Rights rights_of(const Origin& origin) const override {
    const auto at = by_host.find(host_of(origin.client));
    return at == by_host.end() ? Rights{Role::refused} : at->second;
  }
  void refused(const Origin&, std::string_view) override {}
  std::map<std::uint64_t, Rights> by_host = {{kHere, {}}};
};

struct Place : World {
  Place() : World({.inputs = 8, .buses = 4}, host_of, is_here) { desk.set_gate(&roles); }
  /// The first answer to a subscription of a few addresses, a moment later, since allowances are for a second.
  Message subscribe(ClientId client, std::int32_t lease_s = 3600) {
    now_ms += 100;
    return ask(client, message("/subscribe", {std::string("/main"), lease_s})).at(0);
  }
  /// One that has proved to exist.
  bool come(ClientId client, std::int32_t lease_s = 3600) {
    if (subscribe(client, lease_s).address != "/subscribed") return false;
    send(client, message("/renew"));
    take(client);
    return true;
  }
  bool is_in(ClientId client) const {
    const auto all = server.subscribers();
    return std::find(all.begin(), all.end(), client) != all.end();
  }
  /// As many as find a place, 16 on each machine.
  std::size_t fill(std::uint64_t first_host, std::size_t hosts, Role role) {
    std::size_t in = 0;
    for (std::uint64_t host = first_host; host < first_host + hosts; ++host) {
      roles.by_host[host] = {role, role == Role::monitor ? 1u : 0u};
      for (std::uint64_t port = 1; port <= 16; ++port) in += come(port_of(host, port)) ? 1 : 0;
    }
    return in;
  }
  Roles roles;
};

}  // namespace

TEST_CASE("osc: four viewers who take every place they can get keep out neither engineers nor this machine",
          "[control][osc]") {
  Place w;
  const std::size_t viewers = w.fill(100, 4, Role::viewer);
  CHECK(viewers == 64 - 4 - 4);  // what is kept for this machine and for engineers
  w.roles.by_host[200] = {Role::viewer};
  CHECK_THAT(w.subscribe(port_of(200, 1)).s(1), Contains("56 places that viewers may have"));

  // Engineers take what is kept, then what viewers have.
  CHECK(w.fill(300, 1, Role::engineer) == 16);
  CHECK(w.server.subscriber_count() == 60);
  CHECK(w.server.counters().gave_way == 12);
  std::size_t told = 0;
  for (std::uint64_t host = 100; host < 104; ++host) {
    for (std::uint64_t port = 1; port <= 16; ++port) {
      const ClientId viewer = port_of(host, port);
      bool ended = false;
      for (const Message& m : w.messages(viewer)) ended = ended || m.address == "/unsubscribed";
      if (ended) CHECK_FALSE(w.is_in(viewer));
      told += ended ? 1 : 0;
    }
  }
  CHECK(told == 12);
  // This machine has its own, and then a viewer's like any engineer, up to the 16 of one machine.
  for (std::uint64_t port = 1; port <= 16; ++port) CHECK(w.come(port_of(kHere, port)));
  CHECK_THAT(w.subscribe(port_of(kHere, 17)).s(1), Contains("16 places of one machine"));
  CHECK(w.server.subscriber_count() == 64);
}

TEST_CASE("osc: places of engineers are given up for nobody but this machine, those of lower roles from below",
          "[control][osc]") {
  Place w;
  CHECK(w.fill(100, 4, Role::engineer) == 60);
  const ClientId another = port_of(200, 1), guest = port_of(201, 1), local = port_of(kHere, 1);
  w.roles.by_host[200] = {Role::engineer};
  w.roles.by_host[201] = {Role::viewer};
  CHECK_THAT(w.subscribe(another).s(1), Contains("60 places that engineers may have"));
  CHECK(w.subscribe(guest).address == "/error");
  for (std::uint64_t port = 1; port <= 4; ++port) CHECK(w.come(port_of(kHere, port)));
  CHECK(w.server.counters().gave_way == 0);
  CHECK(w.come(port_of(kHere, 5)));
  CHECK(w.server.counters().gave_way == 1);
  CHECK(w.is_in(local));

  Place mixed;
  CHECK(mixed.fill(100, 2, Role::monitor) == 32);
  CHECK(mixed.fill(110, 2, Role::viewer) == 24);
  CHECK(mixed.fill(120, 1, Role::monitor) == 16);  // musicians before those who look on
  CHECK(mixed.server.counters().gave_way == 16);
  CHECK(mixed.fill(130, 2, Role::engineer) == 32);
  std::map<Role, int> left;
  for (const ClientId client : mixed.server.subscribers()) ++left[mixed.roles.by_host.at(host_of(client)).role];
  CHECK(left[Role::viewer] == 0);
  CHECK(left[Role::monitor] == 60 - 32);
  CHECK(left[Role::engineer] == 32);
}

TEST_CASE("osc: of those who may have to leave, the machine with most leases loses one, the one that is silent longest",
          "[control][osc]") {
  Place w;
  w.roles.by_host[50] = {Role::viewer};
  CHECK(w.come(port_of(50, 1)));  // one honest viewer, who came first
  w.fill(100, 3, Role::viewer);
  w.roles.by_host[103] = {Role::viewer};
  for (std::uint64_t port = 1; port <= 7; ++port) CHECK(w.come(port_of(103, port)));
  w.now_ms += 1000;
  for (std::uint64_t host = 100; host < 103; ++host) {
    for (std::uint64_t port = 1; port <= 16; ++port) {
      if (host != 101 || port != 9) w.send(port_of(host, port), message("/renew"));
    }
  }
  w.roles.by_host[300] = {Role::engineer};
  for (std::uint64_t port = 1; port <= 4; ++port) CHECK(w.come(port_of(300, port)));
  CHECK(w.server.counters().gave_way == 0);
  CHECK(w.come(port_of(300, 5)));
  CHECK_FALSE(w.is_in(port_of(101, 9)));
  for (std::uint64_t port = 6; port <= 16; ++port) CHECK(w.come(port_of(300, port)));
  CHECK(w.is_in(port_of(50, 1)));
  for (std::uint64_t port = 1; port <= 7; ++port) CHECK(w.is_in(port_of(103, port)));
}

TEST_CASE("osc: a viewer's lease is 30 s at most, whatever it asks for, and is told so", "[control][osc]") {
  Place w;
  w.roles.by_host[100] = {Role::viewer};
  w.roles.by_host[101] = {Role::monitor, 1};
  w.roles.by_host[102] = {Role::engineer};
  const ClientId viewer = port_of(100, 1), musician = port_of(101, 1), engineer = port_of(102, 1);
  CHECK(w.subscribe(viewer).i(0) == 30);
  CHECK(w.subscribe(viewer, 20).i(0) == 20);
  CHECK(w.subscribe(viewer).i(0) == 30);
  CHECK(w.subscribe(musician).i(0) == 3600);
  CHECK(w.subscribe(engineer).i(0) == 3600);
  for (const ClientId client : {viewer, musician, engineer}) w.send(client, message("/renew"));
  w.run(29'900);
  CHECK(w.is_in(viewer));
  w.run(200);
  CHECK_FALSE(w.is_in(viewer));
  CHECK(w.is_in(musician));
  CHECK(w.is_in(engineer));
  CHECK(w.messages(viewer).back().address == "/unsubscribed");

  // Who was an engineer and is a viewer now, without a packet of its own: a revoked approval, a changed rule.
  w.roles.by_host[102] = {Role::viewer};
  w.server.drop_clients([](ClientId) { return false; });
  w.run(29'900);
  CHECK(w.is_in(engineer));
  w.run(200);
  CHECK_FALSE(w.is_in(engineer));
  CHECK(w.is_in(musician));
  // Who is refused now leaves its place at once.
  w.server.drop_clients([&](ClientId client) { return client == musician; });
  CHECK(w.server.subscriber_count() == 0);
}

TEST_CASE("osc: an engineer who is forgotten while thousands of forged clients speak does not count as a viewer",
          "[control][osc]") {
  Place w;
  CHECK(w.fill(100, 1, Role::engineer) == 16);
  w.roles.by_host.erase(100);
  w.server.drop_clients([](ClientId) { return false; });  // somebody else's rights changed
  CHECK(w.fill(200, 3, Role::engineer) == 44);
  CHECK(w.server.counters().gave_way == 0);
  w.run(100'000);
  CHECK(w.server.subscriber_count() == 60);
}

TEST_CASE("osc: a report that nobody listens ends a short lease, with a word, and no long one", "[control][osc]") {
  World w;
  const ClientId phone = 1, desk_tablet = 2, unproven = 3;
  w.send(phone, message("/subscribe", {std::string("/main")}));
  w.send(desk_tablet, message("/subscribe", {std::string("/main"), std::int32_t{11}}));
  for (const ClientId client : {phone, desk_tablet}) w.send(client, message("/renew"));
  w.send(unproven, message("/subscribe", {std::string("/main"), std::int32_t{3600}}));
  w.run(500);
  for (const ClientId client : {phone, desk_tablet, unproven, ClientId{4}}) {
    w.take(client);
    for (int i = 0; i < 100; ++i) w.server.report_gone(client, w.now_ms);
    w.collect();
  }
  CHECK(w.server.subscribers() == std::vector<ClientId>{desk_tablet, unproven});
  CHECK(w.server.counters().reported_gone == 1);
  const auto last = w.messages(phone);
  REQUIRE(last.size() == 1);
  CHECK(last[0].address == "/unsubscribed");
  CHECK_THAT(last[0].s(), Contains("/subscribe"));
  CHECK(w.take(desk_tablet).empty());
  CHECK(w.take(4).empty());
  // A live program that was talked away is back by one packet, within what a short lease would have cost it.
  CHECK(w.ask(phone, message("/subscribe", {std::string("/main")})).at(0).address == "/subscribed");
  w.send(desk_tablet, message("/main/fader", {-7.0f}));
  w.run(500);
  bool heard = false;
  for (const Message& m : w.messages(phone)) heard = heard || (m.address == "/main/fader" && m.f() == -7.0f);
  CHECK(heard);
  // Meters alone are a lease of the default length as well.
  w.send(5, message("/meters", {std::int32_t{0}, std::int32_t{50}}));
  w.server.report_gone(5, w.now_ms);
  CHECK_FALSE(w.server.has_lease(5));
  CHECK(w.server.subscribers() == std::vector<ClientId>{desk_tablet, unproven, phone});
}

TEST_CASE("osc: a client whose own command ends its lease goes on as one without", "[control][osc]") {
  World w;
  w.send(1, message("/subscribe", {std::string("/main")}));
  w.send(1, message("/renew"));
  w.run(500);
  w.take(1);
  w.commands.then = [&] { w.server.drop_client(1); };
  w.send(1, bundle({message("/main/fader", {-20.0f}), message("/clips/clear"), message("/main/fader", {-10.0f}),
                    message("/resync")}));
  CHECK(w.real("/main/fader") == -10.0f);
  CHECK(w.server.subscriber_count() == 0);
  CHECK_THAT(only_error(w.messages(1)).s(1), Contains("/subscribe first"));
}
