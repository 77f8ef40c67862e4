// What the stage around gates and compressors does when settings change under way.
#include "engine/processors/dynamics_stage.h"

#include <catch2/catch.hpp>

#include "tests/engine/processors/lane_tile.h"

using namespace fohd;
using fohd::test::LaneTile;

namespace {

constexpr double kRate = 48'000;

}  // namespace

TEST_CASE("compressor: a change of the envelope's terms moves nothing, in place or across the equaliser",
          "[engine][compressor]") {
  CompressorParams p{.on = true, .threshold_db = -40, .ratio = 4, .knee_db = 0};
  p.release_ms = 1'000, p.hold_ms = 0.02f;
  const CompressorCoeffs logarithmic = design(p, kRate);
  p.envelope = Envelope::linear;
  const CompressorCoeffs linear = design(p, kRate);
  CompressorStage before, behind;
  before.set(3, logarithmic, {}, 0);
  LaneTile loud(64), soft(64), out(64);
  for (int n = 0; n < 64; ++n) loud.at(n, 3) = 0.5f, soft.at(n, 3) = 1e-3f;
  const auto play = [&](CompressorStage& stage, const LaneTile& in) {
    stage.process(in.data(), out.data(), nullptr, 64, kLanes, Resets{});
    stage.end_peak_block();
    return static_cast<double>(out.at(63, 3) / in.at(63, 3));
  };
  for (int block = 0; block < 100; ++block) play(before, loud);
  for (int block = 0; block < 2; ++block) play(before, soft);  // for so long the detector holds the peak
  double gain = play(before, soft);                            // on its way back
  CHECK(gain < 0.2);
  const auto next_is_near = [&](CompressorStage& stage) {
    const double next = play(stage, soft);
    CHECK(next == Approx(gain).margin(0.002));  // 64 frames of a release of a second: 0.13 % of the way
    CHECK(next > gain);
    gain = next;
  };
  before.set(3, linear, {}, 0);
  next_is_near(before);
  before.set(3, logarithmic, {}, 0);
  next_is_near(before);
  behind.set(3, linear, {}, 0);
  behind.adopt(3, before);
  next_is_near(behind);
  before.set(3, logarithmic, {}, 0);
  before.adopt(3, behind);
  next_is_near(before);
}

TEST_CASE("gate: switched on it begins with nothing taken away, as a gate or as a ducker", "[engine][gate]") {
  for (const GateMode mode : {GateMode::gate, GateMode::expander_2, GateMode::ducker}) {
    CAPTURE(static_cast<int>(mode));
    GateStage stage;
    stage.set(5, design(GateParams{.on = true, .mode = mode, .threshold_db = -20, .range_db = 30}, kRate), {}, 0);
    LaneTile in(64), out(64);
    for (int n = 0; n < 64; ++n) in.at(n, 5) = 0.01f;  // below the threshold
    stage.process(in.data(), out.data(), nullptr, 64, kLanes, Resets{});
    CHECK(out.at(0, 5) == Approx(0.01f).epsilon(0.01));
    if (mode == GateMode::ducker) CHECK(out.at(63, 5) == 0.01f);
  }
}
