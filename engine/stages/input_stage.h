// The input stage: the patch (which source feeds which channel), and the watch for broken samples.
//
// A healthy, settled lane is transposed from where its port lies; the peak found on the way shows whether it was
// healthy. Everything else goes sample by sample through a scratch block: a change of patch (cross-fade, 5 ms linear;
// while it runs, a further change waits for its end), NaN, infinities and anything above +30 dBFS (which nothing
// physical is: converters end at 0, and a program that mixes in float leaves its 20 dB of headroom seldom): such a
// sample counts as 0, and the lane's FaultGuard takes over.
//
// Each channel has a delay of up to half a second. Trim and polarity come behind it, in the transposition, where
// docs/DESK.md names them first: what does not move is the same either way. What enters the delay is already whole.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "engine/processors/filter_chain.h"
#include "engine/tile/delay_line.h"
#include "engine/tile/fault_guard.h"
#include "engine/tile/tile_kernels.h"

namespace fohd {

/// Linear magnitude: +30 dBFS. Above it an input's sample counts as broken, like NaN (docs/DESK.md, "Things that could
/// hurt").
inline constexpr float kLoudestInput = 31.622776f;

/// What the input stage found in a chunk of a channel tile.
struct InputStageReport {
  LaneMask sounding = 0;  ///< lanes with any sample that is not zero
  Resets resets;
};

class InputStage {
 public:
  InputStage(const Geometry& geometry, double rate_hz);  ///< [control]

  /// [audio] source: of those that read() is given, 0-based (engine/stages/source_set.h); anything else is silence.
  void set(int channel, int source, int delay_frames) noexcept;
  /// [control] Patch and delays take their last targets at once, without a fade.
  void settle() noexcept;
  /// [audio] Channels of tile `tile`, `frames` (1..64) from inputs[source] + offset, times gains[lane], into `out`.
  /// now: the engine's frame counter. If nothing sounds, `out` may not have been written: it is silence.
  void read(int tile, const float* const* inputs, int offset, int frames, std::uint64_t now, const float* gains,
            float* out, InputStageReport& report) noexcept;

  FaultGuard& guard(int channel) noexcept { return lanes_[channel].guard; }
  const FaultGuard& guard(int channel) const noexcept { return lanes_[channel].guard; }
  /// [any] Samples at or above 0 dBFS so far, wraps.
  std::uint32_t clips(int channel) const noexcept { return lanes_[channel].clips; }

 private:
  struct Lane {
    int source = -1, from = -1, wanted = -1;  ///< in use, faded out, requested
    int fade_done = 0;                        ///< frames; at fade_frames_ the fade is over
    std::uint32_t clips = 0;
    FaultGuard guard;
    DelayLine delay;
  };
  const float* port(const float* const* inputs, int source, int offset) const noexcept;
  bool begin_fade(Lane& lane) const noexcept;
  const float* delay(Lane& lane, int bit, const float* samples, int frames, std::uint64_t now) noexcept;
  /// Transposes; lanes that are not `slow` are searched for clips and broken samples on the way.
  void read_connected(int tile, const float* const* inputs, int offset, int frames, std::uint64_t now,
                      const float* gains, LaneMask slow, const float** planar, float* out,
                      InputStageReport& report) noexcept;
  const float* read_slowly(Lane& lane, int bit, const float* const* inputs, int offset, int frames, std::uint64_t now,
                           Resets& resets) noexcept;

  /// Of a channel tile.
  int lanes_used(int tile) const noexcept { return std::min(static_cast<int>(lanes_.size()) - tile * kLanes, kLanes); }

  Geometry geometry_;
  int fade_frames_;
  std::vector<Lane> lanes_;
  std::vector<Tile> scratch_;  ///< one, planar: [lane][frame]
};

}  // namespace fohd
