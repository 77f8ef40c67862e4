// Loops over tiles, once per SIMD target. Fused operations are explicit and sums run in frame order, so that
// the bits do not depend on how a stretch of frames is cut into chunks. Column vectors go through in pairs where the
// tile has them: two independent chains hide the latency of the running sums.

#include "engine/tile/tile_kernels.h"

#include <bit>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "engine/tile/tile_kernels.cpp"
#include <hwy/foreach_target.h>
// After foreach_target.h, which includes this file once per target.
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace fohd {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using Lanes = hn::CappedTag<float, kLanes>;
using LaneBits = hn::RebindToSigned<Lanes>;
using Vector = hn::Vec<Lanes>;
using Bits = hn::Vec<LaneBits>;

HWY_ATTR HWY_INLINE Bits magnitude_bits(Vector x) {
  return hn::And(hn::BitCast(LaneBits(), x), hn::Set(LaneBits(), 0x7fffffff));
}

HWY_ATTR std::int32_t PeakBits(const float* x, int frames) {
  const Lanes d;
  const int step = static_cast<int>(hn::Lanes(d));
  Bits peak = hn::Zero(LaneBits());
  int frame = 0;
  for (; frame + step <= frames; frame += step) peak = hn::Max(peak, magnitude_bits(hn::LoadU(d, x + frame)));
  alignas(64) std::int32_t lanes[kLanes];
  hn::Store(peak, LaneBits(), lanes);
  std::int32_t largest = 0;
  for (int lane = 0; lane < step; ++lane) largest = lanes[lane] > largest ? lanes[lane] : largest;
  for (; frame < frames; ++frame) {
    std::int32_t bits;
    __builtin_memcpy(&bits, x + frame, sizeof bits);
    bits &= 0x7fffffff;
    largest = bits > largest ? bits : largest;
  }
  return largest;
}

#if HWY_TARGET != HWY_SCALAR
/// Four vectors of four (or of twice four, side by side) turned about their diagonal, inside each 128 bits.
template <class D, class V = hn::Vec<D>>
HWY_ATTR HWY_INLINE void transpose_4x4(D d, V& a, V& b, V& c, V& e) {
  const hn::Repartition<double, D> pairs;
  const V ab_low = hn::InterleaveLower(d, a, b), ab_high = hn::InterleaveUpper(d, a, b);
  const V ce_low = hn::InterleaveLower(d, c, e), ce_high = hn::InterleaveUpper(d, c, e);
  const auto p = hn::BitCast(pairs, ab_low), q = hn::BitCast(pairs, ce_low);
  const auto r = hn::BitCast(pairs, ab_high), s = hn::BitCast(pairs, ce_high);
  a = hn::BitCast(d, hn::InterleaveLower(pairs, p, q)), b = hn::BitCast(d, hn::InterleaveUpper(pairs, p, q));
  c = hn::BitCast(d, hn::InterleaveLower(pairs, r, s)), e = hn::BitCast(d, hn::InterleaveUpper(pairs, r, s));
}
#endif

#if HWY_TARGET == HWY_SCALAR
inline constexpr int kTurned = 1;
#elif HWY_MAX_BYTES >= 32
inline constexpr int kTurned = 8;  // lanes l..l+3 in the lower half, l+4..l+7 in the upper
using TurnTag = hn::FixedTag<float, 8>;
#else
inline constexpr int kTurned = 4;
using TurnTag = hn::FixedTag<float, 4>;
#endif

#if HWY_TARGET != HWY_SCALAR
HWY_ATTR HWY_INLINE hn::Vec<TurnTag> load_turn(const float* const* lanes, int lane, int frame) {
#if HWY_MAX_BYTES >= 32
  const hn::Half<TurnTag> half;
  return hn::Combine(TurnTag(), hn::LoadU(half, lanes[lane + 4] + frame), hn::LoadU(half, lanes[lane] + frame));
#else
  return hn::LoadU(TurnTag(), lanes[lane] + frame);
#endif
}
HWY_ATTR HWY_INLINE void store_turn(hn::Vec<TurnTag> v, float* planar, int lane) {
#if HWY_MAX_BYTES >= 32
  const hn::Half<TurnTag> half;
  hn::StoreU(hn::LowerHalf(half, v), half, planar + lane * kSubBlockFrames);
  hn::StoreU(hn::UpperHalf(half, v), half, planar + (lane + 4) * kSubBlockFrames);
#else
  hn::StoreU(v, TurnTag(), planar + lane * kSubBlockFrames);
#endif
}
#endif

HWY_ATTR void TransposeIn(const float* const* lanes, const float* gains, float* tile, std::int32_t* peaks, int frames) {
  int frame = 0;
  for (int lane = 0; lane < kLanes; ++lane) peaks[lane] = 0;
#if HWY_TARGET != HWY_SCALAR
  const TurnTag d;
  const hn::RebindToSigned<TurnTag> bits;
  const auto magnitude = hn::Set(bits, 0x7fffffff);
  for (int lane = 0; lane < kLanes; lane += kTurned) {
    const auto gain = hn::LoadU(d, gains + lane);
    auto peak = hn::Zero(bits);
    for (frame = 0; frame + 4 <= frames; frame += 4) {
      auto a = load_turn(lanes, lane, frame), b = load_turn(lanes, lane + 1, frame);
      auto c = load_turn(lanes, lane + 2, frame), e = load_turn(lanes, lane + 3, frame);
      transpose_4x4(d, a, b, c, e);
      peak = hn::Max(peak, hn::Max(hn::And(hn::BitCast(bits, a), magnitude), hn::And(hn::BitCast(bits, b), magnitude)));
      peak = hn::Max(peak, hn::Max(hn::And(hn::BitCast(bits, c), magnitude), hn::And(hn::BitCast(bits, e), magnitude)));
      float* to = tile + frame * kLanes + lane;
      hn::Store(hn::Mul(a, gain), d, to);
      hn::Store(hn::Mul(b, gain), d, to + kLanes);
      hn::Store(hn::Mul(c, gain), d, to + 2 * kLanes);
      hn::Store(hn::Mul(e, gain), d, to + 3 * kLanes);
    }
    hn::StoreU(peak, bits, peaks + lane);
  }
#endif
  for (; frame < frames; ++frame) {
    for (int lane = 0; lane < kLanes; ++lane) {
      const float x = lanes[lane][frame];
      const std::int32_t magnitude_of_x = std::bit_cast<std::int32_t>(x) & 0x7fffffff;
      peaks[lane] = magnitude_of_x > peaks[lane] ? magnitude_of_x : peaks[lane];
      tile[frame * kLanes + lane] = x * gains[lane];
    }
  }
}

HWY_ATTR void TransposeOut(const float* tile, float* planar, int frames, int lanes) {
  int frame = 0;
#if HWY_TARGET != HWY_SCALAR
  const TurnTag d;
  for (int lane = 0; lane < lanes; lane += kTurned) {
    for (frame = 0; frame + 4 <= frames; frame += 4) {
      const float* from = tile + frame * kLanes + lane;
      auto a = hn::Load(d, from), b = hn::Load(d, from + kLanes);
      auto c = hn::Load(d, from + 2 * kLanes), e = hn::Load(d, from + 3 * kLanes);
      transpose_4x4(d, a, b, c, e);
      store_turn(a, planar + frame, lane), store_turn(b, planar + frame, lane + 1);
      store_turn(c, planar + frame, lane + 2), store_turn(e, planar + frame, lane + 3);
    }
  }
#endif
  for (; frame < frames; ++frame) {
    for (int lane = 0; lane < lanes; ++lane) planar[lane * kSubBlockFrames + frame] = tile[frame * kLanes + lane];
  }
}

HWY_ATTR void ApplyGain(const float* gains, const float* in, float* out, std::int32_t* peaks, int frames, int lanes) {
  const Lanes d;
  for (int lane = 0; lane < lanes; lane += static_cast<int>(hn::Lanes(d))) {
    const Vector gain = hn::Load(d, gains + lane);
    Bits peak = hn::Load(LaneBits(), peaks + lane);
    for (int at = lane; at < frames * kLanes; at += kLanes) {
      const Vector y = hn::Mul(hn::Load(d, in + at), gain);
      peak = hn::Max(peak, magnitude_bits(y));
      hn::Store(y, d, out + at);
    }
    hn::Store(peak, LaneBits(), peaks + lane);
  }
}

HWY_ATTR void ApplyGainRamped(float* gains, const float* increments, const float* in, float* out, std::int32_t* peaks,
                              int frames, int lanes) {
  const Lanes d;
  for (int lane = 0; lane < lanes; lane += static_cast<int>(hn::Lanes(d))) {
    Vector gain = hn::Load(d, gains + lane);
    const Vector increment = hn::Load(d, increments + lane);
    Bits peak = hn::Load(LaneBits(), peaks + lane);
    for (int at = lane; at < frames * kLanes; at += kLanes) {
      gain = hn::Add(gain, increment);
      const Vector y = hn::Mul(hn::Load(d, in + at), gain);
      peak = hn::Max(peak, magnitude_bits(y));
      hn::Store(y, d, out + at);
    }
    hn::Store(gain, d, gains + lane);
    hn::Store(peak, LaneBits(), peaks + lane);
  }
}

/// One column of vectors on its way through a measurement.
struct Probe {
  Bits peak = hn::Zero(LaneBits());
  Vector sum;
  HWY_ATTR HWY_INLINE Probe(const LaneMeasure& measure, int lane) : sum(hn::Load(Lanes(), measure.block_sum + lane)) {}
  HWY_ATTR HWY_INLINE void add(Vector x) {
    peak = hn::Max(peak, magnitude_bits(x));
    sum = hn::MulAdd(x, x, sum);
  }
  HWY_ATTR HWY_INLINE void store(LaneMeasure& measure, int lane) const {
    hn::Store(sum, Lanes(), measure.block_sum + lane);
    for (std::int32_t* kept : {measure.block_peak_bits, measure.call_peak_bits, measure.running_peak_bits}) {
      hn::Store(hn::Max(peak, hn::Load(LaneBits(), kept + lane)), LaneBits(), kept + lane);
    }
  }
};

struct Unscaled {
  HWY_ATTR HWY_INLINE Unscaled(const float*, const float*, int) {}
  HWY_ATTR HWY_INLINE Vector next(Vector x) { return x; }
  HWY_ATTR HWY_INLINE void store(float*, int) const {}
};
struct Scaled {
  Vector gain;
  HWY_ATTR HWY_INLINE Scaled(const float* gains, const float*, int lane) : gain(hn::Load(Lanes(), gains + lane)) {}
  HWY_ATTR HWY_INLINE Vector next(Vector x) { return hn::Mul(x, gain); }
  HWY_ATTR HWY_INLINE void store(float*, int) const {}
};
struct Ramped {
  Vector gain, increment;
  HWY_ATTR HWY_INLINE Ramped(const float* gains, const float* increments, int lane)
      : gain(hn::Load(Lanes(), gains + lane)), increment(hn::Load(Lanes(), increments + lane)) {}
  HWY_ATTR HWY_INLINE Vector next(Vector x) {
    gain = hn::Add(gain, increment);
    return hn::Mul(x, gain);
  }
  HWY_ATTR HWY_INLINE void store(float* gains, int lane) const { hn::Store(gain, Lanes(), gains + lane); }
};

template <class Scale>
HWY_ATTR HWY_INLINE void measure_with(float* gains, const float* increments, const float* tile, LaneMeasure& into,
                                      int frames, int lanes) {
  const Lanes d;
  const int step = static_cast<int>(hn::Lanes(d));
  int lane = 0;
  for (; lane + step < lanes; lane += 2 * step) {
    const int next = lane + step;
    Probe low(into, lane), high(into, next);
    Scale low_scale(gains, increments, lane), high_scale(gains, increments, next);
#pragma GCC unroll 4
    for (const float* x = tile; x < tile + frames * kLanes; x += kLanes) {
      low.add(low_scale.next(hn::Load(d, x + lane)));
      high.add(high_scale.next(hn::Load(d, x + next)));
    }
    low.store(into, lane), high.store(into, next);
    low_scale.store(gains, lane), high_scale.store(gains, next);
  }
  if (lane >= lanes) return;
  Probe probe(into, lane);
  Scale scale(gains, increments, lane);
#pragma GCC unroll 4
  for (const float* x = tile; x < tile + frames * kLanes; x += kLanes) probe.add(scale.next(hn::Load(d, x + lane)));
  probe.store(into, lane);
  scale.store(gains, lane);
}

HWY_ATTR void Measure(const float* tile, LaneMeasure& into, int frames, int lanes) {
  measure_with<Unscaled>(nullptr, nullptr, tile, into, frames, lanes);
}
HWY_ATTR void MeasureScaled(const float* gains, const float* tile, LaneMeasure& into, int frames, int lanes) {
  measure_with<Scaled>(const_cast<float*>(gains), nullptr, tile, into, frames, lanes);
}
HWY_ATTR void MeasureRamped(float* gains, const float* increments, const float* tile, LaneMeasure& into, int frames,
                            int lanes) {
  measure_with<Ramped>(gains, increments, tile, into, frames, lanes);
}

HWY_ATTR void FinishOutput(const float* gains, const float* in, float* out, std::int32_t* peaks, float* sums,
                           int frames, int lanes) {
  const Lanes d;
  const Vector one = hn::Set(d, 1.0f), minus_one = hn::Set(d, -1.0f), zero = hn::Zero(d);
  for (int lane = 0; lane < lanes; lane += static_cast<int>(hn::Lanes(d))) {
    Bits peak = hn::Zero(LaneBits());
    Vector sum = hn::Load(d, sums + lane);
    const Vector gain = hn::Load(d, gains + lane);
#pragma GCC unroll 4
    for (int frame = 0; frame < frames; ++frame) {
      const Vector x = hn::Mul(hn::Load(d, in + frame * kLanes + lane), gain);
      peak = hn::Max(peak, magnitude_bits(x));
      // Adding zero turns -0 into +0: silence that was computed equals silence that was skipped.
      const Vector y = hn::Add(hn::Min(hn::Max(x, minus_one), one), zero);
      sum = hn::MulAdd(y, y, sum);
      hn::Store(y, d, out + frame * kLanes + lane);
    }
    hn::Store(peak, LaneBits(), peaks + lane);
    hn::Store(sum, d, sums + lane);
  }
}

HWY_ATTR float SumSquares(const float* x, float sum, int frames) {
  const hn::CappedTag<float, 1> d;
  auto total = hn::Set(d, sum);
  for (int frame = 0; frame < frames; ++frame) {
    const auto y = hn::Set(d, x[frame]);
    total = hn::MulAdd(y, y, total);
  }
  return hn::GetLane(total);
}

}  // namespace HWY_NAMESPACE
}  // namespace fohd
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace fohd {

HWY_EXPORT(PeakBits);
HWY_EXPORT(TransposeIn);
HWY_EXPORT(TransposeOut);
HWY_EXPORT(ApplyGain);
HWY_EXPORT(ApplyGainRamped);
HWY_EXPORT(Measure);
HWY_EXPORT(MeasureScaled);
HWY_EXPORT(MeasureRamped);
HWY_EXPORT(FinishOutput);
HWY_EXPORT(SumSquares);

std::int32_t peak_bits(const float* x, int frames) noexcept { return HWY_DYNAMIC_DISPATCH(PeakBits)(x, frames); }

void transpose_in(const float* const* lanes, const float* gains, float* tile, std::int32_t* peaks,
                  int frames) noexcept {
  HWY_DYNAMIC_DISPATCH(TransposeIn)(lanes, gains, tile, peaks, frames);
}

void transpose_out(const float* tile, float* planar, int frames, int lanes) noexcept {
  HWY_DYNAMIC_DISPATCH(TransposeOut)(tile, planar, frames, lanes);
}

void apply_gain(const float* gains, const float* in, float* out, std::int32_t* peaks, int frames, int lanes) noexcept {
  HWY_DYNAMIC_DISPATCH(ApplyGain)(gains, in, out, peaks, frames, lanes);
}

void apply_gain_ramped(float* gains, const float* increments, const float* in, float* out, std::int32_t* peaks,
                       int frames, int lanes) noexcept {
  HWY_DYNAMIC_DISPATCH(ApplyGainRamped)(gains, increments, in, out, peaks, frames, lanes);
}

void measure(const float* tile, LaneMeasure& into, int frames, int lanes) noexcept {
  HWY_DYNAMIC_DISPATCH(Measure)(tile, into, frames, lanes);
}

void measure_scaled(const float* gains, const float* tile, LaneMeasure& into, int frames, int lanes) noexcept {
  HWY_DYNAMIC_DISPATCH(MeasureScaled)(gains, tile, into, frames, lanes);
}

void measure_ramped(float* gains, const float* increments, const float* tile, LaneMeasure& into, int frames,
                    int lanes) noexcept {
  HWY_DYNAMIC_DISPATCH(MeasureRamped)(gains, increments, tile, into, frames, lanes);
}

void finish_output(const float* gains, const float* in, float* out, std::int32_t* peaks, float* sums, int frames,
                   int lanes) noexcept {
  HWY_DYNAMIC_DISPATCH(FinishOutput)(gains, in, out, peaks, sums, frames, lanes);
}

float sum_squares(const float* x, float sum, int frames) noexcept {
  return HWY_DYNAMIC_DISPATCH(SumSquares)(x, sum, frames);
}

}  // namespace fohd
#endif
