// Views that take an argument, by a table of groups of this test: each client sees the strip it chose, and extremes are
// kept for each view apart.
#include "control/clients/meter_hub.h"

#include <array>
#include <catch2/catch.hpp>
#include <vector>

using namespace fohd;
using namespace fohd::clients;

namespace {

constexpr Geometry kDesk{.inputs = 8, .returns = 0, .buses = 2};

constexpr std::array kPeak = {MeterColumn{
    MeterQuantity::pre_peak,
    [](float held, const MeterFrame& frame, std::size_t strip, std::size_t) {
      return std::max(held, frame.strips[strip].pre_peak);
    },
    [](const MeterSight&, float held, std::size_t, std::size_t) { return static_cast<std::int16_t>(held); }}};
/// One channel that the subscription chooses, and all of them.
constexpr MeterItems kOne = {[](const Geometry&) { return 1; },
                             [](const Geometry&, int, int argument) { return argument; },
                             [](const Geometry& g) { return g.inputs; }};
constexpr MeterItems kAll = {[](const Geometry& g) { return g.inputs; },
                             [](const Geometry&, int item, int) { return item; }};
const std::array<MeterGroup, 2> kGroups = {{{"one", nullptr, kOne, kPeak}, {"all", nullptr, kAll, kPeak}}};

struct Sent {
  MeterView view;
  std::vector<std::int16_t> values;
};
std::vector<Sent> due(MeterHub& hub, std::int64_t now_ms) {
  std::vector<Sent> all;
  hub.each_due(now_ms, [&](const MeterView& view, std::span<const std::int16_t> values) {
    all.push_back({view, {values.begin(), values.end()}});
  });
  return all;
}

}  // namespace

TEST_CASE("meters: a subscription chooses what it shows, and costs nothing when nobody looks", "[control][clients]") {
  const DeskStatus status(kDesk);
  MeterHub hub(kDesk, status, kGroups);
  CHECK(hub.arguments(0) == 8);
  CHECK(hub.arguments(1) == 0);
  const int fast = MeterHub::rate_for(20), slow = MeterHub::rate_for(100);
  const MeterView third{0, 2, fast}, fifth{0, 4, fast}, third_slow{0, 2, slow}, all{1, 0, fast};
  for (const MeterView& view : {third, fifth, third_slow, all}) hub.join(view, 0);
  hub.join(third, 0);  // another client, the same view

  MeterFrame frame(kDesk);
  for (std::size_t i = 0; i < 8; ++i) frame.strips[i].pre_peak = static_cast<float>(10 * (i + 1));
  hub.take(frame);
  const std::vector<Sent> first = due(hub, 0);
  REQUIRE(first.size() == 4);
  CHECK(first[0].view == third);
  CHECK(first[0].values == std::vector<std::int16_t>{30});
  CHECK(first[1].view == third_slow);
  CHECK(first[2].view == fifth);
  CHECK(first[2].values == std::vector<std::int16_t>{50});
  CHECK(first[3].values == std::vector<std::int16_t>{10, 20, 30, 40, 50, 60, 70, 80});

  // An extreme between two frames of a slow view is in its next one, also where a fast one has shown it meanwhile.
  frame.strips[2].pre_peak = 99;
  hub.take(frame);
  frame.strips[2].pre_peak = 1;
  CHECK(due(hub, 20).size() == 3);
  hub.take(frame);
  const std::vector<Sent> later = due(hub, 100);
  REQUIRE(later.size() == 4);
  CHECK(later[0].values == std::vector<std::int16_t>{1});
  CHECK(later[1].view == third_slow);
  CHECK(later[1].values == std::vector<std::int16_t>{99});

  hub.leave(third);
  CHECK(due(hub, 200).size() == 4);  // the other client still looks
  hub.leave(third);
  hub.leave(all);
  CHECK(due(hub, 300).size() == 2);
}
