// Why a strip is silent (docs/DESK.md, "Mutes").
#pragma once

#include <cstdint>

namespace fohd {

/// Bits of /ch/N/muted. Any one mutes.
inline constexpr std::int32_t kMutedOwn = 1, kMutedGroup = 2, kMutedDca = 4, kMutedSoloInPlace = 8, kMutedSafety = 16;

struct MuteFlags {
  bool own = false;
  bool group = false;          ///< of a mute group
  bool dca = false;            ///< a DCA is at off
  bool solo_in_place = false;  ///< another strip is heard alone
  bool safety = false;         ///< its sound broke too often

  constexpr bool any() const noexcept { return own || group || dca || solo_in_place || safety; }
  constexpr std::int32_t bits() const noexcept {
    return (own ? kMutedOwn : 0) | (group ? kMutedGroup : 0) | (dca ? kMutedDca : 0) |
           (solo_in_place ? kMutedSoloInPlace : 0) | (safety ? kMutedSafety : 0);
  }
};

}  // namespace fohd
