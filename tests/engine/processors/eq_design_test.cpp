#include "engine/processors/eq_design.h"

#include <catch2/catch.hpp>
#include <cmath>
#include <complex>
#include <string>
#include <vector>

using namespace fohd;

namespace {

const std::vector<EqType> kTypes = {EqType::low_cut,      EqType::low_shelf,  EqType::bell,
                                    EqType::vintage_bell, EqType::high_shelf, EqType::high_cut};
constexpr double kRates[] = {44'100, 48'000, 96'000};

bool is_bell(EqType type) { return type == EqType::bell || type == EqType::vintage_bell; }
bool is_cut(EqType type) { return type == EqType::low_cut || type == EqType::high_cut; }

/// The cookbook's prototypes once more, in complex arithmetic and straight from its text.
double cookbook_db(const EqBandParams& band, double frequency_hz) {
  const std::complex<double> s(0, frequency_hz / static_cast<double>(band.frequency_hz));
  const double a = std::pow(10.0, static_cast<double>(band.gain_db) / 40), r = std::sqrt(a);
  double q = std::sqrt(0.5);
  if (band.type == EqType::bell) q = band.q;
  if (band.type == EqType::vintage_bell) q = band.q * (0.5 + std::abs(static_cast<double>(band.gain_db)) / 15);
  std::complex<double> h;
  switch (band.type) {
    case EqType::low_cut:
      h = s * s / (s * s + s / q + 1.0);
      break;
    case EqType::high_cut:
      h = 1.0 / (s * s + s / q + 1.0);
      break;
    case EqType::low_shelf:
      h = a * (s * s + r / q * s + a) / (a * s * s + r / q * s + 1.0);
      break;
    case EqType::high_shelf:
      h = a * (a * s * s + r / q * s + 1.0) / (s * s + r / q * s + a);
      break;
    case EqType::bell:
    case EqType::vintage_bell:
      h = (s * s + s * a / q + 1.0) / (s * s + s / (a * q) + 1.0);
      break;
  }
  return 20 * std::log10(std::abs(h));
}

std::vector<double> spaced(double from, double to, int count) {
  std::vector<double> values;
  for (int i = 0; i < count; ++i) values.push_back(from * std::pow(to / from, i / (count - 1.0)));
  return values;
}

/// Everything people can dial, in the ranges of docs/DESK.md, "Defaults and ranges"; corners included.
std::vector<EqBandParams> whole_range(EqType type) {
  std::vector<EqBandParams> bands;
  for (const double frequency_hz : spaced(20, 20'000, 25))
    for (const double gain_db : {-15.0, -12.0, -4.0, -0.1, 0.1, 4.0, 12.0, 15.0})
      for (const double q : {0.3, 0.7, 1.0, 2.0, 4.0, 10.0}) {
        if (is_cut(type) && gain_db < 15) continue;
        if (!is_bell(type) && q < 10) continue;
        bands.push_back(
            {true, type, static_cast<float>(frequency_hz), static_cast<float>(gain_db), static_cast<float>(q)});
      }
  return bands;
}

/// Largest singular value of the state matrix [[1+p, -b], [b, 1-t]].
double state_norm(const SvfCoeffs& c) {
  const double a = 1.0 + static_cast<double>(c.p), b = c.b, d = 1.0 - static_cast<double>(c.t);
  const double sum = a * a + 2 * b * b + d * d, determinant = a * d + b * b;
  return std::sqrt((sum + std::sqrt(std::max(sum * sum - 4 * determinant * determinant, 0.0))) / 2);
}

/// By hand, in double: the loop of engine/processors/svf_coeffs.h.
double run_and_measure_db(const SvfCoeffs& c, double frequency_hz, double rate_hz) {
  const double w = 2 * M_PI * frequency_hz / rate_hz, p = c.p, b = c.b, t = c.t, d = c.d, y1 = c.y1, y2 = c.y2;
  std::complex<double> sum;  // of the impulse response times e^-jwn: the definition of H
  double c1 = 0, c2 = 0;
  for (int n = 0; n < 40'000; ++n) {
    const double x = n == 0 ? 1 : 0, v = x - c2;
    sum += (d * x + y1 * c1 + y2 * c2) * std::polar(1.0, -w * n);
    const double old_c1 = c1;
    c1 += p * c1 + b * v;
    c2 += b * old_c1 + t * v;
  }
  return 20 * std::log10(std::abs(sum));
}

struct Worst {
  double error_db = 0;
  EqBandParams band;
  double frequency_hz = 0;
};

/// From 20 Hz to 20 kHz, down to `floor_db`: what lies lower is not heard beside the rest.
Worst largest_error(EqType type, double rate_hz, double floor_db) {
  const auto frequencies = spaced(20, 20'000, 120);
  Worst worst;
  for (const EqBandParams& band : whole_range(type)) {
    const SvfCoeffs coeffs = design(band, rate_hz);
    for (const double frequency_hz : frequencies) {
      const double analogue_db = cookbook_db(band, frequency_hz);
      if (analogue_db < floor_db) continue;
      const double error_db = std::abs(response_db(coeffs, frequency_hz, rate_hz) - analogue_db);
      if (!(error_db <= worst.error_db)) worst = {error_db, band, frequency_hz};
    }
  }
  return worst;
}

}  // namespace

TEST_CASE("eq design: the analogue prototypes are the cookbook's", "[engine][eq]") {
  for (const EqType type : kTypes)
    for (const EqBandParams& band : whole_range(type))
      for (const double frequency_hz : {20.0, 333.0, 4'000.0, 19'000.0}) {
        CAPTURE(static_cast<int>(type), band.frequency_hz, band.gain_db, band.q, frequency_hz);
        // Closed form against complex arithmetic: rounding only, relative to a level down to -240 dB.
        REQUIRE(analogue_response_db(band, frequency_hz) == Approx(cookbook_db(band, frequency_hz)).margin(1e-7));
      }
}

TEST_CASE("eq design: response_db is the spectrum of the impulse response", "[engine][eq]") {
  const EqType type = GENERATE(from_range(kTypes));
  const double at_hz = GENERATE(200.0, 3'000.0, 15'000.0);
  const SvfCoeffs coeffs = design({true, type, 1'000, 9, 1}, 48'000);
  CAPTURE(static_cast<int>(type), at_hz);
  CHECK(response_db(coeffs, at_hz, 48'000) == Approx(run_and_measure_db(coeffs, at_hz, 48'000)).margin(1e-6));
}

TEST_CASE("eq design: every band follows its analogue prototype from 20 Hz to 20 kHz over the whole range",
          "[engine][eq]") {
  // Bounds per type at 44.1, 48 and 96 kHz: what the method leaves (bench/eq_response), rounded up. The bilinear
  // transform leaves up to 10 dB here, Vicanek's matched bell 1.1 dB at 48 kHz.
  struct Bound {
    EqType type;
    double at_rate_db[3];
  };
  const Bound bound =
      GENERATE(Bound{EqType::low_cut, {0.25, 0.16, 0.003}}, Bound{EqType::low_shelf, {0.19, 0.08, 0.001}},
               Bound{EqType::bell, {0.65, 0.33, 0.02}}, Bound{EqType::vintage_bell, {0.65, 0.33, 0.02}},
               Bound{EqType::high_shelf, {0.19, 0.08, 0.001}}, Bound{EqType::high_cut, {0.45, 0.22, 0.003}});
  const int rate = GENERATE(0, 1, 2);
  // A cut's own floor: at -80 dB a tenth of a dB means nothing.
  const Worst worst = largest_error(bound.type, kRates[rate], -80);
  CAPTURE(static_cast<int>(bound.type), kRates[rate], worst.band.frequency_hz, worst.band.gain_db, worst.band.q,
          worst.frequency_hz);
  CHECK(worst.error_db < bound.at_rate_db[rate]);
}

TEST_CASE("eq design: a bell at 12 and 16 kHz stays within 0.6 dB of the analogue at 48 kHz", "[engine][eq]") {
  const float frequency_hz = GENERATE(12'000.0f, 16'000.0f), gain_db = GENERATE(-12.0f, 12.0f);
  const EqBandParams band{true, EqType::bell, frequency_hz, gain_db, 1};
  const SvfCoeffs coeffs = design(band, 48'000);
  for (const double at_hz : spaced(20, 20'000, 300)) {
    CAPTURE(at_hz, frequency_hz, gain_db);
    REQUIRE(response_db(coeffs, at_hz, 48'000) == Approx(cookbook_db(band, at_hz)).margin(0.6));
  }
}

TEST_CASE("eq design: exact gain at the band's frequency and at DC", "[engine][eq]") {
  const double rate_hz = GENERATE(44'100.0, 48'000.0, 96'000.0);
  for (const EqType type : kTypes)
    for (const EqBandParams& band : whole_range(type)) {
      const SvfCoeffs coeffs = design(band, rate_hz);
      CAPTURE(rate_hz, static_cast<int>(type), band.frequency_hz, band.gain_db, band.q);
      // Six coefficients rounded to 24 bits: 6 * 2^-24 of the output's parts, which a Q of 10 or a gain of 15 dB makes
      // up to 50 times as large as the input: 1.8e-5, 1.6e-4 dB.
      const bool matched_there = is_bell(type) || static_cast<double>(band.frequency_hz) < 0.375 * rate_hz;
      if (matched_there)
        REQUIRE(response_db(coeffs, band.frequency_hz, rate_hz) ==
                Approx(cookbook_db(band, band.frequency_hz)).margin(2e-4));
      // d and y2 add up there; up to 5.6 each, each rounded by 2^-25 of that: 3.4e-7, 3e-6 dB.
      if (type == EqType::low_cut)
        REQUIRE(response_db(coeffs, 0.001, rate_hz) < -120);
      else
        REQUIRE(response_db(coeffs, 0, rate_hz) ==
                Approx(type == EqType::low_shelf ? static_cast<double>(band.gain_db) : 0.0).margin(4e-6));
    }
}

TEST_CASE("eq design: cutting undoes boosting", "[engine][eq]") {
  for (const EqType type : {EqType::low_shelf, EqType::bell, EqType::vintage_bell, EqType::high_shelf})
    for (EqBandParams band : whole_range(type)) {
      const SvfCoeffs one = design(band, 48'000);
      band.gain_db = -band.gain_db;
      const SvfCoeffs other = design(band, 48'000);
      for (const double at_hz : {30.0, 900.0, 7'000.0, 18'000.0, 23'000.0}) {
        CAPTURE(static_cast<int>(type), band.frequency_hz, band.gain_db, band.q, at_hz);
        REQUIRE(response_db(one, at_hz, 48'000) + response_db(other, at_hz, 48'000) == Approx(0).margin(4e-4));
      }
    }
}

TEST_CASE("eq design: flat or switched off is exactly neutral and as legal as any", "[engine][eq]") {
  const double rate_hz = GENERATE(44'100.0, 96'000.0);
  for (const EqType type : kTypes)
    for (EqBandParams band : whole_range(type)) {
      const bool switched_off = is_cut(type) || band.gain_db > 5;
      if (switched_off)
        band.on = false;
      else
        band.gain_db = band.gain_db > 0 ? 0.0f : -0.0f;
      const SvfCoeffs c = design(band, rate_hz);
      CAPTURE(static_cast<int>(type), band.frequency_hz, band.q);
      REQUIRE((c.d == 1 && c.y1 == 0 && c.y2 == 0));
      REQUIRE((c.p < 0 && c.b > 0 && c.t > 0));
      REQUIRE(state_norm(c) <= 1 + 0x1p-22);
      if (switched_off) REQUIRE(analogue_response_db(band, 1'000) == 0);
    }
}

TEST_CASE("eq design: no setting at any rate lets the state grow", "[engine][eq]") {
  const double rate_hz = GENERATE(8'000.0, 22'050.0, 44'100.0, 48'000.0, 96'000.0, 192'000.0);
  for (const EqType type : kTypes)
    for (const EqBandParams& band : whole_range(type)) {
      const SvfCoeffs c = design(band, rate_hz);
      CAPTURE(rate_hz, static_cast<int>(type), band.frequency_hz, band.gain_db, band.q);
      // The exact matrix has norm <= 1; p, b and t are each rounded by at most 2^-24 of themselves, and none exceeds 2.
      REQUIRE(state_norm(c) <= 1 + 0x1p-22);
      // Made from a g > 0 and a k >= 0: t = g b, and -p = t + 2 g k / D is no less than t.
      REQUIRE((c.b > 0 && c.t > 0 && -c.p >= c.t));
      REQUIRE((std::isfinite(c.d) && std::isfinite(c.y1) && std::isfinite(c.y2)));
    }
}

TEST_CASE("eq design: a frequency above the rate's reach stops at 0.49 of it", "[engine][eq]") {
  const EqType type = GENERATE(from_range(kTypes));
  CHECK(design({true, type, 20'000, 6, 1}, 32'000) == design({true, type, 15'680, 6, 1}, 32'000));
}

TEST_CASE("low cut: Butterworth of order 2, 3 and 4, half the power at the cutoff", "[engine][eq]") {
  const double rate_hz = GENERATE(44'100.0, 48'000.0, 96'000.0);
  const float cutoff_hz = GENERATE(20.0f, 100.0f, 400.0f);
  const auto slope = GENERATE(LowCutSlope::db12, LowCutSlope::db18, LowCutSlope::db24);
  const int order = 2 + static_cast<int>(slope);
  SvfCoeffs sections[kLowCutSections];
  design(LowCutParams{true, cutoff_hz, slope}, rate_hz, sections);
  const auto both_db = [&](double at_hz) {
    return response_db(sections[0], at_hz, rate_hz) + response_db(sections[1], at_hz, rate_hz);
  };
  CAPTURE(rate_hz, cutoff_hz, order);
  CHECK(both_db(cutoff_hz) == Approx(-10 * std::log10(2.0)).margin(1e-4));
  for (const double at_hz : spaced(static_cast<double>(cutoff_hz) / 8, 20'000, 100)) {
    const double butterworth_db = -10 * std::log10(1 + std::pow(static_cast<double>(cutoff_hz) / at_hz, 2 * order));
    CAPTURE(at_hz);
    REQUIRE(both_db(at_hz) == Approx(butterworth_db).margin(0.003));
  }
  for (const SvfCoeffs& section : sections) CHECK(state_norm(section) <= 1 + 0x1p-22);
}

TEST_CASE("low cut: off passes every bit, and 12 dB needs only one of the two sections", "[engine][eq]") {
  SvfCoeffs sections[kLowCutSections];
  const auto neutral = [](const SvfCoeffs& c) { return c.d == 1 && c.y1 == 0 && c.y2 == 0 && c.b > 0; };
  design(LowCutParams{false, 100, LowCutSlope::db24}, 48'000, sections);
  CHECK((neutral(sections[0]) && neutral(sections[1])));
  design(LowCutParams{true, 100, LowCutSlope::db12}, 48'000, sections);
  CHECK((!neutral(sections[0]) && neutral(sections[1])));
}
