// DeskTargets: everything the audio loop needs of the desk, as plain numbers. The control side designs
// it, hands it over through `Latest<DeskTargets>`, the engine ramps towards it. No user units in here: gains
// are linear, times are frames, filters are coefficients.
//
// Blocks carry revisions. The writer raises a block's revision when it changes the block; both sides copy a block
// only when its revision differs from the one they have. Revision 0 is "as constructed".
#pragma once

#include <cstdint>
#include <vector>

#include "engine/effects/effect_slot.h"
#include "engine/processors/compressor.h"
#include "engine/processors/gate.h"
#include "engine/processors/key_tile.h"
#include "engine/processors/stereo_width.h"
#include "engine/processors/svf_coeffs.h"
#include "engine/processors/true_peak_limiter.h"
#include "engine/tile/gain_layout.h"
#include "engine/tile/geometry.h"

namespace fohd {

/// One strip of any kind. Ramp lengths are in frames; a target reached in 0 frames is a jump (offline start only).
struct LaneTargets {
  std::uint32_t revision = 0;
  float input_gain = 1;  ///< trim x polarity; channels only
  SvfCoeffs low_cut[kLowCutSections];
  SvfCoeffs eq[kMaxEqBands];
  GateCoeffs gate;  ///< channels only
  KeyTargets gate_key;
  CompressorCoeffs compressor;
  KeyTargets compressor_key;
  bool compressor_before_eq = false;
  float post_gain = 0;  ///< fader x DCA, without mute: for the post meter
  std::int32_t input_gain_ramp_frames = 0, coeff_ramp_frames = 0, post_gain_ramp_frames = 0;
  /// Which source feeds a channel, 0-based: JACK inputs, then the extra ones (engine/stages/source_set.h); -1 none.
  /// Changes cross-fade in the input stage.
  std::int32_t source = -1;
  std::int32_t delay_frames = 0;  ///< of a channel's input, as of an output
  bool operator==(const LaneTargets&) const = default;
};

/// One row of the gain matrix: what strip `s` at tap `t` gives to every column that can hear it. Gains are in
/// DeskTargets::gains.
struct RowTargets {
  std::uint32_t revision = 0;
  std::int32_t ramp_frames = 0;
};

/// One physical output (Geometry::outputs()). gain = level x polarity, and for a bus fader x DCA x mute too.
struct OutputTargets {
  std::uint32_t revision = 0;
  float gain = 0;
  std::int32_t gain_ramp_frames = 0;
  std::int32_t delay_frames = 0;                ///< 0..Engine::max_delay_frames(); a change cross-fades in 10 ms
  float limiter_ceiling = 0.8912509381337456f;  ///< linear, -1 dBFS
  bool limiter_on = true;
  bool operator==(const OutputTargets&) const = default;
};

/// Main behind its fader, in front of its outputs (engine/stages/main_bus_stage.h).
struct MainTargets {
  std::uint32_t revision = 0;
  float gain[2] = {1, 1};  ///< left, right: fader x DCA x mute x balance
  std::int32_t gain_ramp_frames = 0;
  StereoWidthCoeffs width;
  TruePeakLimiterCoeffs limiter;
  bool operator==(const MainTargets&) const = default;
};

/// The strip whose gate's key is added to a bus, and that bus (engine/stages/key_listener.h).
struct ListenTargets {
  std::uint32_t revision = 0;
  std::int32_t strip = -1, bus_strip = -1;  ///< -1: none
  KeyTargets key;
  std::int32_t ramp_frames = 0;
  bool operator==(const ListenTargets&) const = default;
};

/// The outputs' common shutter: hold, panic, start and shutdown. Outside the matrix, last before the clamp.
struct ShutterTargets {
  bool open = true;
  std::int32_t close_ramp_frames = 0;  ///< full scale to silence
  std::int32_t open_ramp_frames = 0;   ///< silence to full scale
  bool operator==(const ShutterTargets&) const = default;
};

/// The whole. Sized by the constructor, never resized.
struct DeskTargets {
  explicit DeskTargets(const Geometry& geometry)
      : lanes(geometry.strips()),
        layout(geometry),
        rows(geometry.strips() * kTaps),
        gains(layout.size()),
        outputs(geometry.outputs()),
        effects(geometry.effects()) {}

  std::uint64_t publication = 0;       ///< its number; what is published next has the next one
  std::vector<LaneTargets> lanes;      ///< [strip]
  GainLayout layout;                   ///< of `gains`
  std::vector<RowTargets> rows;        ///< [strip * kTaps + tap]
  std::vector<float> gains;            ///< linear
  std::vector<OutputTargets> outputs;  ///< [output]
  std::vector<EffectTargets> effects;  ///< [slot]
  MainTargets main;
  ListenTargets listen;
  ShutterTargets shutter;

  static int row_index(int strip, Tap tap) noexcept { return strip * kTaps + static_cast<int>(tap); }
  /// What layout.row_size(row) says of them.
  float* row_gains(int row) noexcept { return gains.data() + layout.row_begin(row); }
  const float* row_gains(int row) const noexcept { return gains.data() + layout.row_begin(row); }
  /// One cell; 0 where the column cannot hear the row.
  float gain(int row, int column) const noexcept {
    const int place = layout.place(row, column / kLanes);
    return place < 0 ? 0 : row_gains(row)[place + column % kLanes];
  }
  /// Sets one cell, whose row's revision is to be raised; nothing where the column cannot hear the row.
  void set_gain(int row, int column, float gain) noexcept {
    const int place = layout.place(row, column / kLanes);
    if (place >= 0) row_gains(row)[place + column % kLanes] = gain;
  }
};

}  // namespace fohd
