// The last step of the limiter, compiled once per SIMD target: y = x 2^-R, for both sides. In double, because the
// rounding of this step goes directly to the output, and no clipper follows. Every frame by itself: chunk-invariant.

#include "engine/processors/true_peak_limiter_kernels.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "engine/processors/true_peak_limiter_kernels.cpp"
#include <hwy/foreach_target.h>
// After foreach_target.h, which includes this file once per target.
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace fohd {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

/// 2^x for |x| < 1000, to 5e-9 of itself: the whole part goes into the exponent, the rest, at most a half, into the
/// series of e^(x ln 2). 1 at 0. Three short sums instead of one long chain.
template <class D, class V = hn::Vec<D>>
HWY_INLINE V exp2_of(D d, V x) {
  const hn::RebindToSigned<D> di;
  const auto number = [d](double value) HWY_ATTR { return hn::Set(d, value); };
  const V to_whole = number(0x1.8p52);  // added and taken away, leaves the nearest whole number
  const V shifted = hn::Add(x, to_whole);
  const V f = hn::Mul(hn::Sub(x, hn::Sub(shifted, to_whole)), number(0x1.62e42fefa39efp-1)),
          f2 = hn::Mul(f, f);  // ln 2
  const V low = hn::MulAdd(f2, hn::MulAdd(f, number(1.0 / 6), number(1.0 / 2)), hn::Add(number(1), f));
  const V high = hn::MulAdd(f2, hn::MulAdd(f, number(1.0 / 5040), number(1.0 / 720)),
                            hn::MulAdd(f, number(1.0 / 120), number(1.0 / 24)));
  const V mantissa = hn::MulAdd(hn::Mul(f2, f2), high, low);
  return hn::BitCast(d, hn::Add(hn::BitCast(di, mantissa), hn::ShiftLeft<52>(hn::BitCast(di, shifted))));
}

HWY_ATTR void turn_down(const double* reductions, float* left, float* right, int frames) {
  const hn::CappedTag<double, kLanes / 2> d;
  const hn::Rebind<float, decltype(d)> df;
  for (int i = 0; i < frames; i += static_cast<int>(hn::Lanes(d))) {
    const auto gain = exp2_of(d, hn::Neg(hn::Load(d, reductions + i)));
    for (float* side : {left, right}) {
      const auto x = hn::PromoteTo(d, hn::Load(df, side + i));
      hn::Store(hn::DemoteTo(df, hn::Mul(x, gain)), df, side + i);
    }
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace fohd
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace fohd {

HWY_EXPORT(turn_down);

void limiter_turn_down(const double* reductions, float* left, float* right, int frames) noexcept {
  HWY_DYNAMIC_DISPATCH(turn_down)(reductions, left, right, frames);
}

}  // namespace fohd
#endif  // HWY_ONCE
