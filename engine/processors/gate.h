// Gate, expander and ducker: sixteen strips side by side. What is too quiet is turned down (gate, expander), or what
// plays while another plays (ducker). Law and choice of times: head of engine/processors/gate_kernels.cpp.
#pragma once

#include <cstdint>

#include "engine/tile/ramps.h"

namespace fohd {

/// In the order of the X32's index; names on the wire are these words.
enum class GateMode : unsigned char { expander_2, expander_3, expander_4, gate, ducker };

/// threshold_db -80..0, range_db 3..60 (what is taken away at most), attack_ms 0..120, hold_ms 0.02..2000,
/// release_ms 5..4000.
struct GateParams {
  bool on = false;
  GateMode mode = GateMode::gate;
  float threshold_db = -80, range_db = 60, attack_ms = 1, hold_ms = 500, release_ms = 980;
  constexpr bool operator==(const GateParams&) const = default;
};

/// How far below its threshold an open gate closes again (docs/DESK.md, "Defaults and ranges").
inline constexpr double kGateHysteresisDb = 4;

/// One lane, as the loop reads it. Levels in octaves of amplitude (log2 of linear).
struct GateCoeffs {
  float open_level = 0, close_level = 0;      ///< of gates and duckers
  float slope = 0;                            ///< expander: attenuation per octave below open_level. 0: a gate
  float attack_coeff = 1, release_coeff = 1;  ///< of the way that is left, per frame
  float hold_frames = 0;                      ///< a whole number
  float closed_gain = 0, open_gain = 0;       ///< octaves; both 0: off
  constexpr bool operator==(const GateCoeffs&) const = default;
  constexpr bool off() const noexcept { return closed_gain == 0 && open_gain == 0; }
};

/// [control] rate_hz 8,000..192,000.
GateCoeffs design(const GateParams& params, double rate_hz) noexcept;
/// [any] The gain in dB to which a steady key of level_db brings a gate that was open (or shut) before. On paper, in
/// double; tests and screens read it.
double gate_curve_db(const GateParams& params, double level_db, bool was_open) noexcept;

struct alignas(64) GateBankCoeffs {
  float open_level[kLanes] = {}, close_level[kLanes] = {}, slope[kLanes] = {};
  float attack_coeff[kLanes] = {}, release_coeff[kLanes] = {}, hold_frames[kLanes] = {};
  LaneRamp shut_scale, open_gain;  ///< gain in octaves = shut_scale x attenuation + open_gain
};

struct alignas(64) GateBankState {
  float attenuation[kLanes] = {};  ///< 0 open .. 1 shut, in dB of the range
  float cut[kLanes] = {};          ///< what rounding has cut off it
  float open[kLanes] = {};         ///< 1: the key was above its threshold in the last frame
  float hold_left[kLanes] = {};    ///< frames; 0 and below: none
  float lowest_gain[kLanes] = {};  ///< octaves; the deepest since the owner set it to 0
  /// The key's largest magnitude in this block and in the one before (end_peak_block()).
  float peak_now[kLanes] = {}, peak_before[kLanes] = {};
};

/// [audio] key, in, out: [frames][16], 64-byte aligned; out may be in; the key's sign does not matter. Only the first
/// `lanes` lanes need be right. Chunk-invariant. Advances the ramps by their increments: the caller stops at the frame
/// where one arrives.
void gate_process(GateBankCoeffs& coeffs, GateBankState& state, const float* key, const float* in, float* out,
                  int frames, int lanes) noexcept;

/// [audio] The owner calls it every peak_block_frames() of its own grid: the block that ends becomes the one before.
void end_peak_block(GateBankState& state) noexcept;

/// [any] Never delays.
constexpr int latency_frames(const GateCoeffs&) noexcept { return 0; }

}  // namespace fohd
