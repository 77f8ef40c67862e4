// A tile of effect returns as it feeds the buses: 64 frames late, because returns take effects, which take buses
// (docs/DESIGN.md, "The order of a chunk"). Every loop through the desk runs through here, so it saturates here:
// nothing passes louder than 0 dBFS, and what is not louder passes as it is (docs/DESK.md, "Things that could hurt").
#pragma once

#include <algorithm>
#include <cmath>

#include "engine/tile/delayed_tile.h"

namespace fohd {

class DelayedReturns {
 public:
  /// [audio] What feeds the buses in a chunk that begins at frame `now` of the engine's counter, valid until the next
  /// call. The pointers are the same every time something sounds.
  TileTaps read(int frames, std::uint64_t now) noexcept {
    TileTaps taps;
    taps.silent = before_[0].read(now) == nullptr;  // all are, or none is
    for (int tap = 0; tap < kTaps; ++tap) {
      taps.tap[tap] = taps.silent ? kSilence.samples : late_[kSignalOf[tap]].samples;
    }
    for (int i = 0; !taps.silent && i < kSignals; ++i) {
      std::copy_n(before_[i].read(now), frames * kLanes, late_[i].samples);
    }
    return taps;
  }
  /// [audio] What the returns give now, after the last read() of the chunk.
  void write(const TileTaps& taps, int frames, std::uint64_t now) noexcept {
    for (int i = 0; i < kSignals; ++i) {
      if (taps.silent) {
        before_[i].write(nullptr, frames, now);
        continue;
      }
      const float* samples = taps.tap[static_cast<int>(kTapOf[i])];
      std::transform(samples, samples + frames * kLanes, saturated_.samples,
                     [](float x) { return std::isfinite(x) ? std::clamp(x, -1.0f, 1.0f) : 0.0f; });
      before_[i].write(saturated_.samples, frames, now);
    }
  }

 private:
  /// Returns have no gate, so their taps `input` and `pre_eq` are one signal.
  static constexpr int kSignals = 3;
  static constexpr Tap kTapOf[kSignals] = {Tap::input, Tap::post_eq, Tap::pre_fader};
  static constexpr int kSignalOf[kTaps] = {0, 0, 1, 2};
  static constexpr Tile kSilence{};
  DelayedTile before_[kSignals];
  Tile late_[kSignals], saturated_;
};

}  // namespace fohd
