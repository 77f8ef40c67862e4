#include "engine/stages/main_bus_stage.h"

#include <algorithm>
#include <cmath>

#include "engine/tile/tile_kernels.h"

namespace fohd {
namespace {

constexpr int kSides = 2;

bool finite(const TruePeakLimiterCoeffs& c) noexcept {
  return std::isfinite(c.ceiling_lin) && std::isfinite(c.fast_share) && std::isfinite(c.slow_coeff) &&
         std::isfinite(c.charge_coeff);
}

}  // namespace

MainBusStage::MainBusStage(double rate_hz, double look_ahead_ms)
    : width_(rate_hz),
      limiter_(look_ahead_ms > 0 ? std::make_unique<TruePeakLimiter>(rate_hz, look_ahead_ms) : nullptr),
      silent_frames_(latency_frames()) {
  gain_.fill(1);
}

void MainBusStage::set(const MainTargets& targets) noexcept {
  for (int side = 0; side < kSides; ++side) {
    gain_.set(side, std::isfinite(targets.gain[side]) ? targets.gain[side] : 0.0f, targets.gain_ramp_frames);
  }
  width_.set(std::isfinite(targets.width.width_lin) ? targets.width : StereoWidthCoeffs{});
  if (limiter_ && finite(targets.limiter)) limiter_->set(targets.limiter);
}

void MainBusStage::settle() noexcept {
  gain_.settle();
  width_.settle();
  if (limiter_) limiter_->settle();
}

int MainBusStage::latency_frames() const noexcept { return limiter_ ? limiter_->latency_frames() : 0; }

void MainBusStage::begin_call() noexcept {
  if (!limiter_) return;
  lowest_ = std::min(lowest_, limiter_->lowest_gain());
  limiter_->restart_lowest_gain();
}

bool MainBusStage::process(const float* main, bool silent, int frames) noexcept {
  silent_frames_ = silent ? std::min(silent_frames_ + frames, latency_frames() + frames) : 0;
  alignas(64) std::int32_t ignored_peaks[kLanes] = {};
  for (int begin = 0; begin < frames;) {
    const int length = gain_.segment(frames - begin);
    float* to = tile_.frame(begin);
    if (gain_.moving != 0) {
      apply_gain_ramped(gain_.value, gain_.increment, main + begin * kLanes, to, ignored_peaks, length, kSides);
    } else {
      apply_gain(gain_.value, main + begin * kLanes, to, ignored_peaks, length, kSides);
    }
    gain_.finish_segment(length);
    begin += length;
  }
  width_.process(tile_.samples, frames);
  if (limiter_) limiter_->process(tile_.samples, frames);
  return silent_frames_ < latency_frames() + frames;
}

}  // namespace fohd
