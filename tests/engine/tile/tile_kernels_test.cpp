// The loops over tiles on every SIMD target, against the plainest loop in double; cascades against single sections.
#include "engine/tile/tile_kernels.h"

#include <bit>
#include <catch2/catch.hpp>

#include "engine/engine_rig.h"
#include "engine/processors/svf_bank.h"
#include "engine/tile/tile.h"
#include "simd_targets.h"

using namespace fohd;
using namespace fohd::test;

namespace {

alignas(64) constexpr float kUnity[kLanes] = {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1};

void fill(Tile& tile, Rig& rig) {
  for (float& x : tile.samples) x = rig.uniform(-1, 1);
}

}  // namespace

TEST_CASE("tiles: in and out of a tile, every sample is in its place and every peak is found", "[engine][tiles]") {
  for_each_simd_target([] {
    Rig rig(Geometry{});
    for (const int frames : {1, 3, 4, 7, 61, 64}) {
      const Audio in = rig.noise(kLanes, 70);
      const float* lanes[kLanes];
      alignas(64) float gains[kLanes];
      for (int lane = 0; lane < kLanes; ++lane)
        lanes[lane] = in[lane].data() + lane % 5, gains[lane] = rig.uniform(-2, 2);
      alignas(64) std::int32_t peaks[kLanes];
      Tile tile, planar;
      transpose_in(lanes, gains, tile.samples, peaks, frames);
      transpose_out(tile.samples, planar.samples, frames, kLanes);
      for (int lane = 0; lane < kLanes; ++lane) {
        float peak = 0;
        for (int f = 0; f < frames; ++f) {
          REQUIRE(tile.frame(f)[lane] == lanes[lane][f] * gains[lane]);
          REQUIRE(planar.samples[lane * kSubBlockFrames + f] == tile.frame(f)[lane]);
          peak = std::max(peak, std::abs(lanes[lane][f]));
        }
        REQUIRE(std::bit_cast<float>(peaks[lane]) == peak);
        REQUIRE(peak_bits(lanes[lane], frames) == peaks[lane]);
      }
    }
  });
}

TEST_CASE("tiles: peaks are exact and sums of squares right, also while gains move", "[engine][tiles]") {
  for_each_simd_target([] {
    Rig rig(Geometry{});
    for (const int lanes : {2, 3, 8, 11, 16}) {
      Tile tile;
      fill(tile, rig);
      alignas(64) float gains[kLanes], increments[kLanes], start[kLanes];
      for (int lane = 0; lane < kLanes; ++lane) {
        start[lane] = gains[lane] = rig.uniform(0, 1), increments[lane] = rig.uniform(-0.01f, 0.01f);
      }
      LaneMeasure plain, scaled, ramped;
      measure(tile.samples, plain, 64, lanes);
      measure_scaled(gains, tile.samples, scaled, 64, lanes);
      measure_ramped(gains, increments, tile.samples, ramped, 40, lanes);
      measure_ramped(gains, increments, tile.frame(40), ramped, 24, lanes);
      for (int lane = 0; lane < lanes; ++lane) {
        double sums[3] = {}, peaks[3] = {};
        float gain = start[lane];
        for (int f = 0; f < 64; ++f) {
          const float x = tile.frame(f)[lane];
          gain += increments[lane];
          const float values[3] = {x, x * start[lane], x * gain};
          for (int kind = 0; kind < 3; ++kind) {
            sums[kind] += static_cast<double>(values[kind]) * values[kind];
            peaks[kind] = std::max(peaks[kind], std::abs(static_cast<double>(values[kind])));
          }
        }
        const LaneMeasure* measures[3] = {&plain, &scaled, &ramped};
        for (int kind = 0; kind < 3; ++kind) {
          CAPTURE(lanes, lane, kind);
          REQUIRE(std::bit_cast<float>(measures[kind]->running_peak_bits[lane]) == peaks[kind]);
          REQUIRE(measures[kind]->block_sum[lane] == Approx(sums[kind]).epsilon(64 * 6e-8));  // 64 roundings
        }
      }
    }
  });
}

TEST_CASE("tiles: NaN and infinities show in peaks", "[engine][tiles]") {
  for_each_simd_target([] {
    for (const float broken : {NAN, -NAN, INFINITY, -INFINITY}) {
      Tile tile;
      tile.frame(37)[9] = broken;
      LaneMeasure into;
      measure(tile.samples, into, 64, kLanes);
      Tile out;
      alignas(64) std::int32_t peaks[kLanes];
      alignas(64) float sums[kLanes] = {};
      finish_output(kUnity, tile.samples, out.samples, peaks, sums, 64, kLanes);
      for (int lane = 0; lane < kLanes; ++lane) {
        REQUIRE((into.block_peak_bits[lane] >= kInfinityBits) == (lane == 9));
        REQUIRE((peaks[lane] >= kInfinityBits) == (lane == 9));
      }
    }
  });
}

TEST_CASE("tiles: a sum of squares along one lane has the bits of the tile's", "[engine][tiles]") {
  for_each_simd_target([] {
    Rig rig(Geometry{});
    Tile tile, planar, out;
    fill(tile, rig);
    alignas(64) std::int32_t peaks[kLanes];
    alignas(64) float sums[kLanes];
    std::fill_n(sums, kLanes, 0.3f);
    finish_output(kUnity, tile.samples, out.samples, peaks, sums, 64, kLanes);
    transpose_out(out.samples, planar.samples, 64, kLanes);
    for (int lane = 0; lane < kLanes; ++lane) {
      const float* x = planar.samples + lane * kSubBlockFrames;
      REQUIRE(sum_squares(x + 7, sum_squares(x, 0.3f, 7), 57) == sums[lane]);
    }
  });
}

TEST_CASE("cascade: several sections in one pass give the bits of one pass per section", "[engine][tiles]") {
  for_each_simd_target([] {
    Rig rig(Geometry{});
    for (int count = 1; count <= 8; ++count) {
      std::vector<SvfBankCoeffs> coeffs(count);
      std::vector<SvfBankState> states(count), expected_states(count);
      std::vector<SvfSection> sections;
      for (int s = 0; s < count; ++s) {
        for (int lane = 0; lane < kLanes; ++lane) {
          const SvfCoeffs c = design(EqBandParams{true, static_cast<EqType>(rig.integer(0, 5)), rig.uniform(20, 15000),
                                                  rig.uniform(-15, 15), rig.uniform(0.3f, 10)},
                                     kRateHz);
          set_lane(coeffs[s], lane, c);
        }
        sections.push_back({&coeffs[s], &states[s], any_fine(coeffs[s])});
      }
      for (const int frames : {64, 1, 29}) {
        Tile in, out, expected;
        fill(in, rig);
        svf_cascade(sections.data(), count, in.samples, out.samples, frames, kLanes);
        expected = in;
        for (int s = 0; s < count; ++s) {
          svf_process(coeffs[s], expected_states[s], expected.samples, expected.samples, frames, kLanes);
        }
        REQUIRE(std::equal(out.samples, out.frame(0) + frames * kLanes, expected.samples));
      }
    }
  });
}
