// What runs in the lane of a strip, from its settings: one function for each kind of them.
#pragma once

#include "control/parameters/settings.h"
#include "control/targets/target_writer.h"

namespace fohd {

/// [control] A detector's signal; `linked`: the larger of a pair.
KeyTargets design_key(const KeySettings& key, bool linked, const Geometry& geometry, double rate_hz);

// [control] processing: the coefficients too, which cost most; else gains and routing alone.
void design_lane(const ChannelSettings& settings, int strip, bool processing, TargetWriter& writer);
void design_lane(const ReturnSettings& settings, int strip, bool processing, TargetWriter& writer);
/// linked: one detector for the pair that it is half of.
void design_lane(const MixSettings& settings, bool linked, int strip, bool processing, TargetWriter& writer);

}  // namespace fohd
