// A door over streams, in small: what a browser's will rest on. A stalled client costs the others nothing.
#include <catch2/catch.hpp>
#include <cstring>
#include <map>
#include <random>
#include <utility>

#include "control/clients/clients.h"
#include "control/clients/stream_outboxes.h"
#include "tests/control/desk/random_changes.h"

using namespace fohd;

namespace {

constexpr std::size_t kEach = 64 << 10, kAll = 8 << 20;
constexpr int kStalled = 100;
constexpr ClientId kLive = 1000;

/// Item and value as lines; reads are instant or never.
class Door {
 public:
  explicit Door(Desk& desk)
      : clients_(desk, status_, Origin::Side::web, {.most_clients = 200, .most_clients_per_host = 200}, {}) {}
  void open(ClientId client) {
    clients_.subscribe(clients_.admit(client, 0), clients_.items().below({}), false, 3600, 0);
  }
  void tick(std::int64_t now_ms) {
    clients_.collect(now_ms);
    clients_.serve(now_ms, [&](clients::Client& client) {
      client.next_flush_ms = now_ms + clients_.quotas().flush_interval_ms;
      while (!client.queue.empty() && outboxes_.has_room(client.id, 256)) {
        const clients::ItemId item = client.queue.front(clients::UpdateQueue::First::changes);
        const Value value = clients_.items().value(item);
        const auto* real = std::get_if<float>(&value);
        const std::string line =
            clients_.items().address(item) + " " + (real != nullptr ? std::to_string(*real) : std::string("-")) + "\n";
        outboxes_.push(client.id, std::as_bytes(std::span(line)));
        client.queue.pop(item);
      }
      return true;
    });
    outboxes_.drain([&](ClientId client, std::span<const std::byte> bytes) {
      if (client != kLive) return std::size_t{0};
      heard_.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
      return bytes.size();
    });
  }
  /// What the live client got since the last call.
  std::string take_heard() { return std::exchange(heard_, {}); }
  std::size_t waiting() const { return outboxes_.waiting(); }
  void close(ClientId client) {
    outboxes_.forget(client);
    clients_.remove(client, 0);
  }

 private:
  DeskStatus status_{Geometry{}};
  clients::Clients clients_;
  clients::StreamOutboxes outboxes_{kEach, kAll};
  std::string heard_;
};

}  // namespace

TEST_CASE("stream doors: beside 100 stalled clients a live one hears each change at the next tick, in bounded memory",
          "[control][clients]") {
  Desk desk{Geometry{}};
  Door door(desk);
  for (int i = 0; i < kStalled; ++i) door.open(static_cast<ClientId>(1 + i));
  door.open(kLive);
  std::mt19937 random(3);
  std::int64_t now_ms = 0;
  // The full state first; then a minute of changes.
  for (int i = 0; i < 50; ++i) door.tick(now_ms += 20);
  CHECK(door.take_heard().size() > 50'000);
  std::size_t most_waiting = 0;
  for (int tick = 0; tick < 3000; ++tick) {
    const auto level_db = std::uniform_real_distribution<float>(-80, 10)(random);
    const std::string address = "/ch/" + std::to_string(1 + random() % 32) + "/fader";
    REQUIRE(set(desk, address, level_db));
    door.tick(now_ms += 20);
    most_waiting = std::max(most_waiting, door.waiting());
    REQUIRE(door.take_heard() == address + " " + std::to_string(level_db) + "\n");
  }
  CAPTURE(most_waiting);
  CHECK(most_waiting <= kAll);
  CHECK(most_waiting <= kStalled * kEach);
  CHECK(most_waiting > kStalled * kEach / 2);  // they are stalled indeed
  for (int i = 0; i < kStalled; ++i) door.close(static_cast<ClientId>(1 + i));
  CHECK(door.waiting() == 0);
}

TEST_CASE("stream doors: a client that reads slowly gets whole messages in order, and the newest values",
          "[control][clients]") {
  clients::StreamOutboxes outboxes(1000, 2000);
  std::vector<std::byte> expected, got;
  std::mt19937 random(4);
  const auto take = [&](ClientId, std::span<const std::byte> bytes) {
    const std::size_t count = std::min<std::size_t>(bytes.size(), random() % 50);
    got.insert(got.end(), bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(count));
    return count;
  };
  for (int i = 0; i < 2000; ++i) {
    const std::vector<std::byte> message(random() % 60, static_cast<std::byte>(i));
    if (outboxes.push(1, message)) expected.insert(expected.end(), message.begin(), message.end());
    CHECK(outboxes.waiting() <= 1000);
    outboxes.drain(take);
  }
  while (outboxes.drain(take) > 0 || outboxes.waiting() > 0) {
  }
  CHECK(got == expected);
  REQUIRE(outboxes.push(1, std::vector<std::byte>(900)));
  CHECK_FALSE(outboxes.push(1, std::vector<std::byte>(200)));  // its own share
  REQUIRE(outboxes.push(2, std::vector<std::byte>(1000)));
  CHECK_FALSE(outboxes.push(3, std::vector<std::byte>(200)));  // that of all
  outboxes.forget(1);
  CHECK(outboxes.push(3, std::vector<std::byte>(200)));
}
