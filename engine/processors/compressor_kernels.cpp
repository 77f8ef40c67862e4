// Compressor and downward expander, sixteen lanes side by side, compiled once per SIMD target.
//
// The law, per lane and frame; levels and gains in octaves of amplitude (D. Giannoulis, M. Massberg, J. D. Reiss,
// "Digital dynamic range compressor design", JAES 60(6), 2012: feed-forward, gain computer first, then smoothing of the
// gain in the log domain, which neither lags behind the threshold nor makes the times depend on the level):
//
//     power  = largest key^2 of this and the previous block of 2.5 ms   peak; RMS: moves to key^2 by power_coeff, 10 ms
//     level  = log2(power) / 2
//     beyond = direction (level - threshold)
//     bent   = k^2 knee_curve + max(beyond - half_knee, 0)              k = clamp(beyond + half_knee, 0, 2 half_knee)
//     wanted = max(slope bent, lowest)
//     wanted beyond the gain (compressor: below it, expander: above):  attack, and the hold begins anew
//     else: the gain waits until hold_frames frames have passed, then moves by release_coeff
//     y      = x (dry + wet 2^gain)
//
// bent is the soft knee in one line: 0 below the knee, the parabola that meets both sides with equal slope inside it
// (at beyond = half_knee it has reached k^2/(4 half_knee) = half_knee), and the straight line above.
//
// Automatic times, which few lanes use, have a loop of their own. They follow the crest factor (the same paper,
// section 3.3): the peak of the key's power, falling with 200 ms, over its mean over 200 ms is 2 for a sine, for which
// the dialled times apply, and 20 and more for drums, for which attack and release are shortened by as much: at
// most 20 times, so that one click does not make a distortion of it.
//
// A linear envelope (rare too, the same loop) moves the gain itself instead of its octaves: 2^wanted - 1 takes the
// place of wanted, and 1 + state of 2^state. Attack and release are then slow at first and quick in the end, in dB;
// lanes keep their state in those terms, since what a long release adds per frame would be lost on the way through a
// logarithm.
//
// After the attack (or release) time on the dial 63 % of the way (in dB, or of the gain) is done, for tones too from
// 100 Hz on: the peak detector's blocks bridge the places where a wave passes through zero, as in the gate
// (gate_kernels.cpp). The hold bridges those of lower notes, so that a peak detector settles where the curve says for
// every note above 1/(2 hold): 50 Hz with the default 10 ms; below that, or with less hold, the gain follows the wave a
// little.
//
// With a release of 4 s a frame moves the gain by 5e-6 of what is left, which a float near 10 octaves rounds away when
// 0.1 octaves are left. So what rounding cuts off is kept and added with the next frame.
//
// An RMS detector reads a sine 3 dB below its peak. Its time of 10 ms is what makes it one: long against the period of
// a voice, short against the attacks people dial.

#include "engine/processors/compressor.h"

#include <algorithm>
#include <cmath>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "engine/processors/compressor_kernels.cpp"
#include <hwy/foreach_target.h>
// After foreach_target.h, which includes this file once per target.
#include <hwy/highway.h>

#include "engine/processors/log_math-inl.h"

HWY_BEFORE_NAMESPACE();
namespace fohd {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

/// -200 dBFS: a key below counts as silence, so that the logarithm of zero is never taken.
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

/// How one group of lanes moves its gain. kRare: lanes with automatic times or a linear envelope are among them.
template <class D, bool kRare>
struct Ballistics {
  using V = hn::Vec<D>;
  V attack, release, hold_frames, hold_left, gain, cut;
  V crest_coeff, slow_power, slow_peak;
  hn::Mask<D> is_auto, is_linear;

  HWY_INLINE void load(D d, const CompressorBankCoeffs& c, const CompressorBankState& s, hn::Mask<D> active, int lane) {
    // Shares of lanes that are not active are zero: their gain stays as it is.
    attack = hn::IfThenElseZero(active, hn::Load(d, c.attack_coeff + lane));
    release = hn::IfThenElseZero(active, hn::Load(d, c.release_coeff + lane));
    hold_frames = hn::Load(d, c.hold_frames + lane), hold_left = hn::Load(d, s.hold_left + lane);
    gain = hn::Load(d, s.gain + lane), cut = hn::Load(d, s.cut + lane);
    if constexpr (kRare) {
      crest_coeff = hn::IfThenElseZero(active, hn::Load(d, c.crest_coeff + lane));
      slow_power = hn::Load(d, s.slow_power + lane), slow_peak = hn::Load(d, s.slow_peak + lane);
      is_auto = hn::Gt(crest_coeff, hn::Zero(d));
      is_linear = hn::Ne(hn::Load(d, c.linear + lane), hn::Zero(d));
    }
  }
  HWY_INLINE void store(D d, CompressorBankState& s, hn::Mask<D> active, int lane) const {
    hn::Store(gain, d, s.gain + lane);
    hn::Store(hn::IfThenElse(active, cut, hn::Load(d, s.cut + lane)), d, s.cut + lane);
    hn::Store(hn::IfThenElse(active, hold_left, hn::Load(d, s.hold_left + lane)), d, s.hold_left + lane);
    if constexpr (kRare) hn::Store(slow_power, d, s.slow_power + lane), hn::Store(slow_peak, d, s.slow_peak + lane);
  }
  /// How much faster than the dials say, 1..20.
  HWY_INLINE V haste(D d, V key_power) {
    slow_power = hn::MulAdd(hn::Sub(key_power, slow_power), crest_coeff, slow_power);
    const V fallen = hn::NegMulAdd(slow_peak, crest_coeff, slow_peak);
    slow_peak = hn::IfThenElse(is_auto, hn::Max(key_power, fallen), slow_peak);
    const V half_crest = hn::Div(hn::Mul(slow_peak, hn::Set(d, 0.5f)), hn::Max(slow_power, hn::Set(d, kQuietestPower)));
    return hn::IfThenElse(is_auto, hn::Min(hn::Max(half_crest, hn::Set(d, 1.0f)), hn::Set(d, 20.0f)), hn::Set(d, 1.0f));
  }
  /// octaves, in the terms of each lane's state.
  HWY_INLINE V terms(D d, V octaves) const {
    if constexpr (kRare) {
      return hn::IfThenElse(is_linear, hn::Sub(fast_exp2(d, octaves), hn::Set(d, 1.0f)), octaves);
    } else {
      return octaves;
    }
  }
  /// The gain as a factor.
  HWY_INLINE V factor(D d) const {
    if constexpr (kRare) {
      return hn::IfThenElse(is_linear, hn::Add(gain, hn::Set(d, 1.0f)), fast_exp2(d, gain));
    } else {
      return fast_exp2(d, gain);
    }
  }
  /// The other way round: a state in octaves, not below -20.
  HWY_INLINE V octaves(D d, V state) const {
    if constexpr (kRare) {
      const V left = hn::Max(hn::Add(state, hn::Set(d, 1.0f)), hn::Set(d, 0x1p-20f));
      return hn::IfThenElse(is_linear, fast_log2(d, left), state);
    } else {
      return state;
    }
  }
  /// direction: of its sign. wanted: in the terms of the state.
  HWY_INLINE void move(D d, V direction, V wanted, V key_power) {
    const V zero = hn::Zero(d), one = hn::Set(d, 1.0f), way = hn::Sub(wanted, gain);
    const auto attacks = hn::Le(hn::Mul(direction, way), zero);
    V share = hn::IfThenElse(attacks, attack, hn::IfThenElse(hn::Gt(hold_left, zero), zero, release));
    hold_left = hn::IfThenElse(attacks, hold_frames, hn::Sub(hold_left, one));  // below 0 it counts on to no effect
    if constexpr (kRare) share = hn::Min(hn::Mul(share, haste(d, key_power)), one);
    const V step = hn::MulAdd(way, share, cut), next = hn::Add(gain, step);
    cut = hn::Sub(step, hn::Sub(next, gain));
    gain = next;
  }
};

template <bool kRare, bool kRamps>
HWY_ATTR HWY_INLINE void compress(CompressorBankCoeffs& coeffs, CompressorBankState& state, const float* active_lanes,
                                  const float* key, const float* in, float* out, int frames, int lanes) {
  const hn::CappedTag<float, kLanes> d;
  using V = hn::Vec<decltype(d)>;
  for (int lane = 0; lane < lanes; lane += static_cast<int>(hn::MaxLanes(d))) {
    const auto active = hn::Ne(hn::Load(d, active_lanes + lane), hn::Zero(d));
    if (hn::AllFalse(d, active)) {
      for (int at = lane; at < frames * kLanes; at += kLanes) hn::Store(hn::Load(d, in + at), d, out + at);
      continue;
    }
    const Curve<decltype(d)> curve(d, coeffs, lane);
    Ballistics<decltype(d), kRare> ballistics;
    ballistics.load(d, coeffs, state, active, lane);
    const V power_coeff = hn::IfThenElseZero(active, hn::Load(d, coeffs.power_coeff + lane));
    // A lane that is not active is dry: x times exactly 1.
    const V dry_by = hn::IfThenElseZero(active, hn::Load(d, coeffs.dry.increment + lane));
    const V wet_by = hn::IfThenElseZero(active, hn::Load(d, coeffs.wet.increment + lane));
    V dry = hn::IfThenElse(active, hn::Load(d, coeffs.dry.value + lane), hn::Set(d, 1.0f));
    V wet = hn::IfThenElseZero(active, hn::Load(d, coeffs.wet.value + lane));
    V power = hn::Load(d, state.power + lane), lowest = hn::Zero(d);
    const auto is_peak = hn::Ge(hn::Load(d, coeffs.power_coeff + lane), hn::Set(d, 1.0f));
    V peak_now = hn::Load(d, state.peak_now + lane);
    const V peak_before =
        hn::Max(hn::IfThenElseZero(is_peak, hn::Load(d, state.peak_before + lane)), hn::Set(d, kQuietestPower));
#pragma GCC unroll 2
    for (int at = lane; at < frames * kLanes; at += kLanes) {
      const V k = hn::Load(d, key + at), x = hn::Load(d, in + at), key_power = hn::Mul(k, k);
      power = hn::MulAdd(hn::Sub(key_power, power), power_coeff, power);
      peak_now = hn::Max(key_power, peak_now);
      const V held = hn::Max(hn::IfThenElseZero(is_peak, peak_now), peak_before);
      const V wanted = curve(d, fast_log2(d, hn::Max(power, held)));
      ballistics.move(d, curve.scale, ballistics.terms(d, wanted), key_power);
      if constexpr (kRamps) dry = hn::Add(dry, dry_by), wet = hn::Add(wet, wet_by);
      lowest = hn::Min(lowest, ballistics.gain);
      hn::Store(hn::Mul(x, hn::MulAdd(wet, ballistics.factor(d), dry)), d, out + at);
    }
    ballistics.store(d, state, active, lane);
    hn::Store(power, d, state.power + lane);
    hn::Store(hn::IfThenElse(active, peak_now, hn::Load(d, state.peak_now + lane)), d, state.peak_now + lane);
    const V before = hn::Load(d, state.lowest_gain + lane), deepest = hn::Min(ballistics.octaves(d, lowest), before);
    hn::Store(hn::IfThenElse(active, deepest, before), d, state.lowest_gain + lane);
    hn::Store(hn::IfThenElse(active, dry, hn::Load(d, coeffs.dry.value + lane)), d, coeffs.dry.value + lane);
    hn::Store(hn::IfThenElse(active, wet, hn::Load(d, coeffs.wet.value + lane)), d, coeffs.wet.value + lane);
  }
}

// Not noexcept: HWY_EXPORT's table of function pointers does not take it.
HWY_ATTR void compress_plain(CompressorBankCoeffs& coeffs, CompressorBankState& state, const float* active,
                             const float* key, const float* in, float* out, int frames, int lanes) {
  compress<false, false>(coeffs, state, active, key, in, out, frames, lanes);
}
HWY_ATTR void compress_ramped(CompressorBankCoeffs& coeffs, CompressorBankState& state, const float* active,
                              const float* key, const float* in, float* out, int frames, int lanes) {
  compress<false, true>(coeffs, state, active, key, in, out, frames, lanes);
}
HWY_ATTR void compress_rare(CompressorBankCoeffs& coeffs, CompressorBankState& state, const float* active,
                            const float* key, const float* in, float* out, int frames, int lanes) {
  compress<true, true>(coeffs, state, active, key, in, out, frames, lanes);
}

}  // namespace HWY_NAMESPACE
}  // namespace fohd
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace fohd {

void end_peak_block(CompressorBankState& state) noexcept {
  std::copy_n(state.peak_now, kLanes, state.peak_before);
  std::fill_n(state.peak_now, kLanes, 0.0f);
}

HWY_EXPORT(compress_plain);
HWY_EXPORT(compress_ramped);
HWY_EXPORT(compress_rare);

void compressor_process(CompressorBankCoeffs& coeffs, CompressorBankState& state, const float* active, const float* key,
                        const float* in, float* out, int frames, int lanes) noexcept {
  float rare = 0, ramps = 0;  // sums without branches, which become vectors
  for (int lane = 0; lane < kLanes; ++lane) {
    rare += active[lane] * (coeffs.crest_coeff[lane] + coeffs.linear[lane]);
    ramps += std::fabs(coeffs.dry.increment[lane]) + std::fabs(coeffs.wet.increment[lane]);
  }
  if (rare != 0) {
    HWY_DYNAMIC_DISPATCH(compress_rare)(coeffs, state, active, key, in, out, frames, lanes);
  } else if (ramps != 0) {
    HWY_DYNAMIC_DISPATCH(compress_ramped)(coeffs, state, active, key, in, out, frames, lanes);
  } else {
    HWY_DYNAMIC_DISPATCH(compress_plain)(coeffs, state, active, key, in, out, frames, lanes);
  }
}

}  // namespace fohd
#endif  // HWY_ONCE
