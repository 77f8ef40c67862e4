// The desk's processing: samples in, samples out. One Engine per sample rate and geometry; the control side makes it,
// the audio thread runs it. Block order: docs/DESIGN.md, "The order of a chunk".
#pragma once

#include <memory>

#include "engine/crossing/realtime.h"
#include "engine/stages/source_set.h"
#include "engine/stages/tap_set.h"
#include "engine/stages/targets.h"
#include "engine/tile/geometry.h"
#include "engine/tile/meter_frame.h"

namespace fohd {

class Engine {
 public:
  /// [control] Allocates everything it will ever need. rate_hz 8,000..192,000. look_ahead_ms of main's limiter 0.5..5;
  /// 0: main has no limiter and is not late.
  Engine(const Geometry& geometry, double rate_hz, double look_ahead_ms = 0);
  ~Engine();
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  /// [audio] Takes new targets: only blocks whose revision changed are read, each ramps from where it is now.
  /// The shutter has no revision and is always read. Numbers that are not finite count as silence or neutral.
  /// targets must be made for the same geometry.
  void set_targets(const DeskTargets& targets) noexcept FOHD_NONBLOCKING;

  /// [control, before running] Jumps to the present targets: no ramps, shutter at its target. For offline renders.
  void settle() noexcept;

  /// [audio] Any frame count >= 0, split inside at multiples of 64 of the engine's own frame counter, so that any split
  /// of the same input gives the same bits. inputs[port] has geometry.inputs pointers, outputs[output] has
  /// geometry.outputs(); each to `frames` samples. A null input is silence; a null output is not written.
  /// outputs may not alias inputs.
  void process(const float* const* inputs, float* const* outputs, int frames) noexcept FOHD_NONBLOCKING;

  /// [audio] Adds this engine's meters into `frame` (sized for the same geometry): the running peaks are copied.
  /// restart_peaks() then begins new ones at the peaks of the last process() call: call it when the reader has read
  /// the previous frame (Latest::publish returned true).
  void read_meters(MeterFrame& frame) const noexcept FOHD_NONBLOCKING;
  void restart_peaks() noexcept FOHD_NONBLOCKING;

  /// [audio] Strips that were muted for safety (broken samples three times within a second, MeterFrame::safety_mutes)
  /// come back in 20 ms.
  void clear_safety_mutes() noexcept FOHD_NONBLOCKING;

  /// [control: offer, collect] Where the instances of effect slot 0..geometry.effects()-1 come and go. Offer one, then
  /// give the targets that name it.
  Swap<Effect>& effect_swap(int slot) noexcept;

  /// [the side that makes them: offer, collect] What channels can be fed by, behind the JACK inputs, and what is copied
  /// out for disk and analysis. A set that was offered is in force from a process() on: the next one, if the set before
  /// the present one was collected. One that was collected is not read any more. LaneTargets::source counts the JACK
  /// inputs first, then the extra sources.
  Swap<SourceSet>& source_swap() noexcept;
  Swap<TapSet>& tap_swap() noexcept;
  /// [audio] The set that the last process() filled, to be delivered; null: none.
  TapSet* taps() noexcept FOHD_NONBLOCKING;

  /// [any thread] Frames from an input to main, constant; to a bus it is none.
  int latency_frames() const noexcept;
  const Geometry& geometry() const noexcept;
  double rate_hz() const noexcept;
  /// [any thread] The longest delay of inputs and outputs that the rings hold: 500 ms.
  int max_delay_frames() const noexcept;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace fohd
