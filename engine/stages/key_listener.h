// A gate's key, to be listened to while its filter is set: the signal behind the key filter, added to one bus (the
// engineer's headphones). Without the link of a pair: the louder of two waves is no audible signal.
// A key that is the very bus it would be added to is not added, since that would be a loop.
//
// A change of the key or of the bus fades out, moves and fades in; the filter ramps as the gate's own does.
#pragma once

#include "engine/processors/key_tile.h"
#include "engine/stages/targets.h"
#include "engine/tile/ramp.h"

namespace fohd {

class KeyListener {
 public:
  void set(const ListenTargets& targets) noexcept;  ///< [audio]
  void settle() noexcept;                           ///< [control]
  void sub_block_boundary() noexcept;               ///< [audio] at each multiple of 64 frames

  /// [audio] Before a bus tile (its first strip) is mixed: what was added to it in the chunk before leaves again.
  void take_back(int first_strip, float* mixed) noexcept;
  /// [audio] Behind that: adds the key to its lane. False: this tile has no key to add, nothing was written.
  bool add(int first_strip, KeySources keys, float* mixed, int frames) noexcept;

 private:
  void move() noexcept;

  ListenTargets wanted_;
  std::int32_t source_ = -1, bus_strip_ = -1;  ///< in use
  bool moves_ = false;                         ///< the key in use is not the target
  Ramp gain_{0};
  FilterChain filter_{1};
  int added_strip_ = -1;  ///< the strip whose lane holds the added key
  Tile key_;              ///< lane 0
};

}  // namespace fohd
