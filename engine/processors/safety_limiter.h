// The last guard before a physical output: whatever happened before, no sample leaves above the ceiling. One lane per
// output, no latency, and not one bit changed as long as nothing is too loud.
// Law, choice of times and what is proved: head of engine/processors/safety_limiter_kernels.cpp.
#pragma once

#include "engine/tile/geometry.h"

namespace fohd {

/// What the loop reads. Made by design_safety_limiter(); then the owner writes ceiling and on, per lane, at any time
/// between two calls (OutputTargets::limiter_ceiling, limiter_on): the loop glides there and does not click.
struct alignas(64) SafetyLimiterCoeffs {
  float ceiling[kLanes];     ///< linear, 0.001..1
  float on[kLanes];          ///< 1 on, 0 off
  float release_keep = 0;    ///< what is left of the gain reduction one frame later...
  float short_keep = 0;      ///< ... and of one that lasted for less than short_frames
  float short_frames = 0;    ///< frames above the ceiling, in one reduction
  float step_per_frame = 1;  ///< how far ceiling and on move in one frame at most
};

struct alignas(64) SafetyLimiterState {
  float reduction[kLanes] = {};  ///< 1 - gain that the ceiling requires; runs on while the lane is off. 0: no trace
  float lasted[kLanes] = {};     ///< frames above the ceiling since the reduction began
  float ceiling[kLanes] = {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1};  ///< on its way to the coefficients'
  float on[kLanes] = {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1};       ///< the same
};

/// [any] The times for a rate; every lane on, ceiling 1 (0 dBFS). rate_hz 8,000..192,000.
SafetyLimiterCoeffs design_safety_limiter(double rate_hz) noexcept;

/// [control, before running] No reduction, ceiling and switch at their targets at once.
void settle(const SafetyLimiterCoeffs& coeffs, SafetyLimiterState& state) noexcept;

/// [audio] In place. io is [frames][16], 64-byte aligned; only the first `lanes` lanes (1..16) are read, what the
/// others hold is undefined. Chunk-invariant. In a lane that is on and settled, |io| <= ceiling for every finite input;
/// with |io| <= ceiling and no reduction left, io keeps its bits. NaN and infinities pass unchanged and leave no trace
/// in the state: the NaN guard comes next (docs/DESK.md, "Outputs").
void safety_limit(const SafetyLimiterCoeffs& coeffs, SafetyLimiterState& state, float* io, int frames,
                  int lanes) noexcept;

/// [any] Never delays.
constexpr int latency_frames(const SafetyLimiterCoeffs&) noexcept { return 0; }

}  // namespace fohd
