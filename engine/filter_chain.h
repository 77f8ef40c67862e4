// The second-order sections of sixteen strips: two for the low cut, six for the equaliser, all ramps in step.
//
// A lane's coefficients move together (one countdown) and arrive exactly. A section that is neutral and settled in a
// lane is at rest there: its state is held at zero (p = b = t = 0), so what a lane hears never depends on whether its
// neighbours filter. A section at rest in all lanes is not run. A section that wakes takes the new p, b, t at once,
// which is inaudible while d = 1, y1 = y2 = 0, and fades in through d, y1, y2: it does not sweep up from 0 Hz.
#pragma once

#include <cstdint>

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
  static constexpr int kSections = kLowCutSections + kMaxEqBands;

  /// [audio] A ramp of at most one frame jumps. Coefficients that are not finite count as neutral. Targets that a lane
  /// has, or is on its way to, change nothing.
  void set(int lane, const SvfCoeffs& low_cut_1, const SvfCoeffs& low_cut_2, const SvfCoeffs (&eq)[kMaxEqBands],
           int ramp_frames) noexcept;
  /// [control] Every lane jumps to its targets.
  void settle() noexcept;

  /// [audio] Runs the low cut in place on `io`, and the equaliser from there into `equalised`. False: the equaliser
  /// was at rest all the time and `equalised` was not written.
  bool process(float* io, float* equalised, int frames, int lanes, const Resets& resets) noexcept;

  bool moving() const noexcept { return moving_ != 0; }  ///< [any]
  /// [audio] Forgets what these lanes have heard.
  void clear_state(LaneMask lanes) noexcept;
  /// [audio] The lanes among `lanes` whose states are all below -200 dBFS (NaN is not). Their states are now zero.
  LaneMask flush(LaneMask lanes) noexcept;

 private:
  void aim(int lane, int section, const SvfCoeffs& target, int ramp_frames) noexcept;
  void arrive(int lane) noexcept;
  int segment(int frames) const noexcept;
  void finish_segment(int frames) noexcept;
  void run(int first, int last, const float* in, float* out, int frames, int lanes) noexcept;

  SvfBankCoeffs now_[kSections], increment_[kSections];
  SvfBankState state_[kSections];
  SvfCoeffs target_[kSections][kLanes];
  std::int32_t left_[kLanes] = {};  ///< frames still to be incremented before the one that gets the targets
  LaneMask moving_ = 0;
  LaneMask section_moving_[kSections] = {};
  bool runs_[kSections] = {};       ///< in the present chunk
  LaneMask awake_[kSections] = {};  ///< lanes in which a section is not at rest
};

}  // namespace fohd
