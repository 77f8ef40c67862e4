// Frames stand side by side in a vector. No sum runs across a vector, so a frame's bits do not depend on where a block
// begins.

#include "engine/processors/true_peak_kernels.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "engine/processors/true_peak_kernels.cpp"
#include <hwy/foreach_target.h>
// After foreach_target.h, which includes this file once per target.
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace fohd {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

HWY_ATTR void between(const FoldedTaps& taps, const float* heard, float* peaks, int frames) {
  const hn::CappedTag<float, kLanes> d;
  using V = hn::Vec<decltype(d)>;
  constexpr int kLast = TruePeakDetector::kTaps - 1;
  for (int from = 0; from < frames; from += static_cast<int>(hn::Lanes(d))) {
    const float* first = heard + from;
    V even0 = hn::Zero(d), even1 = even0, even2 = even0, even3 = even0, odd0 = even0, odd1 = even0, odd2 = even0;
#pragma GCC unroll 4
    for (int k = 0; k < FoldedTaps::kHalf; ++k) {
      const V left = hn::LoadU(d, first + k), right = hn::LoadU(d, first + kLast - k);
      const V sum = hn::Add(left, right), difference = hn::Sub(left, right);
      even0 = hn::MulAdd(sum, hn::Load(d, taps.even[k][0]), even0);
      even1 = hn::MulAdd(sum, hn::Load(d, taps.even[k][1]), even1);
      even2 = hn::MulAdd(sum, hn::Load(d, taps.even[k][2]), even2);
      even3 = hn::MulAdd(sum, hn::Load(d, taps.even[k][3]), even3);
      odd0 = hn::MulAdd(difference, hn::Load(d, taps.odd[k][0]), odd0);
      odd1 = hn::MulAdd(difference, hn::Load(d, taps.odd[k][1]), odd1);
      odd2 = hn::MulAdd(difference, hn::Load(d, taps.odd[k][2]), odd2);
    }
    const V pair0 = hn::Add(hn::Abs(even0), hn::Abs(odd0)), pair1 = hn::Add(hn::Abs(even1), hn::Abs(odd1));
    const V pair2 = hn::Add(hn::Abs(even2), hn::Abs(odd2));
    const V loudest = hn::Max(hn::Max(pair0, pair1), hn::Max(pair2, hn::Abs(even3)));
    hn::StoreU(hn::Max(hn::LoadU(d, peaks + from), loudest), d, peaks + from);
  }
}

HWY_ATTR void hear(const float* in, float loudest, float* to, int frames) {
  const hn::CappedTag<float, kLanes> d;
  const auto one = [loudest](auto tag, const float* from, float* into) HWY_ATTR {
    const auto x = hn::LoadU(tag, from);
    const auto finite = hn::Le(hn::Abs(x), hn::Set(tag, 0x1.fffffep127f));  // false for NaN
    const auto most = hn::Set(tag, loudest);
    hn::StoreU(hn::IfThenElseZero(finite, hn::Max(hn::Min(x, most), hn::Neg(most))), tag, into);
  };
  const int width = static_cast<int>(hn::Lanes(d));
  int i = 0;
  for (; i + width <= frames; i += width) one(d, in + i, to + i);
  for (; i < frames; ++i) one(hn::CappedTag<float, 1>(), in + i, to + i);
}

}  // namespace HWY_NAMESPACE
}  // namespace fohd
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace fohd {

HWY_EXPORT(between);
HWY_EXPORT(hear);

void true_peaks_between(const FoldedTaps& taps, const float* heard, float* peaks, int frames) noexcept {
  HWY_DYNAMIC_DISPATCH(between)(taps, heard, peaks, frames);
}

void true_peaks_hear(const float* in, float loudest, float* to, int frames) noexcept {
  HWY_DYNAMIC_DISPATCH(hear)(in, loudest, to, frames);
}

}  // namespace fohd
#endif  // HWY_ONCE
