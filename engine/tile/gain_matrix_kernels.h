// The inner loops of the gain matrix. Lanes run across columns, so a mixed tile needs no transposing.
#pragma once

#include "engine/tile/geometry.h"

namespace fohd {

/// Columns are worked in groups of eight: a desk with main only pays for half a tile.
inline constexpr int kColumnGroup = 8;

/// One row into one mixed tile. source points at the strip's lane in its tap tile (stride kLanes), gains at 16 columns.
struct MixTerm {
  const float* source;
  const float* gains;
};

/// [audio] out[frame][c] = out[frame][c] (or zero, if not `accumulate`) + sum over the terms, in their order, of
/// source[frame] * gains[c], for the columns c in first..last-1 (multiples of 8, 0..16). All pointers 32-byte aligned
/// but source. Any split of frames, and any split of the terms into calls, gives the same bits.
void mix_settled(const MixTerm* terms, int count, bool accumulate, float* out, int frames, int first,
                 int last) noexcept;

/// [audio] One row on the move: before each frame gains += increments; then out += source * gains.
void mix_moving(const float* source, float* gains, const float* increments, float* out, int frames, int first,
                int last) noexcept;

}  // namespace fohd
