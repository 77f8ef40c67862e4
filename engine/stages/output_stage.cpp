#include "engine/stages/output_stage.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace fohd {
namespace {

constexpr std::int32_t kFullScaleBits = std::bit_cast<std::int32_t>(1.0f);
alignas(64) constexpr float kUnity[kLanes] = {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1};
constexpr float kLowestCeiling = 0.001f;  // what the limiter takes

}  // namespace

OutputStage::OutputStage(int lanes, double rate_hz)
    : lanes_(lanes),
      limiter_(design_safety_limiter(rate_hz)),
      delays_(static_cast<std::size_t>(lanes), DelayLine(max_delay_frames(rate_hz), delay_fade_frames(rate_hz))) {
  std::fill_n(guards_, kLanes, FaultGuard(rate_hz));
  fohd::settle(limiter_, limiter_state_);
}

void OutputStage::set(int lane, const OutputTargets& targets) noexcept {
  gain_.set(lane, std::isfinite(targets.gain) ? targets.gain : 0.0f, targets.gain_ramp_frames);
  const float ceiling = targets.limiter_ceiling;
  limiter_.ceiling[lane] = ceiling >= kLowestCeiling ? std::min(ceiling, 1.0f) : kLowestCeiling;
  limiter_.on[lane] = targets.limiter_on ? 1.0f : 0.0f;
  delays_[lane].set(targets.delay_frames);
}

void OutputStage::settle() noexcept {
  gain_.settle();
  fohd::settle(limiter_, limiter_state_);
  for (DelayLine& delay : delays_) delay.settle();
}

bool OutputStage::limiter_rests(int lane) const noexcept {
  return limiter_state_.reduction[lane] == 0 && limiter_state_.ceiling[lane] == limiter_.ceiling[lane] &&
         limiter_state_.on[lane] == limiter_.on[lane];
}

bool OutputStage::at_rest() const noexcept {
  bool rests = gain_.moving == 0;
  for (int lane = 0; lane < lanes_; ++lane) rests &= limiter_rests(lane) && guards_[lane].open();
  return rests;
}

void OutputStage::limit(const float* in, int frames) noexcept {
  std::fill_n(peaks_, kLanes, 0);
  for (int begin = 0; begin < frames;) {
    const int length = gain_.segment(frames - begin);
    const float* from = in + begin * kLanes;
    if (gain_.moving != 0) {
      apply_gain_ramped(gain_.value, gain_.increment, from, limited_.frame(begin), peaks_, length, lanes_);
    } else {
      apply_gain(gain_.value, from, limited_.frame(begin), peaks_, length, lanes_);
    }
    gain_.finish_segment(length);
    begin += length;
  }
  // Below the ceiling and without reduction the limiter changes no bit, of the samples or of its state.
  bool idle = true;
  for (int lane = 0; lane < lanes_; ++lane) {
    idle &= limiter_rests(lane) && std::bit_cast<float>(peaks_[lane]) <= limiter_.ceiling[lane];  // false for NaN
  }
  if (!idle) safety_limit(limiter_, limiter_state_, limited_.samples, frames, lanes_);
}

void OutputStage::guard_lane(int lane, int frames, std::uint64_t now) noexcept {
  FaultGuard& guard = guards_[lane];
  for (int frame = 0; frame < frames; ++frame) {
    float& x = limited_.frame(frame)[lane];
    if (std::isfinite(x)) {
      x *= guard.next_gain();
    } else {
      x = 0;
      guard.fault(now + static_cast<std::uint64_t>(frame));
    }
  }
}

void OutputStage::finish(int frames, std::uint64_t now) noexcept {
  LaneMask guarded = 0;
  for (int lane = 0; lane < lanes_; ++lane) {
    if (guards_[lane].open()) continue;
    guard_lane(lane, frames, now);
    guarded |= lane_bit(lane);
  }
  for (;;) {
    std::copy_n(meter_.measure.block_sum, kLanes, sums_);
    finish_output(kUnity, limited_.samples, finished_.samples, peaks_, sums_, frames, lanes_);
    LaneMask broken = 0;
    for (int lane = 0; lane < lanes_; ++lane) {
      if (peaks_[lane] >= kInfinityBits && (guarded & lane_bit(lane)) == 0) broken |= lane_bit(lane);
    }
    if (broken == 0) break;
    for (int lane = 0; lane < lanes_; ++lane) {
      if ((broken & lane_bit(lane)) != 0) guard_lane(lane, frames, now);
    }
    guarded |= broken;  // so this ends after two rounds
  }
  for (int lane = 0; lane < lanes_; ++lane) {
    if (peaks_[lane] <= kFullScaleBits) continue;
    for (int frame = 0; frame < frames; ++frame) {
      clips_[lane] += std::fabs(limited_.frame(frame)[lane]) > 1.0f;
    }
    peaks_[lane] = kFullScaleBits;
  }
  transpose_out(finished_.samples, planar_.samples, frames, lanes_);
}

void OutputStage::deliver(int lane, const float* shutter, bool open, float* port, int frames,
                          std::uint64_t now) noexcept {
  float* block = planar_.samples + lane * kSubBlockFrames;
  DelayLine& delay = delays_[lane];
  LaneMeasure& measure = meter_.measure;
  const bool delayed = delay.active();
  delay.write(block, frames, now);
  if (delayed) delay.read(block, frames, now);
  if (!open) {
    for (int frame = 0; frame < frames; ++frame) block[frame] = block[frame] * shutter[frame] + 0.0f;  // no -0
  }
  if (delayed || !open) {
    peaks_[lane] = peak_bits(block, frames);
    sums_[lane] = sum_squares(block, measure.block_sum[lane], frames);
  }
  measure.block_sum[lane] = sums_[lane];
  for (std::int32_t* kept : {measure.call_peak_bits, measure.running_peak_bits}) {
    kept[lane] = std::max(kept[lane], peaks_[lane]);
  }
  if (port != nullptr) std::copy_n(block, frames, port);
}

/// Gain, clamp and measure in one pass, for outputs at which nothing moves and nothing happens. False: something did,
/// and nothing was done. The bits are those of limit() and finish().
bool OutputStage::pass(const float* in, int frames) noexcept {
  if (!at_rest()) return false;
  std::copy_n(meter_.measure.block_sum, kLanes, sums_);
  finish_output(gain_.value, in, finished_.samples, peaks_, sums_, frames, lanes_);
  for (int lane = 0; lane < lanes_; ++lane) {
    // Broken samples have the largest peaks of all.
    if (peaks_[lane] > std::min(std::bit_cast<std::int32_t>(limiter_.ceiling[lane]), kFullScaleBits)) return false;
  }
  transpose_out(finished_.samples, planar_.samples, frames, lanes_);
  return true;
}

void OutputStage::process(const float* in, bool silent, const float* shutter, bool open, float* const* ports,
                          int offset, int frames, std::uint64_t now) noexcept {
  if (silent && at_rest()) {
    std::fill_n(planar_.samples, lanes_ * kSubBlockFrames, 0.0f);
    std::fill_n(peaks_, kLanes, 0);
    std::copy_n(meter_.measure.block_sum, kLanes, sums_);
  } else if (!pass(in, frames)) {
    limit(in, frames);
    finish(frames, now);
  }
  for (int lane = 0; lane < lanes_; ++lane) {
    deliver(lane, shutter, open, ports[lane] == nullptr ? nullptr : ports[lane] + offset, frames, now);
  }
}

}  // namespace fohd
