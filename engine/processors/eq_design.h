// From what people turn on an equaliser to what the filter loop reads. [control] Pure; double inside.
#pragma once

#include "engine/processors/svf_coeffs.h"

namespace fohd {

/// In the order of the X32's index. Names on the wire are these words.
enum class EqType : unsigned char { low_cut, low_shelf, bell, vintage_bell, high_shelf, high_cut };

/// frequency_hz 20..20,000 (kept below 0.49 x rate), gain_db -15..+15 (ignored by the cuts), q 0.3..10 (bells only).
struct EqBandParams {
  bool on = true;
  EqType type = EqType::bell;
  float frequency_hz = 1000, gain_db = 0, q = 2;
  constexpr bool operator==(const EqBandParams&) const = default;
};

enum class LowCutSlope : unsigned char { db12, db18, db24 };

struct LowCutParams {
  bool on = false;
  float cutoff_hz = 100;
  LowCutSlope slope = LowCutSlope::db18;
  constexpr bool operator==(const LowCutParams&) const = default;
};

SvfCoeffs design(const EqBandParams& band, double rate_hz) noexcept;
/// Butterworth of order 2, 3 or 4 as two sections; the unused one is neutral.
void design(const LowCutParams& params, double rate_hz, SvfCoeffs (&sections)[kLowCutSections]) noexcept;

/// Magnitude in dB at frequency_hz of one section run at rate_hz (from the coefficients, evaluated in double).
double response_db(const SvfCoeffs& section, double frequency_hz, double rate_hz) noexcept;
/// The analogue prototype that the band is matched to: the s-domain forms of the RBJ cookbook.
double analogue_response_db(const EqBandParams& band, double frequency_hz) noexcept;

}  // namespace fohd
