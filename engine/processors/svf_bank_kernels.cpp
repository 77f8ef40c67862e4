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
// would lose ten, and with them 90 dB of signal to noise (26 dB in place of 120 at Q 4). The brackets matter too: what
// is added is summed first, so a state is rounded once a frame. With c1 + p c1 first, a 20 Hz tone in that bell has its
// noise at -95 dB instead of -113 dB (bench/eq_response; white noise in: -144 dB), because the two roundings follow the
// tone.
//
// Fine lanes. A state is rounded by 2^-25 of itself in every frame, and a filter adds that up for as long as it rings,
// 1/(g k) frames. Tones whose period is a whole number of frames are the worst: the same roundings come back and add up
// like the tone itself. Bells of Q 10 and +15 dB, which lose 2 g k/D = -(p + t) = 0.003 of a state per frame at 1 kHz
// and 96 kHz, would have their noise only 112 dB below such a tone. Lanes that lose less than 2^-8 keep what rounding
// cuts off and add it with the next frame (rings_long()): low and narrow bells, other types only below some 40 Hz.
//
// Legal coefficients: every p, b, t made from some g > 0 and k >= 0. d, y1, y2 are free: they only read the state.
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
// 2. Mixes keep it. The matrices of norm at most 1 are a convex set: |(1-s) M0 + s M1| <= (1-s) |M0| + s |M1| <= 1.
//    M is affine in p, b, t, so a linear ramp of the coefficients
//    from one legal set to another passes only through such mixes,
//    and so does a ramp that turns half-way towards a third.
// 3. Products of such matrices are such matrices, in any order. So whatever the ramps do, frame by frame, the length of
//    the state without input never grows, and with input it grows by at most sqrt(b^2 + t^2) |x| in a frame.
// One norm serves all legal sets: that is the point, and why a direct form, whose stable matrices share no norm, may
// not be ramped. Rounding p, b, t to float moves M by at most 2^-24 of their size, far less than the g k by which a
// filter with Q <= 40 decays.
//
// Chunk invariance. The state between two frames is exactly what is stored between two calls, fused operations are
// explicit, and the compiler may not fuse others (-ffp-contract=off). Two targets may differ in the last bits.
// Neutral sets (d = 1, y1 = y2 = 0) give y = x for every finite x and state; of a zero the sign may change.

#include "engine/processors/svf_bank.h"

#include <cstddef>
#include <type_traits>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "engine/processors/svf_bank_kernels.cpp"
#include <hwy/foreach_target.h>
// After foreach_target.h, which includes this file once per target.
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace fohd {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

/// As many lanes as the CPU takes at once, in registers for the length of a loop; the form that keeps in fine lanes
/// what rounding cuts off a state. The sum is c + (to + cut), and what it lost is (to + cut) - (sum - c), exact where
/// the state is the larger (T. J. Dekker, "A floating-point technique for extending the available precision", 1971). In
/// other lanes the cut stays -0 and every bit is that of the plain form.
template <class D>
struct Section {
  using V = hn::Vec<D>;
  V p, b, t, d, y1, y2, c1, c2, cut1, cut2, nothing;
  hn::Mask<D> fine;

  HWY_INLINE void load(D tag, const SvfBankCoeffs& coeffs, const SvfBankState& state, int lane) {
    p = hn::Load(tag, coeffs.p + lane), b = hn::Load(tag, coeffs.b + lane), t = hn::Load(tag, coeffs.t + lane);
    d = hn::Load(tag, coeffs.d + lane), y1 = hn::Load(tag, coeffs.y1 + lane), y2 = hn::Load(tag, coeffs.y2 + lane);
    c1 = hn::Load(tag, state.c1 + lane), c2 = hn::Load(tag, state.c2 + lane);
    cut1 = hn::Load(tag, state.cut1 + lane), cut2 = hn::Load(tag, state.cut2 + lane);
    nothing = hn::Set(tag, kNothingCutOff);
    fine = hn::Ne(hn::Load(tag, coeffs.fine + lane), hn::Zero(tag));
  }
  HWY_INLINE void store_state(D tag, SvfBankState& state, int lane) const {
    hn::Store(c1, tag, state.c1 + lane), hn::Store(c2, tag, state.c2 + lane);
    hn::Store(cut1, tag, state.cut1 + lane), hn::Store(cut2, tag, state.cut2 + lane);
  }
  HWY_INLINE void store_coeffs(D tag, SvfBankCoeffs& coeffs, int lane) const {
    hn::Store(p, tag, coeffs.p + lane), hn::Store(b, tag, coeffs.b + lane), hn::Store(t, tag, coeffs.t + lane);
    hn::Store(d, tag, coeffs.d + lane), hn::Store(y1, tag, coeffs.y1 + lane), hn::Store(y2, tag, coeffs.y2 + lane);
  }
  HWY_INLINE V step(V x) {
    const V y = hn::MulAdd(y2, c2, hn::MulAdd(y1, c1, hn::Mul(d, x)));
    const V v = hn::Sub(x, c2);
    const V to_c1 = hn::Add(hn::MulAdd(b, v, hn::Mul(p, c1)), cut1);
    const V to_c2 = hn::Add(hn::MulAdd(t, v, hn::Mul(b, c1)), cut2);
    const V next1 = hn::Add(c1, to_c1), next2 = hn::Add(c2, to_c2);
    cut1 = hn::IfThenElse(fine, hn::Sub(to_c1, hn::Sub(next1, c1)), nothing);
    cut2 = hn::IfThenElse(fine, hn::Sub(to_c2, hn::Sub(next2, c2)), nothing);
    c1 = next1, c2 = next2;
    return y;
  }
};

// Settled sections run as a cascade: up to four of them keep their eight state vectors in registers, the coefficients
// are operands from memory, which costs no instruction of its own on x86. A frame then needs one load, one store and
// ten operations per section, where one pass per section needs sixteen (callgrind, AVX2). The states of a section wait
// twelve cycles for the frame before; the other sections' work fits into the wait.

// Where SvfBankCoeffs keeps its rows, counted from p: one pointer per section is enough.
inline constexpr int kP = 0, kB = kLanes, kT = 2 * kLanes, kD = 3 * kLanes, kY1 = 4 * kLanes, kY2 = 5 * kLanes;
static_assert(offsetof(SvfBankCoeffs, b) == kB * sizeof(float) && offsetof(SvfBankCoeffs, t) == kT * sizeof(float) &&
              offsetof(SvfBankCoeffs, d) == kD * sizeof(float) && offsetof(SvfBankCoeffs, y1) == kY1 * sizeof(float) &&
              offsetof(SvfBankCoeffs, y2) == kY2 * sizeof(float) && offsetof(SvfBankCoeffs, p) == kP);

// NEON has 32 registers, and no instruction that takes an operand from memory: a section's six rows and two states stay
// in eight of them, three sections in 24, and 8 are left for what is between; a fourth would spill. AVX2 has 16, and
// its multiply-adds read a row from memory at no cost; there four sections hide each other's latency.
inline constexpr bool kCoeffsInRegisters = HWY_ARCH_ARM_A64;
inline constexpr int kSectionsPerPass = kCoeffsInRegisters ? 3 : 4;

/// A section's coefficients for the length of a loop. Copies, since the loop stores floats, which might be them.
template <class D>
struct HeldCoeffs {
  hn::Vec<D> rows[6];
  HWY_INLINE void load(D tag, const float* p) {
#pragma GCC unroll 6
    for (int row = 0; row < 6; ++row) rows[row] = hn::Load(tag, p + row * kLanes);
  }
  HWY_INLINE hn::Vec<D> operator()(D, int at) const { return rows[at / kLanes]; }
};
template <class D>
struct CoeffsInMemory {
  const float* p;
  HWY_INLINE void load(D, const float* from) { p = from; }
  HWY_INLINE hn::Vec<D> operator()(D tag, int at) const { return hn::Load(tag, p + at); }
};

template <int kCount>
HWY_ATTR HWY_INLINE void run_cascade(const SvfSection* sections, const float* in, float* out, int frames, int lanes) {
  const hn::CappedTag<float, kLanes> tag;
  using V = hn::Vec<decltype(tag)>;
  using Coeffs = std::conditional_t<kCoeffsInRegisters, HeldCoeffs<decltype(tag)>, CoeffsInMemory<decltype(tag)>>;
  for (int lane = 0; lane < lanes; lane += static_cast<int>(hn::MaxLanes(tag))) {
    V c1[kCount], c2[kCount];
    Coeffs coeffs[kCount];
#pragma GCC unroll 4
    for (int s = 0; s < kCount; ++s) {
      coeffs[s].load(tag, sections[s].coeffs->p + lane);
      c1[s] = hn::Load(tag, sections[s].state->c1 + lane);
      c2[s] = hn::Load(tag, sections[s].state->c2 + lane);
    }
    for (int frame = 0; frame < frames; ++frame) {
      V x = hn::Load(tag, in + frame * kLanes + lane);
#pragma GCC unroll 4
      for (int s = 0; s < kCount; ++s) {
        const Coeffs& of = coeffs[s];
        const V y = hn::MulAdd(of(tag, kY2), c2[s], hn::MulAdd(of(tag, kY1), c1[s], hn::Mul(of(tag, kD), x)));
        const V v = hn::Sub(x, c2[s]);
        const V to_c1 = hn::MulAdd(of(tag, kB), v, hn::Mul(of(tag, kP), c1[s]));
        const V to_c2 = hn::MulAdd(of(tag, kT), v, hn::Mul(of(tag, kB), c1[s]));
        c1[s] = hn::Add(c1[s], to_c1);
        c2[s] = hn::Add(c2[s], to_c2);
        x = y;
      }
      hn::Store(x, tag, out + frame * kLanes + lane);
    }
#pragma GCC unroll 4
    for (int s = 0; s < kCount; ++s) {
      hn::Store(c1[s], tag, sections[s].state->c1 + lane);
      hn::Store(c2[s], tag, sections[s].state->c2 + lane);
    }
  }
}

HWY_ATTR HWY_INLINE void run_fine(const SvfSection& of, const float* in, float* out, int frames, int lanes) {
  const hn::CappedTag<float, kLanes> tag;
  for (int lane = 0; lane < lanes; lane += static_cast<int>(hn::MaxLanes(tag))) {
    Section<decltype(tag)> section;
    section.load(tag, *of.coeffs, *of.state, lane);
    for (int frame = 0; frame < frames; ++frame) {
      const int at = frame * kLanes + lane;
      hn::Store(section.step(hn::Load(tag, in + at)), tag, out + at);
    }
    section.store_state(tag, *of.state, lane);
  }
}

// Not noexcept: HWY_EXPORT's table of function pointers does not take it.
HWY_ATTR void cascade_lanes(const SvfSection* sections, int count, const float* in, float* out, int frames, int lanes) {
  const SvfSection* const end = sections + count;
  while (sections != end) {
    int pass = 0;
    while (sections + pass != end && !sections[pass].fine) ++pass;
    // Even passes: six as three and three, five as three and two, and four, where it is too many, as two and two.
    if (pass > kSectionsPerPass) pass = pass == 4 ? 2 : 3;
    switch (pass) {
      case 0:
        run_fine(*sections, in, out, frames, lanes);
        pass = 1;
        break;
      case 1:
        run_cascade<1>(sections, in, out, frames, lanes);
        break;
      case 2:
        run_cascade<2>(sections, in, out, frames, lanes);
        break;
      case 3:
        run_cascade<3>(sections, in, out, frames, lanes);
        break;
      default:
        run_cascade<4>(sections, in, out, frames, lanes);
        break;
    }
    in = out;
    sections += pass;
  }
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

HWY_EXPORT(cascade_lanes);
HWY_EXPORT(process_lanes_ramped);

void svf_cascade(const SvfSection* sections, int count, const float* in, float* out, int frames, int lanes) noexcept {
  HWY_DYNAMIC_DISPATCH(cascade_lanes)(sections, count, in, out, frames, lanes);
}

void svf_process_ramped(SvfBankCoeffs& coeffs, const SvfBankCoeffs& increment, SvfBankState& state, const float* in,
                        float* out, int frames, int lanes) noexcept {
  HWY_DYNAMIC_DISPATCH(process_lanes_ramped)(coeffs, increment, state, in, out, frames, lanes);
}

}  // namespace fohd
#endif  // HWY_ONCE
