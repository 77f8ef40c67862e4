// The last step before a file of 16 or 24 bits: float samples become whole steps, and what is lost by that becomes a
// soft, even noise instead of distortion that follows the music; at 16 bits the noise is moved to where hearing is
// weak. Law, sources and why it is so: head of engine/processors/dither.cpp.
#pragma once

#include <array>
#include <cstdint>

namespace fohd {

/// Error feedback: the noise that stays has the spectrum |1 - sum taps[k] z^-(k+1)|^2. All 0: white.
struct NoiseShapingCoeffs {
  std::array<double, 5> taps{};
  constexpr bool operator==(const NoiseShapingCoeffs&) const = default;
};

/// [control] Pure. What suits a file: shaped at 16 bits and 44.1 kHz or more, else white. rate_hz 8,000..192,000.
NoiseShapingCoeffs design_noise_shaping(int bits, double rate_hz) noexcept;

/// One channel's way from float to whole steps of 2^-(bits-1).
class Requantiser {
 public:
  /// [control] bits 16 or 24. `channel` from 0 picks the generator: left and right must not share their noise, or it
  /// would stand in the middle of the picture. The same channel has the same noise in every run.
  Requantiser(int bits, double rate_hz, int channel, const NoiseShapingCoeffs& shaping) noexcept;

  /// [any] Clears its state and restarts its noise.
  void reset() noexcept;

  /// [any] The next sample, 1 is full scale, in steps. Clamps at full scale; NaN and infinities become 0. Exact zeros
  /// come out as zeros before the first sound and from 1 s after the last one on.
  std::int32_t process(float sample_lin) noexcept;

 private:
  double next_dither() noexcept;

  double steps_;  ///< in full scale
  std::int64_t silence_frames_;
  std::uint64_t seed_;
  NoiseShapingCoeffs shaping_;

  std::uint64_t state_ = 0;
  std::int64_t silent_frames_ = 0;
  std::array<double, 5> errors_steps_{};  ///< newest first
};

/// [any] Never delays.
constexpr int latency_frames(const NoiseShapingCoeffs&) noexcept { return 0; }

}  // namespace fohd
