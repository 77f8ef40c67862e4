// Sixteen strips side by side, of any kind: from what comes in to the taps that the gain matrix reads.
//
//   channels: transposed input x trim and polarity -> low cut -> [tap input] -> gate -> [tap pre_eq] ->
//             (compressor ->) EQ -> [tap post_eq] -> (compressor ->) [tap pre_fader]
//   mixes:    sum of the matrix -> [tap input] = [tap pre_eq] -> the same from here
//
// Inserts have their places here: A in front of `pre_eq`, B in front of `pre_fader`. Taps between which nothing sounds
// are the same memory; a stage at rest in all lanes does not run; a tile without input and without a tail is
// skipped. None of that changes a bit of the output.
//
// Meters: pre = tap input; post = pre_fader x post gain (fader and DCA, ramped), before mute and pan.
#pragma once

#include <cstdint>

#include "engine/processors/dynamics_stage.h"
#include "engine/processors/filter_chain.h"
#include "engine/stages/input_stage.h"
#include "engine/stages/targets.h"
#include "engine/tile/tile_meter.h"

namespace fohd {

class StripTile {
 public:
  /// [control] lanes: how many carry a strip. mixed: fed by the matrix (or, for now, not at all), without a low cut.
  StripTile(int lanes, bool mixed) noexcept;

  void set(int lane, const LaneTargets& targets) noexcept;  ///< [audio] all but the source, which is the input stage's
  void settle() noexcept;                                   ///< [control]

  /// [audio] A chunk of 1..64 frames of channels, up to tap `input`: what the input stage wrote into input() with
  /// input_gains(). All channels go through this before any goes on: then a key can be another strip's tap `input` in
  /// the same frame.
  void process_input(const InputStageReport& input_stage, int frames) noexcept;
  /// [audio] The rest of the same chunk. keys: where all strips' signals stand.
  void process_rest(const Resets& resets, KeySources keys, int frames) noexcept;
  /// [audio] Mixes and returns, all of it: silent, or the sum already in input(), which keeps its bits.
  void process_mix(bool silent, KeySources keys, int frames) noexcept;
  /// [audio] After process_input(): tap `input` of the present chunk, for keys.
  const float* key() const noexcept;

  void begin_call() noexcept;  ///< [audio] at the start of each process() of the engine
  /// [audio] At each multiple of 64 frames: mean squares, silence. Returns lanes in which a NaN turned up; their
  /// state is cleared.
  /// peak_block_ends: it is one of peak_block_frames(), too.
  LaneMask sub_block_boundary(float mean_square_coeff, bool peak_block_ends) noexcept;

  const TileTaps& taps() const noexcept { return taps_; }  ///< [audio] of the last chunk
  float* input() noexcept { return input_.samples; }       ///< [audio] where the input stage or the matrix writes
  /// [audio] Gains for the input stage to apply on the way in: the input gains while they rest, else 1 (process()
  /// ramps).
  const float* input_gains() const noexcept;
  TileMeter& pre() noexcept { return pre_; }
  TileMeter& post() noexcept { return post_; }
  const TileMeter& pre() const noexcept { return pre_; }
  const TileMeter& post() const noexcept { return post_; }
  /// [audio] Octaves of gain, the deepest since restart_meters().
  float gate_gain(int lane) const noexcept { return gate_.lowest_gain(lane); }
  float compressor_gain(int lane) const noexcept {
    return std::min(before_eq_.lowest_gain(lane), after_eq_.lowest_gain(lane));
  }
  void restart_meters() noexcept;  ///< [audio] peaks and gains start again at what this process() call saw

 private:
  void set_compressor(int lane, const LaneTargets& targets) noexcept;
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
  bool suspended_ = false;  ///< dormant, and the meters have come down: nothing is left to do at the grid
  LaneRamp input_gain_, post_gain_;
  FilterChain low_cut_{kLowCutSections}, eq_{kMaxEqBands};
  GateStage gate_;
  CompressorStage before_eq_, after_eq_;  ///< a lane's compressor is in one of them
  TileTaps taps_;
  TileMeter pre_, post_;
  Tile input_, gated_, equalised_, compressed_;
};

}  // namespace fohd
