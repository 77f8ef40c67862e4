// Equaliser design: second-order sections that follow their analogue prototypes up to the top of the audible range.
//
// Prototypes, s in units of the band's frequency, A = 10^(gain_db / 40) (R. Bristow-Johnson, "Cookbook formulae for
// audio equalizer biquad filter coefficients"):
//     bell        (s^2 + s A/Q + 1) / (s^2 + s/(A Q) + 1)
//     low shelf   A (s^2 + s sqrt(A)/Q + A) / (A s^2 + s sqrt(A)/Q + 1)        Q = 1/sqrt(2)
//     high shelf  A (A s^2 + s sqrt(A)/Q + 1) / (s^2 + s sqrt(A)/Q + A)        Q = 1/sqrt(2)
//     high cut    1 / (s^2 + s/Q + 1)      low cut  s^2 / (s^2 + s/Q + 1)      Q = 1/sqrt(2): Butterworth
// Vintage bell: a bell whose Q grows with its gain, Q_eff = Q (1/2 + |gain_db| / 15): half the dialled Q for a gentle
// touch, the dialled one at 7.5 dB, one and a half times it at 15 dB. Small moves are broad, large ones find their
// spot.

#include "engine/eq_design.h"

#include <algorithm>
#include <cmath>
#include <complex>
#include <numbers>

namespace fohd {
namespace {

constexpr double kPi = std::numbers::pi;
constexpr double kButterworthQ = std::numbers::sqrt2 / 2;

struct Quadratic {
  double dc, nyquist, skew;
};

Quadratic exact_poles(double w, double q) {
  const double decay = w / (2 * q);
  if (q > 0.5) {
    const double radius = std::exp(-decay), half_angle = w * std::sqrt(1 - 1 / (4 * q * q)) / 2;
    const double sine = std::sin(half_angle), cosine = std::cos(half_angle), gap = std::expm1(-decay);
    return {gap * gap + 4 * radius * sine * sine, gap * gap + 4 * radius * cosine * cosine, -std::expm1(-2 * decay)};
  }
  const double fast = decay + w * std::sqrt(1 / (4 * q * q) - 1), slow = w * w / fast;
  return {std::expm1(-fast) * std::expm1(-slow), (1 + std::exp(-fast)) * (1 + std::exp(-slow)),
          -std::expm1(-2 * decay)};
}

double squared(double x) { return x * x; }

double power(const Quadratic& of, double tan2) {
  return squared(of.dc - of.nyquist * tan2) + 4 * squared(of.skew) * tan2;
}

struct Prototype {
  double n2, n1, n0, d2, d1, d0;
  double power(double x) const { return (squared(n0 - n2 * x) + n1 * n1 * x) / (squared(d0 - d2 * x) + d1 * d1 * x); }
};

struct Point {
  double tan2, power;
};

Quadratic matched(const Quadratic& poles, double dc, const Point& one, const Point& two) {
  const double r1 = (one.power * power(poles, one.tan2) - dc * dc) / one.tan2;
  const double r2 = (two.power * power(poles, two.tan2) - dc * dc) / two.tan2;
  const double u = std::max((r1 - r2) / (one.tan2 - two.tan2), 0.0);
  const double nyquist = std::sqrt(u);
  const double skew2 = (r1 - u * one.tan2 + 2 * dc * nyquist) / 4;
  return {dc, nyquist, std::sqrt(std::max(skew2, 0.0))};
}

Quadratic matched_peak(const Quadratic& poles, double tan2, double peak) {
  const double u = peak * squared(poles.nyquist) - (peak - 1) * squared(poles.dc / tan2);
  const double nyquist = std::sqrt(std::max(u, 0.0));
  const double skew2 = peak * (squared(poles.skew) - poles.dc * poles.nyquist / 2) +
                       (peak - 1) * squared(poles.dc) / (2 * tan2) + poles.dc * nyquist / 2;
  return {poles.dc, nyquist, std::sqrt(std::max(skew2, 0.0))};
}

SvfCoeffs neutral_section(const Quadratic& poles) {
  SvfCoeffs c;
  c.p = static_cast<float>(-(poles.dc / 2 + poles.skew));
  c.b = static_cast<float>(std::sqrt(poles.dc * poles.nyquist) / 2);
  c.t = static_cast<float>(poles.dc / 2);
  return c;
}

SvfCoeffs section(const Quadratic& zeros, const Quadratic& poles) {
  SvfCoeffs c = neutral_section(poles);
  const double g = std::sqrt(poles.dc / poles.nyquist);
  const double b = std::sqrt(poles.dc * poles.nyquist) / 2, p = -(poles.dc / 2 + poles.skew);
  const double dc_gain = zeros.dc / poles.dc, nyquist_gain = zeros.nyquist / poles.nyquist;
  const double d = ((zeros.dc + zeros.nyquist) / 2 + zeros.skew) / 2;
  c.d = static_cast<float>(d);
  c.y1 = static_cast<float>((zeros.skew + nyquist_gain * p) / (2 * g) + dc_gain * b / 2);
  c.y2 = static_cast<float>(dc_gain - d);
  return c;
}

Quadratic scaled(const Quadratic& of, double by) { return {of.dc * by, of.nyquist * by, of.skew * by}; }

SvfCoeffs inverse_section(const Quadratic& zeros, const Quadratic& poles) {
  const double leading = ((zeros.dc + zeros.nyquist) / 2 + zeros.skew) / 2;
  return section(scaled(poles, 1 / leading), scaled(zeros, 1 / leading));
}

double effective_q(const EqBandParams& band) {
  const double gain_db = band.gain_db, q = band.q;
  return band.type == EqType::vintage_bell ? q * (0.5 + std::abs(gain_db) / 15) : q;
}

/// amplitude: A of the head comment.
Prototype prototype(EqType type, double amplitude, double q) {
  const double root = std::sqrt(amplitude) / kButterworthQ;
  switch (type) {
    case EqType::low_cut:
      return {1, 0, 0, 1, 1 / kButterworthQ, 1};
    case EqType::high_cut:
      return {0, 0, 1, 1, 1 / kButterworthQ, 1};
    case EqType::low_shelf:
      return {amplitude, amplitude * root, amplitude * amplitude, amplitude, root, 1};
    case EqType::high_shelf:
      return {amplitude * amplitude, amplitude * root, amplitude, 1, root, amplitude};
    case EqType::bell:
    case EqType::vintage_bell:
      break;
  }
  return {1, amplitude / q, 1, 1, 1 / (amplitude * q), 1};
}

}  // namespace

SvfCoeffs design(const EqBandParams& band, double rate_hz) noexcept {
  const double w = 2 * kPi * std::min<double>(band.frequency_hz, 0.49 * rate_hz) / rate_hz, q = effective_q(band);
  const bool cuts = band.type == EqType::low_cut || band.type == EqType::high_cut;
  const bool cut_first = band.type == EqType::high_shelf;
  const double size = cuts ? 1 : std::pow(10, std::abs(static_cast<double>(band.gain_db)) / 40);
  const double boost = cut_first ? 1 / size : size;
  const Prototype analogue = prototype(band.type, boost, q);
  const double analogue_q = std::sqrt(analogue.d2 * analogue.d0) / analogue.d1;
  const Quadratic poles = exact_poles(w * std::sqrt(analogue.d0 / analogue.d2), analogue_q);
  if (!band.on || (!cuts && band.gain_db == 0)) return neutral_section(poles);

  const double tan2 = squared(std::tan(w / 2));
  if (band.type == EqType::low_cut)
    return section({0, std::sqrt(analogue.power(1) * power(poles, tan2)) / tan2, 0}, poles);
  Quadratic zeros;
  if (band.type == EqType::bell || band.type == EqType::vintage_bell) {
    zeros = matched_peak(poles, tan2, squared(squared(boost)));
  } else {
    const double high = std::min(0.9 * kPi, std::abs(w - 0.9 * kPi) < 0.1 ? 0.75 * kPi : 0.9 * kPi);
    const double dc = poles.dc * (analogue.n0 / analogue.d0);
    zeros =
        matched(poles, dc, {tan2, analogue.power(1)}, {squared(std::tan(high / 2)), analogue.power(squared(high / w))});
  }
  return !cuts && (band.gain_db < 0) != cut_first ? inverse_section(zeros, poles) : section(zeros, poles);
}

void design(const LowCutParams& params, double rate_hz, SvfCoeffs (&sections)[kLowCutSections]) noexcept {
  const double w = 2 * kPi * std::min<double>(params.cutoff_hz, 0.49 * rate_hz) / rate_hz;
  const double tan2 = squared(std::tan(w / 2));
  const auto butterworth = [&](double q) {
    const Quadratic poles = exact_poles(w, q);
    return section({0, q * std::sqrt(power(poles, tan2)) / tan2, 0}, poles);
  };
  const auto idle = [&] { return neutral_section(exact_poles(w, kButterworthQ)); };
  if (!params.on) {
    sections[0] = sections[1] = idle();
    return;
  }
  switch (params.slope) {
    case LowCutSlope::db12:
      sections[0] = butterworth(kButterworthQ);
      sections[1] = idle();
      break;
    case LowCutSlope::db18: {
      sections[0] = butterworth(1);
      const Quadratic poles = exact_poles(w, 0.5);
      const double pole = std::exp(-w),
                   gain = std::sqrt((squared(1 - pole) + 4 * pole * squared(std::sin(w / 2))) / 8) / std::sin(w / 2);
      sections[1] = section({0, 2 * (1 + pole) * gain, (1 - pole) * gain}, poles);
      break;
    }
    case LowCutSlope::db24:
      sections[0] = butterworth(0.5411961001461970);
      sections[1] = butterworth(1.3065629648763766);
      break;
  }
}

double response_db(const SvfCoeffs& c, double frequency_hz, double rate_hz) noexcept {
  const std::complex<double> z = std::polar(1.0, 2 * kPi * frequency_hz / rate_hz);
  // (z I - M) c = [b, t] x, solved by Cramer's rule.
  const double p = c.p, b = c.b, t = c.t;
  const std::complex<double> step = z - 1.0;
  const std::complex<double> determinant = (step - p) * (step + t) + b * b;
  const std::complex<double> c1 = (b * (step + t) - b * t) / determinant;
  const std::complex<double> c2 = (t * (step - p) + b * b) / determinant;
  return 20 * std::log10(
                  std::abs(static_cast<double>(c.d) + static_cast<double>(c.y1) * c1 + static_cast<double>(c.y2) * c2));
}

double analogue_response_db(const EqBandParams& band, double frequency_hz) noexcept {
  const bool cuts = band.type == EqType::low_cut || band.type == EqType::high_cut;
  if (!band.on) return 0;
  const double amplitude = cuts ? 1 : std::pow(10, static_cast<double>(band.gain_db) / 40);
  return 10 * std::log10(prototype(band.type, amplitude, effective_q(band))
                             .power(squared(frequency_hz / static_cast<double>(band.frequency_hz))));
}

}  // namespace fohd
