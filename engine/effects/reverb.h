// A stereo reverb, from a small plate to a large hall: sixteen delay lines feed each other, one line per lane.
// The sound and the arithmetic: head of engine/effects/reverb_kernels.cpp. The choice of lengths, losses and levels:
// head of engine/effects/reverb_design.cpp.
#pragma once

#include <string_view>

#include "engine/effects/effect_traits.h"
#include "engine/effects/reverb_kernels.h"
#include "engine/processors/filter_chain.h"
#include "engine/processors/svf_coeffs.h"

namespace fohd {

/// What people turn; design() keeps each in its range, and what is not a number at its lower end. Level is the
/// return's.
struct ReverbParams {
  float predelay_ms = 20;         ///< 0..200
  float decay_s = 1.6f;           ///< 0.2..10: 60 dB down, at 1 kHz
  float size_percent = 60;        ///< 2..100: a mean path of 7..28 m (22..82 ms)
  float damping_hz = 5'700;       ///< 1,000..20,000: there the decay is half as long, above it shorter still
  float bass_multiply = 1;        ///< 0.5..2: the decay far below 200 Hz, in decays
  float diffusion_percent = 80;   ///< 0..100: 0 lets single echoes through
  float modulation_percent = 30;  ///< 0..100: 100 bends a pass by 3 cents
  float low_cut_hz = 80;          ///< 10..500, 12 dB an octave
  float high_cut_hz = 8'000;      ///< 200..20,000, 12 dB an octave
  constexpr bool operator==(const ReverbParams&) const = default;
};

/// What the loop reads. Any two sets of one rate may follow each other at any time.
struct ReverbCoeffs {
  ReverbTone tone;
  ReverbDelays delays;
  float bass_share = 0;             ///< of the way that is left, per frame, of the crossover to the bass
  float modulation_frames = 0;      ///< by how much a modulated line grows and shrinks
  SvfCoeffs input_filters[2] = {};  ///< low cut, high cut
  constexpr bool operator==(const ReverbCoeffs&) const = default;
};

/// [control] Pure. rate_hz 8,000..192,000.
ReverbCoeffs design(const ReverbParams& params, double rate_hz) noexcept;

class Reverb {
 public:
  /// [control] Takes the memory for the longest settings: 0.6 MB at 48 kHz.
  explicit Reverb(double rate_hz);

  /// [audio] 1..64 frames; out may be in. Wet only. Chunk-invariant as long as coeffs changes at boundaries common to
  /// all splits. New coefficients are gone to in 30 ms, new lengths in cross-fades of 50 ms (the latest ones when one
  /// is under way), at once while nothing sounds. Samples that are not finite count as silence, so they leave no trace;
  /// louder ones than +60 dBFS count as +60 dBFS. Coefficients that are not finite are not taken.
  void process(const ReverbCoeffs& coeffs, const float* left, const float* right, float* out_left, float* out_right,
               int frames) noexcept;
  /// [audio] Fades out in 20 ms, then clears its state (40 ms more at 48 kHz: one line per 64 frames). Input during
  /// that time is discarded.
  void kill() noexcept;
  /// [audio] The input is zero and everything inside is below -120 dBFS: until the input is not, exact zeros come out.
  bool silent() const noexcept { return life_ == Life::resting; }
  /// [any] Never delays: the predelay is part of the sound.
  static constexpr int latency_frames() noexcept { return 0; }

 private:
  enum class Life : unsigned char { resting, running, fading_out, clearing };
  void adopt(const ReverbCoeffs& coeffs) noexcept;
  void arrive() noexcept;
  void start_fade() noexcept;
  void jump() noexcept;
  ReverbDelays wanted_delays() const noexcept;
  float wanted_depth_frames() const noexcept;
  void swing() noexcept;
  void run(const float* left, const float* right, float* out_left, float* out_right, int frames) noexcept;
  void pass_sub_block_boundary() noexcept;
  void forget(Life next) noexcept;
  void clear_next_row() noexcept;

  const int ramp_frames_, fade_frames_, kill_frames_;
  const float most_modulation_frames_;
  ReverbCore core_;
  FilterChain input_filters_{2};  ///< lanes 0 and 1
  ReverbCoeffs target_;
  Life life_ = Life::resting;
  int frame_ = 0;                      ///< since the last grid point
  int ramp_left_ = 0, fade_left_ = 0;  ///< frames before the one that has the target; 0: at rest
  int kill_at_ = 0;                    ///< frames of the fade-out done
  bool heard_ = false;                 ///< something has come in since the last grid point
  int quiet_frames_ = 0;               ///< how long nothing has come in and gone round
  const int quiet_enough_;             ///< after so many nothing can be left anywhere
  int dirty_row_;                      ///< the next row of delay memory to be zeroed
  float depth_frames_ = 0;             ///< of the modulation, on its way
  float swing_cos_[kLanes], swing_sin_[kLanes], turn_cos_[kLanes], turn_sin_[kLanes];  ///< one line, one sine
};

/// Its row in the list of effects (engine/effects/effect.h).
struct ReverbEffect {
  static constexpr std::string_view kName = "reverb";
  static constexpr EffectTraits kTraits = {.latency_frames = Reverb::latency_frames()};
  using Params = ReverbParams;
  using Coeffs = ReverbCoeffs;
  using Processor = Reverb;
};

}  // namespace fohd
