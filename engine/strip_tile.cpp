#include "engine/strip_tile.h"

#include <cmath>

namespace fohd {
namespace {

const Tile kSilentTile{};
constexpr Resets kNoResets{};
alignas(64) constexpr float kUnity[kLanes] = {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1};

float finite_or_zero(float x) noexcept { return std::isfinite(x) ? x : 0.0f; }

}  // namespace

StripTile::StripTile(int lanes, bool mixed) noexcept
    : lanes_(lanes), used_(static_cast<LaneMask>((1u << lanes) - 1)), quiet_(used_), mixed_(mixed) {
  input_gain_.fill(1);
  for (const float*& tap : taps_.tap) tap = kSilentTile.samples;
}

void StripTile::set(int lane, const LaneTargets& targets) noexcept {
  post_gain_.set(lane, finite_or_zero(targets.post_gain), targets.post_gain_ramp_frames);
  eq_.set(lane, targets.eq, targets.coeff_ramp_frames);
  if (mixed_) return;
  input_gain_.set(lane, finite_or_zero(targets.input_gain), targets.input_gain_ramp_frames);
  low_cut_.set(lane, targets.low_cut, targets.coeff_ramp_frames);
}

void StripTile::settle() noexcept {
  input_gain_.settle();
  post_gain_.settle();
  low_cut_.settle();
  eq_.settle();
}

void StripTile::begin_call() noexcept {
  pre_.begin_call();
  post_.begin_call();
}

bool StripTile::dormant(bool silent) const noexcept {
  return silent && quiet_ == used_ && !low_cut_.moving() && !eq_.moving() && input_gain_.moving == 0 &&
         post_gain_.moving == 0;
}

const float* StripTile::rim_gains() const noexcept { return input_gain_.moving != 0 ? kUnity : input_gain_.value; }

void StripTile::fall_silent() noexcept {
  for (const float*& tap : taps_.tap) tap = kSilentTile.samples;
}

void StripTile::process_input(const RimReport& rim, int frames) noexcept {
  sounding_ |= rim.sounding;
  quiet_ &= static_cast<LaneMask>(~rim.sounding);
  const bool silent = rim.sounding == 0;
  taps_.silent = dormant(silent);
  if (taps_.silent) return fall_silent();
  if (silent) std::fill_n(input_.samples, frames * kLanes, 0.0f);
  if (input_gain_.moving != 0) apply_input_gain(frames);
  low_cut_.process(input_.samples, input_.samples, frames, lanes_, rim.resets);
}

void StripTile::process_mix(bool silent, int frames) noexcept {
  taps_.silent = dormant(silent);
  if (taps_.silent) return fall_silent();
  if (silent) {
    std::fill_n(input_.samples, frames * kLanes, 0.0f);
  } else {
    quiet_ = 0;
  }
  process_rest(kNoResets, frames);
}

void StripTile::process_rest(const Resets& resets, int frames) noexcept {
  if (taps_.silent) return;
  // Place of the gate and of insert A.
  const bool equalised = eq_.process(input_.samples, equalised_.samples, frames, lanes_, resets);
  // Place of the compressor and of insert B.
  const float* after_eq = equalised ? equalised_.samples : input_.samples;
  taps_.tap[static_cast<int>(Tap::input)] = taps_.tap[static_cast<int>(Tap::pre_eq)] = input_.samples;
  taps_.tap[static_cast<int>(Tap::post_eq)] = taps_.tap[static_cast<int>(Tap::pre_fader)] = after_eq;
  measure(input_.samples, pre_.measure, frames, lanes_);
  measure_post(frames);
}

void StripTile::apply_input_gain(int frames) noexcept {
  alignas(64) std::int32_t ignored_peaks[kLanes] = {};
  for (int begin = 0; begin < frames;) {
    const int length = input_gain_.segment(frames - begin);
    float* samples = input_.frame(begin);
    if (input_gain_.moving != 0) {
      apply_gain_ramped(input_gain_.value, input_gain_.increment, samples, samples, ignored_peaks, length, lanes_);
    } else {
      apply_gain(input_gain_.value, samples, samples, ignored_peaks, length, lanes_);
    }
    input_gain_.finish_segment(length);
    begin += length;
  }
}

void StripTile::measure_post(int frames) noexcept {
  const float* samples = taps_.tap[static_cast<int>(Tap::pre_fader)];
  for (int begin = 0; begin < frames;) {
    const int length = post_gain_.segment(frames - begin);
    const float* from = samples + begin * kLanes;
    if (post_gain_.moving != 0) {
      measure_ramped(post_gain_.value, post_gain_.increment, from, post_.measure, length, lanes_);
    } else {
      measure_scaled(post_gain_.value, from, post_.measure, length, lanes_);
    }
    post_gain_.finish_segment(length);
    begin += length;
  }
}

void StripTile::clear_state(LaneMask lanes) noexcept {
  low_cut_.clear_state(lanes);
  eq_.clear_state(lanes);
}

LaneMask StripTile::grid(float mean_square_share) noexcept {
  LaneMask fed = sounding_;
  if (mixed_) {
    for (int lane = 0; lane < lanes_; ++lane)
      fed |= static_cast<LaneMask>((pre_.measure.block_peak_bits[lane] != 0) << lane);
  }
  const LaneMask broken = static_cast<LaneMask>((pre_.drop_broken() | post_.drop_broken()) & used_);
  if (broken != 0) clear_state(broken);
  const LaneMask ringing = static_cast<LaneMask>(used_ & ~fed & ~quiet_);
  if (ringing != 0) {
    const LaneMask ended = low_cut_.quiet(ringing) & eq_.quiet(ringing);
    clear_state(ended);
    quiet_ |= ended;
  }
  pre_.grid(mean_square_share);
  post_.grid(mean_square_share);
  sounding_ = 0;
  return broken;
}

}  // namespace fohd
