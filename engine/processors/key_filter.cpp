#include "engine/processors/key_filter.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace fohd {
namespace {

/// (s2 s^2 + s1 s + s0) / (s^2 + k s + 1), s in units of the corner.
struct Prototype {
  double s2, s1, s0, k;
};

Prototype prototype(KeyFilterType type) noexcept {
  constexpr double kButterworth = std::numbers::sqrt2;
  const auto band = [](double q) { return Prototype{0, 1 / q, 0, 1 / q}; };
  switch (type) {
    // First order, s / (s + 1) and 1 / (s + 1), both multiplied by (s + 1).
    case KeyFilterType::low_cut_6:
      return {1, 1, 0, 2};
    case KeyFilterType::high_cut_6:
      return {0, 1, 1, 2};
    case KeyFilterType::low_cut_12:
      return {1, 0, 0, kButterworth};
    case KeyFilterType::high_cut_12:
      return {0, 0, 1, kButterworth};
    case KeyFilterType::band_q1:
      return band(1);
    case KeyFilterType::band_q2:
      return band(2);
    case KeyFilterType::band_q3:
      return band(3);
    case KeyFilterType::band_q5:
      return band(5);
    case KeyFilterType::band_q10:
      return band(10);
  }
  return {0, 0, 1, kButterworth};
}

}  // namespace

SvfCoeffs design_key_filter(KeyFilterType type, double frequency_hz, double rate_hz) noexcept {
  const Prototype h = prototype(type);
  const double g = std::tan(std::numbers::pi * std::min(frequency_hz / rate_hz, 0.49)), big_d = 1 + g * (h.k + g);
  // The input, its band-pass and its low-pass, in these shares (x = high + k band + low).
  const double m0 = h.s2, m1 = h.s1 - h.s2 * h.k, m2 = h.s0 - h.s2;
  const auto narrow = [](double x) { return static_cast<float>(x); };
  SvfCoeffs c;
  c.p = narrow(-2 * g * (g + h.k) / big_d);
  c.b = narrow(2 * g / big_d);
  c.t = narrow(2 * g * g / big_d);
  c.d = narrow(m0 + (m1 * g + m2 * g * g) / big_d);
  c.y1 = narrow((m1 + m2 * g) / big_d);
  c.y2 = narrow(m2 - (m1 * g + m2 * g * g) / big_d);
  return c;
}

}  // namespace fohd
