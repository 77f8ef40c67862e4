#include "control/targets/effect_designer.h"

namespace fohd {
EffectDesigner::EffectDesigner(const Geometry& geometry, double rate_hz)
    : rate_hz_(rate_hz), slots_(static_cast<std::size_t>(geometry.effects())) {}

void EffectDesigner::kill_all() {
  for (Slot& slot : slots_) ++slot.kills;
}

bool EffectDesigner::update(const std::vector<EffectSettings>& settings, std::vector<EffectTargets>& targets) {
  bool changed = false;
  for (std::size_t i = 0; i < slots_.size(); ++i) {
    EffectTargets next = targets[i];
    next.kills = slots_[i].kills;
    if (slots_[i].touched) design(slots_[i], settings[i], next);
    if (next == targets[i]) continue;
    ++next.revision;
    targets[i] = next;
    changed = true;
  }
  return changed;
}

void EffectDesigner::design(Slot& slot, const EffectSettings& settings, EffectTargets& target) {
  slot.touched = false;
  target.coeffs = fohd::design(settings.type, settings.params, rate_hz_);
  if (settings.type == slot.kind) return;
  slot.kind = settings.type;
  target.id = ++last_id_;
  slot.offer = make_effect(target.coeffs, target.id, rate_hz_);
}

void EffectDesigner::hand_over(Engine& engine) {
  for (std::size_t i = 0; i < slots_.size(); ++i) {
    Swap<Effect>& swap = engine.effect_swap(static_cast<int>(i));
    swap.collect();
    if (slots_[i].offer) swap.offer(std::move(slots_[i].offer));
  }
}

}  // namespace fohd
