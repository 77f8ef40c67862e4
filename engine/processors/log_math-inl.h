// Logarithm and power of two for loops that run once a sample in every lane: gates and compressors work in octaves of
// amplitude (one is 6.0206 dB). Per-target code: include it after hwy/foreach_target.h, inside no namespace.
//
// Polynomials, fitted for the least largest error (iteratively reweighted least squares, which ends at the minimax):
//     log2(1 + t) = t P(t), t in sqrt(1/2)-1 .. sqrt(2)-1     largest error 1.5e-5 octaves = 0.00009 dB
//     exp2(f)     = 1 + f Q(f), f in -1/2 .. 1/2              largest error 2.7e-6 of the value = 0.00002 dB
// Both are exact where it matters: log2(1) = 0, exp2(0) = 1. A compressor that does nothing changes no bit.
#if defined(FOHD_ENGINE_LOG_MATH_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef FOHD_ENGINE_LOG_MATH_INL_H_
#undef FOHD_ENGINE_LOG_MATH_INL_H_
#else
#define FOHD_ENGINE_LOG_MATH_INL_H_
#endif

#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace fohd {
namespace HWY_NAMESPACE {

/// x: positive and normal (above 1.2e-38), else meaningless but finite.
template <class D, class V = hwy::HWY_NAMESPACE::Vec<D>>
HWY_INLINE V fast_log2(D d, V x) {
  namespace hn = hwy::HWY_NAMESPACE;
  const hn::RebindToSigned<D> di;
  // Counted from sqrt(1/2), so that the mantissa lies around 1.
  constexpr std::int32_t kSqrtHalfBits = 0x3f3504f3;
  const auto offset = hn::Sub(hn::BitCast(di, x), hn::Set(di, kSqrtHalfBits));
  const auto exponent = hn::ShiftRight<23>(offset);
  const auto mantissa = hn::Add(hn::And(offset, hn::Set(di, 0x007fffff)), hn::Set(di, kSqrtHalfBits));
  const V t = hn::Sub(hn::BitCast(d, mantissa), hn::Set(d, 1.0f));
  V p = hn::Set(d, 0.25266405940055847f);
  p = hn::MulAdd(p, t, hn::Set(d, -0.39457467198371887f));
  p = hn::MulAdd(p, t, hn::Set(d, 0.4866851568222046f));
  p = hn::MulAdd(p, t, hn::Set(d, -0.7202418446540833f));
  p = hn::MulAdd(p, t, hn::Set(d, 1.4425780773162842f));
  return hn::MulAdd(p, t, hn::ConvertTo(d, exponent));
}

/// x: -120..+120 octaves; beyond, and of NaN, meaningless.
template <class D, class V = hwy::HWY_NAMESPACE::Vec<D>>
HWY_INLINE V fast_exp2(D d, V x) {
  namespace hn = hwy::HWY_NAMESPACE;
  const hn::RebindToSigned<D> di;
  // 1.5 x 2^23 added leaves the nearest whole number, in the last bits of the sum too.
  const V to_whole = hn::Set(d, 0x1.8p23f), shifted = hn::Add(x, to_whole);
  const V f = hn::Sub(x, hn::Sub(shifted, to_whole));
  V q = hn::Set(d, 0.009681908413767815f);
  q = hn::MulAdd(q, f, hn::Set(d, 0.05591966584324837f));
  q = hn::MulAdd(q, f, hn::Set(d, 0.24022020399570465f));
  q = hn::MulAdd(q, f, hn::Set(d, 0.6931215524673462f));
  const V mantissa = hn::MulAdd(q, f, hn::Set(d, 1.0f));
  return hn::BitCast(d, hn::Add(hn::BitCast(di, mantissa), hn::ShiftLeft<23>(hn::BitCast(di, shifted))));
}

}  // namespace HWY_NAMESPACE
}  // namespace fohd
HWY_AFTER_NAMESPACE();
#endif  // per-target include guard
