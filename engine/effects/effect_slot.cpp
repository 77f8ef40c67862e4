#include "engine/effects/effect_slot.h"

#include <algorithm>
#include <cmath>

namespace fohd {
namespace {

constexpr double kInputRampS = 0.010;  // as a mute: docs/DESK.md, "Ramps"
constexpr int kSides = 2;

}  // namespace

EffectSlot::EffectSlot(double rate_hz) : input_ramp_frames_(static_cast<int>(std::lround(kInputRampS * rate_hz))) {}

EffectSlot::~EffectSlot() {
  delete playing_.effect;
  delete ending_.effect;
  delete incoming_;
}

void EffectSlot::set(const EffectTargets& targets) noexcept {
  if (targets.kills != wanted_.kills) {
    for (const Instance* instance : {&playing_, &ending_}) {
      if (instance->effect != nullptr) instance->effect->kill();
    }
  }
  wanted_ = targets;
  if (playing_.effect != nullptr && playing_.effect->id() == wanted_.id) playing_.coeffs = wanted_.coeffs;
}

void EffectSlot::settle() noexcept {
  sub_block_boundary();
  playing_.input.settle();
}

void EffectSlot::sub_block_boundary() noexcept {
  move_out();
  move_in();
}

void EffectSlot::move_out() noexcept {
  if (playing_.effect != nullptr && playing_.effect->id() != wanted_.id) {
    if (ending_.effect != nullptr) {
      ending_.effect->kill();
    } else {
      ending_ = playing_;
      ending_.input.set(0, input_ramp_frames_);
      playing_.effect = nullptr;
    }
  }
  if (ending_.effect == nullptr || ending_.input.moving() || !ending_.effect->silent()) return;
  if (swap_.give_back(ending_.effect)) ending_.effect = nullptr;
}

void EffectSlot::move_in() noexcept {
  if (incoming_ == nullptr) incoming_ = swap_.take();
  if (incoming_ == nullptr) return;
  if (incoming_->id() == wanted_.id && playing_.effect == nullptr) {
    playing_.effect = incoming_;
    playing_.coeffs = wanted_.coeffs;
    playing_.input = Ramp(0);
    playing_.input.set(1, input_ramp_frames_);
    incoming_ = nullptr;
  } else if (incoming_->id() < wanted_.id && swap_.give_back(incoming_)) {
    incoming_ = nullptr;  // the targets that named it were never read
  }
}

bool EffectSlot::sounds(const Instance& instance, const float* in) const noexcept {
  return instance.effect != nullptr && (in != nullptr || !instance.effect->silent());
}

bool EffectSlot::process(const float* in, float* out, int frames) noexcept {
  // A silent instance still runs, so that its own clock goes on; its output is zeros.
  if (playing_.effect == nullptr && ending_.effect == nullptr) return false;
  const bool anything = sounds(playing_, in) || sounds(ending_, in);
  for (auto& side : sum_) std::fill_n(side, frames, 0.0f);
  for (Instance* instance : {&playing_, &ending_}) {
    if (instance->effect != nullptr) run(*instance, in, frames);
  }
  if (!anything) return false;
  for (int frame = 0; frame < frames; ++frame) {
    for (int side = 0; side < kSides; ++side) out[frame * kLanes + side] = sum_[side][frame];
  }
  return true;
}

/// Adds the output of an instance.
void EffectSlot::run(Instance& instance, const float* in, int frames) noexcept {
  if (in == nullptr || (!instance.input.moving() && instance.input.value == 0)) {
    for (int frame = 0; frame < frames && instance.input.moving(); ++frame) instance.input.step();
    for (auto& side : heard_) std::fill_n(side, frames, 0.0f);
  } else {
    for (int frame = 0; frame < frames; ++frame) {
      const auto gain = static_cast<float>(instance.input.step());
      for (int side = 0; side < kSides; ++side) heard_[side][frame] = in[frame * kLanes + side] * gain;
    }
  }
  instance.effect->process(instance.coeffs, heard_[0], heard_[1], heard_[0], heard_[1], frames);
  for (int side = 0; side < kSides; ++side) {
    for (int frame = 0; frame < frames; ++frame) sum_[side][frame] += heard_[side][frame];
  }
}

}  // namespace fohd
