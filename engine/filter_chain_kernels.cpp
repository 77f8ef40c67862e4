// Several second-order sections in one pass, once per SIMD target. Form and proofs: head of svf_bank_kernels.cpp.
//
// Up to four sections keep their eight state vectors in registers; the coefficients are operands from memory, which
// costs no instruction of its own on x86. A frame then needs one load, one store and ten operations per section, where
// one pass per section needs sixteen (callgrind, AVX2). The states of a section wait twelve cycles for the frame
// before; the other sections' work fits into the wait, as the other half of the tile's does in svf_process().

#include "engine/filter_chain_kernels.h"

#include <cstddef>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "engine/filter_chain_kernels.cpp"
#include <hwy/foreach_target.h>
// After foreach_target.h, which includes this file once per target.
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace fohd {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// Where SvfBankCoeffs keeps its rows, counted from p: one pointer per section is enough.
inline constexpr int kP = 0, kB = kLanes, kT = 2 * kLanes, kD = 3 * kLanes, kY1 = 4 * kLanes, kY2 = 5 * kLanes;
static_assert(offsetof(SvfBankCoeffs, p) == kP * sizeof(float) && offsetof(SvfBankCoeffs, b) == kB * sizeof(float) &&
              offsetof(SvfBankCoeffs, t) == kT * sizeof(float) && offsetof(SvfBankCoeffs, d) == kD * sizeof(float) &&
              offsetof(SvfBankCoeffs, y1) == kY1 * sizeof(float) && offsetof(SvfBankCoeffs, y2) == kY2 * sizeof(float));

template <int kCount>
HWY_ATTR void cascade(const SvfSection* sections, const float* in, float* out, int frames, int lanes) {
  const hn::CappedTag<float, kLanes> d;
  using V = hn::Vec<decltype(d)>;
  for (int lane = 0; lane < lanes; lane += static_cast<int>(hn::Lanes(d))) {
    V c1[kCount], c2[kCount];
    const float* coeffs[kCount];
#pragma GCC unroll 4
    for (int s = 0; s < kCount; ++s) {
      coeffs[s] = sections[s].coeffs->p + lane;
      c1[s] = hn::Load(d, sections[s].state->c1 + lane);
      c2[s] = hn::Load(d, sections[s].state->c2 + lane);
    }
    for (int frame = 0; frame < frames; ++frame) {
      V x = hn::Load(d, in + frame * kLanes + lane);
#pragma GCC unroll 4
      for (int s = 0; s < kCount; ++s) {
        const float* at = coeffs[s];
        const V y = hn::MulAdd(hn::Load(d, at + kY2), c2[s],
                               hn::MulAdd(hn::Load(d, at + kY1), c1[s], hn::Mul(hn::Load(d, at + kD), x)));
        const V v = hn::Sub(x, c2[s]);
        const V to_c1 = hn::MulAdd(hn::Load(d, at + kB), v, hn::Mul(hn::Load(d, at + kP), c1[s]));
        const V to_c2 = hn::MulAdd(hn::Load(d, at + kT), v, hn::Mul(hn::Load(d, at + kB), c1[s]));
        c1[s] = hn::Add(c1[s], to_c1);
        c2[s] = hn::Add(c2[s], to_c2);
        x = y;
      }
      hn::Store(x, d, out + frame * kLanes + lane);
    }
#pragma GCC unroll 4
    for (int s = 0; s < kCount; ++s) {
      hn::Store(c1[s], d, sections[s].state->c1 + lane);
      hn::Store(c2[s], d, sections[s].state->c2 + lane);
    }
  }
}

HWY_ATTR void Cascade(const SvfSection* sections, int count, const float* in, float* out, int frames, int lanes) {
  while (count > 0) {
    // Six as three and three, five as three and two: even passes.
    const int pass = count > 4 ? 3 : count;
    switch (pass) {
      case 1:
        cascade<1>(sections, in, out, frames, lanes);
        break;
      case 2:
        cascade<2>(sections, in, out, frames, lanes);
        break;
      case 3:
        cascade<3>(sections, in, out, frames, lanes);
        break;
      default:
        cascade<4>(sections, in, out, frames, lanes);
        break;
    }
    in = out;
    sections += pass;
    count -= pass;
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace fohd
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace fohd {

HWY_EXPORT(Cascade);

void svf_cascade(const SvfSection* sections, int count, const float* in, float* out, int frames, int lanes) noexcept {
  HWY_DYNAMIC_DISPATCH(Cascade)(sections, count, in, out, frames, lanes);
}

}  // namespace fohd
#endif
