// Safety limiter, sixteen outputs side by side, compiled once per SIMD target.
//
// The law, per lane and frame (c the ceiling, r the reduction, n how long it has been asked for, w the switch, all
// floats kept between frames):
//
//     c, w  move towards their targets by at most step_per_frame
//     k = release_keep if n >= short_frames, else short_keep
//     n = (r > 0 ? n : 0) + (|x| > c ? 1 : 0)
//     g = min(1 - r k, c / max(|x|, c))      attack: at once, and just enough
//     r = max(r k, 1 - c / max(|x|, c))      release: exponential in linear gain
//     y = x g where w is 1, held within +-c; x (1 - w (1 - g)) while the switch fades
//
// Below the ceiling c / max(|x|, c) is c / c, exactly 1; a reduction too small to matter in a float is set to 0, so
// after a peak the lane becomes bit-transparent again, in finite time. The final hold takes away no more than the
// rounding of the product: |x| c / |x| may end one step above c. (r is kept, not g: a gain near 1 would stop 0.0006 dB
// short of it, where a frame of release is less than half a step of a float.)
//
// Release 50 ms. It is a protection, not an effect: it should stay idle. Long enough that bass is bent rather than
// clipped (50 Hz peaks every 10 ms; in between 18 % of the reduction comes back, where a clipper gives back all of it
// twice per period), short enough that after a dropped microphone the mix is back: 40 dB over the ceiling, and 0.2 s
// later less than 0.2 dB are missing.
// Short peaks 10 ms. What was above the ceiling for less than 5 ms in all (a click, a connector, one broken sample) is
// no bass: 40 dB over the ceiling, and 50 ms later less than 0.1 dB are missing. n counts until nothing is left of the
// reduction, so the second half period of a bass tone is released slowly, whatever its height; it stays exact up to
// 2^24 frames, far beyond short_frames, and stands still there.
// Moves 10 ms. A ceiling that moves by full scale, or the switch, takes as long as a mute (docs/DESK.md, "Ramps"). Both
// move in straight lines that end exactly on their targets: min and max need no countdown. While the switch fades, or
// the ceiling sinks, a peak may be above the new ceiling, never above what the old setting allowed. The detector also
// runs while a lane is off, so switching on fades towards the gain that is needed.
//
// No look-ahead: an attack in zero frames bends the wave at the ceiling, like a clipper does, for the one rise that
// makes the peak. That is the cost of zero latency, in emergencies only.

#include "engine/processors/safety_limiter.h"

#include <cmath>
#include <limits>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "engine/processors/safety_limiter_kernels.cpp"
#include <hwy/foreach_target.h>
// After foreach_target.h, which includes this file once per target.
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace fohd {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

template <class D, class V = hn::Vec<D>>
HWY_INLINE V step_towards(V target, V value, V step) {
  return hn::Min(hn::Max(target, hn::Sub(value, step)), hn::Add(value, step));
}

// Not noexcept: HWY_EXPORT's table of function pointers does not take it.
HWY_ATTR void limit_lanes(const SafetyLimiterCoeffs& coeffs, SafetyLimiterState& state, float* io, int frames,
                          int lanes) {
  const hn::CappedTag<float, kLanes> tag;
  using D = decltype(tag);
  const auto one = hn::Set(tag, 1.0f), zero = hn::Zero(tag);
  const auto keep_long = hn::Set(tag, coeffs.release_keep), keep_short = hn::Set(tag, coeffs.short_keep);
  const auto short_frames = hn::Set(tag, coeffs.short_frames);
  const auto step = hn::Set(tag, coeffs.step_per_frame);
  const auto infinity = hn::Set(tag, std::numeric_limits<float>::infinity());
  // 1 - r is 1 for every r below 2^-25.
  const auto no_trace = hn::Set(tag, 0x1p-25f);
  for (int lane = 0; lane < lanes; lane += static_cast<int>(hn::MaxLanes(tag))) {
    const auto ceiling_target = hn::Load(tag, coeffs.ceiling + lane), on_target = hn::Load(tag, coeffs.on + lane);
    auto reduction = hn::Load(tag, state.reduction + lane), ceiling = hn::Load(tag, state.ceiling + lane);
    auto on = hn::Load(tag, state.on + lane), lasted = hn::Load(tag, state.lasted + lane);
    for (int frame = 0; frame < frames; ++frame) {
      float* at = io + frame * kLanes + lane;
      const auto x = hn::Load(tag, at);
      const auto level = hn::Abs(x);
      const auto finite = hn::Lt(level, infinity);  // false for NaN
      ceiling = step_towards<D>(ceiling_target, ceiling, step);
      on = step_towards<D>(on_target, on, step);
      const auto asked = hn::Div(ceiling, hn::Max(hn::IfThenElseZero(finite, level), ceiling));
      const auto keep = hn::IfThenElse(hn::Ge(lasted, short_frames), keep_long, keep_short);
      lasted = hn::IfThenElseZero(hn::Gt(reduction, zero), lasted);
      lasted = hn::Add(lasted, hn::IfThenElseZero(hn::Lt(asked, one), one));
      const auto released = hn::Mul(reduction, keep);
      const auto gain = hn::Min(hn::Sub(one, released), asked);
      reduction = hn::Max(released, hn::Sub(one, asked));
      reduction = hn::IfThenElseZero(hn::Ge(reduction, no_trace), reduction);
      const auto settled_on = hn::Ge(on, one);
      const auto faded = hn::NegMulAdd(on, hn::Sub(one, gain), one);
      const auto y = hn::Mul(x, hn::IfThenElse(settled_on, gain, faded));
      const auto bound = hn::IfThenElse(settled_on, ceiling, infinity);
      const auto held = hn::Min(hn::Max(y, hn::Neg(bound)), bound);
      hn::Store(hn::IfThenElse(finite, held, x), tag, at);
    }
    hn::Store(reduction, tag, state.reduction + lane);
    hn::Store(lasted, tag, state.lasted + lane);
    hn::Store(ceiling, tag, state.ceiling + lane);
    hn::Store(on, tag, state.on + lane);
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace fohd
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace fohd {

HWY_EXPORT(limit_lanes);

SafetyLimiterCoeffs design_safety_limiter(double rate_hz) noexcept {
  constexpr double kReleaseSeconds = 0.050, kShortReleaseSeconds = 0.010, kShortSeconds = 0.005;
  constexpr double kMoveSeconds = 0.010;
  SafetyLimiterCoeffs coeffs;
  for (int lane = 0; lane < kLanes; ++lane) coeffs.ceiling[lane] = coeffs.on[lane] = 1;
  coeffs.release_keep = static_cast<float>(std::exp(-1 / (kReleaseSeconds * rate_hz)));
  coeffs.short_keep = static_cast<float>(std::exp(-1 / (kShortReleaseSeconds * rate_hz)));
  coeffs.short_frames = static_cast<float>(std::round(kShortSeconds * rate_hz));
  coeffs.step_per_frame = static_cast<float>(1 / (kMoveSeconds * rate_hz));
  return coeffs;
}

void settle(const SafetyLimiterCoeffs& coeffs, SafetyLimiterState& state) noexcept {
  for (int lane = 0; lane < kLanes; ++lane) {
    state.reduction[lane] = state.lasted[lane] = 0;
    state.ceiling[lane] = coeffs.ceiling[lane];
    state.on[lane] = coeffs.on[lane];
  }
}

void safety_limit(const SafetyLimiterCoeffs& coeffs, SafetyLimiterState& state, float* io, int frames,
                  int lanes) noexcept {
  HWY_DYNAMIC_DISPATCH(limit_lanes)(coeffs, state, io, frames, lanes);
}

}  // namespace fohd
#endif  // HWY_ONCE
