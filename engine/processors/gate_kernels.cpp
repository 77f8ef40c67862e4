// Gate, expander and ducker, sixteen lanes side by side, compiled once per SIMD target.
//
// The law, per lane and frame; levels and gains in octaves of amplitude, c the attenuation (0 open, 1 shut):
//
//     level  = log2 of the largest |key| of this and the previous block of 2.5 ms         the peak, held
//     open   = level >= (open before ? close_level : open_level)           gates and duckers, 4 dB of hysteresis
//     wanted = open ? 0 : 1                    expanders:  clamp(slope (open_level - level), 0, 1)
//     wanted <= c:  c moves towards it by attack_coeff of what is left, and the hold begins anew
//     else:         c waits until hold_frames frames have passed, then moves by release_coeff
//     gain   = closed_gain c + open_gain (1 - c)            gate: 0 when open, -range when shut; ducker the other way
//
// The level rises at once and falls 2.5 to 5 ms late, which bridges the places where a tone of 100 Hz and more passes
// through zero (two thirds of its half period lie below 86 % of its peak): its attack takes what the dial says, where
// the level of every sample by itself would let it move in a part of each period only, 1.7 times as long. The blocks
// are the owner's, on a grid of its own, so they are the same for any split and whether a neighbour sounds or not.
//
// All movement is in dB: after the attack (or release) time on the dial 63 % of the way in dB is done, whatever the
// range. An expander of ratio r takes away (r - 1) dB for each dB below the threshold, at most the range.
//
// Hold counts from where the level falls below the closing threshold and is exact to the frame. It also bridges the
// places where a slower wave passes through zero: half a period of the lowest note, 25 ms at 20 Hz (a whole one where
// its wave is lopsided). A shorter hold lets the gate follow the wave, which is its purpose.
//
// What is kept is c and not a gain, so range, mode and switch may move under a gate at work: the gain follows in a
// ramp. With a release of 4 s a frame moves c by 5e-6 of what is left, which rounding would lose near 1: what it
// cuts off is kept and added with the next frame. Near 0 a float is finest, so an open gate reaches exactly 0 and then
// changes no bit.

#include "engine/processors/gate.h"

#include <algorithm>
#include <cmath>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "engine/processors/gate_kernels.cpp"
#include <hwy/foreach_target.h>
// After foreach_target.h, which includes this file once per target.
#include <hwy/highway.h>

#include "engine/processors/log_math-inl.h"

HWY_BEFORE_NAMESPACE();
namespace fohd {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

/// -200 dBFS: a key below counts as silence, so that the logarithm of zero is never taken.
inline constexpr float kQuietestKey = 1e-10f;
/// Less than a millionth of the range: open.
inline constexpr float kAsGoodAsOpen = 1e-6f;

template <bool kRamps>
HWY_ATTR HWY_INLINE void gate(GateBankCoeffs& coeffs, GateBankState& state, const float* key, const float* in,
                              float* out, int frames, int lanes) {
  const hn::CappedTag<float, kLanes> d;
  using V = hn::Vec<decltype(d)>;
  const V zero = hn::Zero(d), one = hn::Set(d, 1.0f);
  for (int lane = 0; lane < lanes; lane += static_cast<int>(hn::MaxLanes(d))) {
    const V open_level = hn::Load(d, coeffs.open_level + lane), close_level = hn::Load(d, coeffs.close_level + lane);
    const V slope = hn::Load(d, coeffs.slope + lane), hold_frames = hn::Load(d, coeffs.hold_frames + lane);
    const V attack = hn::Load(d, coeffs.attack_coeff + lane), release = hn::Load(d, coeffs.release_coeff + lane);
    const V scale_by = hn::Load(d, coeffs.shut_scale.increment + lane);
    const V open_gain_by = hn::Load(d, coeffs.open_gain.increment + lane);
    const auto is_gate = hn::Eq(slope, zero);
    V scale = hn::Load(d, coeffs.shut_scale.value + lane), open_gain = hn::Load(d, coeffs.open_gain.value + lane);
    V attenuation = hn::Load(d, state.attenuation + lane), hold_left = hn::Load(d, state.hold_left + lane);
    V cut = hn::Load(d, state.cut + lane);
    V peak_now = hn::Load(d, state.peak_now + lane);
    const V peak_before = hn::Max(hn::Load(d, state.peak_before + lane), hn::Set(d, kQuietestKey));
    V lowest = hn::Load(d, state.lowest_gain + lane);
    auto open = hn::Ne(hn::Load(d, state.open + lane), zero);
#pragma GCC unroll 2
    for (int at = lane; at < frames * kLanes; at += kLanes) {
      peak_now = hn::Max(hn::Abs(hn::Load(d, key + at)), peak_now);
      const V level = fast_log2(d, hn::Max(peak_now, peak_before));
      open = hn::Ge(level, hn::IfThenElse(open, close_level, open_level));
      const V expanded = hn::Min(hn::Max(hn::Mul(slope, hn::Sub(open_level, level)), zero), one);
      const V wanted = hn::IfThenElse(is_gate, hn::IfThenElse(open, zero, one), expanded);
      const auto opening = hn::Le(wanted, attenuation);
      const V released = hn::IfThenElse(hn::Gt(hold_left, zero), zero, release);
      hold_left = hn::IfThenElse(opening, hold_frames, hn::Sub(hold_left, one));  // below 0 it counts on to no effect
      const V step = hn::MulAdd(hn::Sub(wanted, attenuation), hn::IfThenElse(opening, attack, released), cut);
      const V next = hn::Add(attenuation, step);
      const auto shut = hn::Ge(next, hn::Set(d, kAsGoodAsOpen));
      cut = hn::IfThenElseZero(shut, hn::Sub(step, hn::Sub(next, attenuation)));
      attenuation = hn::IfThenElseZero(shut, next);
      if constexpr (kRamps) scale = hn::Add(scale, scale_by), open_gain = hn::Add(open_gain, open_gain_by);
      const V gain = hn::MulAdd(scale, attenuation, open_gain);
      lowest = hn::Min(lowest, gain);
      hn::Store(hn::Mul(hn::Load(d, in + at), fast_exp2(d, gain)), d, out + at);
    }
    hn::Store(scale, d, coeffs.shut_scale.value + lane), hn::Store(open_gain, d, coeffs.open_gain.value + lane);
    hn::Store(attenuation, d, state.attenuation + lane), hn::Store(hold_left, d, state.hold_left + lane);
    hn::Store(cut, d, state.cut + lane), hn::Store(lowest, d, state.lowest_gain + lane);
    hn::Store(hn::IfThenElseZero(open, one), d, state.open + lane);
    hn::Store(peak_now, d, state.peak_now + lane);
  }
}

// Not noexcept: HWY_EXPORT's table of function pointers does not take it.
HWY_ATTR void gate_lanes(GateBankCoeffs& coeffs, GateBankState& state, const float* key, const float* in, float* out,
                         int frames, int lanes) {
  gate<false>(coeffs, state, key, in, out, frames, lanes);
}
HWY_ATTR void gate_ramped(GateBankCoeffs& coeffs, GateBankState& state, const float* key, const float* in, float* out,
                          int frames, int lanes) {
  gate<true>(coeffs, state, key, in, out, frames, lanes);
}

}  // namespace HWY_NAMESPACE
}  // namespace fohd
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace fohd {

void end_peak_block(GateBankState& state) noexcept {
  std::copy_n(state.peak_now, kLanes, state.peak_before);
  std::fill_n(state.peak_now, kLanes, 0.0f);
}

HWY_EXPORT(gate_lanes);
HWY_EXPORT(gate_ramped);

void gate_process(GateBankCoeffs& coeffs, GateBankState& state, const float* key, const float* in, float* out,
                  int frames, int lanes) noexcept {
  float ramps = 0;  // a sum without branches, which becomes vectors
  for (int lane = 0; lane < kLanes; ++lane) {
    ramps += std::fabs(coeffs.shut_scale.increment[lane]) + std::fabs(coeffs.open_gain.increment[lane]);
  }
  if (ramps != 0) {
    HWY_DYNAMIC_DISPATCH(gate_ramped)(coeffs, state, key, in, out, frames, lanes);
  } else {
    HWY_DYNAMIC_DISPATCH(gate_lanes)(coeffs, state, key, in, out, frames, lanes);
  }
}

}  // namespace fohd
#endif  // HWY_ONCE
