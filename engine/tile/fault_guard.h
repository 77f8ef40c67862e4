// What happens to one strip when a NaN, an infinity or, at an input, a sample above +30 dBFS turns up in it
// (docs/DESK.md, "Things that could hurt"): the strip is silent at once and ramps back in 20 ms. Three such events
// within a second, and it stays silent until the safety mute is cleared.
#pragma once

#include <cmath>
#include <cstdint>

namespace fohd {

class FaultGuard {
 public:
  /// [control] rate_hz: of the engine.
  explicit FaultGuard(double rate_hz = 48000)
      : recovery_frames_(static_cast<int>(std::lround(0.020 * rate_hz))),
        window_frames_(static_cast<std::uint64_t>(rate_hz)) {}

  /// [audio] A broken sample at frame `now` of the engine's counter. True: it begins an event (the frame before was
  /// whole, or this is the first).
  bool fault(std::uint64_t now) noexcept {
    ++faults_;
    done_ = 0;
    open_ = false;
    const bool begins = !ever_ || now != last_ + 1;
    ever_ = true;
    last_ = now;
    if (!begins) return false;
    muted_ |= events_ >= 2 && now - event_[0] < window_frames_;
    event_[0] = event_[1];
    event_[1] = now;
    if (events_ < 2) ++events_;
    return true;
  }
  /// [audio] The gain for the next whole frame: 1 where nothing happened, else the way back.
  float next_gain() noexcept {
    if (open_) return 1.0f;
    if (muted_) return 0.0f;
    if (++done_ >= recovery_frames_) open_ = true;
    return open_ ? 1.0f : static_cast<float>(done_) / static_cast<float>(recovery_frames_);
  }
  /// [audio] Ends a safety mute: the way back begins.
  void clear_mute() noexcept {
    if (!muted_) return;
    muted_ = false;
    events_ = 0;
  }
  bool open() const noexcept { return open_; }               ///< [any] next_gain() is 1 and stays so
  bool muted() const noexcept { return muted_; }             ///< [any]
  std::uint32_t faults() const noexcept { return faults_; }  ///< [any] broken samples so far, wraps

 private:
  int recovery_frames_, done_ = 0, events_ = 0;
  std::uint64_t window_frames_, last_ = 0, event_[2] = {};
  std::uint32_t faults_ = 0;
  bool open_ = true, muted_ = false, ever_ = false;
};

}  // namespace fohd
