// What the equaliser does, in figures: how far each band type is from its analogue prototype, how far the float noise
// lies below the signal, and whether anything dialled can make a filter's state grow.
//
//     bench_eq_response             tables
//     bench_eq_response --curves    CSV to plot: type,rate_hz,frequency_hz,gain_db,q,at_hz,section_db,analogue_db
#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <numbers>
#include <random>
#include <vector>

#include "engine/processors/eq_design.h"
#include "engine/processors/svf_bank.h"

namespace {

using namespace fohd;

constexpr std::array kTypes{EqType::low_cut,      EqType::low_shelf,  EqType::bell,
                            EqType::vintage_bell, EqType::high_shelf, EqType::high_cut};
constexpr std::array kNames{"low cut", "low shelf", "bell", "vintage bell", "high shelf", "high cut"};
constexpr std::array kRatesHz{44'100.0, 48'000.0, 96'000.0};

bool is_bell(EqType type) { return type == EqType::bell || type == EqType::vintage_bell; }
bool is_cut(EqType type) { return type == EqType::low_cut || type == EqType::high_cut; }

std::vector<double> spaced(double from, double to, int count) {
  std::vector<double> values;
  values.reserve(static_cast<std::size_t>(count));
  for (int i = 0; i < count; ++i) values.push_back(from * std::pow(to / from, i / (count - 1.0)));
  return values;
}

std::vector<EqBandParams> whole_range(EqType type) {
  std::vector<EqBandParams> bands;
  for (const double frequency_hz : spaced(20, 20'000, 49))
    for (const double gain_db : {-15.0, -12.0, -6.0, -1.0, 1.0, 6.0, 12.0, 15.0})
      for (const double q : {0.3, 0.5, 0.7, 1.0, 1.5, 2.0, 3.0, 5.0, 10.0}) {
        if ((is_cut(type) && gain_db < 15) || (!is_bell(type) && q < 10)) continue;
        bands.push_back(
            {true, type, static_cast<float>(frequency_hz), static_cast<float>(gain_db), static_cast<float>(q)});
      }
  return bands;
}

void print_errors() {
  std::printf(
      "Largest |dB| error against the analogue prototype, 20 Hz to 20 kHz, down to -80 dB, over the whole range\n"
      "(frequency 20..20,000 Hz, gain -15..15 dB, Q 0.3..10), and where:\n\n"
      "%-14s %8s  %9s   %s\n",
      "type", "rate", "error dB", "band (Hz, dB, Q) at Hz");
  const auto at_hz = spaced(20, 20'000, 300);
  for (std::size_t i = 0; i < kTypes.size(); ++i)
    for (const double rate_hz : kRatesHz) {
      double worst_db = 0, worst_at_hz = 0;
      EqBandParams worst;
      for (const EqBandParams& band : whole_range(kTypes[i])) {
        const SvfCoeffs coeffs = design(band, rate_hz);
        for (const double hz : at_hz) {
          const double analogue_db = analogue_response_db(band, hz);
          if (analogue_db < -80) continue;
          const double error_db = std::abs(response_db(coeffs, hz, rate_hz) - analogue_db);
          if (error_db > worst_db) worst_db = error_db, worst = band, worst_at_hz = hz;
        }
      }
      std::printf("%-14s %8.0f  %9.4f   %.0f, %+.0f, %.1f at %.0f\n", kNames[i], rate_hz, worst_db,
                  static_cast<double>(worst.frequency_hz), static_cast<double>(worst.gain_db),
                  static_cast<double>(worst.q), worst_at_hz);
    }
  std::printf("\nBell, Q 1, +12 dB, 48 kHz (to hold: 0.6 dB; bilinear transform: 4.5 and 6.2 dB):\n");
  for (const float frequency_hz : {12'000.0f, 16'000.0f}) {
    const EqBandParams band{true, EqType::bell, frequency_hz, 12, 1};
    double worst_db = 0;
    for (const double hz : at_hz)
      worst_db =
          std::max(worst_db, std::abs(response_db(design(band, 48'000), hz, 48'000) - analogue_response_db(band, hz)));
    std::printf("  %5.0f Hz  %.3f dB\n", static_cast<double>(frequency_hz), worst_db);
  }
}

/// A signal through one section by the float kernel and by a loop in double: the difference's power below the signal's.
/// tone_hz 0: white noise. A tone where the filter works is the harder case: nothing of it passes by the states.
double signal_to_noise_db(const SvfCoeffs& one, double tone_hz, double rate_hz) {
  const int frames = static_cast<int>(2 * rate_hz);
  struct alignas(64) Row {
    float lane[kLanes];
  };
  std::vector<Row> tile(static_cast<std::size_t>(frames));
  std::mt19937 random(1);
  std::uniform_real_distribution<float> uniform(-1, 1);
  for (std::size_t n = 0; n < tile.size(); ++n)
    for (int lane = 0; lane < kLanes; ++lane) {
      // Lanes differ in phase, so that the average is over sixteen patterns of rounding.
      const double turns = tone_hz * static_cast<double>(n) / rate_hz + lane / 37.0;
      tile[n].lane[lane] = tone_hz > 0 ? static_cast<float>(std::sin(2 * std::numbers::pi * turns)) : uniform(random);
    }
  const std::vector<Row> input = tile;
  SvfBankCoeffs bank;
  for (int lane = 0; lane < kLanes; ++lane) set_lane(bank, lane, one);
  SvfBankState state;
  svf_process(bank, state, tile.front().lane, tile.front().lane, frames, kLanes);
  const double p = one.p, b = one.b, t = one.t, d = one.d, y1 = one.y1, y2 = one.y2;
  double signal = 0, error = 0;
  for (int lane = 0; lane < kLanes; ++lane) {
    double c1 = 0, c2 = 0;
    for (std::size_t n = 0; n < input.size(); ++n) {
      const double x = input[n].lane[lane], v = x - c2, y = d * x + y1 * c1 + y2 * c2, old = c1;
      c1 += p * c1 + b * v;
      c2 += b * old + t * v;
      signal += y * y;
      error += std::pow(static_cast<double>(tile[n].lane[lane]) - y, 2);
    }
  }
  return 10 * std::log10(signal / error);
}

void print_noise() {
  struct Case {
    const char* what;
    double rate_hz;
    EqBandParams band;
  };
  constexpr Case kCases[] = {
      {"bell 20 Hz, Q 4, +12 dB (to hold: 115 dB)", 96'000, {true, EqType::bell, 20, 12, 4}},
      {"bell 20 Hz, Q 0.7, +12 dB", 96'000, {true, EqType::bell, 20, 12, 0.7f}},
      {"bell 20 Hz, Q 10, -15 dB", 96'000, {true, EqType::bell, 20, -15, 10}},
      {"bell 1 kHz, Q 4, +12 dB", 96'000, {true, EqType::bell, 1'000, 12, 4}},
      {"bell 16 kHz, Q 1, +12 dB", 48'000, {true, EqType::bell, 16'000, 12, 1}},
      {"low shelf 40 Hz, +12 dB", 96'000, {true, EqType::low_shelf, 40, 12, 1}},
      {"low cut 20 Hz", 96'000, {true, EqType::low_cut, 20, 0, 1}},
      {"high cut 15 kHz", 48'000, {true, EqType::high_cut, 15'000, 0, 1}},
  };
  std::printf("\nFloat noise below the signal, dB, 2 s:\n  %-44s %6s  %6s  %6s\n", "", "rate", "white", "tone there");
  const auto print = [](const char* what, const SvfCoeffs& section, double tone_hz, double rate_hz) {
    std::printf("  %-44s %6.0f  %6.1f  %6.1f\n", what, rate_hz, signal_to_noise_db(section, 0, rate_hz),
                signal_to_noise_db(section, tone_hz, rate_hz));
  };
  for (const Case& each : kCases)
    print(each.what, design(each.band, each.rate_hz), static_cast<double>(each.band.frequency_hz), each.rate_hz);
  SvfCoeffs sections[kLowCutSections];
  design(LowCutParams{true, 20, LowCutSlope::db18}, 96'000, sections);
  print("low cut 20 Hz, 18 dB/oct, first section", sections[0], 20, 96'000);
  print("low cut 20 Hz, 18 dB/oct, second section", sections[1], 20, 96'000);
}

void print_stability() {
  double largest = 0;
  long settings = 0;
  for (const EqType type : kTypes)
    for (const EqBandParams& band : whole_range(type))
      for (const double rate_hz : {8'000.0, 44'100.0, 48'000.0, 96'000.0, 192'000.0}) {
        const SvfCoeffs c = design(band, rate_hz);
        const double a = 1.0 + static_cast<double>(c.p), b = c.b, d = 1.0 - static_cast<double>(c.t);
        const double sum = a * a + 2 * b * b + d * d, determinant = a * d + b * b;
        largest = std::max(largest,
                           std::sqrt((sum + std::sqrt(std::max(sum * sum - 4 * determinant * determinant, 0.0))) / 2));
        ++settings;
      }
  std::printf(
      "\nRamps are safe if no state matrix is longer than 1 (proof: engine/processors/svf_bank_kernels.cpp).\n"
      "  largest 2-norm of %ld designs after rounding to float: 1 %+.1e\n",
      settings, largest - 1);
}

void print_curves() {
  std::printf("type,rate_hz,frequency_hz,gain_db,q,at_hz,section_db,analogue_db\n");
  for (std::size_t i = 0; i < kTypes.size(); ++i)
    for (const double rate_hz : kRatesHz)
      for (const double frequency_hz : {50.0, 400.0, 3'000.0, 8'000.0, 12'000.0, 16'000.0, 20'000.0})
        for (const double gain_db : {-12.0, 6.0, 12.0}) {
          if (is_cut(kTypes[i]) && gain_db < 12) continue;
          const EqBandParams band{true, kTypes[i], static_cast<float>(frequency_hz), static_cast<float>(gain_db), 1};
          const SvfCoeffs coeffs = design(band, rate_hz);
          for (const double hz : spaced(20, 0.4999 * rate_hz, 250))
            std::printf("%s,%.0f,%.0f,%.0f,%.1f,%.2f,%.5f,%.5f\n", kNames[i], rate_hz, frequency_hz, gain_db, 1.0, hz,
                        response_db(coeffs, hz, rate_hz), analogue_response_db(band, hz));
        }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc == 2 && std::strcmp(argv[1], "--curves") == 0) {
    print_curves();
    return 0;
  }
  if (argc != 1) {
    std::fprintf(stderr, "bench_eq_response: unknown argument '%s'; the only one is --curves\n", argv[1]);
    return 2;
  }
  print_errors();
  print_noise();
  print_stability();
  return 0;
}
