// What is behind the mixes: physical outputs, main behind its fader, key listen and the shutter of all outputs.
#pragma once

#include "control/parameters/settings.h"
#include "control/targets/target_writer.h"
#include "control/watches/overload_watch.h"

namespace fohd {

/// [control] fader_gain: what the strip's fader and mutes make of it here; 1 for main, which has them in front of its
/// limiter.
void design_output(int output, double fader_gain, const OutputSettings& settings, std::int32_t ramp_frames,
                   TargetWriter& writer);
/// [control] load_reduction: what is given up since the load is near its limit.
void design_main_bus(const MixSettings& main, LoadReduction load_reduction, std::int32_t ramp_frames,
                     TargetWriter& writer);
/// [control] The first channel with key listen.
void design_listen(const DeskSettings& desk, TargetWriter& writer);

/// The shutter is shut by any of: hold (cold start), panic (the parameter), shutdown. Ramps (docs/DESK.md, "Ramps"):
/// start 200 ms, panic 20 ms, release of panic 500 ms, shutdown 20 ms. [control thread]
class ShutterDesigner {
 public:
  void set_hold(bool held) { hold_ = held; }
  void set_shutdown(bool shutting_down) { shutdown_ = shutting_down; }
  /// True: a panic has just begun.
  bool design(bool panic, TargetWriter& writer);

 private:
  bool hold_ = false, shutdown_ = false;
  bool panic_since_open_ = false;  ///< what shut the outputs decides how slowly they open
};

}  // namespace fohd
