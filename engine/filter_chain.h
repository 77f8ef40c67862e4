// A few second-order sections of sixteen strips, their ramps in step: a low cut, an equaliser.
//
// A lane's coefficients move together (one countdown) and arrive exactly. A section that is neutral and settled in a
// lane is at rest there: its state is held at zero (p = b = t = 0), so what a lane hears never depends on whether its
// neighbours filter. A section at rest in all lanes is not run. A section that wakes takes the new p, b, t at once,
// which is inaudible while d = 1, y1 = y2 = 0, and fades in through d, y1, y2: it does not sweep up from 0 Hz.
#pragma once

#include <cstdint>
#include <span>

#include "engine/filter_chain_kernels.h"
#include "engine/ramps.h"
#include "engine/svf_bank.h"
#include "engine/targets.h"
#include "engine/tile.h"

namespace fohd {

/// Frames of a chunk at which lanes lose their filter state: a broken sample came in (DESK section 5).
struct Resets {
  std::uint64_t frames = 0;  ///< bit f: something happens before frame f
  LaneMask lanes[kSubBlockFrames] = {};
  void add(int frame, int lane) noexcept {
    if ((frames >> frame & 1) == 0) lanes[frame] = 0;
    frames |= std::uint64_t{1} << frame;
    lanes[frame] |= lane_bit(lane);
  }
};

class FilterChain {
 public:
  static constexpr int kMaxSections = kMaxEqBands;

  /// [control] sections: 1..kMaxSections, all neutral.
  explicit FilterChain(int sections) noexcept : sections_(sections) {}

  /// [audio] wanted: one set per section. A ramp of at most one frame jumps. Coefficients that are not finite count as
  /// neutral. Targets that a lane has, or is on its way to, change nothing.
  void set(int lane, std::span<const SvfCoeffs> wanted, int ramp_frames) noexcept;
  /// [control] Every lane jumps to its targets.
  void settle() noexcept;

  /// [audio] in may be out. False: all sections were at rest all the time and `out` was not written.
  bool process(const float* in, float* out, int frames, int lanes, const Resets& resets) noexcept;

  bool moving() const noexcept { return moving_ != 0; }  ///< [any]
  /// [audio] Forgets what these lanes have heard.
  void clear_state(LaneMask lanes) noexcept;
  /// [audio] The lanes among `lanes` whose states are all below -200 dBFS (NaN is not).
  LaneMask quiet(LaneMask lanes) const noexcept;

 private:
  void aim(int lane, int section, const SvfCoeffs& target, int ramp_frames) noexcept;
  void arrive(int lane) noexcept;
  int segment(int frames) const noexcept;
  void finish_segment(int frames) noexcept;
  void run(const float* in, float* out, int frames, int lanes) noexcept;

  int sections_;
  SvfBankCoeffs now_[kMaxSections], increment_[kMaxSections];
  SvfBankState state_[kMaxSections];
  SvfCoeffs target_[kMaxSections][kLanes];
  std::int32_t left_[kLanes] = {};  ///< frames still to be incremented before the one that gets the targets
  LaneMask moving_ = 0;
  LaneMask section_moving_[kMaxSections] = {};
  bool runs_[kMaxSections] = {};       ///< in the present chunk
  LaneMask awake_[kMaxSections] = {};  ///< lanes in which a section is not at rest
};

}  // namespace fohd
