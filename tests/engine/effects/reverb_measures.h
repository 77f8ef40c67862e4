// What a room's acoustician measures, for the reverb's tests: decay, echo density, evenness of the spectrum.
// bench/reverb_analysis.py has the same in Python, written apart.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <complex>
#include <numbers>
#include <utility>
#include <vector>

namespace fohd::test {

using Signal = std::vector<double>;

/// In place; the size is a power of two. inverse: without the division by it.
inline void fourier(std::vector<std::complex<double>>& x, bool inverse) {
  const std::size_t size = x.size();
  for (std::size_t i = 1, j = 0; i < size; ++i) {
    std::size_t bit = size >> 1;
    for (; (j & bit) != 0; bit >>= 1) j ^= bit;
    j ^= bit;
    if (i < j) std::swap(x[i], x[j]);
  }
  for (std::size_t length = 2; length <= size; length *= 2) {
    std::vector<std::complex<double>> turn(length / 2);
    for (std::size_t k = 0; k < length / 2; ++k) {
      turn[k] =
          std::polar(1.0, (inverse ? 2 : -2) * std::numbers::pi * static_cast<double>(k) / static_cast<double>(length));
    }
    for (std::size_t from = 0; from < size; from += length)
      for (std::size_t k = 0; k < length / 2; ++k) {
        const auto even = x[from + k], odd = x[from + k + length / 2] * turn[k];
        x[from + k] = even + odd, x[from + k + length / 2] = even - odd;
      }
  }
}

inline std::vector<std::complex<double>> spectrum(const Signal& x) {
  std::size_t size = 1;
  while (size < x.size()) size *= 2;
  std::vector<std::complex<double>> result(x.begin(), x.end());
  result.resize(size);
  fourier(result, false);
  return result;
}

/// RT60 in seconds from -5..-35 dB of the backward integrated energy (ISO 3382), both sides summed, in an octave
/// around center_hz: Butterworth of order 3 without phase; one with steep flanks rings longer than a short decay.
inline double t30_s(const std::array<Signal, 2>& response, double center_hz, double rate_hz) {
  Signal energy;
  for (Signal side : response) {
    side.resize(side.size() * 2);  // room for the filter's ringing, forwards and (round the end) backwards
    auto bins = spectrum(side);
    const auto size = static_cast<double>(bins.size());
    bins[0] = 0;
    for (std::size_t k = 1; k < bins.size(); ++k) {
      const auto bin = static_cast<double>(std::min(k, bins.size() - k));
      const double hz = bin * rate_hz / size, detuned = (hz / center_hz - center_hz / hz) * std::numbers::sqrt2;
      bins[k] /= size * std::sqrt(1 + std::pow(detuned, 6));
    }
    fourier(bins, true);
    energy.resize(response[0].size());
    for (std::size_t n = 0; n < energy.size(); ++n) energy[n] += std::norm(bins[n]);
  }
  for (std::size_t n = energy.size() - 1; n > 0; --n) energy[n - 1] += energy[n];
  // Straight line by least squares through the decay in dB.
  double count = 0, sum_t = 0, sum_l = 0, sum_tt = 0, sum_tl = 0;
  for (std::size_t n = 0; n < energy.size(); ++n) {
    const double level_db = 10 * std::log10(energy[n] / energy[0]), t = static_cast<double>(n) / rate_hz;
    if (level_db > -5) continue;
    if (level_db < -35) break;
    count += 1, sum_t += t, sum_l += level_db, sum_tt += t * t, sum_tl += t * level_db;
  }
  return -60 * (count * sum_tt - sum_t * sum_t) / (count * sum_tl - sum_t * sum_l);
}

/// Share of a Hann window's 20 ms around frame `center` that lies beyond one standard deviation, over the 0.3173 of
/// Gaussian noise (J. Abel, P. Huang, AES 121, 2006): 0 a few echoes, 1 as dense as noise.
inline double echo_density(const Signal& response, std::size_t center, double rate_hz) {
  const auto length = static_cast<std::size_t>(0.020 * rate_hz);
  double power = 0, beyond = 0, total = 0;
  Signal window(length);
  for (std::size_t k = 0; k < length; ++k) {
    window[k] = 0.5 - 0.5 * std::cos(2 * std::numbers::pi * static_cast<double>(k) / static_cast<double>(length));
    const double x = response[center - length / 2 + k];
    total += window[k], power += window[k] * x * x;
  }
  for (std::size_t k = 0; k < length; ++k) {
    const double x = response[center - length / 2 + k];
    if (x * x > power / total) beyond += window[k];
  }
  return beyond / total / std::erfc(1 / std::numbers::sqrt2);
}

/// By how much the power spectrum of both sides, smoothed over a 1/12 octave, rises above the same smoothed over an
/// octave: {largest, smallest} in dB, low_hz..high_hz.
inline std::pair<double, double> evenness_db(const std::array<Signal, 2>& tail, double low_hz, double high_hz,
                                             double rate_hz) {
  const auto left = spectrum(tail[0]), right = spectrum(tail[1]);
  const std::size_t bins = left.size() / 2;
  Signal sum(bins + 1);
  for (std::size_t k = 0; k < bins; ++k) sum[k + 1] = sum[k] + std::norm(left[k]) + std::norm(right[k]);
  const auto smoothed = [&](std::size_t k, double octaves) {
    const double side = std::exp2(octaves / 2), bin = static_cast<double>(k);
    const auto from = static_cast<std::size_t>(std::lround(bin / side));
    const auto to = std::min(static_cast<std::size_t>(std::lround(bin * side)) + 1, bins);
    return (sum[to] - sum[from]) / static_cast<double>(to - from);
  };
  std::pair<double, double> found{-200, 200};
  const double bins_per_hz = static_cast<double>(left.size()) / rate_hz;
  for (auto k = static_cast<std::size_t>(low_hz * bins_per_hz); k < static_cast<std::size_t>(high_hz * bins_per_hz);
       ++k) {
    const double over_db = 10 * std::log10(smoothed(k, 1.0 / 12) / smoothed(k, 1));
    found.first = std::max(found.first, over_db), found.second = std::min(found.second, over_db);
  }
  return found;
}

}  // namespace fohd::test
