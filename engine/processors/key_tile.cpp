#include "engine/processors/key_tile.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace fohd {
namespace {

constexpr LaneMask kEvenLanes = 0x5555;
constexpr Resets kNoResets{};  // the stage cuts its stretches at them

void assign(LaneMask& mask, int lane, bool value) noexcept {
  mask = static_cast<LaneMask>(value ? mask | lane_bit(lane) : mask & ~lane_bit(lane));
}

}  // namespace

void KeyTile::set(int lane, const KeyTargets& targets, int ramp_frames) noexcept {
  source_[lane] = targets.source;
  assign(foreign_, lane, targets.source >= 0);
  assign(filtered_, lane, targets.filter != SvfCoeffs{});
  if (lane % 2 == 0) assign(linked_, lane, targets.linked);
  filter_.set(lane, {&targets.filter, 1}, ramp_frames);
}

const float* KeyTile::build(const float* self, KeySources sources, int begin, LaneMask lanes_wanted, int frames,
                            int lanes) noexcept {
  // A pair's other lane counts too, requested or not.
  const unsigned linked = linked_ & (lanes_wanted | lanes_wanted >> 1);
  const bool filters = ((foreign_ | filtered_) & lanes_wanted) != 0 || filter_.moving();
  if (!filters && linked == 0) return self;
  std::copy_n(self, frames * kLanes, key_.samples);
  for (unsigned left = foreign_; left != 0; left &= left - 1) {
    const int lane = std::countr_zero(left);
    const float* from = sources[source_[lane]];
    for (int frame = 0; frame < frames; ++frame) {
      key_.frame(frame)[lane] = from != nullptr ? from[(begin + frame) * kLanes] : 0.0f;
    }
  }
  filter_.process(key_.samples, key_.samples, frames, lanes, kNoResets);
  for (unsigned left = linked & kEvenLanes; left != 0; left &= left - 1) {
    const int lane = std::countr_zero(left);
    for (int frame = 0; frame < frames; ++frame) {
      float* pair = key_.frame(frame) + lane;
      pair[0] = pair[1] = std::max(std::fabs(pair[0]), std::fabs(pair[1]));
    }
  }
  return key_.samples;
}

}  // namespace fohd
