// Stereo width.
//
// The law, per frame; w the width (1 at 100 %), F the low cut:
//
//     side = (left - right) / 2        what the two sides do not share
//     change = w F(side) - side
//     left += change, right -= change
//
// The mono sum left + right keeps its value whatever w and F are, to the rounding of the two additions: what one side
// gains the other loses. That is why "mono below" is a low cut of the side alone and not a crossover of both: bass that
// is the same on both sides is never filtered, so there is nothing to add up again and nothing that could fail to be
// flat. (The usual way, split, sum the low band, add: flat only as far as both filters are alike, and the phase of the
// whole mix turns.)
//
// What it does to phase: the side runs ahead of the middle, as any low cut's output does, by 90 degrees at the chosen
// frequency, 21 degrees two octaves above it, and 180 degrees far below, where it is gone. So a sound that was panned
// hard comes from both sides at the chosen frequency, 4.3 dB down on each, and two octaves above it is 15 dB down on
// the far side. Its mono sum is what it was. The cure, to turn the middle along by an all-pass, would turn the phase of
// the whole mix for the sake of hard-panned bass.
//
// 12 dB per octave, Butterworth: an octave below the side is 12 dB down, two octaves 24, which is mono to any ear; a
// steeper cut turns more phase above.
//
// A side in rest (100 %, neutral) is 1 x side - side, exactly 0, and adding that is left out: -0 stays -0. With all at
// rest the whole loop is left out.

#include "engine/processors/stereo_width.h"

#include <algorithm>
#include <cmath>

#include "engine/processors/dynamics_laws.h"
#include "engine/processors/eq_design.h"

namespace fohd {
namespace {

/// A width is a gain, a low cut a filter: ramps as in a strip (docs/DESK.md, "Ramps").
constexpr double kWidthRampMs = 5, kFilterRampMs = 10;
/// No sum in the filter overflows from here. Converters end at 1.
constexpr float kLoudest = 0x1p100f;

float half_difference(float left, float right) noexcept {
  const float side = 0.5f * left - 0.5f * right;  // halved first: the difference of any two floats would overflow
  return std::isfinite(side) ? std::clamp(side, -kLoudest, kLoudest) : 0.0f;
}

}  // namespace

StereoWidthCoeffs design(const StereoWidthParams& params, double rate_hz) noexcept {
  StereoWidthCoeffs c;
  c.width_lin = static_cast<double>(params.width_percent) / 100;
  if (params.mono_below_on) c.side_low_cut = design(EqBandParams{true, EqType::low_cut, params.mono_below_hz}, rate_hz);
  return c;
}

StereoWidth::StereoWidth(double rate_hz) noexcept
    : width_ramp_frames_(static_cast<int>(whole_frames(kWidthRampMs, rate_hz))),
      filter_ramp_frames_(static_cast<int>(whole_frames(kFilterRampMs, rate_hz))) {}

void StereoWidth::set(const StereoWidthCoeffs& coeffs) noexcept {
  width_lin_.set(coeffs.width_lin, width_ramp_frames_);
  side_low_cut_.set(0, {&coeffs.side_low_cut, 1}, filter_ramp_frames_);
  filters_ |= !(coeffs.side_low_cut == SvfCoeffs{});
}

void StereoWidth::settle() noexcept {
  width_lin_.settle();
  side_low_cut_.settle();
}

void StereoWidth::reset() noexcept { side_low_cut_.clear_state(lane_bit(0)); }

void StereoWidth::process_block(float* io, int frames) noexcept {
  if (!filters_ && width_lin_.value == 1 && !width_lin_.moving()) return;
  alignas(64) float side[kSubBlockFrames * kLanes] = {}, filtered[kSubBlockFrames * kLanes];
  for (int at = 0; at < frames * kLanes; at += kLanes) side[at] = half_difference(io[at], io[at + 1]);
  filters_ = side_low_cut_.process(side, filtered, frames, 1, Resets{});
  const float* cut = filters_ ? filtered : side;
  for (int at = 0; at < frames * kLanes; at += kLanes) {
    const float change = static_cast<float>(width_lin_.step()) * cut[at] - side[at];
    if (change == 0) continue;
    io[at] += change;
    io[at + 1] -= change;
  }
}

void StereoWidth::process(float* io, int frames) noexcept {
  for (int from = 0; from < frames; from += kSubBlockFrames)
    process_block(io + from * kLanes, std::min(kSubBlockFrames, frames - from));
}

}  // namespace fohd
