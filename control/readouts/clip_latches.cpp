#include "control/readouts/clip_latches.h"

#include <algorithm>

namespace fohd {
namespace {

/// Marks what counted on; before the first frame nothing has.
void latch(std::vector<bool>& latches, const std::vector<std::uint32_t>& now, std::vector<std::uint32_t>& before,
           bool same_engine) {
  before.resize(now.size());
  for (std::size_t i = 0; i < latches.size() && i < now.size(); ++i) {
    if (same_engine && now[i] != before[i]) latches[i] = true;
  }
  before = now;
}

}  // namespace

void ClipLatches::take(const MeterFrame& frame, DeskStatus& status) {
  if (frame.strips.size() != status.safety_muted.size() || frame.outputs.size() != status.output_clipped.size()) return;
  // A new engine (another sample rate) counts from zero again: its counters are not comparable with the old one's.
  const bool same_engine = frame.frames >= frames_;
  frames_ = frame.frames;
  latch(status.input_clipped, frame.input_clips, input_clips_, same_engine);
  latch(status.output_clipped, frame.output_clips, output_clips_, same_engine);
  latch(status.faulty, frame.faults, faults_, same_engine);
  for (std::size_t i = 0; i < status.safety_muted.size(); ++i) status.safety_muted[i] = frame.safety_mutes[i] != 0;
}

void ClipLatches::clear(DeskStatus& status) {
  for (auto* latches : {&status.input_clipped, &status.output_clipped, &status.faulty}) {
    std::fill(latches->begin(), latches->end(), false);
  }
}

}  // namespace fohd
