// The rows of the gain matrix: what each strip gives to main, the buses and the effects.
#pragma once

#include <vector>

#include "control/parameters/settings.h"
#include "control/targets/audibility.h"
#include "control/targets/target_writer.h"

namespace fohd {

/// [control] How loud a strip is meant to be, from its settings (a MixingSettings or MixSettings).
template <class Settings>
StripLevel level_of(const Settings& settings) {
  return {.fader_db = settings.fader_db, .mutes = {.own = settings.mute}};
}

/// [control thread]
class MixRows {
 public:
  explicit MixRows(const Geometry& geometry);

  /// All rows of a channel or return. half: which one of its pair, 0 the odd one.
  void design_sends(const MixingSettings& strip, int lane, int half, const DeskSettings& desk, std::int32_t ramp_frames,
                    TargetWriter& writer);
  /// The row of a bus: to main and to the effects that it feeds.
  void design_bus(int bus, int lane, const DeskSettings& desk, std::int32_t ramp_frames, TargetWriter& writer);

 private:
  void clear();
  float* columns(Tap tap) noexcept;
  void add_to_main(const PanGains& pan, double gain);
  void add_send(const MixingSettings& strip, int half, int bus, const DeskSettings& desk);

  Geometry geometry_;
  std::vector<float> columns_;  ///< [tap][column] of the strip in hand
};

}  // namespace fohd
