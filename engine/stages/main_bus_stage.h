// What main has behind its fader and no bus has: the mastering block (stereo width) and the true-peak limiter.
// The limiter looks ahead, so main is late by it; the buses are not.
#pragma once

#include <memory>

#include "engine/processors/stereo_width.h"
#include "engine/processors/true_peak_limiter.h"
#include "engine/stages/targets.h"
#include "engine/tile/ramps.h"
#include "engine/tile/tile.h"

namespace fohd {

class MainBusStage {
 public:
  /// [control] look_ahead_ms 0.5..5; 0: there is no limiter and no delay. Allocates.
  MainBusStage(double rate_hz, double look_ahead_ms);

  void set(const MainTargets& targets) noexcept;  ///< [audio]
  void settle() noexcept;                         ///< [control]

  /// [audio] main: tap pre_fader of main's tile (lanes 0 left, 1 right), or silence. Behind it samples() is what goes
  /// to the outputs; false: it is all zero.
  bool process(const float* main, bool silent, int frames) noexcept;
  const float* samples() const noexcept { return tile_.samples; }

  /// [audio] Octaves of gain of the limiter, the deepest since restart_meter().
  float limiter_gain() const noexcept { return limiter_ ? std::min(lowest_, limiter_->lowest_gain()) : 0.0f; }
  void begin_call() noexcept;                     ///< [audio]
  void restart_meter() noexcept { lowest_ = 0; }  ///< [audio] starts again at this call's
  int latency_frames() const noexcept;            ///< [any]

 private:
  LaneRamp gain_;
  StereoWidth width_;
  std::unique_ptr<TruePeakLimiter> limiter_;
  Tile tile_;
  int silent_frames_;  ///< that went in one after the other
  float lowest_ = 0;
};

}  // namespace fohd
