#include "engine/processors/stereo_width.h"

#include <catch2/catch.hpp>
#include <cmath>
#include <complex>
#include <limits>

#include "engine/processors/eq_design.h"
#include "engine/tile/denormals.h"
#include "tests/allocation_guard.h"
#include "tests/engine/processors/lane_tile.h"

using namespace fohd;
using fohd::test::LaneTile;
using fohd::test::noise;

namespace {

constexpr double kRate = 48'000;

StereoWidth width_of(const StereoWidthParams& params, double rate_hz = kRate) {
  StereoWidth width(rate_hz);
  width.set(design(params, rate_hz));
  width.settle();
  return width;
}

LaneTile widened(const LaneTile& in, const StereoWidthParams& params, double rate_hz = kRate) {
  StereoWidth width = width_of(params, rate_hz);
  LaneTile io = in;
  width.process(io.data(), io.frames());
  return io;
}

/// (left + sign x right) / 2 at one frequency, after an impulse on the left: its response.
std::complex<double> response(const LaneTile& impulse, double sign, double frequency_hz, double rate_hz) {
  std::complex<double> sum = 0;
  for (int n = 0; n < impulse.frames(); ++n) {
    const double left = impulse.at(n, 0), right = impulse.at(n, 1);
    sum += (left + sign * right) * std::polar(1.0, -2 * M_PI * frequency_hz * n / rate_hz);
  }
  return sum;
}

/// Sharpest corner |y[n] - 2 y[n-1] + y[n-2]| of a lane.
double sharpest_corner(const LaneTile& tile, int lane) {
  double worst = 0;
  for (int n = 2; n < tile.frames(); ++n) {
    const double a = tile.at(n, lane), b = tile.at(n - 1, lane), c = tile.at(n - 2, lane);
    worst = std::max(worst, std::abs(a - 2 * b + c));
  }
  return worst;
}

}  // namespace

TEST_CASE("width: at 100 % with nothing made mono no bit changes", "[engine][width]") {
  const ScopedFlushToZero no_denormals;
  LaneTile in = noise(1'000, 1);
  in.at(10, 0) = -0.0f, in.at(11, 1) = 1e-40f;
  in.at(12, 0) = std::numeric_limits<float>::quiet_NaN(), in.at(13, 1) = std::numeric_limits<float>::infinity();
  CHECK(widened(in, {}) == in);
  CHECK(latency_frames(design(StereoWidthParams{}, kRate)) == 0);

  // And so again once it is back there.
  StereoWidth width = width_of({0, true, 200});
  LaneTile io = noise(1'000, 2);
  width.process(io.data(), io.frames());
  width.set(design(StereoWidthParams{}, kRate));
  width.process(io.data(), 480);  // 10 ms
  io = in;
  width.process(io.data(), io.frames());
  CHECK(io == in);
}

TEST_CASE("width: the side is multiplied by it, the middle by one", "[engine][width]") {
  const float percent = GENERATE(0.0f, 50.0f, 130.0f, 200.0f);
  const LaneTile in = noise(2'000, 3), out = widened(in, {percent});
  double worst = 0;
  for (int n = 0; n < in.frames(); ++n) {
    const double left = in.at(n, 0), right = in.at(n, 1), middle = (left + right) / 2;
    const double side = (left - right) / 2 * static_cast<double>(percent) / 100;
    worst = std::max(worst, std::abs(out.at(n, 0) - (middle + side)));
    worst = std::max(worst, std::abs(out.at(n, 1) - (middle - side)));
  }
  CAPTURE(percent);
  CHECK(worst < 3e-7);  // half a step of a float up to 2, and of what is added
}

TEST_CASE("width: the mono sum stays, whatever the settings and while they move", "[engine][width]") {
  StereoWidth width = width_of({});
  const LaneTile in = noise(8'000, 4);
  LaneTile out = in;
  const StereoWidthParams settings[8] = {
      {200}, {0}, {100, true, 500}, {200, true, 20}, {30, true, 120}, {100, true, 300}, {150}, {}};
  for (int part = 0; part < 8; ++part) {
    width.set(design(settings[part], kRate));
    width.process(out.data() + part * 1'000 * kLanes, 1'000);
  }
  double worst = 0, moved = 0;
  for (int n = 0; n < in.frames(); ++n) {
    const double before = static_cast<double>(in.at(n, 0)) + static_cast<double>(in.at(n, 1));
    const double after = static_cast<double>(out.at(n, 0)) + static_cast<double>(out.at(n, 1));
    worst = std::max(worst, std::abs(after - before));
    moved = std::max(moved, static_cast<double>(std::abs(out.at(n, 0) - in.at(n, 0))));
  }
  CHECK(worst < 3e-7);  // two additions, results up to 2: 2^-23 at most each
  CHECK(moved > 0.5);
}

TEST_CASE("width: mono below is a Butterworth low cut of the side, and nothing to the middle", "[engine][width]") {
  const double rate_hz = GENERATE(44'100.0, 48'000.0, 96'000.0), mono_below_hz = GENERATE(20.0, 120.0, 500.0);
  // Left alone is half middle, half side.
  LaneTile impulse(static_cast<int>(rate_hz));
  impulse.at(0, 0) = 1;
  const LaneTile out = widened(impulse, {100, true, static_cast<float>(mono_below_hz)}, rate_hz);
  for (double hz = 20; hz < 20'001; hz *= std::pow(10, 0.25)) {
    const std::complex<double> s(0, hz / mono_below_hz), expected = s * s / (s * s + std::sqrt(2) * s + 1.0);
    const double side_db = 20 * std::log10(std::abs(response(out, -1, hz, rate_hz)));
    const double middle_db = 20 * std::log10(std::abs(response(out, 1, hz, rate_hz)));
    CAPTURE(rate_hz, mono_below_hz, hz);
    CHECK(middle_db == Approx(0).margin(0.001));
    CHECK(side_db == Approx(20 * std::log10(std::abs(expected))).margin(0.05));
  }
}

TEST_CASE("width: a hard-panned tone at the mono frequency sounds equally from both sides", "[engine][width]") {
  LaneTile impulse(48'000);
  impulse.at(0, 0) = 1;
  const LaneTile out = widened(impulse, {100, true, 120});
  const auto level_db = [&](int lane, double hz) {
    const auto middle = response(out, 1, hz, kRate), side = response(out, -1, hz, kRate);
    return 20 * std::log10(std::abs(middle + (lane == 0 ? side : -side)) / 2);
  };
  // F = j / sqrt 2 there, and |1 + F| / 2 = sqrt(3/8).
  CHECK(level_db(0, 120) == Approx(10 * std::log10(3.0 / 8)).margin(0.02));
  CHECK(level_db(1, 120) == Approx(10 * std::log10(3.0 / 8)).margin(0.02));
  CHECK(level_db(1, 480) == Approx(-15).margin(0.3));  // |1 - F| / 2 with F = 16 / (15 - 4 j sqrt 2): 0.178
}

TEST_CASE("width: any split gives the same bits, also with changes on the way", "[engine][width]") {
  const auto run = [](int chunk) {
    StereoWidth width = width_of({});
    LaneTile io = noise(6'000, 5);
    const StereoWidthParams settings[4] = {{150}, {150, true, 120}, {0, true, 400}, {}};
    for (int part = 0; part < 4; ++part) {
      width.set(design(settings[part], kRate));
      for (int from = 0; from < 1'500; from += chunk)
        width.process(io.data() + (part * 1'500 + from) * kLanes, std::min(chunk, 1'500 - from));
    }
    return io;
  };
  const LaneTile whole = run(1'500);
  for (const int chunk : {1, 7, 64, 128}) {
    CAPTURE(chunk);
    CHECK(run(chunk) == whole);
  }
}

TEST_CASE("width: the other lanes stay, and left and right may change places", "[engine][width]") {
  const StereoWidthParams params{170, true, 150};
  const LaneTile in = noise(1'000, 6), out = widened(in, params);
  LaneTile mirrored = in;
  for (int n = 0; n < in.frames(); ++n) std::swap(mirrored.at(n, 0), mirrored.at(n, 1));
  const LaneTile mirrored_out = widened(mirrored, params);
  for (int n = 0; n < in.frames(); ++n) {
    for (int lane = 2; lane < kLanes; ++lane)
      if (out.at(n, lane) != in.at(n, lane)) FAIL("lane " << lane);
    if (mirrored_out.at(n, 0) != out.at(n, 1) || mirrored_out.at(n, 1) != out.at(n, 0)) FAIL("frame " << n);
  }
}

TEST_CASE("width: changes make no click", "[engine][width]") {
  constexpr double kHz = 100;
  LaneTile io(8'000);
  for (int n = 0; n < io.frames(); ++n) {
    io.at(n, 0) = static_cast<float>(std::sin(2 * M_PI * kHz * n / kRate));
    io.at(n, 1) = -io.at(n, 0);  // all side
  }
  StereoWidth width = width_of({});
  const StereoWidthParams settings[8] = {{200}, {0}, {100}, {100, true, 500}, {100}, {100, true, 20}, {200, true, 500},
                                         {}};
  for (int part = 0; part < 8; ++part) {
    width.set(design(settings[part], kRate));
    width.process(io.data() + part * 1'000 * kLanes, 1'000);
  }
  // From 200 % to 0 in 5 ms: 2 / 240 a frame, and that is the corner where the ramp begins and ends.
  const double w = 2 * M_PI * kHz / kRate, slope = 2 / 240.0;
  for (const int lane : {0, 1}) CHECK(sharpest_corner(io, lane) < slope + 2 * slope * w + 2 * w * w);
}

TEST_CASE("width: nothing is allocated, silence stays silence, a NaN leaves no trace", "[engine][width]") {
  const ScopedFlushToZero no_denormals;
  StereoWidth width = width_of({150, true, 120}), other = width;
  LaneTile silence(1'000), broken = noise(1'000, 7), clean = broken;
  broken.at(50, 0) = std::numeric_limits<float>::quiet_NaN();
  broken.at(60, 1) = std::numeric_limits<float>::infinity();
  // Unheard: as if both sides were equal there.
  clean.at(50, 0) = clean.at(50, 1), clean.at(60, 1) = clean.at(60, 0);
  test::AllocationGuard guard;
  width.process(silence.data(), silence.frames());
  width.set(design(StereoWidthParams{}, kRate));
  width.set(design(StereoWidthParams{150, true, 120}, kRate));
  width.process(broken.data(), broken.frames());
  const long heap_calls = guard.count();
  CHECK(heap_calls == 0);
  CHECK(silence == LaneTile(1'000));
  other.process(silence.data(), silence.frames());
  other.set(design(StereoWidthParams{}, kRate));
  other.set(design(StereoWidthParams{150, true, 120}, kRate));
  other.process(clean.data(), clean.frames());
  for (int n = 0; n < broken.frames(); ++n)
    for (int lane = 0; lane < 2; ++lane) {
      const bool is_broken = (n == 50 && lane == 0) || (n == 60 && lane == 1);
      if (is_broken ? std::isfinite(broken.at(n, lane)) : broken.at(n, lane) != clean.at(n, lane))
        FAIL("frame " << n << " lane " << lane);
    }

  // A low cut of 120 Hz rings out by 1/e in 2 ms.
  LaneTile ending(4'800);
  width.process(ending.data(), ending.frames());
  for (int n = 4'000; n < 4'800; ++n) CHECK(std::abs(ending.at(n, 0)) < 1e-10f);

  LaneTile loudest(1'000);
  for (int n = 0; n < 1'000; ++n) loudest.at(n, 0) = 3e38f, loudest.at(n, 1) = -3e38f;
  width.process(loudest.data(), loudest.frames());
  LaneTile after(4'800);
  width.process(after.data(), after.frames());
  for (int n = 0; n < 4'800; ++n) CHECK(std::isfinite(after.at(n, 0)));
}

TEST_CASE("width: after a reset it is as new", "[engine][width]") {
  StereoWidth width = width_of({150, true, 120}), fresh = width;
  LaneTile before = noise(777, 8), io = noise(1'000, 9), expected = io;
  width.process(before.data(), before.frames());
  width.reset();
  width.process(io.data(), io.frames());
  fresh.process(expected.data(), expected.frames());
  CHECK(io == expected);
}
