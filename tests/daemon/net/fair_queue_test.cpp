#include "daemon/net/fair_queue.h"

#include <catch2/catch.hpp>
#include <map>
#include <random>
#include <string>

using namespace fohd;

namespace {

std::span<const std::byte> bytes_of(const std::string& text) { return std::as_bytes(std::span(text)); }
std::string text_of(const FairQueue::Packet& packet) {
  return {reinterpret_cast<const char*>(packet.bytes.data()), packet.bytes.size()};
}

}  // namespace

TEST_CASE("fair queue: each machine's packets stay whole and in order, as a map of lists would have them",
          "[daemon][net]") {
  FairQueue queue;
  std::map<std::uint64_t, std::deque<std::string>> model;
  std::mt19937 random(3);
  std::size_t waiting = 0;
  for (int i = 0; i < 200'000; ++i) {
    const std::uint64_t host = random() % 7;
    if (random() % 2 == 0) {
      const std::string text(random() % 40, static_cast<char>('a' + i % 26));
      queue.push(host, host << 16 | i % 100, static_cast<std::uint32_t>(i), bytes_of(text));
      model[host].push_back(text + std::to_string(i));
      ++waiting;
    } else if (!queue.empty()) {
      const FairQueue::Packet packet = queue.pop();
      auto& expected = model[packet.client >> 16];
      REQUIRE_FALSE(expected.empty());
      REQUIRE(text_of(packet) + std::to_string(packet.interface) == expected.front());
      REQUIRE((packet.client & 0xFFFF) == packet.interface % 100);
      expected.pop_front();
      --waiting;
    }
    REQUIRE(queue.empty() == (waiting == 0));
  }
  while (!queue.empty()) queue.pop(), --waiting;
  CHECK(waiting == 0);
  CHECK(queue.bytes() == 0);
  CHECK(queue.hosts() <= 1);  // the last one's memory lives until the next call
  CHECK(queue.dropped() == 0);
}

TEST_CASE("fair queue: who floods waits for itself, and its newest are kept", "[daemon][net]") {
  constexpr std::size_t kPerHost = 10'000;
  FairQueue queue(kPerHost, 4 * kPerHost);
  for (int i = 0; i < 100'000; ++i) queue.push(1, 1 << 16, static_cast<std::uint32_t>(i), bytes_of("flood"));
  CHECK(queue.bytes() <= kPerHost);
  queue.push(2, 2 << 16, 0, bytes_of("one word"));
  queue.push(3, 3 << 16, 0, bytes_of("another"));
  std::string first_three;
  for (int i = 0; i < 3; ++i) first_three += text_of(queue.pop()) + "|";
  CHECK(first_three == "flood|one word|another|");
  std::uint32_t last = 0, count = 1;
  for (; !queue.empty(); ++count) last = queue.pop().interface;
  CHECK(last == 99'999);
  CHECK(queue.dropped() == 100'000 - count);
}

TEST_CASE("fair queue: memory is bounded also where every packet comes from another machine", "[daemon][net]") {
  constexpr std::size_t kInAll = 100'000;
  FairQueue queue(20'000, kInAll);
  const std::string text(500, 'x');
  for (std::uint64_t host = 0; host < 5'000; ++host) {
    queue.push(host, host << 16 | 1, 0, bytes_of(text));
    REQUIRE(queue.bytes() <= kInAll);
  }
  std::size_t left = 0;
  for (; !queue.empty(); ++left) queue.pop();
  CHECK(left + queue.dropped() == 5'000);
  CHECK(left > 150);
  // As many turns as a network has machines, so that looking for the largest stays short; the rest is one machine.
  FairQueue large;
  for (std::uint64_t host = 0; host < 300'000; ++host) large.push(host, host << 16 | 1, 0, bytes_of(text));
  CHECK(large.hosts() <= FairQueue::kMostHosts + 1);
  CHECK(large.bytes() <= FairQueue::kBytesInAll);
  large.push(3, 3 << 16 | 2, 7, bytes_of("known"));
  std::size_t waited = 0;
  while (large.pop().interface != 7) ++waited;
  CHECK(waited <= 2 * (FairQueue::kMostHosts + 1));
}
