// Linear ramps for the sixteen lanes of one stage (input gain, post gain, output gain).
//
// A ramp of R frames adds (target - start) / R before each of its frames; the last of them is given the target itself,
// so what has arrived is equal (==) to its target, not close to it. A ramp of at most one frame is a jump. A
// new target starts from the value of the moment. Each frame's value depends only on the frame before it, so blocks may
// be split anywhere. Frames are walked in segments: inside one, no lane arrives.
#pragma once

#include <algorithm>
#include <cstdint>

#include "engine/tile/geometry.h"

namespace fohd {

/// One bit per lane of a tile, lane 0 lowest.
using LaneMask = std::uint16_t;
constexpr LaneMask lane_bit(int lane) noexcept { return static_cast<LaneMask>(1u << lane); }

struct alignas(64) LaneRamp {
  float value[kLanes] = {};      ///< of the last frame done
  float increment[kLanes] = {};  ///< 0 for lanes at rest
  float target[kLanes] = {};
  std::int32_t left[kLanes] = {};  ///< frames still to be incremented before the one that gets the target
  LaneMask moving = 0;

  /// [control] Every lane at rest at `v`.
  void fill(float v) noexcept {
    std::fill_n(value, kLanes, v);
    std::fill_n(target, kLanes, v);
  }
  /// [audio] From where the lane is now. A target it already has, or is on its way to, changes nothing. A lane under
  /// way takes at least as long as it still had: a mute is no shorter for a fader that moves meanwhile.
  void set(int lane, float new_target, int ramp_frames) noexcept {
    if (target[lane] == new_target) return;
    target[lane] = new_target;
    if (ramp_frames <= 1) {
      arrive(lane);
      return;
    }
    left[lane] = std::max(ramp_frames - 1, left[lane]);
    increment[lane] = (new_target - value[lane]) / static_cast<float>(left[lane] + 1);
    moving |= lane_bit(lane);
  }
  /// [audio] How many of the next `frames` (> 0) can run before a lane arrives.
  int segment(int frames) const noexcept {
    if (moving == 0) return frames;
    for (int lane = 0; lane < kLanes; ++lane) {
      if ((moving & lane_bit(lane)) != 0) frames = std::min<int>(frames, left[lane]);
    }
    return frames;
  }
  /// [audio] A segment was run (its increments are already in `value`): a lane that arrives next gets its target.
  void finish_segment(int frames) noexcept {
    if (moving == 0) return;
    for (int lane = 0; lane < kLanes; ++lane) {
      if ((moving & lane_bit(lane)) == 0) continue;
      left[lane] -= frames;
      if (left[lane] <= 0) arrive(lane);
    }
  }
  /// [control] Every lane jumps to its target.
  void settle() noexcept {
    for (int lane = 0; lane < kLanes; ++lane) arrive(lane);
  }

 private:
  void arrive(int lane) noexcept {
    value[lane] = target[lane];
    increment[lane] = 0;
    left[lane] = 0;
    moving &= static_cast<LaneMask>(~lane_bit(lane));
  }
};

}  // namespace fohd
