#include "engine/crossing/swap.h"

#include <atomic>
#include <catch2/catch.hpp>
#include <thread>

using fohd::Swap;

namespace {

/// Counts who lives, and says something that only its maker and its holder may change.
struct Instance {
  explicit Instance(std::atomic<int>& counter, int which) : alive(counter), number(which) { ++alive; }
  ~Instance() { --alive; }
  Instance(const Instance&) = delete;
  Instance& operator=(const Instance&) = delete;
  std::atomic<int>& alive;
  int number, visits = 0;
};

}  // namespace

TEST_CASE("swap: an offer is taken once, the latest wins, and what is given back is collected once", "[engine][swap]") {
  std::atomic<int> alive{0};
  {
    Swap<Instance> swap;
    CHECK(swap.take() == nullptr);
    CHECK_FALSE(swap.collect());
    CHECK_FALSE(swap.offer(std::make_unique<Instance>(alive, 1)));
    const auto refused = swap.offer(std::make_unique<Instance>(alive, 2));
    REQUIRE(refused);
    CHECK(refused->number == 1);
    Instance* taken = swap.take();
    REQUIRE(taken != nullptr);
    CHECK(taken->number == 2);
    CHECK(swap.take() == nullptr);
    CHECK_FALSE(swap.offer(std::make_unique<Instance>(alive, 3)));
    CHECK(swap.give_back(taken));
    Instance* next = swap.take();
    REQUIRE(next != nullptr);
    CHECK_FALSE(swap.give_back(next));  // nobody has collected the one before
    const auto back = swap.collect();
    REQUIRE(back);
    CHECK(back->number == 2);
    CHECK_FALSE(swap.collect());
    CHECK(swap.give_back(next));
    CHECK_FALSE(swap.offer(std::make_unique<Instance>(alive, 4)));
    CHECK(alive == 4);
  }
  CHECK(alive == 0);  // what was under way is freed with the swap
}

TEST_CASE("swap: between two threads nobody is lost, seen twice or freed while in use", "[engine][swap]") {
  constexpr int kOffers = 200'000;
  std::atomic<int> alive{0}, taken{0};
  std::atomic<bool> done{false};
  int freed_by_collect = 0, never_taken = 0, wrong_order = 0;
  {
    Swap<Instance> swap;
    std::thread audio([&] {
      int last = 0;
      Instance* held = nullptr;
      for (bool ending = false; !ending || held != nullptr;) {
        ending = done.load();
        if (held == nullptr && (held = swap.take()) != nullptr) {
          ++taken;
          wrong_order += held->number <= last;
          last = held->number;
        }
        if (held == nullptr) continue;
        ++held->visits;
        if (swap.give_back(held)) held = nullptr;
      }
    });
    for (int number = 1; number <= kOffers; ++number) {
      if (swap.offer(std::make_unique<Instance>(alive, number))) ++never_taken;
      if (const auto back = swap.collect()) freed_by_collect += back->visits > 0;
    }
    while (taken + never_taken < kOffers) {  // the last offer
      if (const auto back = swap.collect()) freed_by_collect += back->visits > 0;
    }
    done = true;
    while (freed_by_collect < taken) {
      if (const auto back = swap.collect()) freed_by_collect += back->visits > 0;
    }
    audio.join();
  }
  CHECK(wrong_order == 0);
  CHECK(taken + never_taken == kOffers);
  CHECK(freed_by_collect == taken);
  CHECK(taken > 0);
  CHECK(alive == 0);
}
