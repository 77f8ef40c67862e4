// The filter in front of a detector: it shapes the key of a gate or compressor, not the audible signal.
#pragma once

#include "engine/processors/svf_coeffs.h"

namespace fohd {

/// In the order of the X32's index. Cuts are first and second order Butterworth; bands have 0 dB at their middle.
enum class KeyFilterType : unsigned char {
  low_cut_6,
  low_cut_12,
  high_cut_6,
  high_cut_12,
  band_q1,
  band_q2,
  band_q3,
  band_q5,
  band_q10
};

/// [control] Pure. frequency_hz 20..20,000, kept below 0.49 x rate. Bilinear: near Nyquist a key filter is narrower
/// than its prototype, which is inaudible.
SvfCoeffs design_key_filter(KeyFilterType type, double frequency_hz, double rate_hz) noexcept;

}  // namespace fohd
