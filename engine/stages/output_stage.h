// The last stage of up to sixteen physical outputs (docs/DESK.md, "Outputs"): level, safety limiter, NaN guard, clamp
// to +-1, delay, shutter.
//
// A delay could come first as well; it comes late, where signals are planar anyway. The same comes out: everything
// before it treats each frame by what came before, not by the clock, and such a chain commutes with a delay; only a
// moving gain takes effect later, by the delay. The shutter comes behind the delay: a panic that waited for
// half a second of delayed music would not be one. During a change of delay two limited signals are cross-faded
// linearly: a convex combination of samples under a ceiling is under that ceiling, and under the clamp.
#pragma once

#include <cstdint>
#include <vector>

#include "engine/processors/safety_limiter.h"
#include "engine/stages/targets.h"
#include "engine/tile/delay_line.h"
#include "engine/tile/fault_guard.h"
#include "engine/tile/tile.h"
#include "engine/tile/tile_meter.h"

namespace fohd {

class OutputStage {
 public:
  /// [control] Lanes 0..lanes-1 of one mixed tile leave the desk. Allocates.
  OutputStage(int lanes, double rate_hz);

  void set(int lane, const OutputTargets& targets) noexcept;  ///< [audio]
  void settle() noexcept;                                     ///< [control]

  /// [audio] in: the strips' pre_fader tap. shutter: a gain per frame; open: all of them are 1. ports: one per lane, or
  /// null; written from `offset` on. now: the engine's frame counter.
  void process(const float* in, bool silent, const float* shutter, bool open, float* const* ports, int offset,
               int frames, std::uint64_t now) noexcept;

  int lanes() const noexcept { return lanes_; }
  TileMeter& meter() noexcept { return meter_; }
  const TileMeter& meter() const noexcept { return meter_; }  ///< of what leaves the ports
  FaultGuard& guard(int lane) noexcept { return guards_[lane]; }
  const FaultGuard& guard(int lane) const noexcept { return guards_[lane]; }
  /// [any] Samples above the clamp so far, shut or not; wraps.
  std::uint32_t clips(int lane) const noexcept { return clips_[lane]; }

 private:
  bool limiter_rests(int lane) const noexcept;
  bool at_rest() const noexcept;
  bool pass(const float* in, int frames) noexcept;
  void limit(const float* in, int frames) noexcept;
  void guard_lane(int lane, int frames, std::uint64_t now) noexcept;
  void finish(int frames, std::uint64_t now) noexcept;
  void deliver(int lane, const float* shutter, bool open, float* port, int frames, std::uint64_t now) noexcept;

  int lanes_;
  LaneRamp gain_;
  SafetyLimiterCoeffs limiter_;
  SafetyLimiterState limiter_state_;
  FaultGuard guards_[kLanes];
  std::vector<DelayLine> delays_;
  TileMeter meter_;
  alignas(64) float sums_[kLanes] = {};
  alignas(64) std::int32_t peaks_[kLanes] = {};
  std::uint32_t clips_[kLanes] = {};
  Tile limited_, finished_, planar_;
};

}  // namespace fohd
