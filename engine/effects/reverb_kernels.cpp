// The reverb's loop over a chunk of at most 64 frames, compiled once per SIMD target.
//
//   in --- predelay --- 6 allpasses --- inject --+--------------------------- early ---> out (left to left,
//                       per side                 |                                            right to right)
//                                         signs  v
//              +----------------------------->  ( + ) --- saturate --- 16 delay lines
//              |                                             |  8 of them modulated
//              +--- Hadamard / 4 <---+--- absorption  <------+
//                                    +--- signs / 4 ---> out
//
// Every delay is longer than a chunk, so a chunk is read from all lines before anything is written, and nearly all of
// the loop runs along time, in planar rows. Only the absorption filters need the frame before: for them sixteen lines
// are turned into a tile, one line per lane.
//
// Matrix. Hadamard's of order 16, by four rounds of sums and differences; with 1/4 it is orthogonal: its output has
// the energy of its input, and every line feeds every other one equally, so the number of echoes grows 16-fold per
// round. Signs: bent sequences, (-1)^(b0 b1 + b2 b3) of the line's number b3b2b1b0 and relatives: each has the same
// product, +-4, with every row of the matrix, so no output taps one line and no input feeds one line. Left and right
// differ by (-1)^b0, of which neighbours in length have either sign: orthogonal, and balanced at every length.
//
// Modulation. Delays of eight lines swing on sines of 0.13..0.69 Hz, no two in a simple ratio (class Reverb); between
// grid points they move in straight lines. Interpolation is Lagrange's cubic through four frames: exact at whole
// delays, its gain never above 1, 0.03 dB below it at 5 kHz and half-way at 48 kHz, so it adds next to no loss to a
// round. The swing moves by at most 0.11 frames per sub-block. What it does to a 5 kHz tone stays within 120 Hz of it
// (beyond: -88 dB at 100 %, -103 dB at 30 %, with 1.6 s of decay).
//
// Stability. |saturate(x)| <= |x| and <= 1, every absorption filter's gain is below 1, the matrix keeps energy and the
// interpolation adds none: at rest the loop loses energy every round. While a setting moves, the saturation bounds
// whatever may happen: nothing that goes into a line is larger than 1.
//
// Chunk invariance: values that glide are start + i step, fused, with i counted from the ramp's start; the rest is the
// same arithmetic for every frame. Results behind the end of a chunk (vectors overshoot) stay in scratch rows.

#include "engine/effects/reverb_kernels.h"

#include <cmath>

#include "engine/tile/tile_kernels.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "engine/effects/reverb_kernels.cpp"
#include <hwy/foreach_target.h>
// After foreach_target.h, which includes this file once per target.
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace fohd {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using Lanes = hn::CappedTag<float, kLanes>;
using Vector = hn::Vec<Lanes>;

/// Signs of line 0..15 (head of this file). kFeedsRight is that of left times right: where it is 1, a line gets left +
/// right, else left - right.
constexpr float parity_sign(int bits) { return bits % 2 != 0 ? -1.0f : 1.0f; }
constexpr float left_out_sign(int i) { return parity_sign((i & i >> 1 & 1) + (i >> 2 & i >> 3 & 1)); }
constexpr float right_out_sign(int i) { return left_out_sign(i) * parity_sign(i & 1); }
constexpr float left_in_sign(int i) { return parity_sign((i & i >> 2 & 1) + (i >> 1 & i >> 3 & 1)); }
constexpr bool gets_sum(int i) { return (i >> 1 & 1) == 0; }

/// -3 dBFS: below, saturate() changes nothing. A tone of -14 dBFS, whose level in a line may be 8 dB above the mean, is
/// still clean; with -6 dBFS its harmonics were at -51 dB.
inline constexpr float kStraight = 0.7f;
/// 1/sqrt(8): the share of the lines' input sent directly to the output (head of engine/effects/reverb_design.cpp).
inline constexpr float kEarlyGain = 0.35355339f;

HWY_ATTR HWY_INLINE int step() { return static_cast<int>(hn::Lanes(Lanes())); }

/// start + (at + lane) by
HWY_ATTR HWY_INLINE Vector glide(float start, float by, int at) {
  const Lanes d;
  return hn::MulAdd(hn::Set(d, by), hn::Iota(d, static_cast<float>(at)), hn::Set(d, start));
}

/// What a row held delay frames ago; in a cross-fade on the way to what it held to_delay frames ago.
HWY_ATTR void fetch(const ReverbCore& core, const DelayRows& rows, int row, int delay, int to_delay, int frame,
                    int frames, float* HWY_RESTRICT out) {
  const Lanes d;
  const float* const from = rows.read(row, frame, delay);
  if (core.fade_step == 0 || delay == to_delay) {
    for (int k = 0; k < frames; k += step()) hn::Store(hn::LoadU(d, from + k), d, out + k);
    return;
  }
  const float* const to = rows.read(row, frame, to_delay);
  for (int k = 0; k < frames; k += step()) {
    const Vector a = hn::LoadU(d, from + k);
    const Vector weight = glide(0, core.fade_step, core.fade_at + k);
    hn::Store(hn::MulAdd(weight, hn::Sub(hn::LoadU(d, to + k), a), a), d, out + k);
  }
}

/// Lagrange's cubic: the value at 1 + f of what goes through x[0], x[1], x[2], x[3] at 0, 1, 2, 3.
HWY_ATTR HWY_INLINE Vector interpolate(const float* x, Vector f) {
  const Lanes d;
  const Vector before = hn::LoadU(d, x), here = hn::LoadU(d, x + 1), next = hn::LoadU(d, x + 2);
  const Vector behind = hn::LoadU(d, x + 3);
  const Vector half = hn::Set(d, 0.5f), sixth = hn::Set(d, 1.0f / 6);
  const Vector c3 = hn::MulAdd(half, hn::Sub(here, next), hn::Mul(sixth, hn::Sub(behind, before)));
  const Vector c2 = hn::MulAdd(half, hn::Add(before, next), hn::Sub(hn::Zero(d), here));
  const Vector ends = hn::MulAdd(hn::Set(d, 2.0f), before, behind);
  const Vector c1 = hn::Sub(hn::Sub(next, hn::Mul(half, here)), hn::Mul(sixth, ends));
  return hn::MulAdd(hn::MulAdd(hn::MulAdd(c3, f, c2), f, c1), f, here);
}

/// A line whose delay moves. From one frame to another it gets shorter by a whole one at most once in a sub-block.
HWY_ATTR void fetch_moving(const ReverbCore& core, int line, int delay, int frame, int frames,
                           float* HWY_RESTRICT out) {
  const Lanes d;
  const float start = core.advance_now[line];
  const float by = (core.advance_next[line] - start) / static_cast<float>(kSubBlockFrames);
  const auto whole_at = [&](int k) { return std::floor(start + by * static_cast<float>(frame + k)); };
  const float last = whole_at(frames - 1);
  for (int k = 0; k < frames;) {
    const float whole = whole_at(k);
    int end = frames;
    if (whole != last)
      for (end = k + 1; whole_at(end) == whole;) ++end;
    const float* const x = core.lines.read(line, frame + k, delay + 1 - static_cast<int>(whole));
    for (int at = k; at < end; at += step()) {
      hn::StoreU(interpolate(x + at - k, glide(start - whole, by, frame + at)), d, out + at);
    }
    k = end;
  }
}

HWY_ATTR void fetch_lines(ReverbCore& core, int frame, int frames) {
  const Lanes d;
  for (int line = 0; line < kLanes; ++line) {
    float* const out = core.lines_out[line].samples;
    const int delay = core.delays.line[line], to_delay = core.to.line[line];
    if (!modulated(line)) {
      fetch(core, core.lines, line, delay, to_delay, frame, frames, out);
      continue;
    }
    fetch_moving(core, line, delay, frame, frames, out);
    if (core.fade_step == 0 || delay == to_delay) continue;
    float* const other = core.other.samples;
    fetch_moving(core, line, to_delay, frame, frames, other);
    for (int k = 0; k < frames; k += step()) {
      const Vector a = hn::Load(d, out + k), weight = glide(0, core.fade_step, core.fade_at + k);
      hn::Store(hn::MulAdd(weight, hn::Sub(hn::Load(d, other + k), a), a), d, out + k);
    }
  }
}

/// Schroeder's allpass:  v = x + g d;  y = d - g v;  d is what v was a delay ago.
HWY_ATTR void diffuse(ReverbCore& core, int side, int stage, int frame, int frames) {
  const Lanes d;
  float *const io = core.in[side].samples, *const delayed = core.other.samples;
  const int row = side * kDiffuserStages + stage;
  fetch(core, core.diffusers, row, core.delays.diffuser[side][stage], core.to.diffuser[side][stage], frame, frames,
        delayed);
  for (int k = 0; k < frames; k += step()) {
    const Vector g = glide(core.tone.diffusion[stage], core.tone_step.diffusion[stage], core.tone_at + k);
    const Vector old = hn::Load(d, delayed + k);
    const Vector v = hn::MulAdd(g, old, hn::Load(d, io + k));
    hn::Store(v, d, delayed + k);
    hn::Store(hn::NegMulAdd(g, v, old), d, io + k);
  }
  core.diffusers.write(row, frame, delayed, frames);
}

/// Predelay, diffusers, and the gain into the lines.
HWY_ATTR void prepare_input(ReverbCore& core, int side, int frame, int frames) {
  const Lanes d;
  float* const io = core.in[side].samples;
  core.predelay.write(side, frame, io, frames);
  fetch(core, core.predelay, side, core.delays.predelay, core.to.predelay, frame, frames, io);
  for (int stage = 0; stage < kDiffuserStages; ++stage) diffuse(core, side, stage, frame, frames);
  for (int k = 0; k < frames; k += step()) {
    const Vector gain = glide(core.tone.inject_gain, core.tone_step.inject_gain, core.tone_at + k);
    hn::Store(hn::Mul(gain, hn::Load(d, io + k)), d, io + k);
  }
}

/// damped += share (x - damped);  bass += share' (damped - bass);  y = mid_gain damped + bass_gain bass.
template <bool kGlides>
HWY_ATTR HWY_INLINE void absorb(ReverbCore& core, int frames) {
  const Lanes d;
  const Vector bass_share = hn::Set(d, core.bass_share);
  for (int lane = 0; lane < kLanes; lane += step()) {
    const Vector share = hn::Load(d, core.tone.damping_share + lane), mid = hn::Load(d, core.tone.mid_gain + lane);
    const Vector more = hn::Load(d, core.tone.bass_gain + lane);
    const Vector share_by = hn::Load(d, core.tone_step.damping_share + lane);
    const Vector mid_by = hn::Load(d, core.tone_step.mid_gain + lane);
    const Vector more_by = hn::Load(d, core.tone_step.bass_gain + lane);
    Vector damped = hn::Load(d, core.damped + lane), bass = hn::Load(d, core.bass + lane);
    for (int k = 0; k < frames; ++k) {
      const Vector x = hn::Load(d, core.tile + k * kLanes + lane);
      const Vector at = hn::Set(d, static_cast<float>(core.tone_at + k));
      const Vector share_now = kGlides ? hn::MulAdd(share_by, at, share) : share;
      const Vector mid_now = kGlides ? hn::MulAdd(mid_by, at, mid) : mid;
      const Vector more_now = kGlides ? hn::MulAdd(more_by, at, more) : more;
      damped = hn::MulAdd(share_now, hn::Sub(x, damped), damped);
      bass = hn::MulAdd(bass_share, hn::Sub(damped, bass), bass);
      hn::Store(hn::MulAdd(more_now, bass, hn::Mul(mid_now, damped)), d, core.absorbed + k * kLanes + lane);
    }
    hn::Store(damped, d, core.damped + lane), hn::Store(bass, d, core.bass + lane);
  }
}

/// Straight to s, then s + u / (1 + u / (1 - s)) of what is above, u: level and slope are continuous, and 1 is never
/// passed.
HWY_ATTR HWY_INLINE Vector saturate(Vector x) {
  const Lanes d;
  const Vector straight = hn::Set(d, kStraight), bend = hn::Set(d, 1 / (1 - kStraight));
  const Vector magnitude = hn::Abs(x), above = hn::Max(hn::Sub(magnitude, straight), hn::Zero(d));
  const Vector bent = hn::Div(above, hn::MulAdd(bend, above, hn::Set(d, 1.0f)));
  return hn::CopySign(hn::Add(hn::Min(magnitude, straight), bent), x);
}

/// Outputs, matrix, input and saturation: from the absorbed lines (planar) to core.out and core.lines_in.
HWY_ATTR void mix(ReverbCore& core, const float* absorbed, int frames) {
  const Lanes d;
  const Vector quarter = hn::Set(d, 0.25f), early = hn::Set(d, kEarlyGain);
  Vector peak = hn::Zero(d);
  for (int k = 0; k < frames; k += step()) {
    Vector line[kLanes];
    Vector left_out = hn::Zero(d), right_out = hn::Zero(d);
#pragma GCC unroll 16
    for (int i = 0; i < kLanes; ++i) {
      line[i] = hn::Mul(quarter, hn::Load(d, absorbed + i * kSubBlockFrames + k));
      left_out = hn::MulAdd(hn::Set(d, left_out_sign(i)), line[i], left_out);
      right_out = hn::MulAdd(hn::Set(d, right_out_sign(i)), line[i], right_out);
    }
    const Vector left = hn::Load(d, core.in[0].samples + k), right = hn::Load(d, core.in[1].samples + k);
    hn::Store(hn::MulAdd(early, left, left_out), d, core.out[0].samples + k);
    hn::Store(hn::MulAdd(early, right, right_out), d, core.out[1].samples + k);
#pragma GCC unroll 4
    for (int apart = 1; apart < kLanes; apart *= 2) {
#pragma GCC unroll 16
      for (int i = 0; i < kLanes; ++i) {
        if ((i & apart) != 0) continue;
        const Vector sum = hn::Add(line[i], line[i + apart]);
        line[i + apart] = hn::Sub(line[i], line[i + apart]);
        line[i] = sum;
      }
    }
    const Vector both = hn::Mul(quarter, hn::Add(left, right)), apart = hn::Mul(quarter, hn::Sub(left, right));
    Vector loudest = hn::Zero(d);
#pragma GCC unroll 16
    for (int i = 0; i < kLanes; ++i) {
      line[i] = hn::MulAdd(hn::Set(d, left_in_sign(i)), gets_sum(i) ? both : apart, line[i]);
      loudest = hn::Max(loudest, hn::Abs(line[i]));
    }
    if (hn::AllTrue(d, hn::Le(loudest, hn::Set(d, kStraight)))) {  // nearly always; saturate() would change no bit
      for (int i = 0; i < kLanes; ++i) hn::Store(line[i], d, core.lines_in[i].samples + k);
    } else {
      for (int i = 0; i < kLanes; ++i) hn::Store(saturate(line[i]), d, core.lines_in[i].samples + k);
    }
    const auto in_chunk = hn::FirstN(d, static_cast<std::size_t>(frames - k));
    peak = hn::Max(peak, hn::IfThenElseZero(in_chunk, loudest));
  }
  core.peak = std::fmax(core.peak, hn::GetLane(hn::MaxOfLanes(d, peak)));
}

// Not noexcept: HWY_EXPORT's table of function pointers does not take it.
HWY_ATTR void chunk(ReverbCore& core, int frame, int frames) {
  for (int side = 0; side < 2; ++side) prepare_input(core, side, frame, frames);
  fetch_lines(core, frame, frames);
  const float* rows[kLanes];
  for (int line = 0; line < kLanes; ++line) rows[line] = core.lines_out[line].samples;
  static constexpr float kOnes[kLanes] = {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1};
  std::int32_t peaks[kLanes];
  transpose_in(rows, kOnes, core.tile, peaks, frames);
  if (core.tone_step == ReverbTone{}) {
    absorb<false>(core, frames);
  } else {
    absorb<true>(core, frames);
  }
  transpose_out(core.absorbed, core.tile, frames, kLanes);
  mix(core, core.tile, frames);
  for (int line = 0; line < kLanes; ++line) core.lines.write(line, frame, core.lines_in[line].samples, frames);
}

}  // namespace HWY_NAMESPACE
}  // namespace fohd
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace fohd {

HWY_EXPORT(chunk);

void reverb_chunk(ReverbCore& core, int frame, int frames) noexcept {
  HWY_DYNAMIC_DISPATCH(chunk)(core, frame, frames);
}

}  // namespace fohd
#endif  // HWY_ONCE
