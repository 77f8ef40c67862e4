// From DeskSettings to DeskTargets: dB to gains, Hz to coefficients, mutes and pans folded into the matrix. Looks only
// at what changed since its last turn and raises the revisions of the blocks it touched.
#pragma once

#include "control/desk/desk.h"
#include "engine/targets.h"

namespace fohd {

/// [control thread]
class TargetDesigner {
 public:
  /// rate_hz of the engine that will read the targets. Everything is designed once, as new.
  TargetDesigner(Desk& desk, double rate_hz);
  ~TargetDesigner();
  TargetDesigner(const TargetDesigner&) = delete;
  TargetDesigner& operator=(const TargetDesigner&) = delete;

  /// Redesigns what is dirty. True if there is something to publish.
  bool update();
  /// Copies into `slot` every block whose revision differs from the one there. slot: a Latest<DeskTargets>::back().
  void copy_to(DeskTargets& slot) const;
  const DeskTargets& targets() const noexcept { return master_; }

  /// The shutter is shut by any of: hold (cold start), panic (the parameter), shutdown. Ramps of DESK section 1:
  /// start 200 ms, panic 20 ms, release of panic 500 ms, shutdown 20 ms.
  void set_hold(bool held);
  void set_shutdown(bool shutting_down);

 private:
  void design_channel(int channel);
  void design_mix(int strip);

  Desk& desk_;
  double rate_hz_;
  DeskTargets master_;
  Observer observer_;
  bool hold_ = false, shutdown_ = false, shutter_dirty_ = true;
};

}  // namespace fohd
