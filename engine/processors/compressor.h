// Compressor and downward expander: sixteen strips side by side. Law, detectors and choice of times: head of
// engine/processors/compressor_kernels.cpp.
#pragma once

#include <cstdint>

#include "engine/tile/ramps.h"

namespace fohd {

/// In the order of the X32's index; names on the wire are these words.
enum class CompressorMode : unsigned char { compressor, expander };
enum class Detector : unsigned char { peak, rms };
/// In which terms attack and release are exponentials: of the gain itself, or of its dB.
enum class Envelope : unsigned char { linear, logarithmic };

/// threshold_db -60..0, ratio 1.1..100, knee_db 0..10 (its whole width), makeup_db 0..24, attack_ms 0..120,
/// hold_ms 0.02..2000, release_ms 5..4000, mix_percent 0 (dry)..100.
struct CompressorParams {
  bool on = false;
  CompressorMode mode = CompressorMode::compressor;
  Detector detector = Detector::peak;
  Envelope envelope = Envelope::logarithmic;
  float threshold_db = 0, ratio = 3, knee_db = 2, makeup_db = 0;
  float attack_ms = 10, hold_ms = 10, release_ms = 150, mix_percent = 100;
  bool auto_makeup = false, auto_time = false;
  constexpr bool operator==(const CompressorParams&) const = default;
};

/// What an expander takes away at most.
inline constexpr double kExpanderRangeDb = 60;

/// One lane, as the loop reads it. Levels and gains in octaves of amplitude (log2 of linear).
struct CompressorCoeffs {
  float direction = 1;    ///< +1: works above the threshold, -1 (expander): below
  float threshold = 0;    ///< octaves
  float half_knee = 0;    ///< octaves
  float knee_curve = 0;   ///< 1 / (2 x knee), 0 for none
  float slope = 0;        ///< octaves of gain per octave beyond the threshold, <= 0
  float lowest = -20;     ///< octaves of gain, never less
  float power_coeff = 1;  ///< of the way to the key's power, per frame; 1: a peak detector
  float attack_coeff = 1, release_coeff = 1, hold_frames = 1;
  float linear = 0;        ///< 1: linear envelope
  float crest_coeff = 0;   ///< automatic times: of the way to the key's power, and of its peak's way down. 0: off
  float dry = 1, wet = 0;  ///< linear; wet with make-up. 1 and 0: off
  constexpr bool operator==(const CompressorCoeffs&) const = default;
  constexpr bool off() const noexcept { return dry == 1 && wet == 0; }
};

/// [control] rate_hz 8,000..192,000.
CompressorCoeffs design(const CompressorParams& params, double rate_hz) noexcept;
/// [any] The static curve on paper: gain in dB (<= 0, without make-up and mix) for a steady level of the detector in
/// dB.
double compressor_curve_db(const CompressorParams& params, double level_db) noexcept;
/// [any] What automatic make-up adds: half of what the curve takes from 0 dBFS; an expander takes nothing there.
double auto_makeup_db(const CompressorParams& params) noexcept;

struct alignas(64) CompressorBankCoeffs {
  CompressorBankCoeffs() noexcept { dry.fill(1); }
  float direction[kLanes] = {}, threshold[kLanes] = {}, half_knee[kLanes] = {}, knee_curve[kLanes] = {};
  float slope[kLanes] = {}, lowest[kLanes] = {}, power_coeff[kLanes] = {};
  float attack_coeff[kLanes] = {}, release_coeff[kLanes] = {}, hold_frames[kLanes] = {};
  float linear[kLanes] = {}, crest_coeff[kLanes] = {};
  LaneRamp dry, wet;  ///< 1 and 0 where the lane is off
};

struct alignas(64) CompressorBankState {
  float power[kLanes] = {};        ///< of the key
  float gain[kLanes] = {};         ///< <= 0: octaves; with a linear envelope what is missing to a gain of 1
  float cut[kLanes] = {};          ///< what rounding has cut off the gain
  float hold_left[kLanes] = {};    ///< frames; 0 and below: none
  float slow_power[kLanes] = {};   ///< of the key over 200 ms, where times are automatic
  float slow_peak[kLanes] = {};    ///< of its power, falling with 200 ms
  float lowest_gain[kLanes] = {};  ///< octaves; the deepest since the owner set it to 0
  /// The key's largest power in this block and in the one before (end_peak_block()); read by peak detectors.
  float peak_now[kLanes] = {}, peak_before[kLanes] = {};
};

/// [audio] key, in, out: [frames][16], 64-byte aligned; out may be in; the key's sign does not matter. Lanes with
/// active[lane] == 0 (64-byte aligned too) pass through, and their state stays. Chunk-invariant. Advances the ramps by
/// their increments: the caller stops at the frame where one arrives.
void compressor_process(CompressorBankCoeffs& coeffs, CompressorBankState& state, const float* active, const float* key,
                        const float* in, float* out, int frames, int lanes) noexcept;

/// [audio] The owner calls it every peak_block_frames() of its own grid: the block that ends becomes the one before.
void end_peak_block(CompressorBankState& state) noexcept;

/// [any] Never delays.
constexpr int latency_frames(const CompressorCoeffs&) noexcept { return 0; }

}  // namespace fohd
