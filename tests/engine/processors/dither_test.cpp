#include "engine/processors/dither.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <complex>
#include <functional>
#include <limits>
#include <numeric>
#include <utility>
#include <vector>

#include "tests/allocation_guard.h"

using namespace fohd;

namespace {

constexpr double kSteps16 = 32'768, kSteps24 = 8'388'608;
constexpr double kWhitePower = 0.25;  // (1 + 2) / 12 of a squared step: rounding, and a triangle of 2 steps

using Wave = std::function<double(int)>;  ///< frame -> steps

Wave sine(double amplitude_steps, double frequency_hz, double rate_hz) {
  return [=](int n) { return amplitude_steps * std::sin(2 * M_PI * frequency_hz * n / rate_hz + 0.3); };
}

/// What comes out minus what went in (as float), in steps.
std::vector<double> errors_of(Requantiser requantiser, const Wave& wave_steps, int frames, double steps = kSteps16) {
  std::vector<double> errors;
  for (int n = 0; n < frames; ++n) {
    const auto sample_lin = static_cast<float>(wave_steps(n) / steps);
    errors.push_back(requantiser.process(sample_lin) - static_cast<double>(sample_lin) * steps);
  }
  return errors;
}

Requantiser for_file(int bits, double rate_hz, int channel = 0) {
  return {bits, rate_hz, channel, design_noise_shaping(bits, rate_hz)};
}

double mean(const std::vector<double>& x) {
  return std::accumulate(x.begin(), x.end(), 0.0) / static_cast<double>(x.size());
}
double power(const std::vector<double>& x) {
  return std::inner_product(x.begin(), x.end(), x.begin(), 0.0) / static_cast<double>(x.size());
}

/// |1 - sum c_k e^(-jkw)|^2 at a fraction of the rate, by the formula.
double shape(const NoiseShapingCoeffs& coeffs, double cycles_per_frame) {
  std::complex<double> h = 1;
  for (std::size_t k = 0; k < coeffs.taps.size(); ++k) {
    h -= coeffs.taps[k] * std::polar(1.0, -2 * M_PI * cycles_per_frame * static_cast<double>(k + 1));
  }
  return std::norm(h);
}

/// 1 + sum c_k^2: what shaping makes of white noise's power.
double total_shape(const NoiseShapingCoeffs& coeffs) {
  double sum = 1;
  for (double tap : coeffs.taps) sum += tap * tap;
  return sum;
}

double amplitude(const std::vector<double>& x, double cycles_per_frame) {
  const double turn = 2 * std::cos(2 * M_PI * cycles_per_frame);
  double z1 = 0, z2 = 0;  // Goertzel's resonator
  for (double sample : x) z2 = std::exchange(z1, sample + turn * z1 - z2);
  const double squared = z1 * z1 + z2 * z2 - turn * z1 * z2;
  return 2 * std::sqrt(std::max(squared, 0.0)) / static_cast<double>(x.size());
}

void fft(std::vector<std::complex<double>>& x) {
  const std::size_t n = x.size();
  if (n == 1) return;
  std::vector<std::complex<double>> even(n / 2), odd(n / 2);
  for (std::size_t i = 0; i < n / 2; ++i) even[i] = x[2 * i], odd[i] = x[2 * i + 1];
  fft(even);
  fft(odd);
  for (std::size_t k = 0; k < n / 2; ++k) {
    const std::complex<double> turned = std::polar(1.0, -2 * M_PI * static_cast<double>(k) / static_cast<double>(n));
    x[k] = even[k] + turned * odd[k];
    x[k + n / 2] = even[k] - turned * odd[k];
  }
}

constexpr std::size_t kBins = 512;

/// Mean periodogram under a Hann window: bin b is the power density at b / 1024 of the rate; white noise of power p has
/// p in each.
std::vector<double> spectrum(const std::vector<double>& x) {
  std::vector<double> density(kBins);
  std::vector<std::complex<double>> frame(2 * kBins);
  const std::size_t frames = x.size() / frame.size();
  for (std::size_t turn = 0; turn < frames; ++turn) {
    for (std::size_t i = 0; i < frame.size(); ++i) {
      const double hann = 1 - std::cos(2 * M_PI * static_cast<double>(i) / static_cast<double>(frame.size()));
      frame[i] = x[turn * frame.size() + i] * hann;
    }
    fft(frame);  // sum of hann^2 is 1.5 x 1024
    for (std::size_t bin = 0; bin < kBins; ++bin) {
      density[bin] += std::norm(frame[bin]) / (1.5 * static_cast<double>(frame.size() * frames));
    }
  }
  return density;
}

double band_power(const std::vector<double>& density, double from_hz, double to_hz, double rate_hz) {
  double sum = 0;
  for (std::size_t bin = 0; bin < kBins; ++bin) {
    const double hz = static_cast<double>(bin) * rate_hz / (2 * kBins);
    if (hz >= from_hz && hz <= to_hz) sum += density[bin];
  }
  return sum;
}

double db(double power_ratio) { return 10 * std::log10(power_ratio); }

}  // namespace

TEST_CASE("dither: error's mean and power are the same wherever between two steps the signal stands",
          "[engine][dither][measure]") {
  constexpr int kFrames = 200'000;
  for (int bits : {16, 24}) {
    const double steps = bits == 16 ? kSteps16 : kSteps24;
    for (int tenths = 0; tenths < 10; ++tenths) {
      const double level_steps = 3 + tenths / 10.0;
      CAPTURE(bits, level_steps);
      const auto errors = errors_of(
          {bits, 48'000, 0, {}}, [=](int) { return level_steps; }, kFrames, steps);
      // 5 sigma: of the mean, 0.5 / sqrt(N); of the power, sqrt((E e^4 - 1/16) / N) with E e^4 < 0.25 x 1.5^2.
      CHECK(mean(errors) == Approx(0).margin(5 * 0.5 / std::sqrt(kFrames)));
      CHECK(power(errors) == Approx(kWhitePower).margin(5 * 0.71 / std::sqrt(kFrames)));
    }
  }
}

TEST_CASE("dither: a sine of one and a half steps has no harmonics, which bare rounding gives it",
          "[engine][dither][measure]") {
  constexpr int kFrames = 480'000;
  for (double rate_hz : {32'000., 44'100., 48'000., 96'000.}) {
    const NoiseShapingCoeffs shaping = design_noise_shaping(16, rate_hz);
    const double tone_hz = rate_hz / 100;  // whole periods
    const Wave tone = sine(1.5, tone_hz, rate_hz);
    std::vector<double> bare;
    for (int n = 0; n < kFrames; ++n) bare.push_back(std::nearbyint(tone(n)) - tone(n));
    const auto dithered = errors_of(for_file(16, rate_hz), tone, kFrames);
    double worst_bare = 0;
    for (int harmonic = 1; harmonic <= 15; ++harmonic) {
      CAPTURE(rate_hz, harmonic);
      const double at = harmonic * 0.01;
      worst_bare = std::max(worst_bare, amplitude(bare, at));
      // One bin of noise has a mean square of 4 x power / N, and exceeds 4 times its rms once in e^16 times. Harmonic
      // 1: the tone itself is neither louder nor softer.
      CHECK(amplitude(dithered, at) < 4 * std::sqrt(4 * kWhitePower * shape(shaping, at) / kFrames));
    }
    CHECK(worst_bare > 0.05);  // 10 times and more what is allowed above
  }
}

TEST_CASE("dither: the noise has the shape of its formula, within 1 dB, for any signal and without idle tones",
          "[engine][dither][measure]") {
  constexpr int kFrames = 1'024'000;  // 1,000 periodograms: a bin's deviation is 0.14 dB
  struct Signal {
    const char* name;
    std::function<Wave(double rate_hz)> wave;
  };
  const Signal signals[] = {{"next to nothing", [](double) { return [](int) { return 1e-6; }; }},
                            {"half a step", [](double) { return [](int) { return 0.5; }; }},
                            {"a quiet tone", [](double rate_hz) { return sine(1.5, 997, rate_hz); }},
                            {"a loud tone", [](double rate_hz) { return sine(20'000, 997, rate_hz); }}};
  for (double rate_hz : {32'000., 44'100., 48'000., 96'000.}) {
    const NoiseShapingCoeffs shaping = design_noise_shaping(16, rate_hz);
    for (const Signal& signal : signals) {
      if (rate_hz != 48'000 && signal.wave(rate_hz)(0) < 1) continue;  // idle tones: one rate is enough
      CAPTURE(rate_hz, signal.name);
      const auto errors = errors_of(for_file(16, rate_hz), signal.wave(rate_hz), kFrames);
      CHECK(power(errors) == Approx(kWhitePower * total_shape(shaping)).epsilon(0.01));
      const auto density = spectrum(errors);
      double worst_db = 0;
      // Lowest bins: at 96 kHz the shape falls to 0 there, steeper than the window can follow.
      for (std::size_t bin = 4; bin < kBins; ++bin) {
        const double expected = kWhitePower * shape(shaping, static_cast<double>(bin) / (2 * kBins));
        worst_db = std::max(worst_db, std::abs(db(density[bin] / expected)));
      }
      CHECK(worst_db < 1);
    }
  }
}

TEST_CASE("dither: shaped noise is 18 dB softer where ears are keenest, and white below 44.1 kHz",
          "[engine][dither][measure]") {
  constexpr int kFrames = 512'000;
  for (double rate_hz : {44'100., 48'000., 88'200., 96'000.}) {
    CAPTURE(rate_hz);
    const Wave tone = sine(1000, 100, rate_hz);
    const NoiseShapingCoeffs shaping = design_noise_shaping(16, rate_hz);
    const auto white = spectrum(errors_of({16, rate_hz, 0, {}}, tone, kFrames));
    const auto shaped = spectrum(errors_of({16, rate_hz, 0, shaping}, tone, kFrames));
    std::vector<double> formula;
    for (std::size_t bin = 0; bin < kBins; ++bin) formula.push_back(shape(shaping, static_cast<double>(bin) / 1024));
    const std::vector<double> flat(kBins, 1.0);
    const auto gained_db = [&](const auto& above, const auto& below) {
      return db(band_power(above, 2000, 5000, rate_hz) / band_power(below, 2000, 5000, rate_hz));
    };
    CAPTURE(gained_db(white, shaped));
    CHECK(gained_db(white, shaped) == Approx(gained_db(flat, formula)).margin(0.3));  // 30 bins x 500: 0.05 dB each
    CHECK(gained_db(white, shaped) > 18);
  }
  for (double rate_hz : {8'000., 22'050., 32'000.}) CHECK(design_noise_shaping(16, rate_hz) == NoiseShapingCoeffs{});
}

TEST_CASE("dither: at 24 bits the noise is white at any rate and never moves a sample by more than 1.5 steps",
          "[engine][dither]") {
  for (double rate_hz : {8'000., 44'100., 48'000., 96'000., 192'000.}) {
    CHECK(design_noise_shaping(24, rate_hz) == NoiseShapingCoeffs{});
  }
  const auto errors = errors_of(for_file(24, 48'000), sine(1e6, 997, 48'000), 1'024'000, kSteps24);
  CHECK(power(errors) == Approx(kWhitePower).epsilon(0.01));
  for (double error : errors) REQUIRE(std::abs(error) <= 1.5);
  for (double density : spectrum(errors)) REQUIRE(std::abs(db(density / kWhitePower)) < 1);  // 0.14 dB each: 7 sigma
}

TEST_CASE("dither: full scale clips and does not wrap, and the clipping leaves nothing behind", "[engine][dither]") {
  for (double rate_hz : {32'000., 44'100., 48'000., 96'000.}) {
    const NoiseShapingCoeffs shaping = design_noise_shaping(16, rate_hz);
    double reach_steps = 1;
    for (double tap : shaping.taps) reach_steps += std::abs(tap);
    reach_steps *= 1.5;  // |e| <= 1.5 through every tap: nothing is ever further off, unless it clips
    Requantiser requantiser = for_file(16, rate_hz);
    for (float peak_lin : {1.0f, 1.001f, 4.0f, 1e30f, std::numeric_limits<float>::max()}) {
      for (int n = 0; n < 2'000; ++n) {
        const float sample_lin = n % 200 < 100 ? peak_lin : -peak_lin;
        const std::int32_t whole = requantiser.process(sample_lin);
        REQUIRE(whole >= -32'768);
        REQUIRE(whole <= 32'767);
        const double wanted = std::clamp(static_cast<double>(sample_lin) * kSteps16, -kSteps16, kSteps16 - 1);
        REQUIRE(std::abs(whole - wanted) <= reach_steps);
      }
      for (int n = 0; n < 200; ++n) {
        const auto quiet_lin = static_cast<float>(100.3 / kSteps16);
        REQUIRE(std::abs(requantiser.process(quiet_lin) - 100.3) <= reach_steps);
      }
    }
  }
}

TEST_CASE("dither: silence stays silence before the first sound and from 1 s after the last", "[engine][dither]") {
  for (int bits : {16, 24}) {
    Requantiser requantiser = for_file(bits, 48'000);
    for (int n = 0; n < 1'000; ++n) REQUIRE(requantiser.process(n % 2 == 0 ? 0.0f : -0.0f) == 0);
    for (int turn = 0; turn < 2; ++turn) {
      int moved = 0;
      for (int n = 0; n < 1'000; ++n) moved += requantiser.process(1e-9f) != 0;
      CHECK(moved > 150);  // white dither moves a quarter of zeros; this is there at once
      moved = 0;
      for (int n = 0; n < 48'000; ++n) moved += requantiser.process(0.0f) != 0;
      CHECK(moved > 10'000);
      for (int n = 0; n < 48'000; ++n) REQUIRE(requantiser.process(0.0f) == 0);
    }
  }
}

TEST_CASE("dither: sound after a silence starts without the noise of what was before", "[engine][dither]") {
  Requantiser requantiser(16, 8'000, 0, design_noise_shaping(16, 48'000));
  for (int onset = 0; onset < 50; ++onset) {
    CAPTURE(onset);
    for (int n = 0; n < 100; ++n) requantiser.process(0.1f);
    for (int n = 0; n < 8'001; ++n) requantiser.process(0.0f);
    const auto sample_lin = static_cast<float>(70.4 / kSteps16);
    REQUIRE(std::abs(requantiser.process(sample_lin) - 70.4) <= 1.5 + 1e-5);  // shaped, it would be up to 14; float
  }
}

TEST_CASE("dither: every run gives the same samples, and every channel has a noise of its own", "[engine][dither]") {
  constexpr int kFrames = 100'000;
  const Wave tone = sine(50, 997, 48'000);
  for (int bits : {16, 24}) {
    const double steps = bits == 16 ? kSteps16 : kSteps24;
    const auto left = errors_of(for_file(bits, 48'000, 0), tone, kFrames, steps);
    const auto right = errors_of(for_file(bits, 48'000, 1), tone, kFrames, steps);
    CHECK((left == errors_of(for_file(bits, 48'000, 0), tone, kFrames, steps)));
    Requantiser again = for_file(bits, 48'000, 0);
    for (int n = 0; n < 777; ++n) again.process(0.3f);
    again.reset();
    CHECK((left == errors_of(again, tone, kFrames, steps)));
    const double together = std::inner_product(left.begin(), left.end(), right.begin(), 0.0) / kFrames;
    // 5 sigma; shaped noise is like itself a moment later, so fewer of its samples are independent: 4 times as wide.
    CHECK(std::abs(together) / power(left) < 4 * 5 / std::sqrt(kFrames));
  }
}

TEST_CASE("dither: what is not a number comes out as 0 and leaves no trace", "[engine][dither]") {
  for (float bad : {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity(),
                    -std::numeric_limits<float>::infinity()}) {
    Requantiser zero = for_file(16, 48'000), odd = for_file(16, 48'000);
    for (int n = 0; n < 1'000; ++n) {
      REQUIRE(odd.process(n % 10 == 5 ? bad : 0.01f) == zero.process(n % 10 == 5 ? 0.0f : 0.01f));
    }
  }
}

TEST_CASE("dither: takes nothing from the heap and no frame of time", "[engine][dither]") {
  Requantiser requantiser = for_file(16, 48'000);
  const test::AllocationGuard guard;
  for (int n = 0; n < 1'000; ++n) requantiser.process(0.1f);
  const long heap_calls = guard.count();
  CHECK(heap_calls == 0);
  CHECK(latency_frames(design_noise_shaping(16, 48'000)) == 0);
}
