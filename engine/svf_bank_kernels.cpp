// Sixteen second-order filters side by side, compiled once per SIMD target (head: the form, the law, the proof).
//
// The form. A state variable filter (trapezoidal integrators; A. Simper, "Linear Trapezoidal Integrated SVF", 2013)
// written so that only small numbers are stored: what a frame adds to the state, not what it multiplies it with. With
// g = tan(pi f/rate) and k = 1/Q of the poles, D = 1 + g k + g^2:
//
//     p = -2 g (g + k) / D      b = 2 g / D      t = 2 g^2 / D
//     v   = x - c2
//     y   = d x + y1 c1 + y2 c2
//     c1' = c1 + (p c1 + b v)
//     c2' = c2 + (b c1 + t v)                   (old c1, c2 on every right side)
//
// A 20 Hz bell at 96 kHz has p, b near 1e-3: as floats they keep all their 24 bits, where the 1 + p of a direct form
// would lose ten, and with them 90 dB of signal to noise (PERF 5.1). The brackets matter too: what is added is summed
// first, so a state is rounded once a frame. With c1 + p c1 first, a 20 Hz tone in that bell has its noise at -95 dB
// instead of -113 dB (bench/eq_response; white noise in: -144 dB), because the two roundings follow the tone.
//
// Legal coefficients: every p, b, t made from some g > 0 and k >= 0. Nothing is asked of d, y1, y2: they only read.
//
// Why ramping is safe. With no input one frame is c' = M c,
//
//     M = [[1 + p, -b], [b, 1 - t]]  =  (I - g A)^-1 (I + g A),      A = [[-k, -1], [1, 0]],
//
// the Cayley transform of A. (Multiply out: (I - g A)^-1 = 1/D [[1, -g], [g, 1 + g k]], and M = 2 (I - g A)^-1 - I.)
// 1. M never makes a state longer. Take any u, and w = (I - g A)^-1 u. The two factors commute, so
//    M u = (I + g A) w while u = (I - g A) w, and
//        |u|^2 - |M u|^2  =  |w - g A w|^2 - |w + g A w|^2  =  -4 g w.(A w)  =  4 g k w1^2  >=  0.
//    So the 2-norm of M is at most 1 for every legal set, at any frequency and Q, up to the undamped k = 0.
// 2. Mixes keep it. The matrices of norm at most 1 are a convex set: |(1-s) M0 + s M1| <= (1-s) |M0| + s |M1| <= 1. M
// is
//    affine in p, b, t, so a linear ramp of the coefficients from one legal set to another passes only through such
//    mixes, and so does a ramp that turns half-way towards a third.
// 3. Products of such matrices are such matrices, in any order. So whatever the ramps do, frame by frame, the length of
//    the state without input never grows, and with input it grows by at most sqrt(b^2 + t^2) |x| in a frame.
// One norm serves all legal sets: that is the point, and why a direct form, whose stable matrices share no norm, may
// not be ramped. Rounding p, b, t to float moves M by at most 2^-24 of their size, far less than the g k by which a
// filter with Q <= 40 decays.
//
// Chunk invariance. The state between two frames is exactly what is stored between two calls, fused operations are
// asked for by name, and the compiler may not fuse others (-ffp-contract=off). Two targets may differ in the last bits.
// Neutral sets (d = 1, y1 = y2 = 0) give y = x for every finite x and state; of a zero the sign may change.

#include "engine/svf_bank.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "engine/svf_bank_kernels.cpp"
#include <hwy/foreach_target.h>
// After foreach_target.h, which includes this file once per target.
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace fohd {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

/// As many lanes as the CPU takes at once, in registers for the length of a loop.
template <class D>
struct Section {
  using V = hn::Vec<D>;
  V p, b, t, d, y1, y2, c1, c2;

  HWY_INLINE void load(D tag, const SvfBankCoeffs& coeffs, const SvfBankState& state, int lane) {
    p = hn::Load(tag, coeffs.p + lane), b = hn::Load(tag, coeffs.b + lane), t = hn::Load(tag, coeffs.t + lane);
    d = hn::Load(tag, coeffs.d + lane), y1 = hn::Load(tag, coeffs.y1 + lane), y2 = hn::Load(tag, coeffs.y2 + lane);
    c1 = hn::Load(tag, state.c1 + lane), c2 = hn::Load(tag, state.c2 + lane);
  }
  HWY_INLINE void store_state(D tag, SvfBankState& state, int lane) const {
    hn::Store(c1, tag, state.c1 + lane), hn::Store(c2, tag, state.c2 + lane);
  }
  HWY_INLINE void store_coeffs(D tag, SvfBankCoeffs& coeffs, int lane) const {
    hn::Store(p, tag, coeffs.p + lane), hn::Store(b, tag, coeffs.b + lane), hn::Store(t, tag, coeffs.t + lane);
    hn::Store(d, tag, coeffs.d + lane), hn::Store(y1, tag, coeffs.y1 + lane), hn::Store(y2, tag, coeffs.y2 + lane);
  }
  HWY_INLINE V step(V x) {
    const V y = hn::MulAdd(y2, c2, hn::MulAdd(y1, c1, hn::Mul(d, x)));
    const V v = hn::Sub(x, c2);
    const V to_c1 = hn::MulAdd(b, v, hn::Mul(p, c1)), to_c2 = hn::MulAdd(t, v, hn::Mul(b, c1));
    c1 = hn::Add(c1, to_c1);
    c2 = hn::Add(c2, to_c2);
    return y;
  }
};

/// One section, or two in a row, for as many lanes as the CPU takes at once.
template <class D, int kSections>
struct Cascade {
  Section<D> section[kSections];

  HWY_INLINE void load(D tag, const SvfBankCoeffs* const* coeffs, SvfBankState* const* states, int lane) {
    for (int i = 0; i < kSections; ++i) section[i].load(tag, *coeffs[i], *states[i], lane);
  }
  HWY_INLINE void store_state(D tag, SvfBankState* const* states, int lane) const {
    for (int i = 0; i < kSections; ++i) section[i].store_state(tag, *states[i], lane);
  }
  HWY_INLINE hn::Vec<D> step(hn::Vec<D> x) {
    for (int i = 0; i < kSections; ++i) x = section[i].step(x);
    return x;
  }
};

/// Two groups of lanes share a loop: a frame waits 12 cycles for the one before it, in which the other group's work
/// fits.
template <int kSections>
HWY_INLINE void process_cascade(const SvfBankCoeffs* const* coeffs, SvfBankState* const* states, const float* in,
                                float* out, int frames, int lanes) {
  const hn::CappedTag<float, kLanes> tag;
  using Group = Cascade<decltype(tag), kSections>;
  const int step = static_cast<int>(hn::MaxLanes(tag));
  int lane = 0;
  for (; lane + step < lanes; lane += 2 * step) {
    const int next = lane + step;
    Group low, high;
    low.load(tag, coeffs, states, lane);
    high.load(tag, coeffs, states, next);
    for (int frame = 0; frame < frames; ++frame) {
      const float* from = in + frame * kLanes;
      float* to = out + frame * kLanes;
      const auto low_y = low.step(hn::Load(tag, from + lane));
      const auto high_y = high.step(hn::Load(tag, from + next));
      hn::Store(low_y, tag, to + lane);
      hn::Store(high_y, tag, to + next);
    }
    low.store_state(tag, states, lane);
    high.store_state(tag, states, next);
  }
  if (lane >= lanes) return;
  Group last;
  last.load(tag, coeffs, states, lane);
  for (int frame = 0; frame < frames; ++frame) {
    const int at = frame * kLanes + lane;
    hn::Store(last.step(hn::Load(tag, in + at)), tag, out + at);
  }
  last.store_state(tag, states, lane);
}

// Not noexcept: HWY_EXPORT's table of function pointers does not take it.
HWY_ATTR void process_lanes(const SvfBankCoeffs& coeffs, SvfBankState& state, const float* in, float* out, int frames,
                            int lanes) {
  const SvfBankCoeffs* const sections[] = {&coeffs};
  SvfBankState* const states[] = {&state};
  process_cascade<1>(sections, states, in, out, frames, lanes);
}

HWY_ATTR void process_lanes_pair(const SvfBankCoeffs& first, SvfBankState& first_state, const SvfBankCoeffs& second,
                                 SvfBankState& second_state, const float* in, float* out, int frames, int lanes) {
  const SvfBankCoeffs* const sections[] = {&first, &second};
  SvfBankState* const states[] = {&first_state, &second_state};
  process_cascade<2>(sections, states, in, out, frames, lanes);
}

HWY_ATTR void process_lanes_ramped(SvfBankCoeffs& coeffs, const SvfBankCoeffs& increment, SvfBankState& state,
                                   const float* in, float* out, int frames, int lanes) {
  const hn::CappedTag<float, kLanes> tag;
  for (int lane = 0; lane < lanes; lane += static_cast<int>(hn::MaxLanes(tag))) {
    Section<decltype(tag)> section, by;
    section.load(tag, coeffs, state, lane);
    by.load(tag, increment, state, lane);
    for (int frame = 0; frame < frames; ++frame) {
      section.p = hn::Add(section.p, by.p), section.b = hn::Add(section.b, by.b), section.t = hn::Add(section.t, by.t);
      section.d = hn::Add(section.d, by.d), section.y1 = hn::Add(section.y1, by.y1);
      section.y2 = hn::Add(section.y2, by.y2);
      const int at = frame * kLanes + lane;
      hn::Store(section.step(hn::Load(tag, in + at)), tag, out + at);
    }
    section.store_state(tag, state, lane);
    section.store_coeffs(tag, coeffs, lane);
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace fohd
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace fohd {

HWY_EXPORT(process_lanes);
HWY_EXPORT(process_lanes_pair);
HWY_EXPORT(process_lanes_ramped);

void svf_process(const SvfBankCoeffs& coeffs, SvfBankState& state, const float* in, float* out, int frames,
                 int lanes) noexcept {
  HWY_DYNAMIC_DISPATCH(process_lanes)(coeffs, state, in, out, frames, lanes);
}

void svf_process_pair(const SvfBankCoeffs& first, SvfBankState& first_state, const SvfBankCoeffs& second,
                      SvfBankState& second_state, const float* in, float* out, int frames, int lanes) noexcept {
  HWY_DYNAMIC_DISPATCH(process_lanes_pair)
  (first, first_state, second, second_state, in, out, frames, lanes);
}

void svf_process_ramped(SvfBankCoeffs& coeffs, const SvfBankCoeffs& increment, SvfBankState& state, const float* in,
                        float* out, int frames, int lanes) noexcept {
  HWY_DYNAMIC_DISPATCH(process_lanes_ramped)(coeffs, increment, state, in, out, frames, lanes);
}

}  // namespace fohd
#endif  // HWY_ONCE
