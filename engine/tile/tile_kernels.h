// The plain loops over tiles that every strip needs, compiled for each SIMD target: transposing, gains, measuring.
// All are [audio], chunk-invariant (any split of frames gives the same bits) and treat lanes independently.
#pragma once

#include <cstdint>

#include "engine/tile/geometry.h"

namespace fohd {

/// Magnitudes travel as the bits of |x|: ordered like the numbers, and everything from here up is infinite or NaN.
inline constexpr std::int32_t kInfinityBits = 0x7f800000;

/// What a meter gathers from tiles. Sums run in frame order from one grid point to the next.
struct alignas(64) LaneMeasure {
  std::int32_t block_peak_bits[kLanes] = {};    ///< since the last grid point
  std::int32_t call_peak_bits[kLanes] = {};     ///< in this process() call
  std::int32_t running_peak_bits[kLanes] = {};  ///< since the reader took the last frame
  float block_sum[kLanes] = {};                 ///< of squares, since the last grid point
};

/// Bits of the largest |x| among `frames` samples; x need not be aligned.
std::int32_t peak_bits(const float* x, int frames) noexcept;

/// tile[frame][lane] = lanes[lane][frame] * gains[lane]; peaks[lane] gets the bits of the largest |lanes[lane][frame]|.
/// lanes has 16 pointers, none null.
void transpose_in(const float* const* lanes, const float* gains, float* tile, std::int32_t* peaks, int frames) noexcept;

/// planar[lane * kSubBlockFrames + frame] = tile[frame][lane] for the first `lanes` lanes (up to the next multiple of
/// 8 may be written).
void transpose_out(const float* tile, float* planar, int frames, int lanes) noexcept;

/// out = in * gains, may be in place. peaks, continued from what they hold: bits of the largest |out|.
void apply_gain(const float* gains, const float* in, float* out, std::int32_t* peaks, int frames, int lanes) noexcept;
/// The same while gains move: before each frame gains += increments.
void apply_gain_ramped(float* gains, const float* increments, const float* in, float* out, std::int32_t* peaks,
                       int frames, int lanes) noexcept;

/// Adds the tile to the measure.
void measure(const float* tile, LaneMeasure& into, int frames, int lanes) noexcept;
/// The same of tile * gains.
void measure_scaled(const float* gains, const float* tile, LaneMeasure& into, int frames, int lanes) noexcept;
void measure_ramped(float* gains, const float* increments, const float* tile, LaneMeasure& into, int frames,
                    int lanes) noexcept;

/// out = in x gains, clamped to +-1, zeros positive. peaks[lane] gets the bits of the largest |in x gain|, so
/// infinities, NaN and samples above the clamp show in it; sums[lane] continues with the squares of out.
void finish_output(const float* gains, const float* in, float* out, std::int32_t* peaks, float* sums, int frames,
                   int lanes) noexcept;

/// sum continued with the squares of `frames` samples, in the arithmetic of the other sums: the same bits.
float sum_squares(const float* x, float sum, int frames) noexcept;

}  // namespace fohd
