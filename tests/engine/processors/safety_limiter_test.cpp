#include "engine/processors/safety_limiter.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <cstring>
#include <limits>
#include <random>
#include <vector>

#include "tests/allocation_guard.h"
#include "tests/engine/processors/lane_tile.h"
#include "tests/simd_targets.h"

using namespace fohd;
using fohd::test::for_each_simd_target;
using fohd::test::noise;
using Tile = fohd::test::LaneTile;

namespace {

constexpr double kRate = 48'000;

/// Lane after lane a lower ceiling, -1 dB to -30 dB.
SafetyLimiterCoeffs stepped_ceilings() {
  SafetyLimiterCoeffs coeffs = design_safety_limiter(kRate);
  for (int lane = 0; lane < kLanes; ++lane)
    coeffs.ceiling[lane] = static_cast<float>(std::pow(10.0, -(1 + 29 * lane / 15.0) / 20));
  return coeffs;
}

SafetyLimiterState settled(const SafetyLimiterCoeffs& coeffs) {
  SafetyLimiterState state;
  settle(coeffs, state);
  return state;
}

void limit(const SafetyLimiterCoeffs& coeffs, SafetyLimiterState& state, Tile& io, int lanes = kLanes) {
  safety_limit(coeffs, state, io.data(), io.frames(), lanes);
}

/// The law at the head of the kernel for one lane that is on and settled, in double.
struct Reference {
  double ceiling, keep, short_keep, short_frames, reduction = 0;
  int lasted = 0;
  double step(double x) {
    const double k = lasted >= short_frames ? keep : short_keep;
    lasted = (reduction > 0 ? lasted : 0) + (std::abs(x) > ceiling ? 1 : 0);
    const double gain = std::min(1 - reduction * k, ceiling / std::max(std::abs(x), ceiling));
    reduction = 1 - gain;
    return x * gain;
  }
};

/// Largest |y[n] - 2 y[n-1] + y[n-2]| of a lane: a click is a corner that the signal itself does not have.
double sharpest_corner(const Tile& tile, int lane) {
  double worst = 0;
  for (int n = 2; n < tile.frames(); ++n)
    worst = std::max(worst,
                     std::abs(static_cast<double>(tile.at(n, lane)) - 2.0 * static_cast<double>(tile.at(n - 1, lane)) +
                              static_cast<double>(tile.at(n - 2, lane))));
  return worst;
}

Tile tone(int frames, double frequency_hz, double peak) {
  Tile tile(frames);
  for (int frame = 0; frame < frames; ++frame)
    for (int lane = 0; lane < kLanes; ++lane)
      tile.at(frame, lane) = static_cast<float>(peak * std::sin(2 * M_PI * frequency_hz * frame / kRate));
  return tile;
}

}  // namespace

TEST_CASE("safety limiter: no sample leaves above the ceiling, whatever comes in", "[engine][limiter]") {
  for_each_simd_target([] {
    const SafetyLimiterCoeffs coeffs = stepped_ceilings();
    SafetyLimiterState state = settled(coeffs);
    for (const float peak : {0.5f, 2.0f, 1e6f, 1e38f}) {
      Tile io = noise(4'000, 1, peak);
      limit(coeffs, state, io);
      for (int frame = 0; frame < io.frames(); ++frame)
        for (int lane = 0; lane < kLanes; ++lane)
          if (!(std::abs(io.at(frame, lane)) <= coeffs.ceiling[lane])) FAIL("lane " << lane << " frame " << frame);
    }
  });
}

TEST_CASE("safety limiter: a signal up to the ceiling keeps every bit", "[engine][limiter]") {
  for_each_simd_target([] {
    const SafetyLimiterCoeffs coeffs = stepped_ceilings();
    SafetyLimiterState state = settled(coeffs);
    Tile io = noise(2'000, 2, 1);
    for (int lane = 0; lane < kLanes; ++lane) {
      for (int frame = 0; frame < io.frames(); ++frame) io.at(frame, lane) *= coeffs.ceiling[lane];
      io.at(100, lane) = coeffs.ceiling[lane], io.at(101, lane) = -coeffs.ceiling[lane];
    }
    const Tile input = io;
    limit(coeffs, state, io);
    CHECK(io == input);
  });
}

TEST_CASE(
    "safety limiter: after a peak the gain is given back by 1/e in 50 ms, after a short one in 10, and wholly at last",
    "[engine][limiter]") {
  // 5 ms are 240 frames.
  const int peak_frames = GENERATE(1, 239, 240, 1000);
  for_each_simd_target([&] {
    SafetyLimiterCoeffs coeffs = design_safety_limiter(kRate);
    for (float& ceiling : coeffs.ceiling) ceiling = 0.5f;
    SafetyLimiterState state = settled(coeffs);
    constexpr int kFirst = 10;
    const int kPeakAt = kFirst + peak_frames - 1, kTau = peak_frames < 240 ? 480 : 2'400;
    Tile io(60'000);
    for (int frame = 0; frame < io.frames(); ++frame)
      for (int lane = 0; lane < kLanes; ++lane) io.at(frame, lane) = frame >= kFirst && frame <= kPeakAt ? 2.0f : 0.25f;
    limit(coeffs, state, io);
    for (int lane = 0; lane < kLanes; ++lane) {
      CHECK(io.at(kFirst - 1, lane) == 0.25f);
      CHECK(io.at(kPeakAt, lane) == 0.5f);
      for (const int taus : {1, 2, 4}) {
        // Gain 1/4 at the peak, so 3/4 is missing. A keep is rounded by 2^-25, 10,000 times over: 3e-4 of the rest.
        const double expected = 0.25 * (1 - 0.75 * std::exp(-taus));
        CHECK(io.at(kPeakAt + taus * kTau, lane) == Approx(expected).epsilon(4e-4));
      }
      // 0.75 exp(-t / tau) is below 2^-25 after 17.1 tau, 41,000 frames.
      CHECK(io.at(kPeakAt + 42'000, lane) == 0.25f);
      CHECK(state.reduction[lane] == 0);
    }
  });
}

TEST_CASE("safety limiter: every SIMD target agrees with a scalar loop in double", "[engine][limiter]") {
  for_each_simd_target([] {
    const SafetyLimiterCoeffs coeffs = stepped_ceilings();
    SafetyLimiterState state = settled(coeffs);
    const Tile input = noise(6'000, 3, 1.5f);
    Tile output = input;
    limit(coeffs, state, output);
    for (int lane = 0; lane < kLanes; ++lane) {
      Reference reference{coeffs.ceiling[lane], coeffs.release_keep, coeffs.short_keep, coeffs.short_frames};
      double worst = 0;
      for (int frame = 0; frame < input.frames(); ++frame) {
        const double expected = reference.step(input.at(frame, lane));
        worst = std::max(worst, std::abs(expected - static_cast<double>(output.at(frame, lane))));
      }
      CAPTURE(lane);
      // The reduction, near 1, rounds by 2^-25 a frame while it is released, for some hundred frames in a row.
      CHECK(worst < 1e-5);
    }
  });
}

TEST_CASE("safety limiter: no lane hears another, and few lanes are as right as many", "[engine][limiter]") {
  for_each_simd_target([] {
    const SafetyLimiterCoeffs coeffs = stepped_ceilings();
    const Tile input = noise(300, 4, 2);
    Tile together = input;
    SafetyLimiterState state = settled(coeffs);
    limit(coeffs, state, together);
    for (int lane = 0; lane < kLanes; ++lane) {
      Tile alone(300);
      for (int frame = 0; frame < 300; ++frame) alone.at(frame, lane) = input.at(frame, lane);
      SafetyLimiterState own = settled(coeffs);
      limit(coeffs, own, alone, lane + 1);
      for (int frame = 0; frame < 300; ++frame)
        for (int other = 0; other < kLanes; ++other) {
          const float expected = other == lane ? together.at(frame, lane) : 0;
          if (alone.at(frame, other) != expected) FAIL("lane " << lane << " seen in lane " << other);
        }
    }
  });
}

TEST_CASE("safety limiter: any split of the frames gives the same bits, moving or not", "[engine][limiter]") {
  for_each_simd_target([] {
    SafetyLimiterCoeffs coeffs = stepped_ceilings();
    for (int lane = 0; lane < kLanes; lane += 3) coeffs.on[lane] = 0;
    SafetyLimiterState state;  // not settled: ceilings and switches are on their way
    Tile whole = noise(1'000, 5, 3);
    limit(coeffs, state, whole);
    for (const int chunk : {1, 7, 64, 128}) {
      Tile split = noise(1'000, 5, 3);
      SafetyLimiterState own;
      for (int from = 0; from < 1'000; from += chunk)
        safety_limit(coeffs, own, split.data() + from * kLanes, std::min(chunk, 1'000 - from), kLanes);
      CAPTURE(chunk);
      CHECK(split == whole);
      CHECK(std::memcmp(&own, &state, sizeof own) == 0);
    }
  });
}

TEST_CASE("safety limiter: switched off it keeps every bit, and switching it does not click", "[engine][limiter]") {
  for_each_simd_target([] {
    SafetyLimiterCoeffs coeffs = design_safety_limiter(kRate);
    for (float& ceiling : coeffs.ceiling) ceiling = 0.25f;
    for (float& on : coeffs.on) on = 0;
    SafetyLimiterState state = settled(coeffs);
    const Tile input = tone(4'800, 100, 0.9);
    Tile io = input;
    limit(coeffs, state, io);
    CHECK(io == input);

    // On and off again in the middle of a tone that is 11 dB too loud.
    for (float& on : coeffs.on) on = 1;
    Tile switched_on = input;
    limit(coeffs, state, switched_on);
    for (float& on : coeffs.on) on = 0;
    Tile switched_off = input;
    limit(coeffs, state, switched_off);
    for (int lane = 0; lane < kLanes; ++lane) {
      // A tone has corners of peak w^2 = 1.5e-4. Bending the wave at the ceiling once per half period makes one of
      // peak w = 0.012. A switch without a fade would step by 0.65.
      CHECK(sharpest_corner(switched_on, lane) < 0.013);
      CHECK(sharpest_corner(switched_off, lane) < 0.013);
      for (int frame = 480; frame < 4'800; ++frame)  // 10 ms
        if (std::abs(switched_on.at(frame, lane)) > 0.25f) FAIL("above the ceiling at frame " << frame);
      for (int frame = 481; frame < 4'800; ++frame)
        if (switched_off.at(frame, lane) != input.at(frame, lane)) FAIL("not itself at frame " << frame);
    }
  });
}

TEST_CASE("safety limiter: a moved ceiling is reached in 10 ms, exactly and without a click", "[engine][limiter]") {
  for_each_simd_target([] {
    SafetyLimiterCoeffs coeffs = design_safety_limiter(kRate);
    SafetyLimiterState state = settled(coeffs);
    for (const float ceiling : {0.03f, 0.9f, 0.2f}) {
      for (float& each : coeffs.ceiling) each = ceiling;
      Tile io = tone(4'800, 100, 0.9);
      limit(coeffs, state, io);
      for (int lane = 0; lane < kLanes; ++lane) {
        CAPTURE(ceiling, lane);
        CHECK(state.ceiling[lane] == ceiling);
        CHECK(sharpest_corner(io, lane) < 0.013);
        for (int frame = 481; frame < 4'800; ++frame)
          if (std::abs(io.at(frame, lane)) > ceiling) FAIL("above the ceiling at frame " << frame);
      }
    }
  });
}

TEST_CASE("safety limiter: processing allocates nothing", "[engine][limiter]") {
  for_each_simd_target([] {
    const SafetyLimiterCoeffs coeffs = stepped_ceilings();
    SafetyLimiterState state;
    Tile io = noise(128, 6, 2);
    test::AllocationGuard guard;
    limit(coeffs, state, io);
    const long heap_calls = guard.count();
    CHECK(heap_calls == 0);
  });
}

TEST_CASE("safety limiter: silence and denormals pass, NaN and infinities pass once and leave no trace",
          "[engine][limiter]") {
  for_each_simd_target([] {
    const SafetyLimiterCoeffs coeffs = stepped_ceilings();
    SafetyLimiterState state = settled(coeffs);
    Tile io(64);
    limit(coeffs, state, io);
    CHECK(io == Tile(64));
    for (int lane = 0; lane < kLanes; ++lane) io.at(3, lane) = std::numeric_limits<float>::denorm_min();
    limit(coeffs, state, io);
    for (int lane = 0; lane < kLanes; ++lane) CHECK(std::abs(io.at(3, lane)) <= std::numeric_limits<float>::min());

    const Tile input = noise(64, 7, 1e-3f);
    Tile poisoned = input;
    for (int lane = 0; lane < kLanes; ++lane) {
      poisoned.at(9, lane) = std::numeric_limits<float>::quiet_NaN();
      poisoned.at(20, lane) = -std::numeric_limits<float>::infinity();
    }
    limit(coeffs, state, poisoned);
    for (int lane = 0; lane < kLanes; ++lane)
      for (int frame = 0; frame < 64; ++frame) {
        if (frame == 9)
          CHECK(std::isnan(poisoned.at(frame, lane)));
        else if (frame == 20)
          CHECK(std::isinf(poisoned.at(frame, lane)));
        else if (poisoned.at(frame, lane) != input.at(frame, lane))
          FAIL("a trace in lane " << lane << " frame " << frame);
      }
  });
}
