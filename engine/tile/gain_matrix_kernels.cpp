// The inner loops of the gain matrix, once per SIMD target: a small matrix product, blocked so that the sums of a few
// frames stay in registers while all rows pass by.
//
// Order. Every output sample is fma(x_n, g_n, ... fma(x_1, g_1, 0)) in the order of the rows, whatever the blocking, so
// splits change no bits (a float kept in memory between two runs of rows is the same float). Blocks of 6 frames by two
// vectors use 12 sums, 2 gains and 1 sample: 15 of the 16 registers that SSE and AVX2 have. Zeros are stored positive
// (x + 0): a row that is skipped because it is silent then leaves the same bits as one that added zeros.

#include "engine/tile/gain_matrix_kernels.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "engine/tile/gain_matrix_kernels.cpp"
#include <hwy/foreach_target.h>
// After foreach_target.h, which includes this file once per target.
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace fohd {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using Columns = hn::CappedTag<float, kColumnGroup>;
using Vector = hn::Vec<Columns>;

/// kFrames frames by kVectors column vectors, all rows.
template <int kFrames, int kVectors>
HWY_ATTR HWY_INLINE void sum_block(const MixTerm* terms, int count, bool accumulate, int frame, int column,
                                   float* out) {
  const Columns d;
  const int width = static_cast<int>(hn::Lanes(d));
  float* to = out + frame * kLanes + column;
  Vector sum[kFrames * kVectors];
#pragma GCC unroll 16
  for (int i = 0; i < kFrames * kVectors; ++i) {
    sum[i] = accumulate ? hn::Load(d, to + i / kVectors * kLanes + i % kVectors * width) : hn::Zero(d);
  }
  for (const MixTerm* term = terms; term < terms + count; ++term) {
    const float* x = term->source + frame * kLanes;
    const float* g = term->gains + column;
    Vector gain[kVectors];
#pragma GCC unroll 2
    for (int v = 0; v < kVectors; ++v) gain[v] = hn::Load(d, g + v * width);
#pragma GCC unroll 16
    for (int f = 0; f < kFrames; ++f) {
      const Vector sample = hn::Set(d, x[f * kLanes]);
#pragma GCC unroll 2
      for (int v = 0; v < kVectors; ++v) sum[f * kVectors + v] = hn::MulAdd(sample, gain[v], sum[f * kVectors + v]);
    }
  }
#pragma GCC unroll 16
  for (int i = 0; i < kFrames * kVectors; ++i) {
    hn::Store(hn::Add(sum[i], hn::Zero(d)), d, to + i / kVectors * kLanes + i % kVectors * width);
  }
}

template <int kVectors>
HWY_ATTR HWY_INLINE void sum_columns(const MixTerm* terms, int count, bool accumulate, int frames, int column,
                                     float* out) {
  constexpr int kBlock = 12 / kVectors;  // sums in registers: 12
  int frame = 0;
  for (; frame + kBlock <= frames; frame += kBlock) {
    sum_block<kBlock, kVectors>(terms, count, accumulate, frame, column, out);
  }
  for (; frame + 4 <= frames; frame += 4) sum_block<4, kVectors>(terms, count, accumulate, frame, column, out);
  for (; frame < frames; ++frame) sum_block<1, kVectors>(terms, count, accumulate, frame, column, out);
}

HWY_ATTR void MixSettled(const MixTerm* terms, int count, bool accumulate, float* out, int frames, int first,
                         int last) {
  const int width = static_cast<int>(hn::Lanes(Columns()));
  int column = first;
  for (; column + 2 * width <= last; column += 2 * width) {
    sum_columns<2>(terms, count, accumulate, frames, column, out);
  }
  for (; column < last; column += width) sum_columns<1>(terms, count, accumulate, frames, column, out);
}

HWY_ATTR void MixMoving(const float* source, float* gains, const float* increments, float* out, int frames, int first,
                        int last) {
  const Columns d;
  for (int column = first; column < last; column += static_cast<int>(hn::Lanes(d))) {
    Vector gain = hn::Load(d, gains + column);
    const Vector increment = hn::Load(d, increments + column);
    for (int at = 0; at < frames * kLanes; at += kLanes) {
      gain = hn::Add(gain, increment);
      const Vector sum = hn::MulAdd(hn::Set(d, source[at]), gain, hn::Load(d, out + at + column));
      hn::Store(hn::Add(sum, hn::Zero(d)), d, out + at + column);
    }
    hn::Store(gain, d, gains + column);
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace fohd
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace fohd {

HWY_EXPORT(MixSettled);
HWY_EXPORT(MixMoving);

void mix_settled(const MixTerm* terms, int count, bool accumulate, float* out, int frames, int first,
                 int last) noexcept {
  HWY_DYNAMIC_DISPATCH(MixSettled)(terms, count, accumulate, out, frames, first, last);
}

void mix_moving(const float* source, float* gains, const float* increments, float* out, int frames, int first,
                int last) noexcept {
  HWY_DYNAMIC_DISPATCH(MixMoving)(source, gains, increments, out, frames, first, last);
}

}  // namespace fohd
#endif
