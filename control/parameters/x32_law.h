// The X32's number laws (docs/X32.md): how a value in real units stands on its wire as 0..1, and on which grid.
// The dialect itself comes later; the laws live with the rows because surfaces use the fader's too.
#pragma once

#include "control/parameters/parameter.h"

namespace fohd {

/// [any] The four straight segments of the console's fader. position 0..1 (clamped); 0 is off, 0.75 is 0 dB, 1 is +10
/// dB.
double fader_db(double position) noexcept;
/// [any] Its inverse; -90 dB and below is 0.
double fader_position(double level_db) noexcept;

/// [any] What the X32 would send for a value of ours: the nearest point of its grid, 0..1, for reals; its index for
/// enumerations and integers; 0 or 1 for switches. Values outside its range are clamped to it. Rows without a law, or
/// with text: 0.
float x32_from_native(const X32Mapping& mapping, float native) noexcept;
/// [any] What a number from an X32 client means, snapped to the grid first.
float native_from_x32(const X32Mapping& mapping, float wire) noexcept;

}  // namespace fohd
