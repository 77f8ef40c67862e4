// Decibels, pan and balance as linear gains (docs/DESK.md, "Levels"). [any] All pure; double, because they are
// multiplied with each other before the engine gets them as float.
#pragma once

#include <algorithm>
#include <cmath>
#include <numbers>

#include "control/parameters/parameter.h"

namespace fohd {

/// -90 dB and below is off: exactly zero.
inline double level_gain(float level_db) noexcept {
  return level_db <= kLevelOffDb ? 0.0 : std::pow(10.0, static_cast<double>(level_db) / 20.0);
}

/// Of a signal, as a factor.
inline double polarity(bool inverted) noexcept { return inverted ? -1.0 : 1.0; }

struct PanGains {
  double left = 1, right = 1;
};

/// Constant power, pan -100..+100: left^2 + right^2 = 1, -3 dB each in the middle. Hard-panned is exactly 1 and 0.
inline PanGains constant_power(float pan) noexcept {
  if (pan <= -100) return {1, 0};
  if (pan >= 100) return {0, 1};
  const double angle = (static_cast<double>(pan) + 100) / 200 * std::numbers::pi / 2;
  return {std::cos(angle), std::sin(angle)};
}

/// Balance of a stereo pair, -100..+100: the constant-power law raised by 3 dB, so that the middle is 0 dB, and the
/// nearer side kept at 0 dB. Only the other side is ever attenuated.
inline PanGains balance(float pan) noexcept {
  const PanGains gains = constant_power(pan);
  return {pan <= 0 ? 1.0 : std::numbers::sqrt2 * gains.left, pan >= 0 ? 1.0 : std::numbers::sqrt2 * gains.right};
}

/// What one half of a pair (0 odd, 1 even) gives to the two sides: a linked odd strip feeds the left only, an even one
/// the right only; an unlinked strip is panned.
inline PanGains strip_pan(float pan, bool linked, int half) noexcept {
  if (!linked) return constant_power(pan);
  const PanGains gains = balance(pan);
  return half == 0 ? PanGains{gains.left, 0} : PanGains{0, gains.right};
}

}  // namespace fohd
