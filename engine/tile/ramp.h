// One number on its way in a straight line: what LaneRamp (engine/tile/ramps.h) is for sixteen. The last step assigns
// the target itself, so what has arrived is equal (==) to its target. Each frame's value depends only on the
// frame before it, so blocks may be split anywhere.
#pragma once

namespace fohd {

struct Ramp {
  double value = 0, target = 0, increment = 0;
  int left = 0;  ///< frames until it arrives, 0: at rest

  constexpr explicit Ramp(double at) noexcept : value(at), target(at) {}

  /// [audio] From where it is now. A target that it has, or is on its way to, changes nothing. At most one frame: a
  /// jump.
  constexpr void set(double new_target, int ramp_frames) noexcept {
    if (new_target == target) return;
    target = new_target;
    if (ramp_frames <= 1) return settle();
    left = ramp_frames;
    increment = (target - value) / left;
  }
  /// [audio] One frame on.
  constexpr double step() noexcept {
    if (left == 0) return value;
    value = --left == 0 ? target : value + increment;
    return value;
  }
  /// [control] At the target at once.
  constexpr void settle() noexcept {
    value = target;
    left = 0;
  }
  constexpr bool moving() const noexcept { return left != 0; }
};

}  // namespace fohd
