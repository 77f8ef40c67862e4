// From DeskSettings to DeskTargets: dB to gains, Hz to coefficients, mutes and pans folded into the matrix. Reads only
// what changed since its last turn and raises the revisions of the blocks whose content changed.
#pragma once

#include <cstdint>
#include <vector>

#include "control/desk/desk.h"
#include "control/targets/effect_designer.h"
#include "control/targets/gain_laws.h"
#include "control/watches/overload_watch.h"
#include "engine/crossing/latest.h"
#include "engine/stages/targets.h"

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

  /// Redesigns what is dirty. True if there is something to publish. unread: what was published last may not have been
  /// read yet, so what changes now is folded into it; a block then keeps the longest ramp of all that it stands for.
  bool update(bool unread = false);
  /// To a running engine: hands new effects over to it, then publishes what changed through `latest`, which its audio
  /// thread reads.
  void publish(Engine& engine, Latest<DeskTargets>& latest);
  /// To an engine of the same thread.
  void give(Engine& engine);
  /// Effects that are not needed any more are freed. Now and then.
  void collect(Engine& engine) { effects_.hand_over(engine); }
  const DeskTargets& targets() const noexcept { return targets_; }
  /// What publish() does with the targets: copies every block whose revision differs from the one in `slot`.
  void copy_to(DeskTargets& slot) const;

  /// The shutter is shut by any of: hold (cold start), panic (the parameter), shutdown. Ramps (docs/DESK.md, "Ramps"):
  /// start 200 ms, panic 20 ms, release of panic 500 ms, shutdown 20 ms.
  void set_hold(bool held) { hold_ = held; }
  /// What is given up because the load is near its limit (control/watches/overload_watch.h).
  void set_load_reduction(LoadReduction load_reduction);
  void set_shutdown(bool shutting_down) { shutdown_ = shutting_down; }

  /// Whatever sounds in an effect slot ends (20 ms). slot 0..geometry.effects()-1. A panic does it to all.
  void kill_effect(int slot) { effects_.kill(slot); }

 private:
  /// What has to be redesigned of one strip.
  struct Work {
    bool processing = false;  ///< low cut, gate, equaliser, compressor
    bool gains = false;       ///< everything else
    bool switched = false;    ///< a mute or another on/off was among it: the longer ramp
    bool any() const noexcept { return processing || gains; }
    void merge(const Work& more) noexcept {
      processing |= more.processing;
      gains |= more.gains;
      switched |= more.switched;
    }
  };
  void collect();
  void design_channel(int channel, const Work& work);
  void design_return(int lane, const Work& work);
  void design_mixing(int strip, int half, const MixingSettings& settings, const Work& work);
  void add_to_main(const PanGains& pan, double gain);
  void add_send(const MixingSettings& settings, int half, int bus);
  void design_bus(int bus, const Work& work);
  void design_main(const Work& work);
  void design_main_bus(const MixSettings& mix, const Work& work);
  /// fader_gain: what the strip's fader and mute make of it here; 1 for main, which has them in front of its limiter.
  void design_output(int output, double fader_gain, const OutputSettings& settings, const Work& work);
  void design_listen();
  void design_shutter();
  void set_compressor(LaneTargets& lane, const CompressorSettings& compressor, bool linked) const;
  void set_mix_processing(LaneTargets& lane, const MixSettings& mix, bool linked, const Work& work) const;
  /// Takes a redesigned block over if its content differs.
  void commit(int strip, const LaneTargets& next);
  void commit_row(int row, const float* gains, std::int32_t ramp_frames);
  /// The ramp of a block that changes now, and changed last in `block_turn`, which is set to now.
  std::int32_t folded(std::int32_t ramp_frames, std::int32_t previous, std::uint32_t& block_turn) const noexcept;
  float* scratch_row(Tap tap) noexcept;
  std::int32_t frames(double ms) const noexcept;
  std::int32_t gain_ramp(const Work& work) const noexcept;

  Desk& desk_;
  double rate_hz_;
  DeskTargets targets_;
  Observer observer_;
  EffectDesigner effects_;
  std::vector<Work> channel_work_, return_work_, bus_work_;
  Work main_work_;
  /// The update() since which everything may be unread, and in which each block was last changed.
  std::uint32_t turn_ = 1, first_unread_turn_ = 1;
  std::vector<std::uint32_t> row_turns_, output_turns_;
  std::uint32_t main_turn_ = 0;
  std::vector<float> scratch_;  ///< [tap][column] of the strip in hand
  std::vector<float> packed_;   ///< the cells of one row that are heard
  bool hold_ = false, shutdown_ = false;
  LoadReduction load_reduction_ = LoadReduction::nothing;
  bool panic_since_open_ = false;  ///< what shut the outputs decides how slowly they open
  bool changed_ = false;
};

}  // namespace fohd
