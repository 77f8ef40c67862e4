// What the engine reports to the control side, once per callback, through Latest<MeterFrame>.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "engine/tile/geometry.h"

namespace fohd {

/// One strip. Peaks are linear, the largest since the last frame the reader took; mean squares are linear power with a
/// time constant of 300 ms (docs/DESK.md, "Meters"). pre = tap `input`; post = `pre_fader` x fader x DCA, before mute
/// and pan. Gains are in octaves of amplitude, the deepest in the same time: 0 none, -1 is 6 dB less.
struct StripMeter {
  float pre_peak = 0, pre_mean_square = 0, post_peak = 0, post_mean_square = 0, gate_gain = 0, compressor_gain = 0;
};

/// Targets that the engine took.
struct TakenTargets {
  std::uint64_t publication = 0;  ///< their number (DeskTargets); 0: none
  std::uint64_t frame = 0;        ///< the first frame that ramps towards them
};

struct MeterFrame {
  explicit MeterFrame(const Geometry& geometry)
      : strips(geometry.strips()),
        outputs(geometry.outputs()),
        output_mean_squares(geometry.outputs()),
        input_clips(geometry.channels()),
        output_clips(geometry.outputs()),
        faults(geometry.strips()),
        safety_mutes(geometry.strips()) {}

  std::vector<StripMeter> strips;           ///< [strip]
  std::vector<float> outputs;               ///< [output] peak of what leaves the port, linear
  std::vector<float> output_mean_squares;   ///< [output]
  std::vector<std::uint32_t> input_clips;   ///< [channel] samples at or above 0 dBFS so far, wraps
  std::vector<std::uint32_t> output_clips;  ///< [output] samples above the final clamp so far, wraps
  std::vector<std::uint32_t> faults;        ///< [strip] NaN, infinities and, at inputs, >+30 dBFS met so far, wraps
  std::vector<std::uint8_t> safety_mutes;   ///< [strip] 1: muted after repeated faults, until cleared
  std::uint64_t frames = 0;                 ///< the engine's frame counter
  std::array<TakenTargets, 16> taken{};     ///< which it took last, oldest first; more than a reader leaves unread
  float shutter_gain = 0;                   ///< 0 shut .. 1 open
  float limiter_gain = 0;                   ///< of main's limiter, octaves, the deepest in the same time as peaks
};

}  // namespace fohd
