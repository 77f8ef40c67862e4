// Equaliser design: second-order sections that follow their analogue prototypes to the top of the audible range.
//
// Prototypes, s in units of the band's frequency, A = 10^(gain_db / 40) (R. Bristow-Johnson, "Cookbook formulae for
// audio equalizer biquad filter coefficients"); shelves and cuts have Q = 1/sqrt(2):
//     bell        (s^2 + s A/Q + 1) / (s^2 + s/(A Q) + 1)
//     low shelf   A (s^2 + s sqrt(A)/Q + A) / (A s^2 + s sqrt(A)/Q + 1)
//     high shelf  A (A s^2 + s sqrt(A)/Q + 1) / (s^2 + s sqrt(A)/Q + A)
//     high cut    1 / (s^2 + s/Q + 1)      low cut  s^2 / (s^2 + s/Q + 1)
// Vintage bell: a bell whose Q grows with its gain, Q_eff = Q (1/2 + |gain_db| / 15): half the dialled Q for a gentle
// touch, the dialled one at 7.5 dB, one and a half times it at 15 dB. Small moves are broad, large ones find their
// spot.
//
// Why not the bilinear transform of these: it squeezes the axis, and a bell at 16 kHz is 6 dB wrong at 20 kHz (48 kHz).
// Instead the magnitude is matched. Write T = tan^2(w/2), w in radians per frame. The power response of any
// second-order section is a ratio of two quadratics in T (T = 0 is DC, infinity Nyquist),
//
//     |H|^2 = c (1 + nv T + nu T^2) / (1 + dv T + du T^2),
//
// and stable, minimum-phase coefficients follow from it by square roots (struct Quadratic). So the four numbers are
// chosen such that |H|^2 has the prototype's value at DC and four more conditions, which are linear: value at four
// frequencies, or, for a bell, value and zero slope at its frequency and value at two more. That is Vicanek's idea
// ("Matched Second Order Digital Filters", 2016) with one step more: he maps the poles and matches with the zeros, here
// both match. For bells at 48 kHz that brings the largest error from 1.1 dB to 0.33 dB, for shelves to 0.08 dB.
// Matching |H|^2 or its inverse is the same equations: cutting mirrors boosting. (Boosts are solved and turned round,
// so that it does so in every bit of the solution.) A low cut has its double zero at DC and the prototype's 12 dB/oct
// towards it exactly; two values fix its poles.
//
// Where to match was searched with a grid over frequency, gain, Q at 44.1, 48 and 96 kHz; bench/eq_response prints what
// is left. A section is flat at Nyquist where the prototype is not, so the error gathers above the last frequency
// (last_match()) and stays small up to 20 kHz if that lies a little below it. The others lie below the band's own
// frequency, the further the nearer that is to Nyquist, where tan(w/2) runs away.

#include "engine/processors/eq_design.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <complex>
#include <numbers>

namespace fohd {
namespace {

constexpr double kPi = std::numbers::pi;
constexpr double kButterworthQ = std::numbers::sqrt2 / 2;

double squared(double x) { return x * x; }
double tan2(double w) { return squared(std::tan(w / 2)); }

/// c2 s^2 + c1 s + c0.
struct Polynomial {
  double c2, c1, c0;
  /// |.|^2 at s = j sqrt(x) is square + linear x + constant.
  double square() const { return c2 * c2; }
  double linear() const { return c1 * c1 - 2 * c0 * c2; }
  double constant() const { return c0 * c0; }
  double power(double x) const { return squared(c0 - c2 * x) + c1 * c1 * x; }
};

struct Prototype {
  Polynomial zeros, poles;
};

/// k0 + k1 z^-1 + k2 z^-2 by three numbers that stay accurate when a filter sits at 20 Hz and all the k nearly cancel:
/// its values at DC and Nyquist, and its skew. Its power is ((dc - nyquist T)^2 + 4 skew^2 T) / (1 + T)^2.
struct Quadratic {
  double dc;       ///< k0 + k1 + k2
  double nyquist;  ///< k0 - k1 + k2
  double skew;     ///< k0 - k2
  double leading() const { return ((dc + nyquist) / 2 + skew) / 2; }
};

/// The one with its roots inside the unit circle whose power is (1 + v T + u T^2) / (1 + T)^2. v and u come in units of
/// the band's own T. Rounding, or a request outside the ranges, could make a root of the power real: it is held at the
/// nearest legal filter.
Quadratic from_power(double v, double u, double band_tan2) {
  const double nyquist = std::sqrt(std::max(u, 1e-20)), skew2 = std::max(v + 2 * nyquist, 0.0) / 4;
  return {1, nyquist / band_tan2, std::sqrt(skew2 / band_tan2)};
}

/// Bilinear transform that meets the prototype at the band's frequency.
Quadratic from_prototype(const Polynomial& of, double band_tan2) {
  return {of.c0, of.c2 / band_tan2, of.c1 / (2 * std::sqrt(band_tan2))};
}

struct Section {
  Quadratic zeros, poles;
};

/// The six numbers of SvfCoeffs, written with the sums instead of the coefficients: g^2 = dc / nyquist, 2 g^2 / D = dc
/// / 2 and so on.
SvfCoeffs svf(const Section& of) {
  const double norm = 1 / of.poles.leading();
  const double t = of.poles.dc * norm / 2, p = -(t + of.poles.skew * norm);
  const double b = std::sqrt(of.poles.dc * of.poles.nyquist) * norm / 2, g = std::sqrt(of.poles.dc / of.poles.nyquist);
  const double dc_gain = of.zeros.dc / of.poles.dc, nyquist_gain = of.zeros.nyquist / of.poles.nyquist;
  const double d = of.zeros.leading() * norm;
  const double y1 = (of.zeros.skew * norm + nyquist_gain * p) / (2 * g) + dc_gain * b / 2;
  return {static_cast<float>(p), static_cast<float>(b),  static_cast<float>(t),
          static_cast<float>(d), static_cast<float>(y1), static_cast<float>(dc_gain - d)};
}

/// Does nothing to the sound, but sits where the band is, so that switching it on is a short ramp.
SvfCoeffs neutral(double w, double q) {
  const Quadratic poles = from_prototype({1, 1 / q, 1}, tan2(w));
  SvfCoeffs coeffs = svf({poles, poles});
  coeffs.d = 1;
  coeffs.y1 = coeffs.y2 = 0;
  return coeffs;
}

/// a x = b for four unknowns, b in the last column. Gauss with the largest pivot.
std::array<double, 4> solve(std::array<std::array<double, 5>, 4> a) {
  for (int column = 0; column < 4; ++column) {
    int pivot = column;
    for (int row = column + 1; row < 4; ++row)
      if (std::abs(a[row][column]) > std::abs(a[pivot][column])) pivot = row;
    std::swap(a[column], a[pivot]);
    for (int row = 0; row < 4; ++row) {
      if (row == column) continue;
      const double factor = a[row][column] / a[column][column];
      for (int i = column; i < 5; ++i) a[row][i] -= factor * a[column][i];
    }
  }
  return {a[0][4] / a[0][0], a[1][4] / a[1][1], a[2][4] / a[2][2], a[3][4] / a[3][3]};
}

/// The last frequency at which a section is matched: 18.5 kHz, below 44 kHz of rate 0.84 of Nyquist. Error left above
/// and below it up to 20 kHz is about equal then. Not on top of another one: two equal conditions have no solution.
double last_match(double rate_hz, double other) {
  const double w = std::min(2 * kPi * 18'500 / rate_hz, 0.84 * kPi);
  return std::abs(w - other) < 1e-3 ? other - 1e-3 : w;
}

/// `share` of the way from DC to w, on the tan(w/2) axis.
double below(double w, double share) { return 2 * std::atan(share * std::tan(w / 2)); }

/// The four conditions. slope: zero slope at w counts as the fourth, else match[3] is used.
Section matched(const Prototype& to, double w, const std::array<double, 4>& match, bool slope) {
  const double c = to.zeros.constant() / to.poles.constant();
  // |H|^2 / c - 1 in closed form: near DC, and for small gains, the difference of two computed values would be noise.
  const double linear = to.zeros.linear() - c * to.poles.linear(), square = to.zeros.square() - c * to.poles.square();
  const double band_tan2 = tan2(w);
  std::array<std::array<double, 5>, 4> rows{};
  for (int i = 0; i < 4; ++i) {
    const double t = tan2(match[i]) / band_tan2, x = squared(match[i] / w);
    const double h = x * (linear + square * x) / (c * to.poles.power(x));
    // (nu - du) T^2 + (nv - dv) T = h (1 + dv T + du T^2), divided by T^2.
    rows[i] = {1, 1 / t, -h, -h / t, h / squared(t)};
  }
  if (slope) {
    const double h = -rows[0][2];
    rows[3] = {2, 1, -2 * h, -h, 0};  // d/dT at T = 1
  }
  const auto [u_more, v_more, u, v] = solve(rows);
  const double amplitude = std::sqrt(c);
  const Quadratic zeros = from_power(v + v_more, u + u_more, band_tan2);
  return {{zeros.dc * amplitude, zeros.nyquist * amplitude, zeros.skew * amplitude}, from_power(v, u, band_tan2)};
}

Section matched_bell(const Prototype& to, double w, double q, double rate_hz) {
  // A narrow bell is better served near its top: at Q 12 the last match is half-way between there and last_match().
  const double last = w + (last_match(rate_hz, w) - w) / (1 + q / 12);
  return matched(to, w, {w, below(w, 0.7 - 0.6 * w / kPi), last, last}, true);
}

Section matched_shelf(const Prototype& to, double w, double rate_hz) {
  // Above 0.75 of Nyquist the places stay: further up the four values would need a root on the unit circle.
  const double top = std::min(w, 0.75 * kPi);
  return matched(to, w,
                 {top, below(top, 0.6 - 0.5 * top / kPi), below(top, 0.3 - 0.25 * top / kPi), last_match(rate_hz, top)},
                 false);
}

Section matched_low_cut(double w, double q, double rate_hz) {
  const double band_tan2 = tan2(w);
  const Polynomial poles{1, 1 / q, 1};
  // T^2 / |H|^2 = dc + v T + u T^2 in units of the band's T. Towards DC |H|^2 is x^2, and T / x is w^2 / (4 band_tan2).
  const double dc = squared(squared(w) / (4 * band_tan2));
  const auto slope = [&](double at) {
    const double t = tan2(at) / band_tan2, x = squared(at / w);
    return std::array{t, (squared(t / x) * poles.power(x) - dc) / t};
  };
  const auto [t1, slope1] = slope(std::min(w, 0.75 * kPi));
  const auto [t2, slope2] = slope(last_match(rate_hz, std::min(w, 0.75 * kPi)));
  const double u = (slope2 - slope1) / (t2 - t1), v = slope1 - u * t1;
  // Scaled to dc = 1, T in units of band_tan2 sqrt(dc).
  const double root = std::sqrt(dc);
  const Quadratic one = from_power(v / root, u, band_tan2 * root);
  return {{0, 1 / band_tan2 / root, 0}, one};
}

double effective_q(const EqBandParams& band) {
  const double gain_db = band.gain_db, q = band.q;
  switch (band.type) {
    case EqType::bell:
      return q;
    case EqType::vintage_bell:
      return q * (0.5 + std::abs(gain_db) / 15);
    default:
      return kButterworthQ;
  }
}

bool is_cut(EqType type) { return type == EqType::low_cut || type == EqType::high_cut; }

/// amplitude: A of the head comment.
Prototype prototype(EqType type, double amplitude, double q) {
  const double a = amplitude, middle = std::sqrt(a) / q;
  switch (type) {
    case EqType::low_cut:
      return {{1, 0, 0}, {1, 1 / q, 1}};
    case EqType::high_cut:
      return {{0, 0, 1}, {1, 1 / q, 1}};
    case EqType::low_shelf:
      return {{a, a * middle, a * a}, {a, middle, 1}};
    case EqType::high_shelf:
      return {{a * a, a * middle, a}, {1, middle, a}};
    case EqType::bell:
    case EqType::vintage_bell:
      break;
  }
  return {{1, a / q, 1}, {1, 1 / (a * q), 1}};
}

double radians_per_frame(double frequency_hz, double rate_hz) {
  return 2 * kPi * std::min(frequency_hz / rate_hz, 0.49);
}

}  // namespace

SvfCoeffs design(const EqBandParams& band, double rate_hz) noexcept {
  const double w = radians_per_frame(band.frequency_hz, rate_hz), q = effective_q(band);
  if (!band.on || (!is_cut(band.type) && band.gain_db == 0)) return neutral(w, q);
  if (band.type == EqType::low_cut) return svf(matched_low_cut(w, q, rate_hz));
  const double boost = std::pow(10, std::abs(static_cast<double>(band.gain_db)) / 40);
  const Prototype to = prototype(band.type, boost, q);
  if (band.type == EqType::high_cut) return svf(matched_shelf(to, w, rate_hz));
  const bool bell = band.type == EqType::bell || band.type == EqType::vintage_bell;
  const Section boosting = bell ? matched_bell(to, w, q, rate_hz) : matched_shelf(to, w, rate_hz);
  return svf(band.gain_db > 0 ? boosting : Section{boosting.poles, boosting.zeros});
}

void design(const LowCutParams& params, double rate_hz, SvfCoeffs (&sections)[kLowCutSections]) noexcept {
  const double w = radians_per_frame(params.cutoff_hz, rate_hz);
  for (SvfCoeffs& section : sections) section = neutral(w, kButterworthQ);
  if (!params.on) return;
  // Butterworth: poles evenly spread on a half circle, Q = 1 / (2 cos(angle from the real axis)).
  switch (params.slope) {
    case LowCutSlope::db12:
      sections[0] = svf(matched_low_cut(w, kButterworthQ, rate_hz));
      break;
    case LowCutSlope::db18: {
      sections[0] = svf(matched_low_cut(w, 1, rate_hz));
      // The real pole, s / (s + 1) = s (s + 1) / (s + 1)^2: two equal poles make it a legal section. At 400 Hz and
      // below the bilinear transform is within 0.003 dB.
      const double band_tan2 = tan2(w);
      sections[1] = svf({from_prototype({1, 1, 0}, band_tan2), from_prototype({1, 2, 1}, band_tan2)});
      break;
    }
    case LowCutSlope::db24:
      sections[0] = svf(matched_low_cut(w, 0.5 / std::cos(kPi / 8), rate_hz));
      sections[1] = svf(matched_low_cut(w, 0.5 / std::cos(3 * kPi / 8), rate_hz));
      break;
  }
}

double response_db(const SvfCoeffs& section, double frequency_hz, double rate_hz) noexcept {
  // c z = M c + [b, t] x, written with z - 1 as expm1 does it: at 20 Hz z is so near 1 that the difference is the
  // signal.
  const double w = 2 * kPi * frequency_hz / rate_hz;
  const std::complex<double> step(-2 * squared(std::sin(w / 2)), std::sin(w));
  const double p = section.p, b = section.b, t = section.t, d = section.d, y1 = section.y1, y2 = section.y2;
  const std::complex<double> determinant = (step - p) * (step + t) + b * b;
  const std::complex<double> c1 = b * step / determinant, c2 = (t * (step - p) + b * b) / determinant;
  return 20 * std::log10(std::abs(d + y1 * c1 + y2 * c2));
}

double analogue_response_db(const EqBandParams& band, double frequency_hz) noexcept {
  if (!band.on) return 0;
  const double amplitude = is_cut(band.type) ? 1 : std::pow(10, static_cast<double>(band.gain_db) / 40);
  const Prototype of = prototype(band.type, amplitude, effective_q(band));
  const double x = squared(frequency_hz / static_cast<double>(band.frequency_hz));
  return 10 * std::log10(of.zeros.power(x) / of.poles.power(x));
}

}  // namespace fohd
