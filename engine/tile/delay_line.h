// A delay of up to half a second, for a microphone that stands nearer than the others or a loudspeaker that does. A
// planar ring, written always, so that any delay can begin with what was really played; a change cross-fades in 10 ms
// (linear: both taps carry the same music, mostly alike). A change during a fade waits for its end.
#pragma once

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <vector>

#include "engine/tile/geometry.h"

namespace fohd {

/// [any] The longest: half a second.
constexpr int max_delay_frames(double rate_hz) noexcept { return static_cast<int>(rate_hz * 0.5); }
/// [any] A change of delay takes 10 ms (docs/DESK.md, "Ramps").
inline int delay_fade_frames(double rate_hz) noexcept { return static_cast<int>(std::lround(rate_hz * 0.010)); }

class DelayLine {
 public:
  /// [control] Allocates. fade_frames > 0.
  DelayLine(int max_delay_frames, int fade_frames)
      : ring_(std::bit_ceil(static_cast<std::size_t>(max_delay_frames + kSubBlockFrames))),
        max_delay_frames_(max_delay_frames),
        fade_frames_(fade_frames),
        fade_done_(fade_frames) {}

  /// [audio] Clamped to 0..max_delay_frames.
  void set(int delay_frames) noexcept { wanted_ = std::clamp(delay_frames, 0, max_delay_frames_); }
  /// [control] No fade.
  void settle() noexcept {
    delay_ = wanted_;
    fade_done_ = fade_frames_;
  }
  /// [audio] False: no delay, and what is written leaves as it is; else read() is what leaves.
  bool active() const noexcept { return delay_ != 0 || wanted_ != 0 || fade_done_ < fade_frames_; }
  /// [audio] Takes 1..64 frames; now: the engine's frame counter at the first.
  void write(const float* in, int frames, std::uint64_t now) noexcept {
    const std::size_t at = static_cast<std::size_t>(now) & (ring_.size() - 1);
    const std::size_t first = std::min(static_cast<std::size_t>(frames), ring_.size() - at);
    std::copy_n(in, first, ring_.data() + at);
    if (first < static_cast<std::size_t>(frames)) {
      std::copy_n(in + first, static_cast<std::size_t>(frames) - first, ring_.data());
    }
  }
  /// [audio] The same frames, later. Never louder than the louder of the two taps.
  void read(float* out, int frames, std::uint64_t now) noexcept {
    for (int frame = 0; frame < frames; ++frame, ++now) {
      if (fade_done_ >= fade_frames_ && wanted_ != delay_) {
        from_ = delay_;
        delay_ = wanted_;
        fade_done_ = 0;
      }
      out[frame] = at(now, delay_);
      if (fade_done_ >= fade_frames_ || ++fade_done_ == fade_frames_) continue;
      const float before = at(now, from_), after = out[frame];
      const float weight = static_cast<float>(fade_done_) / static_cast<float>(fade_frames_);
      // Rounding must not bring it past the louder tap: behind an output's clamp nothing limits it.
      out[frame] = std::clamp(before + (after - before) * weight, std::min(before, after), std::max(before, after));
    }
  }

 private:
  float at(std::uint64_t now, int delay) const noexcept {
    return ring_[static_cast<std::size_t>(now - static_cast<std::uint64_t>(delay)) & (ring_.size() - 1)];
  }
  std::vector<float> ring_;
  int max_delay_frames_, fade_frames_, fade_done_;
  int delay_ = 0, from_ = 0, wanted_ = 0;  ///< in use, faded out, requested
};

}  // namespace fohd
