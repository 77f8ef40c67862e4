// The same bits, whatever the blocks: with everything on the move, broken samples, silences, patches and delays.
#include <catch2/catch.hpp>

#include "allocation_guard.h"
#include "engine/engine_rig.h"

using namespace fohd;
using namespace fohd::test;

namespace {

constexpr int kStretch = 3000, kStretches = 6;

Audio difficult_input(Rig& rig) {
  Audio in = rig.noise(rig.geometry.inputs, kStretch * kStretches, 1.2f);
  for (std::size_t port = 0; port < in.size(); ++port) {
    for (int stretch = 0; stretch < kStretches; ++stretch) {  // every port has stretches of silence
      if ((static_cast<std::size_t>(stretch) + port) % 3 == 0) {
        std::fill_n(in[port].begin() + stretch * kStretch + 17, kStretch - 300, 0.0f);
      }
    }
  }
  in[0][3500] = NAN, in[0][3501] = NAN, in[0][3503] = INFINITY;
  if (in.size() > 3) in[3][64] = -INFINITY, in[3][9001] = 1e30f, in[2][127] = NAN, in[2][128] = NAN;
  return in;
}

/// Slots get reverbs, lose them, hear of new dials, are killed.
void randomise_effects(Rig& rig, Engine& engine) {
  for (int slot = 0; slot < rig.geometry.effects(); ++slot) {
    EffectTargets& to = rig.targets.effects[slot];
    ++to.revision;
    ReverbParams params;
    params.predelay_ms = 1, params.decay_s = rig.uniform(0.2f, 2), params.size_percent = rig.uniform(2, 100);
    if (rig.integer(0, 2) > 0) {
      ++to.id;
      to.coeffs = rig.integer(0, 3) > 0 ? EffectCoeffs(design(params, kRateHz)) : EffectCoeffs();
      if (auto effect = make_effect(to.coeffs, to.id, kRateHz)) engine.effect_swap(slot).offer(std::move(effect));
    } else if (std::holds_alternative<ReverbCoeffs>(to.coeffs)) {
      to.coeffs = design(params, kRateHz);
    }
    to.kills += rig.integer(0, 3) == 0;
    engine.effect_swap(slot).collect();
  }
}

/// The settings of each stretch depend on the seed only, not on the blocks.
Audio show(const Geometry& geometry, int block, MeterFrame& meters) {
  Rig rig(geometry, 42);
  rig.with_dynamics = true;
  const Audio in = difficult_input(rig);
  Engine engine(geometry, kRateHz, 1.5);
  Audio out;
  rig.targets.shutter = {.open = true, .close_ramp_frames = 480, .open_ramp_frames = 1000};
  for (int stretch = 0; stretch < kStretches; ++stretch) {
    rig.randomise(rig.integer(0, 900), stretch % 2 == 0);
    for (int strip = 0; strip < geometry.strips(); ++strip) {  // countdowns of all lengths
      LaneTargets& lane = rig.targets.lanes[strip];
      lane.coeff_ramp_frames = rig.integer(0, 700);
      lane.input_gain_ramp_frames = rig.integer(0, 300);
      lane.delay_frames = rig.integer(0, 3) == 0 ? rig.integer(0, 999) : 0;
    }
    for (RowTargets& row : rig.targets.rows) row.ramp_frames = rig.integer(0, 800);
    for (OutputTargets& output : rig.targets.outputs)
      output.delay_frames = rig.integer(0, 3) == 0 ? rig.integer(0, 999) : 0;
    rig.targets.shutter.open = stretch != 3;
    MainTargets& main = rig.targets.main;
    ++main.revision;
    main.gain[0] = rig.uniform(-2, 2), main.gain[1] = rig.uniform(-2, 2), main.gain_ramp_frames = rig.integer(0, 500);
    main.width = design(StereoWidthParams{rig.uniform(0, 200), rig.integer(0, 1) == 1, rig.uniform(20, 500)}, kRateHz);
    main.limiter =
        design(TruePeakLimiterParams{rig.integer(0, 3) > 0, rig.uniform(-24, 0), rig.uniform(20, 1000)}, kRateHz);
    randomise_effects(rig, engine);
    engine.set_targets(rig.targets);
    play(engine, in, stretch * kStretch, stretch * kStretch + 100, block, out);
    for (int strip = 0; strip < geometry.strips(); strip += 3) {  // and new targets in the middle of ramps
      if (strip % kLanes < geometry.lanes_used(strip / kLanes)) rig.randomise_strip(strip, 250);
    }
    engine.set_targets(rig.targets);
    play(engine, in, stretch * kStretch + 100, (stretch + 1) * kStretch, block, out);
  }
  engine.read_meters(meters);
  return out;
}

}  // namespace

TEST_CASE("engine: blocks of 1, 7, 64, 100 and 1024 frames give the same bits while everything moves",
          "[engine][split]") {
  for (const Geometry geometry :
       {Geometry{.inputs = 19, .aux = 2, .returns = 4, .buses = 9, .matrices = 3}, Geometry{.inputs = 2, .buses = 0}}) {
    MeterFrame expected_meters(geometry);
    const Audio expected = show(geometry, 64, expected_meters);
    double energy = 0;
    for (float x : expected[0]) energy += static_cast<double>(x) * static_cast<double>(x);
    REQUIRE(energy > 1e-3);
    for (const int block : {1, 7, 100, 1024}) {
      CAPTURE(geometry.inputs, block);
      MeterFrame meters(geometry);
      const Audio out = show(geometry, block, meters);
      for (std::size_t port = 0; port < out.size(); ++port) {
        CAPTURE(port);
        REQUIRE(same_bits(out[port], expected[port]));
      }
      CHECK(meters.faults == expected_meters.faults);
      CHECK(meters.input_clips == expected_meters.input_clips);
      CHECK(meters.output_clips == expected_meters.output_clips);
      CHECK(same_bits(meters.outputs, expected_meters.outputs));
      CHECK(same_bits(meters.output_mean_squares, expected_meters.output_mean_squares));
      for (int strip = 0; strip < geometry.strips(); ++strip) {
        if (strip % kLanes >= geometry.lanes_used(strip / kLanes)) continue;
        CAPTURE(strip);
        const StripMeter &a = meters.strips[strip], &b = expected_meters.strips[strip];
        REQUIRE(a.pre_peak == b.pre_peak);
        REQUIRE(a.post_peak == b.post_peak);
        REQUIRE(a.pre_mean_square == b.pre_mean_square);
        REQUIRE(a.post_mean_square == b.post_mean_square);
      }
    }
  }
}

TEST_CASE("engine: process, set_targets and the meters take nothing from the heap", "[engine][realtime]") {
  const Geometry geometry{.inputs = 20, .aux = 1, .returns = 2, .buses = 5, .matrices = 2};
  Rig rig(geometry, 5);
  const Audio in = difficult_input(rig);
  Audio out(static_cast<std::size_t>(geometry.outputs()), std::vector<float>(1000));
  std::vector<const float*> ins;
  std::vector<float*> outs;
  for (const auto& port : in) ins.push_back(port.data() + 3000);
  for (auto& port : out) outs.push_back(port.data());
  Engine engine(geometry, kRateHz);
  MeterFrame meters(geometry);
  long heap_calls = 0;
  for (int round = 0; round < 8; ++round) {
    rig.randomise(rig.integer(0, 2000), true);
    randomise_effects(rig, engine);
    const AllocationGuard guard;
    engine.set_targets(rig.targets);
    engine.process(ins.data(), outs.data(), 1000);
    engine.read_meters(meters);
    engine.restart_peaks();
    engine.clear_safety_mutes();
    heap_calls += guard.count();
  }
  CHECK(heap_calls == 0);
}

TEST_CASE("engine: skipping what is silent changes no bit", "[engine][silence]") {
  // One strip per tile that nobody hears keeps a ramp going for ever in the second engine: its tiles are never skipped.
  const Geometry geometry{.inputs = 18, .buses = 10};
  Rig rig(geometry, 3);
  rig.with_dynamics = true;
  Audio in = rig.noise(geometry.inputs, 60000);
  for (auto& port : in) std::fill(port.begin() + 3000, port.begin() + 50000, 0.0f);
  rig.randomise(0, true);
  const auto render = [&](bool restless) {
    Rig desk(geometry, 9);
    desk.targets = rig.targets;
    for (const int strip : {15, 17, geometry.first_bus_strip() + 9, geometry.main_strip() + 2}) {
      LaneTargets& lane = desk.targets.lanes[strip] = LaneTargets();
      lane.revision = 1;
      lane.post_gain = 1;
      lane.post_gain_ramp_frames = restless ? 1'000'000 : 0;
      for (int tap = 0; tap < kTaps; ++tap) {
        const int row = DeskTargets::row_index(strip, static_cast<Tap>(tap));
        std::fill_n(desk.targets.row_gains(row), desk.targets.layout.row_size(row), 0.0f);
      }
    }
    Engine engine(geometry, kRateHz);
    engine.set_targets(desk.targets);
    return play(engine, in, 96);
  };
  const Audio skipped = render(false), worked = render(true);
  for (std::size_t port = 0; port < skipped.size(); ++port) {
    CAPTURE(port);
    REQUIRE(same_bits(skipped[port], worked[port]));
    // 47,000 frames after the last input every tail has ended in exact zeros.
    CHECK(std::all_of(skipped[port].begin() + 49000, skipped[port].begin() + 50000, [](float x) { return x == 0; }));
    CHECK(std::any_of(skipped[port].begin() + 50000, skipped[port].end(), [](float x) { return x != 0; }));
  }
}

TEST_CASE("engine: what a strip hears does not depend on its neighbours", "[engine][lanes]") {
  const Geometry geometry{.inputs = 16, .buses = 2};
  const auto render = [&](bool neighbours) {
    Rig rig(geometry, 11);
    const Audio in = rig.noise(16, 4000);
    Rig only(geometry, 12);
    only.with_dynamics = true;
    only.randomise_strip(5, 0);
    only.targets.lanes[5].source = 5;
    only.targets.lanes[5].gate_key = only.targets.lanes[5].compressor_key = {};  // it hears itself
    for (int tap = 0; tap < kTaps; ++tap) only.set_row(5, static_cast<Tap>(tap), 0, 0.0f);
    only.set_row(5, Tap::pre_fader, geometry.main_column(), 0.5f);
    for (OutputTargets& output : only.targets.outputs) output = {.revision = 1, .gain = 1};
    Engine engine(geometry, kRateHz);
    Audio out;
    for (int stretch = 0; stretch < 4; ++stretch) {
      for (int strip = 0; neighbours && strip < 16; ++strip) {
        if (strip == 5) continue;
        only.randomise_strip(strip, 300);  // moves, filters, but reaches only the bus
        if (strip == 4) {                  // strip 5 is nobody's other half
          only.targets.lanes[4].gate_key.linked = only.targets.lanes[4].compressor_key.linked = false;
        }
        for (int tap = 0; tap < kTaps; ++tap) {
          for (int side = 0; side < 2; ++side)
            only.set_row(strip, static_cast<Tap>(tap), geometry.main_column() + side, 0);
        }
      }
      engine.set_targets(only.targets);
      play(engine, in, stretch * 1000, stretch * 1000 + 1000, 64, out);
    }
    return out;
  };
  const Audio alone = render(false), crowded = render(true);
  CHECK(same_bits(alone[0], crowded[0]));
  CHECK(std::any_of(alone[0].begin(), alone[0].end(), [](float x) { return x != 0; }));
}
