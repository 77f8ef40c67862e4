// Sixteen second-order filters side by side, one per lane: the filters of low cuts and equalisers.
// Form, legality and the proof that ramping is safe: head of engine/processors/svf_bank_kernels.cpp.
#pragma once

#include <algorithm>

#include "engine/processors/svf_coeffs.h"
#include "engine/tile/geometry.h"

namespace fohd {

struct alignas(64) SvfBankCoeffs {
  float p[kLanes] = {}, b[kLanes] = {}, t[kLanes] = {};
  float d[kLanes] = {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1};
  float y1[kLanes] = {}, y2[kLanes] = {};
  float fine[kLanes] = {};  ///< 1: this lane rings so long that its state keeps what rounding cuts off; else 0
};

inline constexpr float kNothingCutOff = -0.0f;  ///< x + -0 is x, to the sign of zero

struct alignas(64) SvfBankState {
  SvfBankState() noexcept {
    for (int lane = 0; lane < kLanes; ++lane) clear(lane);
  }
  /// [audio] Clears the state of a lane.
  void clear(int lane) noexcept {
    c1[lane] = c2[lane] = 0;
    forget_cuts(lane);
  }
  /// [audio] For a lane that is no longer fine.
  void forget_cuts(int lane) noexcept { cut1[lane] = cut2[lane] = kNothingCutOff; }

  float c1[kLanes], c2[kLanes];
  float cut1[kLanes], cut2[kLanes];  ///< what rounding has cut off c1 and c2, in fine lanes
};

/// [any] Would a filter with these coefficients ring long enough to need its rounding kept? (Head of the kernels.)
constexpr bool rings_long(const SvfCoeffs& c) noexcept { return c.b > 0 && -(c.p + c.t) < 0x1p-8f; }

/// [any] One lane gets its coefficients.
inline void set_lane(SvfBankCoeffs& bank, int lane, const SvfCoeffs& c) noexcept {
  bank.p[lane] = c.p, bank.b[lane] = c.b, bank.t[lane] = c.t;
  bank.d[lane] = c.d, bank.y1[lane] = c.y1, bank.y2[lane] = c.y2;
  bank.fine[lane] = rings_long(c) ? 1.0f : 0.0f;
}

/// A section of sixteen lanes on its way through a cascade.
struct SvfSection {
  const SvfBankCoeffs* coeffs;
  SvfBankState* state;
  bool fine;  ///< must be true if some lane of coeffs->fine is 1
};

/// [audio] in -> section 0 -> .. -> section count-1 -> out, count >= 1. in and out are [frames][16], 64-byte aligned,
/// may be the same. Only the first `lanes` lanes (1..16) need be right; the rest of out may be anything finite.
/// Chunk-invariant: any split of frames gives the same bits; so does any split of the cascade, and what a lane gives
/// does not depend on whether its neighbours are fine.
void svf_cascade(const SvfSection* sections, int count, const float* in, float* out, int frames, int lanes) noexcept;

/// [audio] Any lane among them that is fine?
inline bool any_fine(const SvfBankCoeffs& coeffs) noexcept {
  return std::any_of(coeffs.fine, coeffs.fine + kLanes, [](float fine) { return fine != 0; });
}

/// [audio] A cascade of one.
inline void svf_process(const SvfBankCoeffs& coeffs, SvfBankState& state, const float* in, float* out, int frames,
                        int lanes) noexcept {
  const SvfSection section{&coeffs, &state, any_fine(coeffs)};
  svf_cascade(&section, 1, in, out, frames, lanes);
}

/// [audio] One section of which some lanes' coefficients move: before each frame every coefficient advances by its
/// increment (0 for lanes at rest). The caller stops at the frame where a lane arrives and assigns its target exactly.
void svf_process_ramped(SvfBankCoeffs& coeffs, const SvfBankCoeffs& increment, SvfBankState& state, const float* in,
                        float* out, int frames, int lanes) noexcept;

}  // namespace fohd
