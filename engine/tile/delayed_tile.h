// A tile as it was 64 frames ago: how a strip reads another one that is processed after it (docs/DESIGN.md, "The order
// of a chunk"). The delay is one step of the grid, whatever the period, because chunks never cross a grid point: what
// is read is what was written at the same place of the sub-block before.
#pragma once

#include <algorithm>
#include <cstdint>

#include "engine/tile/tile.h"

namespace fohd {

class DelayedTile {
 public:
  /// [audio] The frames of 64 frames ago, for a chunk that begins at frame `now` of the engine's counter. Null:
  /// silence.
  const float* read(std::uint64_t now) const noexcept {
    return silent_frames_ >= kSubBlockFrames ? nullptr : ring_.frame(place(now));
  }
  /// [audio] The present ones, after the last read() of the chunk. samples: [frames][16], or null for silence.
  void write(const float* samples, int frames, std::uint64_t now) noexcept {
    if (samples == nullptr) {
      if (silent_frames_ >= kSubBlockFrames) return;
      std::fill_n(ring_.frame(place(now)), frames * kLanes, 0.0f);
      silent_frames_ += frames;
    } else {
      std::copy_n(samples, frames * kLanes, ring_.frame(place(now)));
      silent_frames_ = 0;
    }
  }

 private:
  static int place(std::uint64_t now) noexcept { return static_cast<int>(now % kSubBlockFrames); }
  Tile ring_;
  int silent_frames_ = kSubBlockFrames;
};

}  // namespace fohd
