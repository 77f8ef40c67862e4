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
  if (mixed_) {
    chain_.set(lane, SvfCoeffs{}, SvfCoeffs{}, targets.eq, targets.coeff_ramp_frames);
    return;
  }
  input_gain_.set(lane, finite_or_zero(targets.input_gain), targets.input_gain_ramp_frames);
  chain_.set(lane, targets.low_cut[0], targets.low_cut[1], targets.eq, targets.coeff_ramp_frames);
}

void StripTile::settle() noexcept {
  input_gain_.settle();
  post_gain_.settle();
  chain_.settle();
}

void StripTile::begin_call() noexcept {
  pre_.begin_call();
  post_.begin_call();
}

bool StripTile::dormant(bool silent) const noexcept {
  return silent && quiet_ == used_ && !chain_.moving() && input_gain_.moving == 0 && post_gain_.moving == 0;
}

const float* StripTile::rim_gains() const noexcept { return input_gain_.moving != 0 ? kUnity : input_gain_.value; }

void StripTile::process(const RimReport& rim, int frames) noexcept {
  sounding_ |= rim.sounding;
  quiet_ &= static_cast<LaneMask>(~rim.sounding);
  const bool silent = rim.sounding == 0;
  taps_.silent = dormant(silent);
  if (taps_.silent) {
    for (const float*& tap : taps_.tap) tap = kSilentTile.samples;
    return;
  }
  if (silent) std::fill_n(input_.samples, frames * kLanes, 0.0f);
  if (input_gain_.moving != 0) apply_input_gain(frames);
  after_input(frames, rim.resets);
}

void StripTile::process_mix(bool silent, int frames) noexcept {
  taps_.silent = dormant(silent);
  if (taps_.silent) {
    for (const float*& tap : taps_.tap) tap = kSilentTile.samples;
    return;
  }
  if (silent) {
    std::fill_n(input_.samples, frames * kLanes, 0.0f);
  } else {
    quiet_ = 0;
  }
  after_input(frames, kNoResets);
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

void StripTile::after_input(int frames, const Resets& resets) noexcept {
  // Place of the gate and of insert A: between the chain's low cut and its equaliser.
  const bool equalised = chain_.process(input_.samples, equalised_.samples, frames, lanes_, resets);
  // Place of the compressor and of insert B.
  const float* after_eq = equalised ? equalised_.samples : input_.samples;
  taps_.tap[static_cast<int>(Tap::input)] = taps_.tap[static_cast<int>(Tap::pre_eq)] = input_.samples;
  taps_.tap[static_cast<int>(Tap::post_eq)] = taps_.tap[static_cast<int>(Tap::pre_fader)] = after_eq;
  measure(input_.samples, pre_.measure, frames, lanes_);
  measure_post(frames);
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

LaneMask StripTile::grid(float mean_square_share) noexcept {
  LaneMask fed = sounding_;
  if (mixed_) {
    for (int lane = 0; lane < lanes_; ++lane)
      fed |= static_cast<LaneMask>((pre_.measure.block_peak_bits[lane] != 0) << lane);
  }
  const LaneMask broken = static_cast<LaneMask>((pre_.drop_broken() | post_.drop_broken()) & used_);
  if (broken != 0) chain_.clear_state(broken);
  const LaneMask ringing = static_cast<LaneMask>(used_ & ~fed & ~quiet_);
  if (ringing != 0) quiet_ |= chain_.flush(ringing);
  pre_.grid(mean_square_share);
  post_.grid(mean_square_share);
  sounding_ = 0;
  return broken;
}

}  // namespace fohd
