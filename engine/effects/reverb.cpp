// The reverb's states around its loop: new settings, silence, kill. All decisions that depend on the input are made
// at the grid points of the reverb's own frame counter, so that any split of the same input gives the same bits.
#include "engine/effects/reverb.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

namespace fohd {
namespace {

constexpr double kPi = std::numbers::pi;
/// 30 ms: no zipper noise in the tone of a tail, and a turned dial still takes effect at once.
constexpr double kRampS = 0.030;
/// 50 ms: two tails of other lengths are uncorrelated, so a cross-fade dips by 3 dB; shorter ones sound like a flutter.
constexpr double kFadeS = 0.050;
constexpr double kKillS = 0.020;  ///< as panic: docs/DESK.md, "Ramps"
/// +60 dBFS: far above what a desk sums up to, and its filters stay finite.
constexpr float kLoudest = 1'000;
/// An output is at most 4 times what is in the loudest line: -120 dBFS.
constexpr float kQuiet = 1e-6f / 4;
/// The modulated lines' sines: 0.13 Hz x 1.27^i, to 0.69 Hz. Powers of 1.27 have no small ratios.
constexpr double kSlowestSwingHz = 0.13, kSwingSpread = 1.27;
/// A depth that is turned up moves a line by 0.05 frames per 64 at most: 1.4 cents.
constexpr float kDepthStep = 0.05f;

constexpr int kDiffuserRows = 2 * kDiffuserStages;
constexpr int kAllRows = 2 + kDiffuserRows + kLanes;

ReverbCoeffs longest(double rate_hz) {
  ReverbParams params;
  params.predelay_ms = 200, params.size_percent = 100, params.modulation_percent = 100;
  return design(params, rate_hz);
}
/// What an interpolated line reads behind its own length: the swing, rounded up, and a neighbour.
int reach(float modulation_frames) noexcept { return 1 + static_cast<int>(std::ceil(modulation_frames)); }
int longest_line(const ReverbCoeffs& c) {
  return *std::max_element(c.delays.line, c.delays.line + kLanes) + reach(c.modulation_frames);
}
int longest_diffuser(const ReverbCoeffs& c) {
  return std::max(*std::max_element(c.delays.diffuser[0], c.delays.diffuser[0] + kDiffuserStages),
                  *std::max_element(c.delays.diffuser[1], c.delays.diffuser[1] + kDiffuserStages));
}

/// fn(a number of one, the same of another, of a third), for all that glides.
template <class Tone, class Fn>
void each(Tone& a, Tone& b, const ReverbTone& c, Fn fn) noexcept {
  for (int lane = 0; lane < kLanes; ++lane) {
    fn(a.damping_share[lane], b.damping_share[lane], c.damping_share[lane]);
    fn(a.mid_gain[lane], b.mid_gain[lane], c.mid_gain[lane]);
    fn(a.bass_gain[lane], b.bass_gain[lane], c.bass_gain[lane]);
  }
  for (int stage = 0; stage < kDiffuserStages; ++stage) fn(a.diffusion[stage], b.diffusion[stage], c.diffusion[stage]);
  fn(a.inject_gain, b.inject_gain, c.inject_gain);
}

bool finite(const ReverbCoeffs& c) noexcept {
  float zero = 0 * c.bass_share + 0 * c.modulation_frames;
  each(c.tone, c.tone, c.tone, [&](float a, float, float) { zero += 0 * a; });  // NaN for what is not finite
  return zero == 0;
}

/// A denormal number is a zero to the loop (DAZ), so it is one here. Tested with bounds, not as x != 0: a compiler may
/// compare the bits, which are not zero.
bool something(float x) noexcept {
  const float magnitude = std::fabs(x);
  return magnitude >= std::numeric_limits<float>::min() && magnitude <= std::numeric_limits<float>::max();
}
float checked(float x) noexcept {
  if (std::abs(x) <= kLoudest) return x;
  return std::isfinite(x) ? std::copysign(kLoudest, x) : 0.0f;
}

}  // namespace

Reverb::Reverb(double rate_hz)
    : ramp_frames_(static_cast<int>(std::lround(kRampS * rate_hz))),
      fade_frames_(static_cast<int>(std::lround(kFadeS * rate_hz))),
      kill_frames_(static_cast<int>(std::lround(kKillS * rate_hz))),
      most_modulation_frames_(longest(rate_hz).modulation_frames),
      core_(longest(rate_hz).delays.predelay, longest_diffuser(longest(rate_hz)), longest_line(longest(rate_hz))),
      quiet_enough_(core_.predelay.longest_frames() + kDiffuserStages * core_.diffusers.longest_frames() +
                    core_.lines.longest_frames()),
      dirty_row_(kAllRows) {
  for (int line = 0, nth = 0; line < kLanes; ++line) {
    const double radians = 2 * kPi * kSlowestSwingHz * std::pow(kSwingSpread, nth) * kSubBlockFrames / rate_hz;
    const double phase = 2 * kPi * std::numbers::phi * nth;  // spread by the golden angle
    turn_cos_[line] = static_cast<float>(std::cos(radians)), turn_sin_[line] = static_cast<float>(std::sin(radians));
    swing_cos_[line] = static_cast<float>(std::cos(phase)), swing_sin_[line] = static_cast<float>(std::sin(phase));
    nth += modulated(line) ? 1 : 0;
  }
  adopt(design(ReverbParams{}, rate_hz));
}

void Reverb::adopt(const ReverbCoeffs& coeffs) noexcept {
  if (coeffs == target_ || !finite(coeffs)) return;
  target_ = coeffs;
  const bool sounds = life_ == Life::running || life_ == Life::fading_out;
  for (int side = 0; side < 2; ++side) input_filters_.set(side, target_.input_filters, sounds ? ramp_frames_ : 1);
  core_.bass_share = target_.bass_share;  // of the rate alone
  if (!sounds) {
    jump();
    return;
  }
  const auto done = static_cast<float>(core_.tone_at - 1), frames = static_cast<float>(ramp_frames_);
  each(core_.tone, core_.tone_step, target_.tone, [&](float& now, float& by, float to) {
    now += done * by;
    by = (to - now) / frames;
  });
  core_.tone_at = 1;
  ramp_left_ = ramp_frames_ - 1;
  if (core_.fade_step == 0) start_fade();
}

void Reverb::arrive() noexcept {
  core_.tone = target_.tone, core_.tone_step = {};
  ramp_left_ = 0;
}

/// Lengths of another rate may be wrong, but never outside of the memory.
ReverbDelays Reverb::wanted_delays() const noexcept {
  ReverbDelays delays = target_.delays;
  const int longest_frames = core_.lines.longest_frames() - reach(most_modulation_frames_);
  for (int& line : delays.line) line = std::clamp(line, kShortestReverbDelay, longest_frames);
  for (auto& side : delays.diffuser)
    for (int& stage : side) stage = std::clamp(stage, kShortestReverbDelay, core_.diffusers.longest_frames());
  delays.predelay = std::clamp(delays.predelay, 0, core_.predelay.longest_frames());
  return delays;
}

void Reverb::start_fade() noexcept {
  core_.to = wanted_delays();
  if (core_.to == core_.delays) return;
  core_.fade_step = 1 / static_cast<float>(fade_frames_);
  core_.fade_at = 1;
  fade_left_ = fade_frames_ - 1;
}

/// To the targets at once: nothing sounds.
void Reverb::jump() noexcept {
  arrive();
  input_filters_.settle();
  core_.delays = core_.to = wanted_delays();
  core_.fade_step = 0, fade_left_ = 0;
  depth_frames_ = wanted_depth_frames();
  for (int line = 0; line < kLanes; ++line)
    core_.advance_now[line] = core_.advance_next[line] = depth_frames_ * swing_sin_[line];
}

float Reverb::wanted_depth_frames() const noexcept {
  return std::clamp(target_.modulation_frames, 0.0f, most_modulation_frames_);
}

/// One grid point further on the sines.
void Reverb::swing() noexcept {
  depth_frames_ += std::clamp(wanted_depth_frames() - depth_frames_, -kDepthStep, kDepthStep);
  for (int line = 0; line < kLanes; ++line) {
    const float c = swing_cos_[line], s = swing_sin_[line];
    const float turned_c = c * turn_cos_[line] - s * turn_sin_[line];
    const float turned_s = s * turn_cos_[line] + c * turn_sin_[line];
    // Towards the unit circle (one step of Newton's): rounding would make the swing grow or decay over days.
    const float keep = 1.5f - 0.5f * (turned_c * turned_c + turned_s * turned_s);
    swing_cos_[line] = turned_c * keep, swing_sin_[line] = turned_s * keep;
    core_.advance_now[line] = core_.advance_next[line];
    core_.advance_next[line] = depth_frames_ * swing_sin_[line];
  }
}

void Reverb::process(const ReverbCoeffs& coeffs, const float* left, const float* right, float* out_left,
                     float* out_right, int frames) noexcept {
  adopt(coeffs);
  for (int done = 0; done < frames;) {
    int length = std::min(frames - done, kSubBlockFrames - frame_);
    const float *const l = left + done, *const r = right + done;
    if (life_ == Life::resting) {
      int rests = 0;
      while (rests < length && !something(l[rests]) && !something(r[rests])) ++rests;
      if (rests == 0) life_ = Life::running;
      length = rests > 0 ? rests : length;
    }
    if (life_ == Life::resting || life_ == Life::clearing) {
      std::fill_n(out_left + done, length, 0.0f);
      std::fill_n(out_right + done, length, 0.0f);
    } else {
      if (ramp_left_ > 0) length = std::min(length, ramp_left_);
      if (fade_left_ > 0) length = std::min(length, fade_left_);
      run(l, r, out_left + done, out_right + done, length);
    }
    done += length;
    frame_ += length;
    if (frame_ == kSubBlockFrames) pass_sub_block_boundary();
  }
}

/// A stretch in which no ramp and no cross-fade arrives.
void Reverb::run(const float* left, const float* right, float* out_left, float* out_right, int frames) noexcept {
  static constexpr Resets kNoResets{};
  for (int frame = 0; frame < frames; ++frame) {
    heard_ |= something(left[frame]) || something(right[frame]);
    core_.tile[frame * kLanes] = checked(left[frame]);
    core_.tile[frame * kLanes + 1] = checked(right[frame]);
  }
  input_filters_.process(core_.tile, core_.tile, frames, 2, kNoResets);
  for (int frame = 0; frame < frames; ++frame)
    for (int side = 0; side < 2; ++side) core_.in[side].samples[frame] = core_.tile[frame * kLanes + side];
  reverb_chunk(core_, frame_, frames);
  std::copy_n(core_.out[0].samples, frames, out_left);
  std::copy_n(core_.out[1].samples, frames, out_right);
  if (life_ == Life::fading_out) {
    for (int frame = 0; frame < frames; ++frame, ++kill_at_) {
      const float gain = std::max(1 - static_cast<float>(kill_at_ + 1) / static_cast<float>(kill_frames_), 0.0f);
      out_left[frame] *= gain, out_right[frame] *= gain;
    }
  }
  core_.tone_at += frames, core_.fade_at += frames;
  if (ramp_left_ > 0) {
    ramp_left_ -= frames;
    if (ramp_left_ == 0) arrive();
  }
  if (fade_left_ > 0) {
    fade_left_ -= frames;
    if (fade_left_ == 0) {
      core_.delays = core_.to, core_.fade_step = 0;
      start_fade();
    }
  }
}

void Reverb::pass_sub_block_boundary() noexcept {
  frame_ = 0;
  if (life_ == Life::resting || life_ == Life::clearing) {
    clear_next_row();
    if (life_ == Life::clearing && dirty_row_ == kAllRows) life_ = Life::resting;
    return;
  }
  core_.predelay.advance(), core_.diffusers.advance(), core_.lines.advance();
  swing();
  quiet_frames_ = heard_ || core_.peak >= kQuiet ? 0 : quiet_frames_ + kSubBlockFrames;
  heard_ = false, core_.peak = 0;
  if (life_ == Life::fading_out && kill_at_ >= kill_frames_) forget(Life::clearing);
  if (life_ == Life::running && quiet_frames_ >= quiet_enough_) forget(Life::resting);
}

/// The delay memory is zeroed row by row. Until then it holds nothing audible: less than -132 dBFS after a decay to
/// silence; after a kill the input waits for the last row.
void Reverb::forget(Life next) noexcept {
  life_ = next;
  dirty_row_ = 0;
  quiet_frames_ = 0, kill_at_ = 0;
  std::fill_n(core_.damped, kLanes, 0.0f), std::fill_n(core_.bass, kLanes, 0.0f);
  input_filters_.clear_state(lane_bit(0) | lane_bit(1));
  jump();
}

void Reverb::clear_next_row() noexcept {
  if (dirty_row_ == kAllRows) return;
  const int row = dirty_row_++;
  if (row < kLanes) {
    core_.lines.clear(row);
  } else if (row < kLanes + kDiffuserRows) {
    core_.diffusers.clear(row - kLanes);
  } else {
    core_.predelay.clear(row - kLanes - kDiffuserRows);
  }
}

void Reverb::kill() noexcept {
  if (life_ == Life::running) life_ = Life::fading_out;
}

}  // namespace fohd
