#include <catch2/catch.hpp>

#include <map>
#include <random>
#include <set>

#include "control/clients/meter_groups.h"
#include "control/clients/update_queue.h"
#include "tests/control/osc/osc_harness.h"

using namespace fohd;
using namespace fohd::osc_test;
using Catch::Contains;

namespace {

/// What a client's screen shows after everything it was told: address to argument.
using View = std::map<std::string, Argument>;

void show(View& view, const std::vector<Datagram>& datagrams) {
  for (const Datagram& d : datagrams) {
    for (const Message& m : d.messages) {
      if (d.is_bundle && m.address != "/synced") view[m.address] = m.arguments.at(0);
    }
  }
}

/// A parameter as the protocol must show it.
Argument expected(const World& w, ParameterId id) {
  const ParameterRow& row = *w.desk.table()[id].row;
  const Value value = w.desk.get(id);
  if (row.kind == Kind::enumeration)
    return std::string(row.names[static_cast<std::size_t>(std::get<std::int32_t>(value))]);
  if (const auto* f = std::get_if<float>(&value)) return *f;
  if (const auto* i = std::get_if<std::int32_t>(&value)) return *i;
  return std::get<std::string>(value);
}

std::size_t items(const World& w) { return w.desk.table().size() + ReadoutTable(w.desk.geometry()).size(); }

void subscribe(World& w, ClientId client, const std::vector<Argument>& options = {}) {
  const auto answer = w.ask(client, message("/subscribe", options));
  REQUIRE(answer.size() == 1);
  REQUIRE(answer[0].address == "/subscribed");
  w.run(2000);
  w.send(client, message("/renew"));
  w.take(client);
}

}  // namespace

TEST_CASE("osc: a subscriber gets a yes, the whole state in numbered bundles, and word of its end", "[control][osc]") {
  World w;
  w.send(9, message("/ch/3/name", {std::string("Snare top")}));
  const auto answer = w.ask(1, message("/subscribe"));
  REQUIRE(answer.size() == 1);
  CHECK(answer[0].address == "/subscribed");
  CHECK(answer[0].tags == ",ii");
  CHECK(answer[0].i(0) == 10);
  CHECK(static_cast<std::size_t>(answer[0].i(1)) == items(w));
  w.run(1000);
  const auto datagrams = w.take(1);
  std::int32_t sequence = 0;
  std::map<std::string, int> times;
  View view;
  for (const Datagram& d : datagrams) {
    REQUIRE(d.is_bundle);
    CHECK(d.sequence == ++sequence);
    for (const Message& m : d.messages) ++times[m.address];
  }
  show(view, datagrams);
  CHECK(times.size() == items(w) + 1);
  for (const auto& [address, count] : times) CHECK(count == 1);
  const Message& last = datagrams.back().messages.back();
  CHECK(last.address == "/synced");
  CHECK(static_cast<std::size_t>(last.i()) == items(w));
  for (ParameterId id = 0; id < w.desk.table().size(); ++id) {
    CAPTURE(w.desk.table()[id].address);
    CHECK((view.at(w.desk.table()[id].address) == expected(w, id)));
  }
}

TEST_CASE("osc: a subscription can be narrowed by prefixes and patterns at segment edges", "[control][osc]") {
  World w({.inputs = 12, .buses = 4});
  const auto heard = [&](ClientId client, const std::vector<Argument>& options) {
    w.send(client, message("/subscribe", options));
    w.run(1000);
    std::set<std::string> addresses;
    for (const Message& m : w.messages(client)) {
      if (m.address[1] != 's' || m.address.starts_with("/start")) addresses.insert(m.address);
    }
    return addresses;
  };
  const auto one = heard(1, {std::string("/ch/1")});
  CHECK(one.contains("/ch/1/fader"));
  CHECK(one.contains("/ch/1/muted"));
  CHECK(!one.contains("/ch/12/fader"));
  CHECK(heard(2, {std::string("/ch/1/")}) == one);
  CHECK(heard(3, {std::string("/ch/{1,2}/fader")}) == std::set<std::string>{"/ch/1/fader", "/ch/2/fader"});
  CHECK(heard(4, {std::string("/ch/1/fader"), std::string("/bus/*/fader")}).size() == 5);
  CHECK(heard(5, {std::string("/")}).size() == items(w));
  // A new subscription replaces the old one.
  CHECK(heard(5, {std::string("/ch/1/fader")}).size() == 1);
  w.send(9, message("/ch/2/fader", {-20.0f}));
  w.run(100);
  CHECK(w.take(5).empty());
}

TEST_CASE("osc: a subscription that makes no sense is refused, and the old one stays", "[control][osc]") {
  World w;
  subscribe(w, 1, {std::string("/ch/1/fader")});
  const std::vector<std::vector<Argument>> bad = {{std::string("/chan")},
                                                  {std::string("loud")},
                                                  {std::int32_t{0}},
                                                  {Blob(4)},
                                                  std::vector<Argument>(17, std::string("/ch"))};
  for (const auto& options : bad) {
    const Message error = only_error(w.ask(1, message("/subscribe", options)));
    CHECK(error.s(0) == "/subscribe");
    CHECK(error.s(1).size() > 10);
  }
  w.send(2, message("/ch/1/fader", {-20.0f}));
  w.run(50);
  CHECK(w.messages(1).size() == 1);
}

TEST_CASE("osc: everybody but the sender hears a change, and the sender too if it asked", "[control][osc]") {
  World w;
  subscribe(w, 1);
  subscribe(w, 2);
  subscribe(w, 3, {std::string("echo")});
  w.send(1, message("/ch/1/fader", {-20.0f}));
  w.run(50);
  CHECK(w.take(1).empty());
  CHECK(w.messages(2).at(0).f() == -20.0f);
  CHECK(w.messages(3).at(0).f() == -20.0f);

  w.send(3, message("/ch/1/fader", {-30.0f}));
  w.run(50);
  CHECK(w.messages(1).at(0).f() == -30.0f);
  CHECK(w.messages(3).at(0).f() == -30.0f);
  w.take(2);
  w.send(3, message("/ch/1/fader", {-30.0f}));  // nothing new for the others, an answer for who asked
  w.run(50);
  CHECK(w.take(1).empty());
  CHECK(w.take(2).empty());
  CHECK(w.messages(3).size() == 1);
}

TEST_CASE("osc: a sender hears what it could not know: clamped values and what a link moved", "[control][osc]") {
  World w;
  subscribe(w, 1);
  w.send(1, message("/ch/1/fader", {99.0f}));
  w.run(50);
  REQUIRE(w.messages(1).at(0).f() == 10.0f);
  w.send(1, message("/ch/1/fader", {99.0f}));  // still clamped, though nothing changed
  w.run(50);
  REQUIRE(w.messages(1).at(0).f() == 10.0f);
  w.send(1, message("/ch/1/link", {std::int32_t{1}}));
  w.run(50);
  w.take(1);
  w.send(1, message("/ch/1/fader", {-7.0f}));
  w.run(50);
  const auto told = w.messages(1);
  REQUIRE(told.size() == 1);
  CHECK(told[0].address == "/ch/2/fader");
  CHECK(told[0].f() == -7.0f);
}

TEST_CASE("osc: who is overruled between two updates hears the other's value", "[control][osc]") {
  World w;
  subscribe(w, 1);
  w.send(1, message("/ch/1/fader", {-10.0f}));
  w.send(2, message("/ch/1/fader", {-20.0f}));
  w.run(50);
  CHECK(w.messages(1).at(0).f() == -20.0f);
}

TEST_CASE("osc: one address is told at most 50 times in a second, and the last value always arrives",
          "[control][osc]") {
  World w;
  subscribe(w, 1, {std::string("/ch/1/fader")});
  float value = 0;
  for (int ms = 0; ms < 3000; ++ms) {
    ++w.now_ms;
    for (int i = 0; i < 3; ++i)
      w.send(2, message("/ch/1/fader", {value = -60.0f + 0.005f * static_cast<float>(3 * ms + i)}));
    w.server.tick(w.now_ms);
    w.collect();
  }
  const std::int64_t end = w.now_ms;
  w.run(30);
  const auto datagrams = w.take(1);
  for (std::size_t i = 0; i < datagrams.size(); ++i) {
    // Any half-open second holds at most 50.
    if (i + 50 < datagrams.size()) CHECK(datagrams[i + 50].at_ms - datagrams[i].at_ms >= 1000);
    CHECK(datagrams[i].messages.size() == 1);
  }
  CHECK(datagrams.size() >= 149);  // and it is not slower than it has to be
  CHECK(datagrams.back().messages.back().f() == value);
  CHECK(datagrams.back().at_ms <= end + 20);
}

TEST_CASE("osc: a first change after silence is told in the same turn", "[control][osc]") {
  World w;
  subscribe(w, 1);
  w.send(2, message("/ch/1/mute", {std::int32_t{1}}));
  w.server.tick(w.now_ms);
  w.collect();
  CHECK(w.messages(1).at(0).address == "/ch/1/mute");
}

TEST_CASE("osc: the full state is paced, every datagram fits, and a change overtakes it", "[control][osc]") {
  World w({.inputs = 128, .buses = 64});
  w.send(1, message("/subscribe"));
  w.take(1);
  w.now_ms += 10;
  w.server.tick(w.now_ms);
  w.collect();
  w.send(2, message("/main/fader", {-12.0f}));  // far behind in the table
  const std::int64_t moved_ms = w.now_ms;
  std::int64_t heard_ms = 0;
  std::map<std::int64_t, int> per_flush;
  int mentions = 0;
  for (int i = 0; i < 1000; ++i) {
    w.run(10);
    if (i % 200 == 0) w.send(1, message("/renew"));
    for (const Datagram& d : w.take(1)) {
      CHECK(d.size <= kMaxDatagramBytes);
      ++per_flush[d.at_ms];
      for (const Message& m : d.messages) {
        if (m.address == "/main/fader") {
          CHECK(m.f() == -12.0f);
          ++mentions;
          if (heard_ms == 0) heard_ms = d.at_ms;
        }
      }
    }
  }
  CHECK(heard_ms - moved_ms <= 20);
  CHECK(mentions == 1);
  for (const auto& [at, count] : per_flush) CHECK(count <= 12);
  CHECK(per_flush.size() > 50);
}

TEST_CASE("osc: a full state comes to its end while more changes than a subscriber can be sent go on without end",
          "[control][osc]") {
  World w({.inputs = 128, .buses = 64});
  w.send(1, message("/subscribe"));
  w.take(1);
  // 8,192 values every 20 ms, and 12 datagrams hold some 400.
  const auto levels = w.desk.table().match("/ch/*/send/*/level");
  View view;
  bool synced = false;
  std::int64_t synced_ms = 0;
  for (int turn = 0; turn < 2000 && !synced; ++turn) {
    std::string error;
    std::vector<Change> changes;
    for (const ParameterId id : levels) changes.push_back({id, -10.0f - static_cast<float>(turn % 60)});
    REQUIRE(w.desk.apply({}, changes, error));
    w.run(20);
    if (turn % 100 == 0) w.send(1, message("/renew"));
    const auto datagrams = w.take(1);
    CHECK(datagrams.size() <= 12);
    show(view, datagrams);
    for (const Datagram& d : datagrams) {
      for (const Message& m : d.messages) synced = synced || m.address == "/synced";
    }
    synced_ms += 20;
  }
  CHECK(synced);
  CHECK(view.size() == items(w));
  CAPTURE(synced_ms);
  // 3 of 12 datagrams of some 25 values for the state, and each change has its turn in 8,192 values at 9 datagrams.
  CHECK(synced_ms < 20 * static_cast<std::int64_t>(items(w)) / (3 * 25));
}

TEST_CASE("osc: an order of changes that never runs empty takes no more memory than twice what waits",
          "[control][osc]") {
  clients::UpdateQueue queue(100);
  using First = clients::UpdateQueue::First;
  clients::ItemId next = 0;
  for (int i = 0; i < 10; ++i) queue.change(next++);
  for (int i = 0; i < 100'000; ++i) {
    queue.change(next++ % 100);
    queue.pop(queue.front(First::changes));
    REQUIRE(queue.places() <= 22);
  }
}

TEST_CASE("osc: each owed item comes once, whatever changes while the state is on its way", "[control][osc]") {
  std::mt19937 random(11);
  using First = clients::UpdateQueue::First;
  for (int round = 0; round < 200; ++round) {
    clients::UpdateQueue queue(130);
    clients::BitSet all(130);
    for (clients::ItemId id = 0; id < 130; id += 1 + random() % 3) all.insert(id);
    std::set<clients::ItemId> owed_state, changed;
    for (clients::ItemId id = 0; id < 130; ++id) {
      if (all.contains(id)) owed_state.insert(id);
    }
    queue.owe_state(all);
    while (!queue.empty()) {
      if (random() % 2 == 0) {
        const auto id = static_cast<clients::ItemId>(random() % 130);
        if (random() % 8 != 0 || changed.size() < 100) queue.change(id), changed.insert(id);
      }
      for (unsigned n = random() % 4; n > 0 && !queue.empty(); --n) {
        const First first = random() % 4 == 0 ? First::state : First::changes;
        const clients::ItemId id = queue.front(first);
        REQUIRE(owed_state.count(id) + changed.count(id) > 0);
        if (first == First::changes && !changed.empty()) REQUIRE(changed.contains(id));
        owed_state.erase(id), changed.erase(id);
        queue.pop(id);
        REQUIRE(queue.owes_state() == !owed_state.empty());
      }
    }
    REQUIRE(owed_state.empty());
    REQUIRE(changed.empty());
  }
}

TEST_CASE("osc: 64 clients find a place, the 65th a reason, and all are served alike", "[control][osc]") {
  World w({.inputs = 32, .buses = 16});
  for (ClientId client = 1; client <= 64; ++client) {
    const bool crowded = w.now_ms % 1000 == 0 && client % 20 == 0;
    if (crowded) w.now_ms += 1000;  // a second for each 20: comparing addresses is rationed
    if (client % 20 == 0) w.now_ms += 1000;
    REQUIRE(w.ask(client, message("/subscribe", {std::int32_t{600}})).at(0).address == "/subscribed");
  }
  const Message error = only_error(w.ask(65, message("/subscribe")));
  CHECK_THAT(error.s(1), Contains("64"));
  CHECK(w.server.subscriber_count() == 64);
  std::map<ClientId, std::size_t> got;
  std::vector<std::size_t> finished;
  for (int turn = 0; turn < 2000; ++turn) {
    w.run(10);
    for (ClientId client = 1; client <= 64; ++client) got[client] += w.take(client).size();
    const auto [least, most] =
        std::minmax_element(got.begin(), got.end(), [](auto& a, auto& b) { return a.second < b.second; });
    REQUIRE(most->second - least->second <= 2 * 12);  // nobody is more than two shares ahead
  }
  CHECK(got[1] == got[64]);
  w.send(1, message("/unsubscribe"));
  CHECK(w.ask(65, message("/subscribe")).at(0).address == "/subscribed");
}

TEST_CASE("osc: a lease is renewed by any message and its end is announced", "[control][osc]") {
  World w;
  subscribe(w, 1);
  for (int i = 0; i < 5; ++i) {
    w.run(9000);
    w.send(1, message("/ch/1/fader", {-1.0f * static_cast<float>(i)}));
  }
  CHECK(w.server.subscriber_count() == 1);
  w.take(1);
  w.run(9900);
  CHECK(w.server.subscriber_count() == 1);
  w.run(200);
  CHECK(w.server.subscriber_count() == 0);
  const auto last = w.messages(1);
  REQUIRE(last.size() == 1);
  CHECK(last[0].address == "/unsubscribed");
  CHECK_THAT(last[0].s(), Contains("lease"));
  CHECK(w.server.counters().expired == 1);
  w.send(2, message("/ch/1/fader", {-33.0f}));
  w.run(100);
  CHECK(w.take(1).empty());
  CHECK_THAT(only_error(w.ask(1, message("/renew"))).s(1), Contains("/subscribe"));
}

TEST_CASE("osc: a longer lease is granted up to an hour", "[control][osc]") {
  World w;
  CHECK(w.ask(1, message("/subscribe", {std::int32_t{60}})).at(0).i() == 60);
  w.send(1, message("/renew"));
  w.run(59900);
  CHECK(w.server.subscriber_count() == 1);
  w.run(200);
  CHECK(w.server.subscriber_count() == 0);
  CHECK(w.ask(1, message("/subscribe", {1e6f})).back().i() == 3600);
  CHECK(w.ask(1, message("/subscribe", {std::int32_t{1}})).back().i() == 10);
}

TEST_CASE("osc: a long lease counts only from a client's second packet on, so one forged packet is worth 10 s",
          "[control][osc]") {
  World w;
  std::vector<Bytes> greedy;
  for (std::int32_t group = 0; group < 5; ++group) greedy.push_back(message("/meters", {group, std::int32_t{20}}));
  greedy.push_back(message("/subscribe", {std::int32_t{3600}}));
  w.send(1, bundle(greedy));
  w.send(2, message("/subscribe", {std::int32_t{3600}}));
  w.run(9'900);
  CHECK(w.server.subscriber_count() == 2);
  CHECK(w.ask(2, message("/info")).back().i(10) == 3600);
  w.run(200);
  CHECK(w.server.subscriber_count() == 1);
  CHECK(w.messages(1).back().address == "/unsubscribed");
  w.run(100'000);
  CHECK(w.server.subscriber_count() == 1);
  // Who is known may ask for more at any time.
  w.send(3, message("/subscribe"));
  w.send(3, message("/subscribe", {std::int32_t{60}}));
  w.run(59'900);
  CHECK(w.server.subscriber_count() == 2);
}

TEST_CASE("osc: /resync brings the whole state again and the numbers go on", "[control][osc]") {
  World w;
  only_error(w.ask(1, message("/resync")));
  subscribe(w, 1, {std::string("/ch/1"), std::string("/ch/2")});
  w.send(2, message("/ch/1/fader", {-3.0f}));
  w.run(50);
  const std::int32_t last = w.take(1).back().sequence;
  w.send(1, message("/resync"));
  w.run(500);
  const auto datagrams = w.take(1);
  CHECK(datagrams.front().sequence == last + 1);
  CHECK(datagrams.back().messages.back().address == "/synced");
  View view;
  show(view, datagrams);
  CHECK((view.at("/ch/1/fader") == Argument(-3.0f)));
  CHECK(static_cast<std::int32_t>(view.size()) == datagrams.back().messages.back().i());
}

TEST_CASE("osc: /unsubscribe is answered, and after it there is silence", "[control][osc]") {
  World w;
  only_error(w.ask(1, message("/unsubscribe")));
  subscribe(w, 1);
  CHECK(w.ask(1, message("/unsubscribe")).at(0).address == "/unsubscribed");
  w.send(2, message("/ch/1/fader", {-3.0f}));
  w.run(100);
  CHECK(w.take(1).empty());
}

TEST_CASE("osc: a dropped client gets nothing more, not even what was queued", "[control][osc]") {
  World w;
  subscribe(w, 1);
  w.socket_blocked = true;
  w.send(2, message("/ch/1/fader", {-3.0f}));
  w.run(50);
  w.server.drop_client(1);
  w.socket_blocked = false;
  w.run(100);
  CHECK(w.take(1).empty());
  CHECK(w.server.subscriber_count() == 0);
}

TEST_CASE("osc: a socket that takes nothing delays values but loses none, and the queue stays short",
          "[control][osc]") {
  World w;
  subscribe(w, 1, {std::string("/ch/1/fader"), std::string("/ch/2/fader")});
  w.socket_blocked = true;
  for (int i = 0; i < 500; ++i) {
    w.send(2, message("/ch/1/fader", {-60.0f + 0.1f * static_cast<float>(i)}));
    w.run(20);
    if (i % 100 == 0) w.send(1, message("/renew"));
  }
  w.socket_blocked = false;
  w.run(100);
  const auto messages = w.messages(1);
  CHECK(messages.size() <= 3);
  CHECK(messages.back().f() == Approx(-10.1f));
}

TEST_CASE("osc: subscribers hear read-outs that changed", "[control][osc]") {
  World w;
  subscribe(w, 1, {std::string("/ch/2/muted"), std::string("/start/held")});
  w.send(2, message("/ch/2/mute", {std::int32_t{1}}));
  w.status.held = true;
  w.run(100);
  const auto messages = w.messages(1);
  REQUIRE(messages.size() == 2);
  CHECK(messages[0].address == "/ch/2/muted");
  CHECK(messages[0].i() == 1);
  CHECK(messages[1].address == "/start/held");
}

namespace {

/// Clients 1 to 4 listen (2 and 4 with echo), 5 does not; each shows what it sets itself and what it is told.
class Crowd {
 public:
  explicit Crowd(std::uint32_t seed) : random_(seed) {
    for (ClientId client = 1; client <= 4; ++client) {
      std::vector<Argument> options{std::int32_t{3600}};
      if (client % 2 == 0) options.emplace_back(std::string("echo"));
      w.send(client, message("/subscribe", options));
      views[client];
    }
  }

  void deliver() {
    for (auto& [client, view] : views) show(view, w.take(client));
  }

  void step() {
    deliver();
    const ClientId client = 1 + pick(5);
    std::vector<Bytes> messages;
    if (pick(10) == 0) {
      messages.push_back(set(client, "/ch/*/send/*/on", static_cast<std::int32_t>(pick(2))));
    } else {
      for (std::size_t n = 1 + pick(4); n > 0; --n) {
        const Parameter& p = w.desk.table()[static_cast<ParameterId>(pick(w.desk.table().size()))];
        messages.push_back(set(client, p.address, any_value(*p.row)));
      }
    }
    w.send(client, messages.size() == 1 ? messages[0] : bundle(messages));
    REQUIRE(w.server.counters().refused == 0);
    if (pick(3) == 0) w.run(static_cast<std::int64_t>(10 * pick(5)));
    if (pick(50) == 0) w.send(1 + pick(4), message("/resync"));
  }

  World w{{.inputs = 6, .buses = 4}};
  std::map<ClientId, View> views;

 private:
  std::size_t pick(std::size_t n) { return static_cast<std::size_t>(random_() % n); }

  Bytes set(ClientId client, const std::string& address, const Argument& argument) {
    if (client <= 4) {
      for (const ParameterId id : w.desk.table().match(address)) views[client][w.desk.table()[id].address] = argument;
    }
    return message(address, {argument});
  }

  /// A third of the numbers lie outside of the range and come back clamped.
  Argument any_value(const ParameterRow& row) {
    switch (row.kind) {
      case Kind::real:
        return row.min + (row.max - row.min) * (static_cast<float>(pick(1000)) / 666 - 0.25f);
      case Kind::text:
        return "name " + std::to_string(pick(100));
      case Kind::enumeration:
        return std::string(row.names[pick(row.names.size())]);
      default:
        return static_cast<std::int32_t>(pick(3));
    }
  }

  std::mt19937 random_;
};

}  // namespace

TEST_CASE("osc: whatever clients do, every subscriber's view ends equal to the desk", "[control][osc]") {
  for (std::uint32_t seed = 1; seed <= 20; ++seed) {
    CAPTURE(seed);
    Crowd crowd(seed);
    for (int i = 0; i < 800; ++i) crowd.step();
    crowd.w.run(3000);
    crowd.deliver();
    for (auto& [client, view] : crowd.views) {
      for (ParameterId id = 0; id < crowd.w.desk.table().size(); ++id) {
        const std::string& address = crowd.w.desk.table()[id].address;
        CAPTURE(client, address);
        REQUIRE((view.at(address) == expected(crowd.w, id)));
      }
    }
  }
}
