// What happens in one audio callback, called by JACK, an offline render or a test. Owns the engine and the two
// Latest buffers that connect it with the control thread: targets down, meters up.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "engine/crossing/flag.h"
#include "engine/crossing/latest.h"
#include "engine/crossing/realtime.h"
#include "engine/engine.h"

namespace fohd {

/// The most frames that a source or a tap is ever asked for at once, so that it can allocate its buffers before. Longer
/// JACK periods are split; the engine gives the same bits for any split.
inline constexpr int kMaxTapFrames = 1024;

/// Running totals of one AudioCore; the block times are of the callback's own work.
struct AudioCounters {
  /// Bucket b counts callbacks that took b/20 to (b+1)/20 of their period; the last one all that took longer.
  static constexpr int kLoadBuckets = 21;
  std::uint64_t callbacks = 0, frames = 0;
  std::uint64_t deadline_misses = 0;  ///< callbacks that ended later than one period after their cycle began
  std::uint64_t block_ns_sum = 0;
  std::uint32_t block_ns_max = 0;  ///< since the reader took the previous counters
  std::uint32_t period_frames = 0;
  std::array<std::uint64_t, kLoadBuckets> load_histogram{};
};

class AudioCore {
 public:
  /// [control] Allocates everything. rate_hz 8,000..192,000. look_ahead_ms: as Engine's. What feeds it and what it
  /// feeds comes by the engine's swaps; a tap of an output gets what leaves the port, behind panic.
  AudioCore(const Geometry& geometry, double rate_hz, double look_ahead_ms = 0);
  AudioCore(const AudioCore&) = delete;
  AudioCore& operator=(const AudioCore&) = delete;

  /// [audio] One callback. inputs: geometry.inputs pointers, outputs: geometry.outputs() pointers; null: silence in,
  /// not wanted out. late_ns: how long after the start of its cycle the callback began. Never allocates, locks or
  /// throws; a debug build aborts if something inside does.
  void process(const float* const* inputs, float* const* outputs, int frames,
               std::uint64_t late_ns = 0) noexcept FOHD_NONBLOCKING;

  /// [control] Fill back(), publish(). The next callback ramps there.
  Latest<DeskTargets>& targets() noexcept { return targets_; }
  /// [control] read(). Peaks cover everything since the frame read before.
  Latest<MeterFrame>& meters() noexcept { return meters_; }
  Latest<AudioCounters>& counters() noexcept { return counters_; }

  /// [any thread, signal handler] While raised the outputs are shut (20 ms), whatever the targets say; lowered, they
  /// come back (500 ms). Needs nothing from the control thread.
  Flag& panic() noexcept { return panic_; }
  /// [any thread, signal handler] Raised, the outputs are shut (20 ms) for good: the process is about to end.
  Flag& shutdown() noexcept { return shutdown_; }
  /// [any thread, signal handler] Nothing but silence has left since panic() or shutdown(), for a whole callback.
  bool is_shut() const noexcept { return shut_.raised(); }
  /// [any thread, signal handler] Whether the calling thread is inside process().
  static bool in_callback() noexcept;
  /// [any thread] Whether a callback has begun and has not ended: if for long, the desk hangs, and not who calls it.
  bool is_busy() const noexcept { return begun_.count() != ended_.count(); }
  /// [any thread] While raised deadlines are not counted: JACK runs faster than real time.
  Flag& freewheel() noexcept { return freewheel_; }
  /// [any thread] Raised, strips that were muted for safety come back (20 ms) with the next callback, which lowers it.
  Flag& safety_mutes_clear() noexcept { return safety_mutes_clear_; }

  Engine& engine() noexcept { return engine_; }
  const Geometry& geometry() const noexcept { return engine_.geometry(); }
  double rate_hz() const noexcept { return engine_.rate_hz(); }

 private:
  void process_part(const float* const* inputs, float* const* outputs, int offset, int frames) noexcept;
  bool apply_panic(int frames) noexcept;  ///< whether it changed anything
  void deliver_taps(bool changed, int frames) noexcept;
  void publish_meters() noexcept;
  void count(int frames, std::uint64_t block_ns, std::uint64_t late_ns) noexcept;

  Engine engine_;
  Latest<DeskTargets> targets_;
  Latest<MeterFrame> meters_;
  Latest<AudioCounters> counters_;
  AudioCounters totals_;
  Flag panic_, shutdown_, shut_, freewheel_, safety_mutes_clear_;
  Flag begun_, ended_;    ///< heartbeats, one of each in a callback
  float panic_gain_ = 1;  ///< of panic() and shutdown()
  std::vector<const float*> part_inputs_;
  std::vector<float*> part_outputs_;
  std::vector<float> spare_;  ///< [output][kMaxTapFrames] where the caller gave no buffer, for the tap to read
};

}  // namespace fohd
