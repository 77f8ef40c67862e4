// What a path out of a strip lets through: fader, DCAs and all that mutes, folded into one gain (docs/DESK.md,
// "Mutes").
#pragma once

#include <algorithm>

#include "control/desk/mutes.h"
#include "control/targets/gain_laws.h"

namespace fohd {

enum class Path { pre_fader, post_fader };

/// How loud a strip is meant to be.
struct StripLevel {
  float fader_db = 0;
  float dca_db = 0;  ///< the sum of its DCAs' faders
  MuteFlags mutes = {};
};

/// The desk's own, about pre-fader sends.
struct MuteRules {
  bool mute_pre_sends = false;  ///< own and group mutes cut them too
  bool dca_mute_all = false;    ///< a DCA at off cuts them too
};

/// Fader and DCAs never add up to more (docs/DESK.md, "Levels").
inline constexpr float kMaxStripGainDb = 20;

/// [any] Linear gain; exactly 0 where the path is silent. Post fader: fader and DCAs, and every mute. Pre fader:
/// neither; the safety mute always, the others as the rules say, solo in place never, since monitors stay as they are.
inline double audibility(const StripLevel& strip, const MuteRules& rules, Path path) noexcept {
  const MuteFlags& mutes = strip.mutes;
  if (path == Path::post_fader) {
    if (mutes.any() || strip.fader_db <= kLevelOffDb) return 0;
    return level_gain(std::min(strip.fader_db + strip.dca_db, kMaxStripGainDb));
  }
  const bool silent =
      mutes.safety || (rules.mute_pre_sends && (mutes.own || mutes.group)) || (rules.dca_mute_all && mutes.dca);
  return silent ? 0 : 1;
}

}  // namespace fohd
