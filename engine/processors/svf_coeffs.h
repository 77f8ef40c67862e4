// The six numbers of a second-order filter, as the loops read them.
#pragma once

namespace fohd {

/// One second-order section in increment form:  v = x - c2;  y = d*x + y1*c1 + y2*c2;
///   c1' = (c1 + p*c1) + b*v;  c2' = (c2 + b*c1) + t*v        (y and both updates read the old c1, c2)
/// Neutral, y = x exactly: d = 1, y1 = y2 = 0 with any legal p, b, t. Legal: made from g > 0, k >= 0.
struct SvfCoeffs {
  float p = 0, b = 0, t = 0, d = 1, y1 = 0, y2 = 0;
  constexpr bool operator==(const SvfCoeffs&) const = default;
};

inline constexpr int kLowCutSections = 2;  ///< 24 dB/oct
inline constexpr int kMaxEqBands = 6;      ///< channels use 4, mixes 6

}  // namespace fohd
