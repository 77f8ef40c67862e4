// The peaks between the samples. A converter draws the band-limited curve through the samples, and it may rise
// 3 dB and more above every sample. Choice of taps and what they miss: head of
// engine/processors/true_peak_detector.cpp.
#pragma once

#include "engine/tile/geometry.h"

namespace fohd {

/// One channel.
class TruePeakDetector {
 public:
  static constexpr int kTaps = 32;
  static constexpr int kPhases = 8;  ///< points per frame
  /// Frames by which peaks come late: half the taps lie in the future.
  static constexpr int kDelayFrames = kTaps / 2;

  /// [audio] Takes frames (1..64) samples. peaks[i] becomes at least the largest magnitude at the seven points between
  /// the sample kDelayFrames before in[i] and the one after that. The samples themselves are the caller's. NaN and
  /// infinities count as silence, magnitudes above 2^120 as 2^120. Chunk-invariant.
  void process(const float* in, float* peaks, int frames) noexcept;
  /// [audio] The same without peaks, at almost no cost: later calls of process() give the same as if it had always
  /// run.
  void hear(const float* in, int frames) noexcept;
  /// [audio] Clears its state.
  void reset() noexcept;

 private:
  static constexpr int kHistory = kTaps - 1;
  float heard_[kHistory + kSubBlockFrames + kLanes] = {};  ///< the widest vector reads beyond the last frame
};

}  // namespace fohd
