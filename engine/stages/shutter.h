// One gain in front of all outputs: shut at start and in hold, closed by panic and before shutdown. It moves linearly
// from wherever it is, at a speed given as the time for the whole way; double, because half a second at 192 kHz is
// 96,000 small steps.
#pragma once

#include <algorithm>

#include "engine/stages/targets.h"

namespace fohd {

class Shutter {
 public:
  /// [audio] A ramp of at most one frame jumps.
  void set(const ShutterTargets& targets) noexcept {
    target_ = targets.open ? 1.0 : 0.0;
    const int whole_way = targets.open ? targets.open_ramp_frames : targets.close_ramp_frames;
    step_ = whole_way <= 1 ? 1.0 : 1.0 / whole_way;
  }
  void settle() noexcept { gain_ = target_; }  ///< [control]
  /// [audio] The gain of each of the next frames. True: all of them are 1.
  bool process(float* gains, int frames) noexcept {
    if (gain_ == 1 && target_ == 1) {
      std::fill_n(gains, frames, 1.0f);
      return true;
    }
    for (int frame = 0; frame < frames; ++frame) {
      if (gain_ < target_) {
        gain_ = gain_ + step_ < target_ ? gain_ + step_ : target_;
      } else if (gain_ > target_) {
        gain_ = gain_ - step_ > target_ ? gain_ - step_ : target_;
      }
      gains[frame] = static_cast<float>(gain_);
    }
    return false;
  }
  float gain() const noexcept { return static_cast<float>(gain_); }  ///< [any] of the last frame

 private:
  double gain_ = 0, target_ = 0, step_ = 1;
};

}  // namespace fohd
