// How loud is the sound between the samples? A converter draws the band-limited curve through them, and it may rise
// 3 dB and more above every sample. Choice of taps and what they miss: head of engine/true_peak_detector.cpp.
#pragma once

#include "engine/geometry.h"

namespace fohd {

/// One channel.
class TruePeakDetector {
 public:
  static constexpr int kTaps = 32;
  static constexpr int kPhases = 8;  ///< points per frame
  /// Frames by which peaks come late: half the taps lie in the future.
  static constexpr int kDelayFrames = kTaps / 2;

  /// [audio] Hears frames (1..64) samples. peaks[i] becomes at least the largest magnitude at the seven points between
  /// the sample kDelayFrames before in[i] and the one after that. The samples themselves are the caller's. NaN and
  /// infinities count as silence, magnitudes above 2^120 as 2^120. Chunk-invariant.
  void process(const float* in, float* peaks, int frames) noexcept;
  /// [audio] The same without an answer, for nearly nothing: what comes later is found as if it had been asked all
  /// along.
  void hear(const float* in, int frames) noexcept;
  /// [audio] Forgets.
  void reset() noexcept;

 private:
  static constexpr int kHistory = kTaps - 1;
  float heard_[kHistory + kSubBlockFrames + kLanes] = {};  ///< the widest vector reads beyond the last frame
};

}  // namespace fohd
