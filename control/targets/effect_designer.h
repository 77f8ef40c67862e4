// The effects of the desk: makes the instances that the audio thread will play, assigns them to slots and designs
// their coefficients. How they are handed over: engine/effects/effect_slot.h.
#pragma once

#include <memory>
#include <vector>

#include "control/parameters/settings.h"
#include "engine/engine.h"

namespace fohd {

/// [control thread]
class EffectDesigner {
 public:
  EffectDesigner(const Geometry& geometry, double rate_hz);

  /// The settings of a slot changed.
  void touch(int slot) { slots_[static_cast<std::size_t>(slot)].touched = true; }
  /// Whatever sounds in a slot is to end.
  void kill(int slot) { ++slots_[static_cast<std::size_t>(slot)].kills; }
  void kill_all();
  /// What the slots are to play now: [slot], all of them. For another kind of effect an instance is made,
  /// which waits for hand_over(). True if any target changed.
  bool update(const std::vector<EffectSettings>& settings, std::vector<EffectTargets>& targets);
  /// New instances go to the engine's slots, what came back is freed. Call it before the targets are published.
  void hand_over(Engine& engine);

 private:
  struct Slot {
    bool touched = true;
    EffectType kind = EffectType::none;  ///< of the present instance
    std::uint32_t kills = 0;
    std::unique_ptr<Effect> offer;  ///< not handed over yet
  };
  void design(Slot& slot, const EffectSettings& settings, EffectTargets& target);

  double rate_hz_;
  EffectId last_id_ = 0;
  std::vector<Slot> slots_;
};

}  // namespace fohd
