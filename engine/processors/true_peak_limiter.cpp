// Stereo look-ahead true-peak limiter.
//
// The law, per frame. n counts frames; c the ceiling; A, s, r, R reductions in octaves of amplitude (>= 0); L the
// look-ahead:
//
//     level(n) = largest magnitude of both sides at the sample n and at seven points up to n + 1
//     a(n) = log2(max(1, level / c)), A(n) the largest a of the last 13 ms     the required reduction, held
//     u  = max(u', min(a, u' + a / 5 ms)), u' = u less its 50 ms         how much of a has lasted for 5 ms
//     b  = max(b', A (u / A)^4), b' = b - (b - s) fast_share             the lasting part, released towards s
//     C  = min(A, max(b, 1 dB))
//     s += (C - s) (C > s ? charge_coeff : slow_coeff)                   the sustained part
//     r  = max(A, b, b' + (r - b)(1 - short_share))                      attack at once, the short part released to b
//     R  = mean of r over L + 2 - L/2 frames, and of that over L/2       they end together with the look-ahead
//     y(n + L) = x(n) 2^-R
//
// Why nothing gets through. A peak at n, or between n and n + 1, leaves while R is made from r of the frames n to
// n + 1 + L, and in all of them r >= A >= what that peak needs: the hold, 13 ms, is longer than L + 2 frames. A mean of
// such r is such an R, in octaves as in anything else. The rounding of a product and of the functions is 1e-7
// octaves, so 2^-22 is added to A (kMargin, 0.0000014 dB), and no clipper is needed behind. Sums of r are whole
// numbers, rounded up: nothing drifts, and when r is 0 for long enough, R is exactly 0, and the sound keeps its bits.
//
// Between the samples. Gain and sound are multiplied at the samples only, so the curve that a converter draws between
// them is right as far as the gain is flat nearby; two means in a row arrive without slope. Measured over the ceiling,
// for 900 noises, 900 rows of clicks and 900 squares, limited to 20 kHz, 8 to 34 dB too loud, 44.1 and 48 kHz,
// look-ahead 0.5, 1 and 5 ms: at most 0.02 dB with four points per frame and 0.08 dB with sixteen. (One mean measures
// the same, but its gain moves with corners, whose side bands fall by 6 dB per octave less.) Sound above 20 kHz, such
// as a burst that begins at full height, has the samples' ceiling only: full-band white noise draws 1 dB more in
// between.
//
// Hold 13 ms. Half a period of the lowest string of a bass (41 Hz): as long as a sustained tone is above it, its next
// peak comes before the gain has moved, and the limiter is a fader. 50 Hz at 6 dB of reduction, release 150 ms: THD
// 0.00003 % (without hold and with one release about 0.7 %: a sawtooth of 0.39 dB at 100 Hz on the gain). Below, the
// sustained part keeps it low: 30 Hz 0.001 %, 20 Hz 0.05 %.
//
// A short peak. What was over the ceiling for less than 5 ms (a click, a connector, one sample of up to +30 dBFS,
// beyond which the input takes it for broken sound) comes back with 10 ms, whatever the dial says: of 30 dB, 1 dB is
// left 35 ms after the hold. Else one sample would hold the whole mix down for a second, and six times as long where it
// charged s; so a short peak charges 1 dB at most. u grows to a within 5 ms
// at the height of a, and the fourth power makes b of it late: half as long, 6 % of it last. A peak on top of what is
// turned down already is short by the same measure. What is above u for a part of each period adds up within 50 ms, so
// that a tone lasts whatever its shape.
//
// Release of the rest in two parts, as in the automatic release of classic bus limiters (two RC networks, Fairchild 670
// positions 5 and 6; digital detectors with separate times: D. Giannoulis, M. Massberg, J. D. Reiss, "Digital Dynamic
// Range Compressor Design", J. Audio Eng. Soc. 60 (2012) 399). A peak of some 10 ms leaves s near 0 and comes back with
// the time on the dial (63 % in dB). What lasts charges s, within twice the dial's time; then the gain falls back to s
// quickly and s itself takes six times the dial's time, beginning without a corner: after a dense passage there is no
// breathing, and a drum hit on top of it does not pump what is below. 2 and 6: a kick of 40 ms twice a second keeps a
// quarter of its reduction in s, music that is loud half of the time three quarters.
//
// Ceiling and switch move in straight lines, 10 ms like a mute (docs/DESK.md, "Ramps"): the ceiling (linear), before
// the means, the switch as a factor on R, after them; so off is exactly off. While they move a peak may be above the
// new ceiling, never above what the old setting allowed. The law runs on while off: switching on fades to the gain that
// is needed.

#include "engine/processors/true_peak_limiter.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <numbers>

#include "engine/processors/dynamics_laws.h"
#include "engine/processors/true_peak_limiter_kernels.h"

namespace fohd {
namespace {

constexpr double kHoldMs = 13, kRampMs = 10;
constexpr double kShortMs = 5, kShortReleaseMs = 10, kForgetMs = 50;
constexpr double kShortCharge = octaves(1.0);  ///< what a short peak charges at most
constexpr double kSlow = 6, kCharge = 2;       ///< times the release on the dial
constexpr double kMargin = 0x1p-22;            ///< octaves
/// 0.0001 dB. Less, with no reduction required, is 0: an exponential never ends, and bits come back only at 0.
constexpr double kNoTrace = 1.7e-5;
/// Far finer than the margin, and the largest sum (140 octaves, two boxes of 481 frames at 192 kHz) is below 2^54.
constexpr double kUnitsPerOctave = 0x1p28;

/// log2 of a positive, normal double, to 1e-11: the exponent, and 2 artanh((m - 1) / (m + 1)) / ln 2 of what is left,
/// sqrt(1/2)..sqrt(2).
double log2_of(double x) noexcept {
  const auto bits = std::bit_cast<std::uint64_t>(x);
  constexpr std::uint64_t kMantissa = (std::uint64_t{1} << 52) - 1, kOne = std::uint64_t{1023} << 52;
  double m = std::bit_cast<double>((bits & kMantissa) | kOne);
  double exponent = static_cast<double>(static_cast<int>(bits >> 52) - 1023);
  if (m > std::numbers::sqrt2) m /= 2, exponent += 1;
  const double s = (m - 1) / (m + 1), s2 = s * s;
  const double series = 1 + s2 * (1.0 / 3 + s2 * (1.0 / 5 + s2 * (1.0 / 7 + s2 * (1.0 / 9 + s2 / 11))));
  return exponent + 2 / std::numbers::ln2 * s * series;
}

/// 0 for NaN and infinities.
float finite_magnitude(float x) noexcept {
  const float magnitude = std::abs(x);
  return magnitude <= std::numeric_limits<float>::max() ? magnitude : 0.0f;
}
/// The two boxes together span look_ahead_frames + 1 frames.
int first_box_frames(int look_ahead_frames) noexcept { return look_ahead_frames + 2 - look_ahead_frames / 2; }
int second_box_frames(int look_ahead_frames) noexcept { return look_ahead_frames / 2; }

}  // namespace

TruePeakLimiterCoeffs design(const TruePeakLimiterParams& params, double rate_hz) noexcept {
  const double ceiling_db = params.ceiling_db, release_ms = params.release_ms;
  return {params.on,
          std::exp2(octaves(ceiling_db)),
          coeff_per_frame(release_ms, rate_hz),
          coeff_per_frame(kSlow * release_ms, rate_hz),
          coeff_per_frame(kCharge * release_ms, rate_hz),
          coeff_per_frame(kShortReleaseMs, rate_hz),
          1 / whole_frames(kShortMs, rate_hz),
          coeff_per_frame(kForgetMs, rate_hz)};
}

void TruePeakLimiter::Side::write(const float* in, int frames, std::uint64_t at) noexcept {
  const std::size_t start = at & (ring.size() - 1), count = static_cast<std::size_t>(frames);
  const std::size_t before_end = std::min(count, ring.size() - start);
  std::copy_n(in, before_end, ring.data() + start);
  std::copy_n(in + before_end, count - before_end, ring.data());
}

void TruePeakLimiter::Side::read(float* out, int frames, std::uint64_t at) const noexcept {
  const std::size_t start = at & (ring.size() - 1), count = static_cast<std::size_t>(frames);
  const std::size_t before_end = std::min(count, ring.size() - start);
  std::copy_n(ring.data() + start, before_end, out);
  std::copy_n(ring.data(), count - before_end, out + before_end);
}

std::int64_t TruePeakLimiter::Box::push(std::int64_t value) noexcept {
  sum += value - ring[at];
  ring[at] = value;
  if (++at == ring.size()) at = 0;
  return sum;
}

void TruePeakLimiter::Box::reset() noexcept {
  std::fill(ring.begin(), ring.end(), 0);
  sum = 0;
  at = 0;
}

TruePeakLimiter::TruePeakLimiter(double rate_hz, double look_ahead_ms)
    : look_ahead_frames_(static_cast<int>(whole_frames(look_ahead_ms, rate_hz))),
      ramp_frames_(static_cast<int>(whole_frames(kRampMs, rate_hz))),
      excess_(static_cast<int>(whole_frames(kHoldMs, rate_hz)), 1),
      first_box_(first_box_frames(look_ahead_frames_)),
      second_box_(second_box_frames(look_ahead_frames_)),
      octaves_per_unit_(
          1 / (kUnitsPerOctave * first_box_frames(look_ahead_frames_) * second_box_frames(look_ahead_frames_))) {
  for (Side& side : sides_)
    side.ring.resize(std::bit_ceil(static_cast<std::size_t>(latency_frames() + kSubBlockFrames)));
  set(design({}, rate_hz));
  settle();
}

void TruePeakLimiter::set(const TruePeakLimiterCoeffs& coeffs) noexcept {
  coeffs_ = coeffs;
  ceiling_lin_.set(coeffs.ceiling_lin, ramp_frames_);
  on_.set(coeffs.on ? 1 : 0, ramp_frames_);
}

void TruePeakLimiter::settle() noexcept {
  ceiling_lin_.settle();
  on_.settle();
}

void TruePeakLimiter::reset() noexcept {
  for (Side& side : sides_) {
    std::fill(side.ring.begin(), side.ring.end(), 0.0f);
    side.between.reset();
  }
  excess_.reset();
  highest_excess_ = 1;
  asked_octaves_ = reduction_octaves_ = lasted_octaves_ = lasting_octaves_ = sustained_octaves_ = 0;
  first_box_.reset();
  second_box_.reset();
  lowest_gain_ = 0;
}

/// level / ceiling, at least 1; a level equal to the ceiling needs exactly no reduction.
void TruePeakLimiter::find_excess(const float* levels, double* excess, int frames) noexcept {
  if (ceiling_lin_.moving()) {
    for (int i = 0; i < frames; ++i) excess[i] = std::max(static_cast<double>(levels[i]) / ceiling_lin_.step(), 1.0);
  } else {
    for (int i = 0; i < frames; ++i) excess[i] = std::max(static_cast<double>(levels[i]) / ceiling_lin_.value, 1.0);
  }
}

double TruePeakLimiter::ask(double highest) noexcept {
  if (highest != highest_excess_) {
    highest_excess_ = highest;
    asked_octaves_ = highest > 1 ? log2_of(highest) + kMargin : 0;
  }
  return asked_octaves_;
}

/// now: the excess of this frame alone, above 1.
void TruePeakLimiter::watch_lasting(double now, double asked) noexcept {
  const double octaves_now = log2_of(now);
  const double grown = std::min(octaves_now, lasted_octaves_ + octaves_now * coeffs_.lasting_share);
  lasted_octaves_ = std::max(lasted_octaves_, grown);
  const double part = std::min(lasted_octaves_ / asked, 1.0);  // asked is at least octaves_now, so above 0
  lasting_octaves_ = std::max(lasting_octaves_, asked * part * part * part * part);
}

double TruePeakLimiter::release(double asked, double released) noexcept {
  const double charging = std::min(asked, std::max(lasting_octaves_, kShortCharge));
  const double share = charging > sustained_octaves_ ? coeffs_.charge_coeff : coeffs_.slow_coeff;
  sustained_octaves_ += (charging - sustained_octaves_) * share;
  reduction_octaves_ = std::max({asked, lasting_octaves_, released});
  if (asked == 0 && reduction_octaves_ < kNoTrace) {
    reduction_octaves_ = lasted_octaves_ = lasting_octaves_ = sustained_octaves_ = 0;
  }
  return reduction_octaves_;
}

void TruePeakLimiter::find_reductions(const float* levels, double* reductions, int frames) noexcept {
  double* const excess = reductions;  // one after the other in the same place
  find_excess(levels, excess, frames);
  double now[kSubBlockFrames];
  std::copy_n(excess, frames, now);
  excess_.push(excess, frames);
  for (int i = 0; i < frames; ++i) {
    const double short_part = reduction_octaves_ - lasting_octaves_;
    lasted_octaves_ -= lasted_octaves_ * coeffs_.forget_share;
    lasting_octaves_ -= (lasting_octaves_ - sustained_octaves_) * coeffs_.fast_share;
    const double released = lasting_octaves_ + short_part * (1 - coeffs_.short_share);
    const double asked = ask(excess[i]);
    if (now[i] > 1) watch_lasting(now[i], asked);
    const double wanted = release(asked, released) * kUnitsPerOctave;
    const auto whole = static_cast<std::int64_t>(wanted);
    const std::int64_t units = whole + (static_cast<double>(whole) < wanted ? 1 : 0);  // rounded up
    const std::int64_t sum = second_box_.push(first_box_.push(units));
    reductions[i] = static_cast<double>(sum) * octaves_per_unit_;
  }
  if (!on_.moving() && on_.value == 1) return;
  for (int i = 0; i < frames; ++i) reductions[i] *= on_.step();
}

void TruePeakLimiter::process_block(float* io, int frames) noexcept {
  alignas(64) float sides[2][kSubBlockFrames + kLanes] = {};
  alignas(64) double reductions[kSubBlockFrames + kLanes] = {};
  float levels[kSubBlockFrames] = {};
  for (int lane = 0; lane < 2; ++lane) {
    Side& side = sides_[lane];
    float* samples = sides[lane];
    for (int i = 0; i < frames; ++i) samples[i] = io[i * kLanes + lane];
    side.write(samples, frames, now_);
    coeffs_.between ? side.between.process(samples, levels, frames) : side.between.hear(samples, frames);
    side.read(samples, frames, now_ - TruePeakDetector::kDelayFrames);
    for (int i = 0; i < frames; ++i) levels[i] = std::max(levels[i], finite_magnitude(samples[i]));
    side.read(samples, frames, now_ - static_cast<std::uint64_t>(latency_frames()));
  }
  find_reductions(levels, reductions, frames);
  double deepest = 0;
  for (int i = 0; i < frames; ++i) deepest = std::max(deepest, reductions[i]);
  lowest_gain_ = std::min(lowest_gain_, static_cast<float>(-deepest));
  if (deepest > 0) limiter_turn_down(reductions, sides[0], sides[1], frames);
  for (int i = 0; i < frames; ++i) {
    io[i * kLanes] = sides[0][i];
    io[i * kLanes + 1] = sides[1][i];
  }
  now_ += static_cast<std::uint64_t>(frames);
}

void TruePeakLimiter::process(float* io, int frames) noexcept {
  for (int from = 0; from < frames; from += kSubBlockFrames)
    process_block(io + from * kLanes, std::min(kSubBlockFrames, frames - from));
}

}  // namespace fohd
