// Dither: TPDF noise, 2 steps from end to end, is added before rounding. With it the mean and the power of the error no
// longer depend on the signal: white, (1 + 2) / 12 of a squared step, whatever plays (Lipshitz, Wannamaker, Vanderkooy,
// "Quantization and Dither: A Theoretical Survey", JAES 40(5), 1992).
//
// Noise shaping: the whole error e, dither included, is fed back,
//   y[n] = round(v[n] + dither),  v[n] = x[n] - sum c_k e[n-k],  e[n] = y[n] - v[n]
// so that y = x + e * (1 - sum c_k z^-k). The filter has no poles and |e| <= 1.5, hence the loop is stable for any
// taps; dither inside the loop keeps e white, hence no idle tones.
//
// Taps at 44.1 and 48 kHz: the five of Lipshitz, Vanderkooy, Wannamaker, "Minimally Audible Noise Shaping", JAES
// 39(11), 1991 (their improved E-weighting). Noise between 2 and 5 kHz falls by 18.5 dB, below 1 kHz by 16 dB; all of
// it together rises by 12.2 dB, most above 15 kHz. Made for 44.1 kHz, at 48 kHz everything lies 9 % higher, the notch
// at 4.4 instead of 4.0 kHz, where the ear is as sharp. Why not Wannamaker's nine taps (JAES 40(7/8), 1992): 4 dB less
// in that band, but more below 1.5 kHz and 18.4 dB more in total, which a later equaliser or a codec would bring forth.
//
// From 88.2 kHz on there is room above hearing: (1 - z^-1)^2 lowers everything up to 14.7 kHz (a sixth of the rate) and
// puts 7.8 dB more, in total, next to half the rate. Below 44.1 kHz there is none, the noise would go where it is
// heard: white. At 24 bits white noise has -144 dB of full scale, far below any converter's: nothing to gain.
#include "engine/processors/dither.h"

#include <algorithm>
#include <cmath>

namespace fohd {
namespace {

constexpr double kMaxErrorSteps = 1.5;  // rounding 0.5, dither 1: only clipping is further off
constexpr double kSilenceSeconds =
    1;  // no rest within a song is exact zeros for so long: filters and effects still ring

constexpr NoiseShapingCoeffs kMinimallyAudible{{2.033, -2.165, 1.959, -1.590, 0.6149}};
constexpr NoiseShapingCoeffs kSecondOrder{{2, -1}};

/// The finaliser of splitmix64 (Steele, Lea, Flood 2014): seeds next to each other give states far apart; never 0 for
/// a seed that is not.
constexpr std::uint64_t scatter(std::uint64_t seed) noexcept {
  seed = (seed ^ (seed >> 30U)) * 0xbf58476d1ce4e5b9U;
  seed = (seed ^ (seed >> 27U)) * 0x94d049bb133111ebU;
  return seed ^ (seed >> 31U);
}

}  // namespace

NoiseShapingCoeffs design_noise_shaping(int bits, double rate_hz) noexcept {
  if (bits > 16 || rate_hz < 44'100) return {};
  return rate_hz < 88'200 ? kMinimallyAudible : kSecondOrder;
}

Requantiser::Requantiser(int bits, double rate_hz, int channel, const NoiseShapingCoeffs& shaping) noexcept
    : steps_(std::ldexp(1.0, bits - 1)),
      silence_frames_(std::llround(kSilenceSeconds * rate_hz)),
      seed_(scatter(static_cast<std::uint64_t>(channel + 1) * 0x9e3779b97f4a7c15U)),
      shaping_(shaping) {
  reset();
}

void Requantiser::reset() noexcept {
  state_ = seed_;
  silent_frames_ = silence_frames_;  // nothing has sounded yet
  errors_steps_ = {};
}

/// Sum of two uniform variables: a triangle over +-1 step.
double Requantiser::next_dither() noexcept {
  state_ ^= state_ << 13U;  // xorshift64 (Marsaglia 2003): full period, cheap, good enough for noise
  state_ ^= state_ >> 7U;
  state_ ^= state_ << 17U;
  const auto low = static_cast<double>(state_ & 0xffffffffU), high = static_cast<double>(state_ >> 32U);
  return (high - low) * 0x1p-32;
}

std::int32_t Requantiser::process(float sample_lin) noexcept {
  const double x = std::isfinite(sample_lin) ? static_cast<double>(sample_lin) : 0.0;
  if (x != 0) {
    silent_frames_ = 0;
  } else if (silent_frames_ >= silence_frames_) {
    errors_steps_ = {};
    return 0;
  } else {
    ++silent_frames_;
  }
  double wanted = x * steps_;
  for (std::size_t k = 0; k < errors_steps_.size(); ++k) wanted -= shaping_.taps[k] * errors_steps_[k];
  const double whole = std::clamp(std::nearbyint(wanted + next_dither()), -steps_, steps_ - 1);
  std::copy_backward(errors_steps_.begin(), errors_steps_.end() - 1, errors_steps_.end());
  // What clipping takes away is no noise to be made good later: it would come back as a crackle of its own.
  errors_steps_[0] = std::clamp(whole - wanted, -kMaxErrorSteps, kMaxErrorSteps);
  return static_cast<std::int32_t>(whole);
}

}  // namespace fohd
