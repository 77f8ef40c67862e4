// A gate's key, to be listened to while its filter is set: the signal behind the key filter, added to one bus (the
// engineer's headphones). Without the link of a pair: the louder of two waves is nothing to listen to.
// A key that is the very bus it would be heard in is not heard, since that would be a loop.
//
// A change of who is listened to, or where, fades out, moves and fades in; the filter ramps as the gate's own does.
#pragma once

#include "engine/key_tile.h"
#include "engine/ramp.h"

namespace fohd {

class KeyListener {
 public:
  void set(const ListenTargets& targets) noexcept;  ///< [audio]
  void settle() noexcept;                           ///< [control]
  void grid() noexcept;                             ///< [audio] at each multiple of 64 frames

  /// [audio] Before a bus tile (its first strip) is mixed: what was added to it in the chunk before leaves again.
  void take_back(int first_strip, float* mixed) noexcept;
  /// [audio] Behind that: adds the key to its lane. False: this tile is not listened to, nothing was written.
  bool add(int first_strip, KeySources keys, float* mixed, int frames) noexcept;

 private:
  void move() noexcept;

  ListenTargets wanted_;
  std::int32_t source_ = -1, bus_strip_ = -1;  ///< heard now
  bool moves_ = false;                         ///< what is heard is not what is wanted
  Ramp gain_{0};
  FilterChain filter_{1};
  int added_strip_ = -1;  ///< whose lane holds something of ours
  Tile key_;              ///< lane 0
};

}  // namespace fohd
