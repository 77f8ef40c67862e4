// The desk as a whole, wherever it runs: what people turn, and what of it the engine gets, in turns. The live desk, a
// render and a replay all use this one, so that they sound the same.
#pragma once

#include <memory>

#include "control/desk/desk.h"
#include "control/targets/target_designer.h"
#include "engine/crossing/latest.h"
#include "engine/engine.h"
#include "engine/tile/meter_frame.h"

namespace fohd {

/// [control thread]
class Console {
 public:
  explicit Console(const Geometry& geometry);

  Desk& desk() noexcept { return desk_; }
  const Desk& desk() const noexcept { return desk_; }

  /// What shuts the outputs, and what is given up: true of every engine that comes.
  void set_hold(bool held);
  void set_shutdown(bool shutting_down);
  void set_load_reduction(LoadReduction load_reduction);

  /// An engine that runs on a thread of its own, and takes its targets from `targets`. Both must outlive end_audio().
  /// Publishes the whole desk at once.
  void begin_audio(Engine& engine, Latest<DeskTargets>& targets, double rate_hz);
  /// An engine of this thread, which is settled at the desk as it is.
  void begin_audio(Engine& engine, double rate_hz);
  void end_audio();
  bool has_audio() const noexcept { return designer_ != nullptr; }
  /// Of the engine that runs; a prototype for its Latest. Only with audio.
  const DeskTargets& targets() const { return designer_->targets(); }

  /// Once per batch of packets and at every tick: what changed since the last turn becomes one publication, so that
  /// changes that came together take effect together. What is changed from now on counts as of now_ms (monotonic).
  void turn(std::int64_t now_ms);
  /// What is changed from now on counts as of this time. turn() does it too.
  void set_time(std::int64_t now_ms);
  /// Which targets the engine took, and when, goes into the journal.
  void take(const MeterFrame& frame) {
    for (const TakenTargets& taken : frame.taken) {
      if (taken.publication != 0) desk_.journal().note_taken(taken.publication, taken.frame);
    }
  }

  /// Whatever sounds in an effect slot ends (20 ms). slot 0..geometry.effects()-1.
  void kill_effect(int slot);

 private:
  void begin(Engine& engine, double rate_hz);

  Desk desk_;
  std::unique_ptr<TargetDesigner> designer_;  ///< null while there is no audio
  Engine* engine_ = nullptr;
  Latest<DeskTargets>* latest_ = nullptr;  ///< null: the engine is of this thread
  bool hold_ = false, shutdown_ = false;
  LoadReduction load_reduction_ = LoadReduction::nothing;
  std::int64_t now_ms_ = 0;
};

}  // namespace fohd
