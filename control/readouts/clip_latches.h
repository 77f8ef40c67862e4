// What clipped, and where broken sound was met, since the latches were let go: from the engine's counters to the status
// that read-outs, meters and surfaces show.
#pragma once

#include <cstdint>
#include <vector>

#include "control/readouts/readouts.h"
#include "engine/tile/meter_frame.h"

namespace fohd {

/// [control]
class ClipLatches {
 public:
  /// A new frame, every 10 ms: what counted on since the last one is latched in `status`, and what is muted for
  /// safety now stands there. A frame of another geometry is left out.
  void take(const MeterFrame& frame, DeskStatus& status);
  /// Lets go of all latches.
  static void clear(DeskStatus& status);

 private:
  std::uint64_t frames_ = 0;  ///< the engine's counter at the last frame
  std::vector<std::uint32_t> input_clips_, output_clips_, faults_;
};

}  // namespace fohd
