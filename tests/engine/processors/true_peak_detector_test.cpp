#include "engine/processors/true_peak_detector.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <cstring>
#include <limits>
#include <numeric>
#include <random>
#include <vector>

#include "engine/processors/sliding_maximum.h"
#include "tests/allocation_guard.h"
#include "tests/simd_targets.h"

using namespace fohd;

namespace {

std::vector<float> peaks_of(const std::vector<float>& in, int chunk = kSubBlockFrames) {
  TruePeakDetector detector;
  std::vector<float> peaks(in.size());
  const int frames = static_cast<int>(in.size());
  for (int from = 0; from < frames; from += chunk)
    detector.process(in.data() + from, peaks.data() + from, std::min(chunk, frames - from));
  return peaks;
}

std::vector<float> noise_of(int frames, unsigned seed) {
  std::mt19937 random(seed);
  std::uniform_real_distribution<float> uniform(-1, 1);
  std::vector<float> x(static_cast<std::size_t>(frames));
  for (float& sample : x) sample = uniform(random);
  return x;
}

}  // namespace

TEST_CASE("sliding maximum: equal to the slow way, for every window", "[engine][limiter]") {
  std::mt19937 random(1);
  std::uniform_real_distribution<double> uniform(1, 2);
  for (int window = 1; window <= 40; ++window) {
    SlidingMaximum maximum(window, 1);
    for (int round = 0; round < 2; ++round) {
      std::vector<double> values, expected_all;
      for (int n = 0; n < 200; ++n) {
        values.push_back(uniform(random));
        double expected = 1;
        for (int back = 0; back < std::min(window, n + 1); ++back)
          expected = std::max(expected, values[static_cast<std::size_t>(n - back)]);
        if (maximum.push(values.back()) != expected) FAIL("window " << window << " value " << n);
        expected_all.push_back(expected);
      }
      maximum.reset();
      for (int at = 0, length = 1; at < 200; at += length, length = length % 37 + 5) {  // blocks of all lengths
        length = std::min(length, 200 - at);
        maximum.push(values.data() + at, length);
      }
      REQUIRE(values == expected_all);
      maximum.reset();
    }
  }
}

TEST_CASE("true peak detector: reads tones of all frequencies up to 20 kHz", "[engine][limiter]") {
  const double rate_hz = GENERATE(44'100.0, 48'000.0, 96'000.0);
  const double frequency_hz = GENERATE(20.0, 1'000.0, 10'000.0, 15'000.0, 18'000.0, 19'000.0, 19'500.0, 20'000.0);
  double too_low_db = 0, too_high_db = 0;
  for (int phase = 0; phase < 16; ++phase) {
    const auto tone = [&](double n) { return std::sin(2 * M_PI * (frequency_hz * n / rate_hz + phase / 16.0)); };
    std::vector<float> in;
    for (int n = 0; n < 400; ++n) in.push_back(static_cast<float>(tone(n)));
    const std::vector<float> peaks = peaks_of(in);
    for (int n = TruePeakDetector::kTaps; n < 400; ++n) {
      double expected = 0;
      for (int point = 1; point < TruePeakDetector::kPhases; ++point)
        expected = std::max(expected, std::abs(tone(n - TruePeakDetector::kDelayFrames + point / 8.0)));
      if (expected < 0.9) continue;  // a slope: what counts is the top
      const double error_db = 20 * std::log10(static_cast<double>(peaks[static_cast<std::size_t>(n)]) / expected);
      too_low_db = std::min(too_low_db, error_db);
      too_high_db = std::max(too_high_db, error_db);
    }
  }
  CAPTURE(rate_hz, frequency_hz, too_low_db, too_high_db);
  CHECK(too_low_db > -0.02);  // head of true_peak_detector.cpp
  CHECK(too_high_db < 0.065);
}

TEST_CASE("true peak detector: finds a peak of 3 dB between the samples", "[engine][limiter]") {
  // A quarter of the rate, sampled at 45 degrees: all samples are 0.707, and every other time the wave is 1 in between.
  std::vector<float> in;
  for (int n = 0; n < 200; ++n) in.push_back(n % 4 < 2 ? 0.70710678f : -0.70710678f);
  const std::vector<float> peaks = peaks_of(in);
  CHECK(std::max(peaks[198], peaks[199]) == Approx(1).epsilon(0.003));  // 50 dB of ripple
}

TEST_CASE("true peak detector: every SIMD target reads what the windowed sum in double says",
          "[engine][limiter][simd]") {
  // The points from the definition in the head of true_peak_detector.cpp: a sinc under a Kaiser window, taps that sum
  // up to one.
  constexpr int kTaps = TruePeakDetector::kTaps, kHalf = kTaps / 2;
  const std::vector<float> in = noise_of(300, 4);
  std::vector<double> expected(in.size());
  for (int point = 1; point < TruePeakDetector::kPhases; ++point) {
    std::vector<double> taps;
    for (int k = 0; k < kTaps; ++k) {
      const double x = point / 8.0 - (k - (kHalf - 1)), edge = x / kHalf;
      taps.push_back(std::sin(M_PI * x) / (M_PI * x) * std::cyl_bessel_i(0.0, 4.4 * std::sqrt(1 - edge * edge)));
    }
    const double sum = std::accumulate(taps.begin(), taps.end(), 0.0);
    for (std::size_t n = kTaps; n < in.size(); ++n) {
      double value = 0;
      for (std::size_t k = 0; k < kTaps; ++k) value += taps[k] / sum * static_cast<double>(in[n - kTaps + 1 + k]);
      expected[n] = std::max(expected[n], std::abs(value));
    }
  }
  test::for_each_simd_target([&] {
    const std::vector<float> peaks = peaks_of(in);
    double worst = 0;
    for (std::size_t n = kTaps; n < in.size(); ++n) {
      worst = std::max(worst, std::abs(static_cast<double>(peaks[n]) - expected[n]));
    }
    CHECK(worst < 1e-6);  // 32 products of floats below 1, summed in floats
  });
}

TEST_CASE("true peak detector: any split gives the same bits, nothing is allocated", "[engine][limiter]") {
  const std::vector<float> in = noise_of(1'000, 2), whole = peaks_of(in);
  for (const int chunk : {1, 3, 7, 63}) {
    CAPTURE(chunk);
    CHECK(peaks_of(in, chunk) == whole);
  }
  TruePeakDetector detector;
  float peaks[kSubBlockFrames] = {};
  test::AllocationGuard guard;
  detector.process(in.data(), peaks, kSubBlockFrames);
  detector.reset();
  const long heap_calls = guard.count();
  CHECK(heap_calls == 0);
}

TEST_CASE("true peak detector: what it only heard is known when it is asked again", "[engine][limiter]") {
  std::mt19937 random(5);
  std::uniform_real_distribution<float> uniform(-1, 1);
  TruePeakDetector always, sometimes;
  for (int block = 0; block < 500; ++block) {
    float in[64] = {}, expected[64] = {}, peaks[64] = {};
    const int frames = 1 + static_cast<int>(random() % 64);
    for (int n = 0; n < frames; ++n) in[n] = uniform(random);
    always.process(in, expected, frames);
    if (random() % 2 == 0) {
      sometimes.hear(in, frames);
      continue;
    }
    sometimes.process(in, peaks, frames);
    CHECK(std::equal(peaks, peaks + frames, expected));
  }
}

TEST_CASE("true peak detector: NaN and infinity are silence, the largest floats are numbers", "[engine][limiter]") {
  std::vector<float> clean = noise_of(200, 3), broken = clean;
  clean[50] = clean[60] = clean[61] = 0;
  broken[50] = std::numeric_limits<float>::quiet_NaN();
  broken[60] = std::numeric_limits<float>::infinity(), broken[61] = -broken[60];
  CHECK(peaks_of(broken) == peaks_of(clean));
  const std::vector<float> loud(200, -std::numeric_limits<float>::max());
  for (const float peak : peaks_of(loud)) CHECK(std::isfinite(peak));
  CHECK(peaks_of(loud).back() == Approx(0x1p120f));
}
