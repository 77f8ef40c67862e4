// Peak and mean square of sixteen lanes at one place of the desk.
//
// Peaks are exact: every sample counts. The mean square has a time constant of 300 ms (docs/DESK.md, "Meters") and is
// updated on the 64-frame grid from that sub-block's sum of squares, which runs in frame order: any split of the input
// gives the same bits.
#pragma once

#include <algorithm>
#include <bit>
#include <cfloat>
#include <cmath>

#include "engine/tile/ramps.h"
#include "engine/tile/tile_kernels.h"

namespace fohd {

/// [control] The share of a sub-block in the mean square: 1 - exp(-64 / (0.3 s x rate)).
inline float mean_square_coeff(double rate_hz) noexcept {
  return static_cast<float>(-std::expm1(-kSubBlockFrames / (0.3 * rate_hz)));
}

struct TileMeter {
  LaneMeasure measure;
  alignas(64) float mean_square[kLanes] = {};

  void begin_call() noexcept { std::fill_n(measure.call_peak_bits, kLanes, 0); }  ///< [audio]
  /// [audio] The running peaks start again at what this process() call saw.
  void restart_peaks() noexcept { std::copy_n(measure.call_peak_bits, kLanes, measure.running_peak_bits); }
  /// [audio] At a grid point. share: mean_square_coeff().
  void sub_block_boundary(float share) noexcept {
    for (int lane = 0; lane < kLanes; ++lane) {
      mean_square[lane] += share * (measure.block_sum[lane] * (1.0f / kSubBlockFrames) - mean_square[lane]);
      if (mean_square[lane] < kNothing) mean_square[lane] = 0;  // an exponential ends nowhere
      measure.block_sum[lane] = 0;
      measure.block_peak_bits[lane] = 0;
    }
  }
  /// [audio] Lanes that met a NaN or an infinity since the last grid point; their power is cleared.
  LaneMask drop_broken() noexcept {
    bool any = false;  // a loop that vectorises: this runs for every tile, and nearly never finds anything
    for (int lane = 0; lane < kLanes; ++lane) any |= is_broken(lane);
    LaneMask broken = 0;
    for (int lane = 0; any && lane < kLanes; ++lane) {
      if (!is_broken(lane)) continue;
      broken |= lane_bit(lane);
      measure.block_sum[lane] = 0;
    }
    return broken;
  }
  /// [audio] The power has come down to nothing.
  bool still() const noexcept {
    return std::all_of(mean_square, mean_square + kLanes, [](float power) { return power == 0; });
  }
  /// [any] Linear; what was not a number shows as +120 dBFS.
  float peak(int lane) const noexcept {
    const float peak = std::bit_cast<float>(measure.running_peak_bits[lane]);
    return peak < 1e6f ? peak : 1e6f;
  }

 private:
  static constexpr float kNothing = 1e-30f;  ///< -300 dB
  bool is_broken(int lane) const noexcept {
    return (measure.block_peak_bits[lane] >= kInfinityBits) | !(measure.block_sum[lane] <= FLT_MAX);
  }
};

}  // namespace fohd
