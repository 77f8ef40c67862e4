#include "engine/processors/key_filter.h"

#include <catch2/catch.hpp>
#include <cmath>
#include <complex>

#include "engine/processors/eq_design.h"

using namespace fohd;

TEST_CASE("key filter: each type is its analogue prototype through the bilinear transform", "[engine][key]") {
  const double rate_hz = GENERATE(44'100.0, 96'000.0), corner_hz = GENERATE(20.0, 300.0, 4'000.0);
  const double q[] = {1, 2, 3, 5, 10};
  for (int type = 0; type < 9; ++type) {
    const SvfCoeffs c = design_key_filter(static_cast<KeyFilterType>(type), corner_hz, rate_hz);
    for (const double at_hz : {25.0, 280.0, 1'000.0, 9'000.0}) {
      // The bilinear transform: s = j tan(pi f / rate) / tan(pi corner / rate).
      const std::complex<double> s(0, std::tan(M_PI * at_hz / rate_hz) / std::tan(M_PI * corner_hz / rate_hz));
      std::complex<double> h;
      if (type == 0) h = s / (s + 1.0);
      if (type == 1) h = s * s / (s * s + std::sqrt(2.0) * s + 1.0);
      if (type == 2) h = 1.0 / (s + 1.0);
      if (type == 3) h = 1.0 / (s * s + std::sqrt(2.0) * s + 1.0);
      if (type >= 4) h = s / q[type - 4] / (s * s + s / q[type - 4] + 1.0);
      CAPTURE(type, rate_hz, corner_hz, at_hz);
      // Coefficients are floats: 1e-7 of each, which a deep stop band (down to -140 dB here) feels most.
      CHECK(std::pow(10, response_db(c, at_hz, rate_hz) / 20) == Approx(std::abs(h)).epsilon(1e-4).margin(1e-6));
    }
  }
}
