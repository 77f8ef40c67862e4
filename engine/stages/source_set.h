// What channels can be fed by: the JACK inputs, and behind them whatever else gives sound (playback tracks, talkback,
// oscillator, insert returns). A set is made on the control side and handed over by Swap; it changes while audio runs.
// A channel that goes from one source to another cross-fades (engine/stages/input_stage.h). What a new set itself
// changes under a channel does not: a channel that sounds is given another source first, and the set 10 ms later.
#pragma once

#include <span>
#include <vector>

namespace fohd {

/// Gives sound. It must outlive every set that names it: until that set was collected from the Swap.
class SourceProvider {
 public:
  virtual ~SourceProvider() = default;
  /// [audio] sources: all of them, the JACK inputs first; it sets those that it feeds, to `frames` samples each that
  /// stay valid until the next call. Null is silence. It may take the place of a JACK input (a virtual soundcheck).
  virtual void feed(std::span<const float*> sources, int frames) noexcept = 0;
};

struct SourceSet {
  std::vector<SourceProvider*> providers;  ///< in this order
};

/// Sources behind the JACK inputs that the desk has places for: as many tracks as inputs, talkback, oscillator, and
/// eight insert returns.
constexpr int extra_sources(int jack_inputs) noexcept { return jack_inputs + 2 + 8; }

}  // namespace fohd
