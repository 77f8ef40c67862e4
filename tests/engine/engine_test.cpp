#include "engine/engine.h"

#include <catch2/catch.hpp>

using namespace fohd;

TEST_CASE("engine: a channel assigned to main is heard on main left at the gain of its row", "[engine][mixer]") {
  const Geometry geometry{.inputs = 1, .buses = 0};
  Engine engine(geometry, 48000);
  DeskTargets targets(geometry);
  targets.lanes[0].revision = 1;
  targets.lanes[0].source = 0;
  const int row = DeskTargets::row_index(0, Tap::pre_fader);
  targets.rows[static_cast<std::size_t>(row)].revision = 1;
  targets.row_gains(row)[geometry.main_column()] = 0.5f;
  targets.outputs[0] = {.revision = 1, .gain = 1};
  engine.set_targets(targets);
  engine.settle();
  std::vector<float> in(100, 0.25f), left(100, 9.0f), right(100, 9.0f);
  const float* ins[] = {in.data()};
  float* outs[] = {left.data(), right.data()};
  engine.process(ins, outs, 100);
  for (int i = 0; i < 100; ++i) {
    REQUIRE(left[static_cast<std::size_t>(i)] == 0.125f);
    REQUIRE(right[static_cast<std::size_t>(i)] == 0.0f);
  }
}
