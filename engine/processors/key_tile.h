// The keys of gates and compressors. A lane's key is by default the signal that the processor works on; it can be
// another strip, and pass a filter (the kick's key for the bass, without its click). The two lanes of a linked pair
// use the louder of both, so that a stereo picture does not move.
//
// Keys are built in memory, a tile of them per processor; where no lane uses any of this, the signal itself is the
// key and nothing is copied. A channel's key is its tap `input` of the same frame; a bus key is 64 frames late,
// because it is mixed after the channels (docs/DESIGN.md, "The order of a chunk").
#pragma once

#include <cstdint>

#include "engine/processors/filter_chain.h"
#include "engine/processors/svf_coeffs.h"
#include "engine/tile/tile.h"

namespace fohd {

/// Where the strips' signals stand in the present chunk, for keys: [strip], the first frame's sample, the next one
/// kLanes further. Null: this strip cannot be a key.
using KeySources = const float* const*;

/// The key of a gate or a compressor.
struct KeyTargets {
  std::int32_t source = -1;  ///< the strip (a channel or a bus) whose signal is the key; -1: what is processed
  bool linked = false;       ///< an even lane and the next use the louder of both
  SvfCoeffs filter;
  bool operator==(const KeyTargets&) const = default;
};

class KeyTile {
 public:
  /// [audio] The filter ramps, the source and the link change at once: their change passes through the
  /// processor's own attack and release.
  void set(int lane, const KeyTargets& targets, int ramp_frames) noexcept;
  void settle() noexcept { filter_.settle(); }  ///< [control]

  /// [audio] The keys for these lanes. self: what the processor works on, [frames][16]; it begins at frame `begin` of
  /// the chunk whose sources these are.
  const float* build(const float* self, KeySources sources, int begin, LaneMask lanes_wanted, int frames,
                     int lanes) noexcept;

  LaneMask foreign() const noexcept { return foreign_; }  ///< [audio] lanes whose key is another strip
  void clear_state(LaneMask lanes) noexcept { filter_.clear_state(lanes); }       ///< [audio]
  LaneMask quiet(LaneMask lanes) const noexcept { return filter_.quiet(lanes); }  ///< [audio]
  bool moving() const noexcept { return filter_.moving(); }                       ///< [any]

 private:
  FilterChain filter_{1};
  std::int32_t source_[kLanes] = {-1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1};
  LaneMask foreign_ = 0, filtered_ = 0;
  LaneMask linked_ = 0;  ///< the even lane of each linked pair
  Tile key_;
};

}  // namespace fohd
