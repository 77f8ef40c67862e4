// From DeskSettings to DeskTargets: dB to gains, Hz to coefficients, mutes and pans folded into the matrix. Reads only
// what changed since its last turn; what each block is made of stands in the files beside this one.
#pragma once

#include <array>
#include <vector>

#include "control/desk/desk.h"
#include "control/parameters/owner_rows.h"
#include "control/targets/effect_designer.h"
#include "control/targets/mix_rows.h"
#include "control/targets/output_designer.h"
#include "control/targets/target_work.h"
#include "control/targets/target_writer.h"
#include "engine/crossing/latest.h"

namespace fohd {

/// [control thread]
class TargetDesigner {
 public:
  /// rate_hz of the engine that will read the targets. Designs everything once: targets() is whole from the start, the
  /// first prototype of a Latest<DeskTargets>.
  TargetDesigner(Desk& desk, double rate_hz);
  ~TargetDesigner();
  TargetDesigner(const TargetDesigner&) = delete;
  TargetDesigner& operator=(const TargetDesigner&) = delete;

  /// Redesigns what is dirty. True if there is something to publish. unread: see TargetWriter::begin.
  bool update(bool unread = false);
  /// To a running engine: hands new effects over to it, then publishes what changed through `latest`, which its audio
  /// thread reads.
  void publish(Engine& engine, Latest<DeskTargets>& latest);
  /// To an engine of the same thread.
  void give(Engine& engine);
  /// Effects that are not needed any more are freed. Now and then.
  void collect(Engine& engine) { effects_.hand_over(engine); }
  const DeskTargets& targets() const noexcept { return writer_.targets(); }
  /// What publish() does with the targets: copies every block whose revision differs from the one in `slot`.
  void copy_to(DeskTargets& slot) const { writer_.copy_to(slot); }

  void set_hold(bool held) { shutter_.set_hold(held); }
  void set_shutdown(bool shutting_down) { shutter_.set_shutdown(shutting_down); }
  /// What is given up because the load is near its limit (control/watches/overload_watch.h).
  void set_load_reduction(LoadReduction load_reduction);

  /// Whatever sounds in an effect slot ends (20 ms). slot 0..geometry.effects()-1. A panic does it to all.
  void kill_effect(int slot) { effects_.kill(slot); }

 private:
  /// Redesigns one owner.
  using Design = void (TargetDesigner::*)(int owner, const TargetWork& work);
  static const std::array<Design, kOwnerRows.size()> kDesigns;

  void sort_dirty();
  void add_work(OwnerKind owner_kind, const TargetWork& work);  ///< to all of a kind
  /// What is mixed into buses and main: one lane and its sends.
  template <OwnerKind kind, auto kStrips>
  void design_strip(int owner, const TargetWork& work);
  void design_bus(int bus, const TargetWork& work);
  void design_main(int, const TargetWork& work);
  std::vector<TargetWork>& work_of(OwnerKind owner_kind) { return work_[static_cast<std::size_t>(owner_kind)]; }
  int lane(OwnerKind owner_kind, int owner) const { return lane_of({owner_kind, owner}, desk_.geometry()).value_or(0); }

  Desk& desk_;
  Observer observer_;
  TargetWriter writer_;
  MixRows rows_;
  EffectDesigner effects_;
  ShutterDesigner shutter_;
  std::array<std::vector<TargetWork>, kOwnerRows.size()> work_;  ///< [owner kind][owner]
  LoadReduction load_reduction_ = LoadReduction::nothing;
};

}  // namespace fohd
