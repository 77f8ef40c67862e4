// What tests of the main limiter measure with and play: the curve between the samples, drawn as finely as wanted, and
// sounds without anything above 20 kHz. All in double, by the definitions; slow.
#pragma once

#include <algorithm>
#include <cmath>
#include <random>
#include <string>
#include <vector>

namespace fohd::test {

using Sound = std::vector<double>;

/// The window of all sincs here, across: -1..1. Beta 9: side lobes 90 dB down.
inline double kaiser(double across) {
  static const double middle = std::cyl_bessel_i(0, 9.0);
  return across * across < 1 ? std::cyl_bessel_i(0, 9 * std::sqrt(1 - across * across)) / middle : 0;
}
inline double sinc(double x) { return x == 0 ? 1 : std::sin(M_PI * x) / (M_PI * x); }

/// The largest magnitude at points_per_frame points of every frame, 192 taps each: flat to 0.001 dB up to 20 kHz at
/// 44.1 kHz. Frames of which the 192 samples around are not all there, 2 ms at both ends, are not looked at.
inline double true_peak(const Sound& x, int points_per_frame) {
  constexpr int kHalf = 96;
  double highest = 0;
  for (int point = 0; point < points_per_frame; ++point) {
    double taps[2 * kHalf], sum = 0;
    for (int k = 0; k < 2 * kHalf; ++k) {
      const double distance = static_cast<double>(point) / points_per_frame + kHalf - 1 - k;
      sum += taps[k] = sinc(distance) * kaiser(distance / kHalf);
    }
    for (std::size_t n = 0; n + 2 * kHalf < x.size(); ++n) {
      double y[4] = {};  // four sums: one after the other would wait for itself
      for (int k = 0; k < 2 * kHalf; k += 4)
        for (int i = 0; i < 4; ++i) y[i] += taps[k + i] * x[n + k + i];
      highest = std::max(highest, std::abs((y[0] + y[1]) + (y[2] + y[3])) / sum);
    }
  }
  return highest;
}

/// Adds a pulse of all frequencies up to 20 kHz, at any point between the samples.
inline void add_click(Sound& x, double at_frames, double peak, double rate_hz) {
  constexpr double kHalf = 400, kEdgeHz = 19'700;  // the window's transition: 300 Hz at 44.1 kHz
  const double width = 2 * kEdgeHz / rate_hz;
  const auto size = static_cast<double>(x.size());
  for (double n = std::max(std::ceil(at_frames - kHalf), 0.0); n < std::min(at_frames + kHalf, size); ++n)
    x[static_cast<std::size_t>(n)] += peak * sinc(width * (n - at_frames)) * kaiser((n - at_frames) / kHalf);
}

inline const std::vector<std::string>& names_of_sounds() {
  static const std::vector<std::string> names{"noise",           "clicks", "burst of 19 kHz",
                                              "burst of 10 kHz", "square", "sweep"};
  return names;
}

/// In and out within 5 ms: what begins at once has all frequencies.
inline void fade_ends(Sound& x, double rate_hz) {
  const double fade_frames = 0.005 * rate_hz, last = static_cast<double>(x.size()) - 1;
  for (std::size_t n = 0; n < x.size(); ++n) {
    const double to_the_end = std::min(static_cast<double>(n), last - static_cast<double>(n));
    x[n] *= std::pow(std::sin(M_PI / 2 * std::min(to_the_end / fade_frames, 1.0)), 2);
  }
}

/// Limited to 20 kHz, at its loudest some 20 dB above full scale.
inline Sound band_limited(const std::string& name, int frames, double rate_hz, unsigned seed) {
  Sound x(static_cast<std::size_t>(frames));
  std::mt19937 random(seed);
  std::uniform_real_distribution<double> uniform(0, 1);
  if (name == "noise") {  // 200 tones are as good as Gaussian
    for (int tone = 0; tone < 200; ++tone) {
      const double turns_per_frame = 19'800 * uniform(random) / rate_hz, start = uniform(random);
      for (int n = 0; n < frames; ++n)
        x[static_cast<std::size_t>(n)] += std::sin(2 * M_PI * (turns_per_frame * n + start)) / 3;
    }
    fade_ends(x, rate_hz);
    return x;
  }
  double turns = uniform(random);
  for (int n = 0; n < frames; ++n) {
    double& y = x[static_cast<std::size_t>(n)];
    const double part = static_cast<double>(n) / frames;
    const double swell = std::fmod(4 * part, 1) < 0.5 ? std::pow(std::sin(8 * M_PI * part), 2) : 0;
    if (name == "clicks" && n % 500 == 0) add_click(x, n + uniform(random), std::pow(10, uniform(random)), rate_hz);
    if (name == "burst of 19 kHz") y = 10 * swell * std::sin(2 * M_PI * (19'000 * n / rate_hz + turns));
    if (name == "burst of 10 kHz") y = 10 * swell * std::sin(2 * M_PI * (10'000 * n / rate_hz + turns));
    if (name == "square")
      for (int k = 1; k * 317 < 19'800; k += 2)
        y += 40 / M_PI / k * std::sin(2 * M_PI * k * (317 * n / rate_hz + turns));
    if (name == "sweep") {
      y = 10 * std::sin(2 * M_PI * turns);
      turns += 20 * std::pow(1'000, part) / rate_hz;
    }
  }
  fade_ends(x, rate_hz);
  return x;
}

}  // namespace fohd::test
