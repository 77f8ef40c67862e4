#include "control/watches/overload_watch.h"

#include <catch2/catch.hpp>

using namespace fohd;

namespace {

/// Seconds of 750 callbacks (48 kHz, 64 frames), some of which are disturbed.
struct Machine {
  OverloadWatch watch;
  std::array<std::uint64_t, 21> totals{};
  LoadReduction second(double load, double disturbed_share = 0) {
    const auto disturbed = static_cast<std::uint64_t>(750 * disturbed_share);
    totals[static_cast<std::size_t>(load * 20)] += 750 - disturbed;
    totals[20] += disturbed;
    return watch.take(totals);
  }
};

}  // namespace

TEST_CASE("overload: a load near the period sheds within a second, a disturbed machine does not",
          "[control][overload]") {
  Machine calm;
  for (int s = 0; s < 100; ++s) CHECK(calm.second(0.5, 0.2) == LoadReduction::nothing);
  CHECK(calm.second(0.86) == LoadReduction::between_samples);
  CHECK(calm.second(0.86) == LoadReduction::between_samples);  // there is nothing more to give

  Machine freewheel;
  freewheel.totals[20] = 100'000;
  CHECK(freewheel.watch.take(freewheel.totals, false) == LoadReduction::nothing);
  CHECK(freewheel.second(0.3) == LoadReduction::nothing);  // and what was counted meanwhile does not count later
}

TEST_CASE("overload: it is taken back after 10 calm seconds, and later each time it comes again",
          "[control][overload]") {
  Machine machine;
  int waited = 0, expected = OverloadWatch::kFirstWait_s;
  for (int round = 0; round < 9; ++round) {
    CHECK(machine.second(0.9) == LoadReduction::between_samples);
    for (int s = 0; s < 5; ++s) CHECK(machine.second(0.7) == LoadReduction::between_samples);  // neither near nor calm
    for (waited = 1; machine.second(0.4) != LoadReduction::nothing; ++waited) REQUIRE(waited < 2000);
    CHECK(waited == expected);
    expected = std::min(2 * expected, OverloadWatch::kLongestWait_s);
  }
  // A long calm, and all begins anew.
  for (int s = 0; s < OverloadWatch::kLongestWait_s; ++s) machine.second(0.2);
  machine.second(0.9);
  for (waited = 1; machine.second(0.4) != LoadReduction::nothing; ++waited) REQUIRE(waited < 2000);
  CHECK(waited == OverloadWatch::kFirstWait_s);
}

TEST_CASE("overload: what is given up outlives the engine", "[control][overload]") {
  Machine machine;
  machine.second(0.95);
  machine.watch.new_engine();
  machine.totals = {};
  CHECK(machine.watch.load_reduction() == LoadReduction::between_samples);
  CHECK(machine.second(0.9) == LoadReduction::between_samples);
}
