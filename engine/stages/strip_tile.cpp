#include "engine/stages/strip_tile.h"

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
  quiet_ &= static_cast<LaneMask>(~lane_bit(lane));  // until the grid finds that nothing moves
  post_gain_.set(lane, finite_or_zero(targets.post_gain), targets.post_gain_ramp_frames);
  eq_.set(lane, targets.eq, targets.coeff_ramp_frames);
  set_compressor(lane, targets);
  if (mixed_) return;
  gate_.set(lane, targets.gate, targets.gate_key, targets.coeff_ramp_frames);
  input_gain_.set(lane, finite_or_zero(targets.input_gain), targets.input_gain_ramp_frames);
  low_cut_.set(lane, targets.low_cut, targets.coeff_ramp_frames);
}

void StripTile::set_compressor(int lane, const LaneTargets& targets) noexcept {
  CompressorStage& here = targets.compressor_before_eq ? before_eq_ : after_eq_;
  CompressorStage& there = targets.compressor_before_eq ? after_eq_ : before_eq_;
  const bool moves = there.awake(lane) && !here.awake(lane);
  here.set(lane, targets.compressor, targets.compressor_key, targets.coeff_ramp_frames);
  if (moves && here.awake(lane)) here.adopt(lane, there);
  // The stage that the compressor leaves keeps its settings while it fades out.
  CompressorCoeffs leaving = targets.compressor;
  leaving.dry = 1, leaving.wet = 0;
  there.set(lane, leaving, {}, targets.coeff_ramp_frames);
}

void StripTile::settle() noexcept {
  gate_.settle();
  before_eq_.settle();
  after_eq_.settle();
  input_gain_.settle();
  post_gain_.settle();
  low_cut_.settle();
  eq_.settle();
}

void StripTile::begin_call() noexcept {
  pre_.begin_call();
  post_.begin_call();
  gate_.begin_call();
  before_eq_.begin_call();
  after_eq_.begin_call();
}

void StripTile::restart_meters() noexcept {
  pre_.restart_peaks();
  post_.restart_peaks();
  gate_.restart_meter();
  before_eq_.restart_meter();
  after_eq_.restart_meter();
}

bool StripTile::dormant(bool silent) const noexcept {
  return silent && quiet_ == used_ && !low_cut_.moving() && !eq_.moving() && input_gain_.moving == 0 &&
         post_gain_.moving == 0 && !gate_.moving() && !before_eq_.moving() && !after_eq_.moving();
}

const float* StripTile::key() const noexcept { return taps_.silent ? kSilentTile.samples : input_.samples; }

const float* StripTile::input_gains() const noexcept { return input_gain_.moving != 0 ? kUnity : input_gain_.value; }

void StripTile::fall_silent() noexcept {
  for (const float*& tap : taps_.tap) tap = kSilentTile.samples;
}

void StripTile::process_input(const InputStageReport& input_stage, int frames) noexcept {
  sounding_ |= input_stage.sounding;
  quiet_ &= static_cast<LaneMask>(~input_stage.sounding);
  const bool silent = input_stage.sounding == 0;
  taps_.silent = dormant(silent);
  if (taps_.silent) return fall_silent();
  suspended_ = false;
  if (silent) std::fill_n(input_.samples, frames * kLanes, 0.0f);
  if (input_gain_.moving != 0) apply_input_gain(frames);
  low_cut_.process(input_.samples, input_.samples, frames, lanes_, input_stage.resets);
}

void StripTile::process_mix(bool silent, KeySources keys, int frames) noexcept {
  taps_.silent = dormant(silent);
  if (taps_.silent) return fall_silent();
  suspended_ = false;
  if (silent) {
    std::fill_n(input_.samples, frames * kLanes, 0.0f);
  } else {
    quiet_ = 0;
  }
  process_rest(kNoResets, keys, frames);
}

void StripTile::process_rest(const Resets& resets, KeySources keys, int frames) noexcept {
  if (taps_.silent) return;
  const float* x = input_.samples;
  taps_.tap[static_cast<int>(Tap::input)] = x;
  if (gate_.awake()) {
    gate_.process(x, gated_.samples, keys, frames, lanes_, resets);
    x = gated_.samples;
  }
  // Place of insert A.
  taps_.tap[static_cast<int>(Tap::pre_eq)] = x;
  if (before_eq_.awake()) {
    before_eq_.process(x, equalised_.samples, keys, frames, lanes_, resets);
    x = equalised_.samples;
  }
  if (eq_.process(x, equalised_.samples, frames, lanes_, resets)) x = equalised_.samples;
  taps_.tap[static_cast<int>(Tap::post_eq)] = x;
  if (after_eq_.awake()) {
    after_eq_.process(x, compressed_.samples, keys, frames, lanes_, resets);
    x = compressed_.samples;
  }
  // Place of insert B.
  taps_.tap[static_cast<int>(Tap::pre_fader)] = x;
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
  gate_.clear_state(lanes);
  before_eq_.clear_state(lanes);
  after_eq_.clear_state(lanes);
}

LaneMask StripTile::sub_block_boundary(float mean_square_coeff, bool peak_block_ends) noexcept {
  if (suspended_) return 0;
  if (peak_block_ends) gate_.end_peak_block(), before_eq_.end_peak_block(), after_eq_.end_peak_block();
  LaneMask fed = sounding_;
  if (mixed_) {
    for (int lane = 0; lane < lanes_; ++lane)
      fed |= static_cast<LaneMask>((pre_.measure.block_peak_bits[lane] != 0) << lane);
  }
  const LaneMask broken = static_cast<LaneMask>((pre_.drop_broken() | post_.drop_broken()) & used_);
  if (broken != 0) clear_state(broken);
  const LaneMask ringing = static_cast<LaneMask>(used_ & ~fed & ~quiet_);
  if (ringing != 0) {
    // Each stage for itself: a compressor may take seconds to release when the filters have long settled.
    LaneMask ended = ringing;
    const auto end = [&](auto& stage) {
      const LaneMask still = stage.quiet(ringing);
      if (still != 0) stage.clear_state(still);
      ended &= still;
    };
    end(low_cut_), end(eq_), end(gate_), end(before_eq_), end(after_eq_);
    quiet_ |= ended;
  }
  // A key from elsewhere may move a lane that is silent itself.
  quiet_ &= static_cast<LaneMask>(~(gate_.foreign() | before_eq_.foreign() | after_eq_.foreign()));
  pre_.sub_block_boundary(mean_square_coeff);
  post_.sub_block_boundary(mean_square_coeff);
  sounding_ = 0;
  suspended_ = taps_.silent && quiet_ == used_ && pre_.still() && post_.still();
  return broken;
}

}  // namespace fohd
