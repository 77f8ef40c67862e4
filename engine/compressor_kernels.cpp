// Compressor and downward expander, sixteen lanes side by side, compiled once per SIMD target.
//
// The law, per lane and frame; levels and gains in octaves of amplitude (D. Giannoulis, M. Massberg, J. D. Reiss,
// "Digital dynamic range compressor design", JAES 60(6), 2012: feed-forward, gain computer first, then smoothing of the
// gain in the log domain, which neither lags behind the threshold nor makes the times depend on the level):
//
//     power  moves to key^2 by power_share                              1: every sample counts (peak); RMS: 10 ms
//     level  = log2(power) / 2
//     beyond = direction (level - threshold)
//     bent   = k^2 knee_curve + max(beyond - half_knee, 0)              k = clamp(beyond + half_knee, 0, 2 half_knee)
//     wanted = max(slope bent, lowest)
//     wanted beyond the gain (compressor: below it, expander: above):  attack, and the hold begins anew
//     else: the gain waits until hold_frames frames have passed, then moves by release_share
//     y      = x (dry + wet 2^gain)
//
// bent is the soft knee in one line: 0 below the knee, the parabola that meets both sides with equal slope inside it
// (at beyond = half_knee it has reached k^2/(4 half_knee) = half_knee), and the straight line above.
//
// After the attack (or release) time on the dial 63 % of the way in dB is done. The hold also bridges the places where
// a wave passes through zero, so that a peak detector settles where the curve says for every note above 1/(2 hold):
// 50 Hz with the default 10 ms; below that, or with less hold, the gain follows the wave a little.
//
// With a release of 4 s a frame moves the gain by 5e-6 of what is left, which a float near 10 octaves rounds away when
// 0.1 octaves are left. So what rounding cuts off is kept and added with the next frame.
//
// An RMS detector reads a sine 3 dB below its peak. Its time of 10 ms is what makes it one: long against the period of
// a voice, short against the attacks people dial.

#include "engine/compressor.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "engine/compressor_kernels.cpp"
#include <hwy/foreach_target.h>
// After foreach_target.h, which includes this file once per target.
#include <hwy/highway.h>

#include "engine/log_math-inl.h"

HWY_BEFORE_NAMESPACE();
namespace fohd {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

/// -200 dBFS: a key below counts as silence, so that the logarithm of zero is never asked for.
inline constexpr float kQuietestPower = 1e-20f;

/// Of the power's logarithm, which is twice the level: beyond + half_knee and beyond - half_knee are one fused
/// operation each.
template <class D>
struct Curve {
  using V = hn::Vec<D>;
  V scale, above_knee, below_knee, knee, knee_curve, slope, lowest;
  HWY_INLINE Curve(D d, const CompressorBankCoeffs& c, int lane)
      : knee_curve(hn::Load(d, c.knee_curve + lane)),
        slope(hn::Load(d, c.slope + lane)),
        lowest(hn::Load(d, c.lowest + lane)) {
    const V direction = hn::Load(d, c.direction + lane), half_knee = hn::Load(d, c.half_knee + lane);
    const V at_threshold = hn::Mul(direction, hn::Load(d, c.threshold + lane));
    scale = hn::Mul(direction, hn::Set(d, 0.5f));
    above_knee = hn::Neg(hn::Add(at_threshold, half_knee));
    below_knee = hn::Sub(half_knee, at_threshold);
    knee = hn::Add(half_knee, half_knee);
  }
  HWY_INLINE V operator()(D d, V log2_power) const {
    const V k = hn::Min(hn::Max(hn::MulAdd(scale, log2_power, below_knee), hn::Zero(d)), knee);
    const V straight = hn::Max(hn::MulAdd(scale, log2_power, above_knee), hn::Zero(d));
    return hn::Max(hn::Mul(slope, hn::MulAdd(hn::Mul(k, k), knee_curve, straight)), lowest);
  }
};

// Not noexcept: HWY_EXPORT's table of function pointers does not take it.
HWY_ATTR void compress_lanes(CompressorBankCoeffs& coeffs, CompressorBankState& state, const float* active_lanes,
                             const float* key, const float* in, float* out, int frames, int lanes) {
  const hn::CappedTag<float, kLanes> d;
  using V = hn::Vec<decltype(d)>;
  const V zero = hn::Zero(d), one = hn::Set(d, 1.0f);
  for (int lane = 0; lane < lanes; lane += static_cast<int>(hn::MaxLanes(d))) {
    const auto active = hn::Ne(hn::Load(d, active_lanes + lane), zero);
    if (hn::AllFalse(d, active)) {
      for (int at = lane; at < frames * kLanes; at += kLanes) hn::Store(hn::Load(d, in + at), d, out + at);
      continue;
    }
    const Curve<decltype(d)> curve(d, coeffs, lane);
    // Shares of lanes that are not active are zero: their state stays as it is.
    const V power_share = hn::IfThenElseZero(active, hn::Load(d, coeffs.power_share + lane));
    const V attack = hn::IfThenElseZero(active, hn::Load(d, coeffs.attack_share + lane));
    const V release = hn::IfThenElseZero(active, hn::Load(d, coeffs.release_share + lane));
    const V hold_frames = hn::Load(d, coeffs.hold_frames + lane);
    const V dry_by = hn::Load(d, coeffs.dry.increment + lane), wet_by = hn::Load(d, coeffs.wet.increment + lane);
    const V held_before = hn::Load(d, state.hold_left + lane), lowest_before = hn::Load(d, state.lowest_gain + lane);
    V dry = hn::Load(d, coeffs.dry.value + lane), wet = hn::Load(d, coeffs.wet.value + lane);
    V power = hn::Load(d, state.power + lane), gain = hn::Load(d, state.gain + lane);
    V cut = hn::Load(d, state.cut + lane);
    V hold_left = held_before, lowest = lowest_before;
    for (int at = lane; at < frames * kLanes; at += kLanes) {
      const V k = hn::Load(d, key + at), x = hn::Load(d, in + at);
      power = hn::MulAdd(hn::Sub(hn::Mul(k, k), power), power_share, power);
      const V way = hn::Sub(curve(d, fast_log2(d, hn::Max(power, hn::Set(d, kQuietestPower)))), gain);
      const auto attacks = hn::Le(hn::Mul(curve.scale, way), zero);
      const V released = hn::IfThenElse(hn::Gt(hold_left, zero), zero, release);
      hold_left = hn::IfThenElse(attacks, hold_frames, hn::Sub(hold_left, one));  // below 0 it counts on to no effect
      const V step = hn::MulAdd(way, hn::IfThenElse(attacks, attack, released), cut);
      const V next = hn::Add(gain, step);
      cut = hn::Sub(step, hn::Sub(next, gain));
      gain = next;
      dry = hn::Add(dry, dry_by);
      wet = hn::Add(wet, wet_by);
      lowest = hn::Min(lowest, gain);
      const V y = hn::Mul(x, hn::MulAdd(wet, fast_exp2(d, gain), dry));
      hn::Store(hn::IfThenElse(active, y, x), d, out + at);
    }
    hn::Store(power, d, state.power + lane), hn::Store(gain, d, state.gain + lane);
    hn::Store(hn::IfThenElse(active, cut, hn::Load(d, state.cut + lane)), d, state.cut + lane);
    hn::Store(hn::IfThenElse(active, hold_left, held_before), d, state.hold_left + lane);
    hn::Store(hn::IfThenElse(active, lowest, lowest_before), d, state.lowest_gain + lane);
    hn::Store(hn::IfThenElse(active, dry, hn::Load(d, coeffs.dry.value + lane)), d, coeffs.dry.value + lane);
    hn::Store(hn::IfThenElse(active, wet, hn::Load(d, coeffs.wet.value + lane)), d, coeffs.wet.value + lane);
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace fohd
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace fohd {

HWY_EXPORT(compress_lanes);

void compressor_process(CompressorBankCoeffs& coeffs, CompressorBankState& state, const float* active, const float* key,
                        const float* in, float* out, int frames, int lanes) noexcept {
  HWY_DYNAMIC_DISPATCH(compress_lanes)(coeffs, state, active, key, in, out, frames, lanes);
}

}  // namespace fohd
#endif  // HWY_ONCE
