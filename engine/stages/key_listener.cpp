#include "engine/stages/key_listener.h"

#include <cmath>

namespace fohd {
namespace {

constexpr Resets kNoResets{};

bool within(int strip, int first_strip) noexcept { return strip >= first_strip && strip < first_strip + kLanes; }
int source_of(const ListenTargets& targets) noexcept {
  return targets.key.source >= 0 ? targets.key.source : targets.strip;
}
/// Never into the bus that is the key itself: that would be a loop.
bool listens(const ListenTargets& targets) noexcept {
  return targets.strip >= 0 && targets.bus_strip >= 0 && source_of(targets) != targets.bus_strip;
}

}  // namespace

void KeyListener::set(const ListenTargets& targets) noexcept {
  wanted_ = targets;
  filter_.set(0, {&wanted_.key.filter, 1}, wanted_.ramp_frames);
  const bool stays = listens(wanted_) && source_of(wanted_) == source_ && wanted_.bus_strip == bus_strip_;
  moves_ = !stays;
  gain_.set(stays ? 1 : 0, wanted_.ramp_frames);
  sub_block_boundary();
}

void KeyListener::settle() noexcept {
  move();
  gain_.settle();
  filter_.settle();
}

void KeyListener::sub_block_boundary() noexcept {
  if (moves_ && gain_.value == 0 && !gain_.moving()) move();
}

/// Called while the gain is 0 only, so the old key is not audible.
void KeyListener::move() noexcept {
  moves_ = false;
  source_ = listens(wanted_) ? source_of(wanted_) : -1;
  bus_strip_ = listens(wanted_) ? wanted_.bus_strip : -1;
  gain_.set(listens(wanted_) ? 1 : 0, wanted_.ramp_frames);
  filter_.settle();
  filter_.clear_state(lane_bit(0));
}

void KeyListener::take_back(int first_strip, float* mixed) noexcept {
  if (!within(added_strip_, first_strip)) return;
  for (int frame = 0; frame < kSubBlockFrames; ++frame) mixed[frame * kLanes + added_strip_ % kLanes] = 0;
  added_strip_ = -1;
}

bool KeyListener::add(int first_strip, KeySources keys, float* mixed, int frames) noexcept {
  if (!within(bus_strip_, first_strip)) return false;
  const float* from = keys[source_];
  for (int frame = 0; frame < frames; ++frame) {
    const float x = from != nullptr ? from[frame * kLanes] : 0.0f;
    key_.frame(frame)[0] = std::isfinite(x) ? x : 0.0f;
  }
  filter_.process(key_.samples, key_.samples, frames, 1, kNoResets);
  for (int frame = 0; frame < frames; ++frame) {
    mixed[frame * kLanes + bus_strip_ % kLanes] += key_.frame(frame)[0] * static_cast<float>(gain_.step());
  }
  added_strip_ = bus_strip_;
  return true;
}

}  // namespace fohd
