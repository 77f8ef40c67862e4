// Sixteen second-order filters side by side, one per lane: the workhorse of low cuts and equalisers.
// Form, legality and the proof that ramping is safe: head of engine/svf_bank_kernels.cpp.
#pragma once

#include "engine/targets.h"

namespace fohd {

struct alignas(64) SvfBankCoeffs {
  float p[kLanes] = {}, b[kLanes] = {}, t[kLanes] = {};
  float d[kLanes] = {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1};
  float y1[kLanes] = {}, y2[kLanes] = {};
};
struct alignas(64) SvfBankState {
  float c1[kLanes] = {}, c2[kLanes] = {};
};

/// [audio] in and out are [frames][16], 64-byte aligned, may be the same. Only the first `lanes` lanes (1..16) need be
/// right; the rest of out may be anything finite. Chunk-invariant: any split of frames gives the same bits.
void svf_process(const SvfBankCoeffs& coeffs, SvfBankState& state, const float* in, float* out, int frames,
                 int lanes) noexcept;

/// [audio] Two sections one after the other, the bits of two calls of svf_process in three quarters of their time:
/// while a section waits for its last frame, the other one works.
void svf_process_pair(const SvfBankCoeffs& first, SvfBankState& first_state, const SvfBankCoeffs& second,
                      SvfBankState& second_state, const float* in, float* out, int frames, int lanes) noexcept;

/// [audio] Like svf_process while coefficients move: before each frame every coefficient advances by its increment (0
/// for lanes at rest). The caller stops at the frame where a lane arrives and assigns its target exactly.
void svf_process_ramped(SvfBankCoeffs& coeffs, const SvfBankCoeffs& increment, SvfBankState& state, const float* in,
                        float* out, int frames, int lanes) noexcept;

}  // namespace fohd
