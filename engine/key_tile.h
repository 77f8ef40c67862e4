// What gates and compressors listen to. A lane's key is by default what the processor works on; it can be another
// strip, and pass a filter on its way (the kick's key for the bass, without its click). The two lanes of a linked pair
// hear the louder of both, so that a stereo picture does not move.
//
// Keys are built in memory, a tile of them per processor; where no lane asks for any of this, the signal itself is the
// key and nothing is copied. A channel's key is its tap `input` of the same frame; a bus is heard 64 frames late,
// because it is mixed after the channels (DESIGN section 3).
#pragma once

#include <cstdint>

#include "engine/filter_chain.h"
#include "engine/targets.h"
#include "engine/tile.h"

namespace fohd {

/// Where the strips' signals stand in the present chunk, for keys: [strip], the first frame's sample, the next one
/// kLanes further. Null: this strip cannot be a key.
using KeySources = const float* const*;

class KeyTile {
 public:
  /// [audio] The filter ramps, the source and the link change at once: what they change is heard through the
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
