// The loop of the true-peak detector, compiled once per SIMD target.
#pragma once

#include "engine/processors/true_peak_detector.h"

namespace fohd {

/// The taps of all points, folded in the middle (head of engine/processors/true_peak_detector.cpp), each sixteen times
/// side by side: an operand of any vector as it lies there.
struct alignas(64) FoldedTaps {
  static constexpr int kHalf = TruePeakDetector::kTaps / 2;
  static constexpr int kPairs = TruePeakDetector::kPhases / 2;  ///< points 1 and 7, 2 and 6, 3 and 5; 4 is alone
  float even[kHalf][kPairs][kLanes], odd[kHalf][kPairs - 1][kLanes];
};

/// [audio] to[i] = in[i], for NaN and infinities 0, held within +-loudest.
void true_peaks_hear(const float* in, float loudest, float* to, int frames) noexcept;

/// [audio] heard: kTaps - 1 samples of the past and then `frames`; up to kLanes more are read. peaks[i] becomes at
/// least the largest magnitude at the points; up to kLanes more are written. Chunk-invariant.
void true_peaks_between(const FoldedTaps& taps, const float* heard, float* peaks, int frames) noexcept;

}  // namespace fohd
