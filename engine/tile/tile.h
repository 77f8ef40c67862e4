// Sixteen strips, one sub-block: the shape in which the desk's signals travel. Planar blocks (one port, frames side by
// side) exist only at the ports.
#pragma once

#include "engine/tile/geometry.h"

namespace fohd {

struct alignas(64) Tile {
  float samples[kSubBlockFrames * kLanes] = {};  ///< [frame][lane]
  float* frame(int f) noexcept { return samples + f * kLanes; }
  const float* frame(int f) const noexcept { return samples + f * kLanes; }
};

/// What a strip tile offers to the gain matrix. Where the stages between two taps are neutral, the taps are one tile.
struct TileTaps {
  const float* tap[kTaps] = {};  ///< [Tap], each [frame][lane] of the present chunk
  bool silent = true;            ///< every sample of every tap is zero
};

}  // namespace fohd
