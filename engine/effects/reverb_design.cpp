// The meaning of the reverb's dials.
//
// Lengths. Line i of 16 is the prime nearest to shortest x 2.8^(i/15): a geometric row, in which no two differences are
// alike, of numbers without common divisors, so echoes of different lines never come to lie on one comb. Each prime is
// used once, the diffusers' included. 2.8 to 1: wide enough that the first arrivals spread, and below 3, where the
// longest line would answer to the third return of the shortest. Size scales all of them linearly, to 100 % from a
// quarter at 0 %: with a tenth, 2 % had 0.15 modes per Hz, peaks of 8 dB and the colour of a pipe. Now the sixteen hold
// from 0.35 s together (so many modes per Hz) to 1.3 s, and no peak of a tail's 1/12-octave spectrum is more than 5 dB
// above its octave spectrum from 100 Hz on, at any size and decay of the table in its test.
//
// Diffusers. Six allpasses per side, before the lines: their echoes fill the first 100 ms. With four of them the
// default was as dense as noise (0.9) after 82 ms and a hall of 90 % after 154 ms; with six after 82 and 94 ms. Turned
// down to 0 they only delay, by 66 ms at size 100 %: an allpass's sound comes that late on average at every setting.
//
// Losses (J.-M. Jot, A. Chaigne, "Digital delay networks for designing artificial reverberators", AES 90, 1991). A line
// of tau seconds has to take away L = 60 tau / decay dB a round. Its filter is mid_gain (1 + m lowpass(200 Hz)) times a
// one-pole low-pass. The low-pass takes L at damping_hz, so that the decay there is half as long; the shelf makes it
// L / bass_multiply at 0 Hz; mid_gain makes what is left at 1 kHz right, solved by iteration since each disturbs the
// other. With damping below 4 kHz the low-pass acts at 1 kHz too, which is then not compensated beyond a 15th of L:
// else the dial would lengthen the bass. Every filter is monotone between its ends, each of them below 1: the loop is
// stable, because the matrix between the lines keeps energy.
//
// Levels. Steady noise in, both sides alike in power 1: every line gets 2 inject^2/16, and a round keeps K^2 (the mean
// over the lines of 10^(-L/10)), so a line's power is inject^2 / (8 (1 - K^2)). inject = sqrt(8 (1 - K^2)) makes it 1,
// whatever decay and size: the loop is as loud as its input and saturates where a fader at 0 dB would show 0 dBFS. An
// output takes 1/16 of each line's power behind its loss, K^2 in all. What is missing, 1 - K^2, is what a decay that
// has begun at once would have had before the first arrivals: it is inject^2/8 for every setting, and comes straight
// from the diffusers (kEarlyGain in the kernels). So as much comes out as went in, and the decay is straight from its
// beginning on.
#include <algorithm>
#include <cmath>
#include <numbers>

#include "engine/effects/reverb.h"
#include "engine/processors/eq_design.h"

namespace fohd {
namespace {

constexpr double kPi = std::numbers::pi;
/// The longest line at size 100 %.
constexpr double kLongestLineMs = 130, kLineSpread = 2.8;
/// At size 100 %. The first four grow by about the golden section, which is the furthest from small fractions, and the
/// right side's lie in between the left one's.
constexpr double kDiffuserMs[2][kDiffuserStages] = {{2.9, 4.7, 7.9, 12.8, 17.2, 20.6},
                                                    {3.7, 6.1, 9.9, 11.3, 15.7, 18.1}};
/// Stronger stages first, as J. Dattorro found them smooth ("Effect design 1", JAES 45(9), 1997).
constexpr double kMostDiffusion[kDiffuserStages] = {0.75, 0.75, 0.75, 0.625, 0.625, 0.625};
/// Where the bass begins: the crossover that an X32's plate starts with.
constexpr double kBassHz = 200;
/// 2 pi x 0.69 Hz (the fastest line) x 0.4 ms = 0.0017: 3 cents.
constexpr double kModulationMs = 0.4;

double within(float value, double low, double high) noexcept {
  const double v = value;
  return v >= low ? std::min(v, high) : low;  // a NaN is not >= low
}

bool is_prime(int n) noexcept {
  for (int divisor = 2; divisor * divisor <= n; ++divisor)
    if (n % divisor == 0) return false;
  return true;
}

/// Gives each prime once.
class Primes {
 public:
  int nearest(double frames) noexcept {
    const int wanted = std::max(static_cast<int>(std::lround(frames)), kShortestReverbDelay);
    for (int off = 0;; ++off) {
      for (const int n : {wanted + off, wanted - off})
        if (n >= kShortestReverbDelay && is_prime(n) && std::find(used_, used_ + count_, n) == used_ + count_)
          return used_[count_++] = n;
    }
  }

 private:
  int used_[kLanes + 2 * kDiffuserStages] = {}, count_ = 0;
};

double decibels(double amplitude) noexcept { return 20 * std::log10(amplitude); }
double amplitude(double db) noexcept { return std::pow(10, db / 20); }

ReverbDelays lengths(const ReverbParams& params, double rate_hz) noexcept {
  ReverbDelays delays;
  const double scale = 0.25 + 0.0075 * within(params.size_percent, 2, 100);
  const double frames_per_ms = rate_hz / 1000;
  Primes primes;
  for (int line = 0; line < kLanes; ++line) {
    const double shorter = std::pow(kLineSpread, (line - (kLanes - 1)) / (kLanes - 1.0));
    delays.line[line] = primes.nearest(kLongestLineMs * scale * shorter * frames_per_ms);
  }
  for (int side = 0; side < 2; ++side)
    for (int stage = 0; stage < kDiffuserStages; ++stage)
      delays.diffuser[side][stage] = primes.nearest(kDiffuserMs[side][stage] * scale * frames_per_ms);
  delays.predelay = static_cast<int>(std::lround(within(params.predelay_ms, 0, 200) * frames_per_ms));
  return delays;
}

/// The a of y += a (x - y) that takes loss_db at frequency_hz: the root in 0..1 of a quadratic in 1 - a.
double low_pass_share(double frequency_hz, double loss_db, double rate_hz) noexcept {
  const double power = std::pow(10, -loss_db / 10);
  const double cosine = std::cos(2 * kPi * std::min(frequency_hz / rate_hz, 0.49));
  const double half = (1 - power * cosine) / (1 - power);
  return 1 - 1 / (half + std::sqrt(half * half - 1));
}
/// What it takes there, in dB.
double low_pass_loss_db(double share, double frequency_hz, double rate_hz) noexcept {
  const double keep = 1 - share, cosine = std::cos(2 * kPi * frequency_hz / rate_hz);
  return 10 * std::log10((1 + keep * keep - 2 * keep * cosine) / (share * share));
}
/// Gain in dB of 1 + more x low-pass.
double shelf_db(double more, double share, double frequency_hz, double rate_hz) noexcept {
  const double w = 2 * kPi * frequency_hz / rate_hz, keep = 1 - share;
  const double re = 1 - keep * std::cos(w), im = keep * std::sin(w);
  return decibels(std::hypot(re + more * share, im) / std::hypot(re, im));
}

void set_losses(ReverbTone& tone, int line, double round_s, const ReverbParams& params, double bass_share,
                double rate_hz) noexcept {
  const double loss_db = 60 * round_s / within(params.decay_s, 0.2, 10);
  const double damping = low_pass_share(within(params.damping_hz, 1'000, 20'000), loss_db, rate_hz);
  const double made_up_db = std::min(low_pass_loss_db(damping, 1'000, rate_hz), loss_db / 15);
  const double bass_db = -loss_db / within(params.bass_multiply, 0.5, 2);
  double mid_db = made_up_db - loss_db, more = 0;
  for (int pass = 0; pass < 8; ++pass) {  // each leaves less than a fifth of the error
    more = amplitude(bass_db - mid_db) - 1;
    mid_db = made_up_db - loss_db - shelf_db(more, bass_share, 1'000, rate_hz);
  }
  tone.damping_share[line] = static_cast<float>(damping);
  tone.mid_gain[line] = static_cast<float>(amplitude(mid_db));
  tone.bass_gain[line] = static_cast<float>(amplitude(mid_db) * more);
}

}  // namespace

ReverbCoeffs design(const ReverbParams& params, double rate_hz) noexcept {
  ReverbCoeffs c;
  c.delays = lengths(params, rate_hz);
  const double bass_share = -std::expm1(-2 * kPi * kBassHz / rate_hz);
  c.bass_share = static_cast<float>(bass_share);
  double kept = 0;
  for (int line = 0; line < kLanes; ++line) {
    const double round_s = c.delays.line[line] / rate_hz;
    set_losses(c.tone, line, round_s, params, bass_share, rate_hz);
    kept += std::pow(10, -6 * round_s / within(params.decay_s, 0.2, 10)) / kLanes;
  }
  c.tone.inject_gain = static_cast<float>(std::sqrt(8 * (1 - kept)));
  for (int stage = 0; stage < kDiffuserStages; ++stage)
    c.tone.diffusion[stage] =
        static_cast<float>(kMostDiffusion[stage] * within(params.diffusion_percent, 0, 100) / 100);
  const double depth_frames = kModulationMs * rate_hz / 1000 * within(params.modulation_percent, 0, 100) / 100;
  c.modulation_frames = static_cast<float>(depth_frames);
  const EqBandParams low_cut{true, EqType::low_cut, static_cast<float>(within(params.low_cut_hz, 10, 500))};
  const EqBandParams high_cut{true, EqType::high_cut, static_cast<float>(within(params.high_cut_hz, 200, 20'000))};
  c.input_filters[0] = design(low_cut, rate_hz);
  c.input_filters[1] = design(high_cut, rate_hz);
  return c;
}

}  // namespace fohd
