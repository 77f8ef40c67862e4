// Sixteen strips side by side, of any kind: from what comes in to the taps that the gain matrix reads.
//
//   channels: transposed input x trim and polarity -> low cut -> [tap input] -> [tap pre_eq] -> EQ -> [tap post_eq] ->
//             [tap pre_fader]
//   mixes:    sum of the matrix -> [tap input] = [tap pre_eq] -> EQ -> [tap post_eq] = [tap pre_fader]
//
// Later stages have their places here: gate and insert A between `input` and `pre_eq`, compressor and insert B between
// `post_eq` and `pre_fader`. Taps between which nothing sounds are the same memory; a stage at rest in all lanes does
// not run; a tile that hears nothing and rings no more is skipped. None of that changes a bit of what is heard.
//
// Meters: pre = tap input; post = pre_fader x post gain (fader and DCA, ramped), before mute and pan.
#pragma once

#include <cstdint>

#include "engine/filter_chain.h"
#include "engine/rim.h"
#include "engine/tile_meter.h"

namespace fohd {

class StripTile {
 public:
  /// [control] lanes: how many carry a strip. mixed: fed by the matrix (or, for now, by nobody), without a low cut.
  StripTile(int lanes, bool mixed) noexcept;

  void set(int lane, const LaneTargets& targets) noexcept;  ///< [audio] all but the source, which is the rim's
  void settle() noexcept;                                   ///< [control]

  /// [audio] A chunk of 1..64 frames of channels, up to tap `input`: what the rim wrote into input() with rim_gains().
  /// All channels go through this before any goes on: then a key can be another strip's tap `input` in the same frame.
  void process_input(const RimReport& rim, int frames) noexcept;
  /// [audio] The rest of the same chunk.
  void process_rest(const Resets& resets, int frames) noexcept;
  /// [audio] Mixes and returns, all of it: silent, or the sum already in input(), which keeps its bits.
  void process_mix(bool silent, int frames) noexcept;

  void begin_call() noexcept;  ///< [audio] at the start of each process() of the engine
  /// [audio] At each multiple of 64 frames: mean squares, silence. Returns lanes in which a NaN turned up; what they
  /// remembered is forgotten.
  LaneMask grid(float mean_square_share) noexcept;

  const TileTaps& taps() const noexcept { return taps_; }  ///< [audio] of the last chunk
  float* input() noexcept { return input_.samples; }       ///< [audio] where the rim or the matrix writes
  /// [audio] Gains for the rim to apply on the way in: the input gains while they rest, else 1 (process() ramps).
  const float* rim_gains() const noexcept;
  TileMeter& pre() noexcept { return pre_; }
  TileMeter& post() noexcept { return post_; }
  const TileMeter& pre() const noexcept { return pre_; }
  const TileMeter& post() const noexcept { return post_; }

 private:
  bool dormant(bool silent) const noexcept;
  void apply_input_gain(int frames) noexcept;
  void fall_silent() noexcept;
  void clear_state(LaneMask lanes) noexcept;
  void measure_post(int frames) noexcept;

  int lanes_;
  LaneMask used_;
  LaneMask sounding_ = 0;  ///< channels: lanes that were fed since the last grid point
  LaneMask quiet_;         ///< lanes whose states are exactly zero and that are fed nothing
  bool mixed_;
  LaneRamp input_gain_, post_gain_;
  FilterChain low_cut_{kLowCutSections}, eq_{kMaxEqBands};
  TileTaps taps_;
  TileMeter pre_, post_;
  Tile input_, equalised_;
};

}  // namespace fohd
