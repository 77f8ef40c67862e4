// What gates and compressors share on paper: units and times. [control] Pure; double.
#pragma once

#include <cmath>

namespace fohd {

/// One octave of amplitude, a factor of two.
inline constexpr double kDbPerOctave = 6.020599913279624;  // 20 log10(2)

/// dB to octaves of amplitude: the unit of levels and gains inside the loops.
constexpr double octaves(double db) noexcept { return db / kDbPerOctave; }

/// The share of what is left that a one-pole does per frame to have done 63 % (1 - 1/e) after `ms`; 0 ms: all at once.
inline double coeff_per_frame(double ms, double rate_hz) noexcept {
  return ms <= 0 ? 1.0 : -std::expm1(-1000.0 / (ms * rate_hz));
}
/// Whole frames, at least one.
inline double whole_frames(double ms, double rate_hz) noexcept { return std::fmax(std::round(ms * rate_hz / 1000), 1); }

}  // namespace fohd
