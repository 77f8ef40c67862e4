// A few second-order sections of sixteen strips, their ramps in step: a low cut, an equaliser.
//
// A lane's coefficients move together (one countdown) and arrive exactly. A section that is neutral and settled in a
// lane is at rest there: its state is held at zero (p = b = t = 0), so a lane's output never depends on whether its
// neighbours filter. A section at rest in all lanes is not run. A section that starts takes the new p, b, t at once,
// which is inaudible while d = 1, y1 = y2 = 0, and fades in through d, y1, y2: it does not sweep up from 0 Hz. One that
// comes to rest keeps them and fades out.
//
// Far jumps. A straight ramp of all six numbers is stable between any two settings (svf_bank_kernels.cpp), but not
// level-safe: on its way p, b, t stand for filters that were never set, and d, y1, y2 read a state that is large
// where the old filter resonated. So a section that jumps far ramps in two legs: it fades out in the first half
// of the ramp, clears its state while it is neutral, and starts with the new setting in the second. The first leg is a
// cross-fade from wet to dry, the second from dry to a filter that starts: no tone gets louder than the onset of a
// resonance. (The state after a start is the steady one minus its ringing, which never grows: at most twice as long.)
//
// What is far, in g = t/b (the frequency) and k = -(p + t)/b (the damping) of the old and the new poles, since types
// are unknown here: g apart by more than a quarter of an octave or k by more than a factor of two, unless both are
// damped (k at least 0.75) and g apart by no more than two octaves. The exception keeps shelves and cuts on the
// straight ramp, on which they swell little and which does not let through, for 10 ms, the rumble that a low cut holds
// back.
//
// Peak of a sine during and after a 10 ms ramp at 48 kHz above the loudest of old setting, new setting and dry; random
// pairs of everything an EqBandParams can hold, sines near the bands and anywhere, a model in double:
//     40,000 pairs                   straight: worst, 99.9 %, 99 %      this rule: worst, 99.9 %, 99 %      turn
//     any pair                       17.7, 10.7, 4.5 dB                 3.7, 2.6, 1.1 dB                    76 %
//     frequencies within an octave   14.8,  8.2, 2.8 dB                 6.8, 2.9, 1.4 dB                    32 %
//     a knob's step                   5.1,  1.0, 0.2 dB                 5.1, 1.0, 0.2 dB                   0.2 %
// (A step: within a sixth of an octave, 1 dB and a quarter of an octave of Q. Always turning: 4.5 dB at worst.)
// The price: on its way through dry a far jump lets through, at most at its own level, what both settings hold back.
#pragma once

#include <cstdint>
#include <span>

#include "engine/processors/svf_bank.h"
#include "engine/processors/svf_coeffs.h"
#include "engine/tile/ramps.h"
#include "engine/tile/tile.h"

namespace fohd {

/// Frames of a chunk at which lanes lose their filter state: a broken sample came in (docs/DESK.md, "Things that could
/// hurt").
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
  explicit FilterChain(int sections) noexcept;

  /// [audio] wanted: one set per section. A ramp of at most one frame jumps. Coefficients that are not finite count as
  /// neutral. Targets that a lane has, or is on its way to, change nothing.
  void set(int lane, std::span<const SvfCoeffs> wanted, int ramp_frames) noexcept;
  /// [control] Every lane jumps to its targets.
  void settle() noexcept;

  /// [audio] in may be out. False: all sections were at rest all the time and `out` was not written.
  bool process(const float* in, float* out, int frames, int lanes, const Resets& resets) noexcept;

  bool moving() const noexcept { return moving_ != 0; }  ///< [any]
  /// [audio] Clears the state of these lanes.
  void clear_state(LaneMask lanes) noexcept;
  /// [audio] The lanes among `lanes` whose states are all below -200 dBFS (NaN is not).
  LaneMask quiet(LaneMask lanes) const noexcept;

 private:
  bool far(int lane, int section, const SvfCoeffs& target) const noexcept;
  bool aim(int lane, int section, const SvfCoeffs& target, int ramp_frames) noexcept;
  void assign(int section, int lane, const SvfCoeffs& coeffs) noexcept;
  void turn(int lane) noexcept;
  void arrive(int lane) noexcept;
  int segment(int frames) const noexcept;
  void finish_segment(int frames) noexcept;
  void run(const float* in, float* out, int frames, int lanes) noexcept;

  int sections_;
  SvfBankCoeffs now_[kMaxSections], increment_[kMaxSections];
  SvfBankState state_[kMaxSections];
  SvfCoeffs target_[kMaxSections][kLanes];
  std::int32_t left_[kLanes] = {};    ///< frames still to be incremented before turn() or the one with the targets
  std::int32_t second_[kLanes] = {};  ///< frames of the leg after turn(); 0: none, or under way
  LaneMask moving_ = 0;
  LaneMask section_moving_[kMaxSections] = {};
  LaneMask leaving_[kMaxSections] = {};  ///< on the first of two legs
  bool runs_[kMaxSections] = {};         ///< in the present chunk
  LaneMask awake_[kMaxSections] = {};    ///< lanes in which a section is not at rest
  LaneMask fine_[kMaxSections] = {};     ///< lanes that ring so long that they keep their rounding
};

}  // namespace fohd
