// What the limiter does to the sound, compiled once per SIMD target.
#pragma once

#include "engine/tile/geometry.h"

namespace fohd {

/// [audio] left and right x 2^-reductions[i], in place; reductions in octaves, 0..1000; 0 changes no bit. All 64-byte
/// aligned, with room for kLanes beyond `frames`.
void limiter_turn_down(const double* reductions, float* left, float* right, int frames) noexcept;

}  // namespace fohd
