// The inside of the reverb: its delay memory, and what the loop over one chunk reads and leaves behind.
#pragma once

#include <cstring>
#include <vector>

#include "engine/tile/geometry.h"

namespace fohd {

inline constexpr int kDiffuserStages = 6;

/// In frames; all of them different primes, but for the predelay.
struct ReverbDelays {
  int line[kLanes] = {};
  int diffuser[2][kDiffuserStages] = {};  ///< [left, right]
  int predelay = 0;
  constexpr bool operator==(const ReverbDelays&) const = default;
};

/// What glides in straight lines from one setting to the next.
struct alignas(64) ReverbTone {
  float damping_share[kLanes] = {};  ///< of the way that is left, per frame, of each line's one-pole low-pass
  float mid_gain[kLanes] = {};       ///< of a line's round
  float bass_gain[kLanes] = {};      ///< what the bass gets in addition; may be negative
  float inject_gain = 0;             ///< from the diffusers into the lines
  float diffusion[kDiffuserStages] = {};
  constexpr bool operator==(const ReverbTone&) const = default;
};

/// Lines of delay side by side, each a ring of its own; all are written at the same place. The first frames of a ring
/// are kept a second time behind its end, so that whatever is read or written in one chunk lies in one piece.
class DelayRows {
 public:
  /// [control]
  DelayRows(int rows, int longest_frames)
      : longest_(longest_frames),
        capacity_(round_up(longest_frames + 2 * kSubBlockFrames, kSubBlockFrames)),
        stride_(capacity_ + kMirrored + kApart),
        memory_(static_cast<std::size_t>(rows) * static_cast<std::size_t>(stride_)) {}

  int longest_frames() const noexcept { return longest_; }  ///< [any]
  /// [audio] What was written delay_frames (0..longest_frames()) before this frame of the present sub-block, and what
  /// follows it.
  const float* read(int row, int frame, int delay_frames) const noexcept {
    const int at = base_ + frame - delay_frames;
    return memory_.data() + row * stride_ + (at < 0 ? at + capacity_ : at);
  }
  /// [audio] Must not cross the end of the sub-block.
  void write(int row, int frame, const float* samples, int frames) noexcept {
    float* const to = memory_.data() + row * stride_ + base_ + frame;
    const std::size_t bytes = static_cast<std::size_t>(frames) * sizeof(float);
    std::memcpy(to, samples, bytes);
    if (base_ < kMirrored) std::memcpy(to + capacity_, samples, bytes);
  }
  /// [audio] The next sub-block begins.
  void advance() noexcept { base_ = base_ + kSubBlockFrames == capacity_ ? 0 : base_ + kSubBlockFrames; }
  /// [audio]
  void clear(int row) noexcept {
    std::memset(memory_.data() + row * stride_, 0, static_cast<std::size_t>(stride_) * sizeof(float));
  }

 private:
  /// A chunk, three neighbours of an interpolation and the widest vector's overshoot fit into it.
  static constexpr int kMirrored = 2 * kSubBlockFrames;
  /// Else rows whose stride is a multiple of 4 KB would compete for the same few sets of the nearest cache.
  static constexpr int kApart = 3 * 16;
  int longest_, capacity_, stride_, base_ = 0;
  std::vector<float> memory_;
};

/// A chunk of one signal, with room for the widest vector's overshoot.
struct alignas(64) ReverbRow {
  float samples[kSubBlockFrames + 16] = {};
};

/// Value of frame i since the ramp began: tone + i tone_step, fused, so any split gives the same bits.
struct ReverbCore {
  /// [control] The longest delays there will be.
  ReverbCore(int predelay_frames, int diffuser_frames, int line_frames)
      : predelay(2, predelay_frames), diffusers(2 * kDiffuserStages, diffuser_frames), lines(kLanes, line_frames) {}

  DelayRows predelay, diffusers, lines;  ///< 2, 2 x kDiffuserStages (left first), kLanes rows
  ReverbTone tone, tone_step;
  int tone_at = 0;          ///< of the chunk's first frame, counted from the ramp's start; steps are 0 at rest
  ReverbDelays delays, to;  ///< in a cross-fade from one to the other, else the same
  float fade_step = 0;      ///< per frame; 0: no cross-fade
  int fade_at = 0;          ///< of the chunk's first frame
  float bass_share = 0;
  float advance_now[kLanes] = {}, advance_next[kLanes] = {};  ///< frames by which a line is shorter, at the grid points
                                                              ///< before and behind; straight in between
  alignas(64) float damped[kLanes] = {};                      ///< the low-passes
  alignas(64) float bass[kLanes] = {};
  float peak = 0;  ///< largest magnitude that has gone into a line; the owner sets it back

  ReverbRow in[2], out[2];  ///< the chunk, planar
  ReverbRow lines_out[kLanes], lines_in[kLanes], other;
  alignas(64) float tile[kSubBlockFrames * kLanes] = {}, absorbed[kSubBlockFrames * kLanes] = {};
};

/// A chunk, what a modulated line may become shorter by and an interpolation's neighbours have to fit into a delay.
inline constexpr int kShortestReverbDelay = 2 * kSubBlockFrames;
/// The lines of odd parity: every sign pattern of the kernels meets as many of either kind.
constexpr bool modulated(int line) noexcept { return __builtin_parity(static_cast<unsigned>(line)) != 0; }

/// [audio] core.in -> core.out, `frames` frames from `frame` of the sub-block on; the chunk must not cross its end.
/// Chunk-invariant.
void reverb_chunk(ReverbCore& core, int frame, int frames) noexcept;

}  // namespace fohd
