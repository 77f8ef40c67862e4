// Several second-order sections in one pass over a tile: the same arithmetic, to the bit, as svf_process() once per
// section, with a third fewer instructions.
#pragma once

#include "engine/svf_bank.h"

namespace fohd {

/// A section of sixteen lanes on its way through a pass.
struct SvfSection {
  const SvfBankCoeffs* coeffs;
  SvfBankState* state;
};

/// [audio] in -> section 0 -> .. -> section count-1 -> out. Arguments and guarantees as svf_process(); count >= 1.
void svf_cascade(const SvfSection* sections, int count, const float* in, float* out, int frames, int lanes) noexcept;

}  // namespace fohd
