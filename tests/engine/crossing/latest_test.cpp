#include "engine/crossing/latest.h"

#include <catch2/catch.hpp>
#include <thread>

using fohd::Latest;

TEST_CASE("latest: the reader gets the newest whole value and the writer learns whether it was seen",
          "[engine][latest]") {
  Latest<int> latest(0);
  CHECK(latest.read() == 0);
  CHECK_FALSE(latest.fresh());
  latest.back() = 1;
  CHECK(latest.publish());  // nothing unseen was overwritten
  latest.back() = 2;
  CHECK_FALSE(latest.publish());  // 1 was never read
  CHECK(latest.fresh());
  CHECK(latest.read() == 2);
  CHECK(latest.read() == 2);
  latest.back() = 3;
  CHECK(latest.publish());
}

TEST_CASE("latest: no value is torn and values never go backwards between two threads", "[engine][latest]") {
  struct Pair {
    long a = 0, b = 0;
  };
  constexpr long kPublishes = 300'000;
  Latest<Pair> latest{Pair{}};
  std::thread writer([&] {
    for (long i = 1; i <= kPublishes; ++i) {
      latest.back() = {i, -i};
      latest.publish();
    }
  });
  long last = 0, torn = 0, backwards = 0;
  while (last < kPublishes) {
    const Pair& pair = latest.read();
    torn += pair.a != -pair.b;
    backwards += pair.a < last;
    last = pair.a;
  }
  writer.join();
  CHECK(torn == 0);
  CHECK(backwards == 0);
}
