#include "engine/effects/reverb.h"

#include <catch2/catch.hpp>
#include <cstring>
#include <limits>
#include <memory>
#include <numeric>
#include <random>

#include "engine/processors/eq_design.h"
#include "engine/tile/denormals.h"
#include "tests/allocation_guard.h"
#include "tests/engine/effects/reverb_measures.h"
#include "tests/simd_targets.h"

using namespace fohd;
using fohd::test::for_each_simd_target;
using fohd::test::Signal;

namespace {

constexpr double kRate = 48'000;

struct Stereo {
  explicit Stereo(std::size_t frames = 0) : left(frames), right(frames) {}
  std::vector<float> left, right;
  int frames() const { return static_cast<int>(left.size()); }
  bool operator==(const Stereo& other) const {  // the same bits
    const std::size_t bytes = left.size() * sizeof(float);
    return left.size() == other.left.size() && std::memcmp(left.data(), other.left.data(), bytes) == 0 &&
           std::memcmp(right.data(), other.right.data(), bytes) == 0;
  }
  float peak(int from, int to) const {
    float largest = 0;
    for (int n = from; n < to; ++n) largest = std::max({largest, std::abs(left[n]), std::abs(right[n])});
    return largest;
  }
};

std::size_t frames_in(double seconds) { return static_cast<std::size_t>(std::lround(seconds * kRate)); }

Stereo noise(std::size_t frames, unsigned seed, float peak) {
  std::mt19937 random(seed);
  std::uniform_real_distribution<float> uniform(-peak, peak);
  Stereo s(frames);
  for (std::size_t n = 0; n < frames; ++n) s.left[n] = uniform(random), s.right[n] = uniform(random);
  return s;
}

Stereo impulse(double seconds) {
  Stereo s(frames_in(seconds));
  s.left[0] = s.right[0] = 1;
  return s;
}

/// Frames `from`..`to` of a signal, in chunks of at most `chunk`.
void run(Reverb& reverb, const ReverbCoeffs& coeffs, const Stereo& in, Stereo& out, int from, int to, int chunk = 64) {
  for (int n = from; n < to; n += chunk) {
    reverb.process(coeffs, in.left.data() + n, in.right.data() + n, out.left.data() + n, out.right.data() + n,
                   std::min(chunk, to - n));
  }
}

Stereo rendered(const ReverbParams& params, const Stereo& in) {
  const auto reverb = std::make_unique<Reverb>(kRate);
  Stereo out(in.left.size());
  run(*reverb, design(params, kRate), in, out, 0, in.frames());
  return out;
}

std::array<Signal, 2> sides(const Stereo& s, double from_s = 0) {
  const auto from = static_cast<std::ptrdiff_t>(frames_in(from_s));
  return {Signal(s.left.begin() + from, s.left.end()), Signal(s.right.begin() + from, s.right.end())};
}

/// Any legal setting.
ReverbParams any_params(std::mt19937& random) {
  const auto within = [&](double low, double high) {
    return static_cast<float>(std::uniform_real_distribution<double>(low, high)(random));
  };
  return {within(0, 200), within(0.2, 10), within(2, 100),  within(1'000, 20'000), within(0.5, 2),
          within(0, 100), within(0, 100),  within(10, 500), within(200, 20'000)};
}

/// One frame after the other in double, as the head of reverb_kernels.cpp draws it, without modulation and ramps.
class Reference {
 public:
  explicit Reference(const ReverbCoeffs& coeffs) : c_(coeffs) {
    for (int line = 0; line < kLanes; ++line) lines_[line].resize(static_cast<std::size_t>(c_.delays.line[line]));
    for (int side = 0; side < 2; ++side) {
      predelay_[side].resize(static_cast<std::size_t>(c_.delays.predelay));
      for (int stage = 0; stage < kDiffuserStages; ++stage)
        diffusers_[side][stage].resize(static_cast<std::size_t>(c_.delays.diffuser[side][stage]));
    }
  }
  std::array<double, 2> step(std::array<double, 2> x) {
    for (int side = 0; side < 2; ++side) x[side] = prepared(side, x[side]);
    double absorbed[kLanes];
    for (int line = 0; line < kLanes; ++line) absorbed[line] = absorb(line, at(lines_[line]));
    std::array<double, 2> out{x[0] / std::sqrt(8.0), x[1] / std::sqrt(8.0)};
    for (int line = 0; line < kLanes; ++line) {
      const auto bit = [&](int b) { return (line >> b & 1) != 0; };
      const double left_sign = (bit(0) && bit(1)) != (bit(2) && bit(3)) ? -1 : 1;
      out[0] += 0.25 * left_sign * absorbed[line];
      out[1] += 0.25 * left_sign * (bit(0) ? -1 : 1) * absorbed[line];
      double in = 0;
      for (int from = 0; from < kLanes; ++from)
        in += (__builtin_parity(line & from) != 0 ? -0.25 : 0.25) * absorbed[from];
      const double in_sign = (bit(0) && bit(2)) != (bit(1) && bit(3)) ? -1 : 1;
      at(lines_[line]) = in + 0.25 * in_sign * (x[0] + (bit(1) ? -1 : 1) * x[1]);
    }
    ++frame_;
    return out;
  }

 private:
  /// What a ring of its delay's length holds for this frame: read before it is written.
  double& at(Signal& ring) { return ring[frame_ % ring.size()]; }
  double prepared(int side, double x) {
    for (int i = 0; i < 2; ++i) {
      const SvfCoeffs& f = c_.input_filters[i];
      const double p = f.p, b = f.b, t = f.t, d = f.d, y1 = f.y1, y2 = f.y2;
      double *const c1 = &svf_[side][i][0], *const c2 = &svf_[side][i][1];
      const double y = d * x + y1 * *c1 + y2 * *c2, v = x - *c2, old = *c1;
      *c1 += p * old + b * v, *c2 += b * old + t * v;
      x = y;
    }
    if (!predelay_[side].empty()) std::swap(x, at(predelay_[side]));
    for (int stage = 0; stage < kDiffuserStages; ++stage) {
      const double g = c_.tone.diffusion[stage], old = at(diffusers_[side][stage]);
      at(diffusers_[side][stage]) = x + g * old;
      x = old - g * (x + g * old);
    }
    return x * static_cast<double>(c_.tone.inject_gain);
  }
  double absorb(int line, double x) {
    const double share = c_.tone.damping_share[line], mid = c_.tone.mid_gain[line], bass = c_.tone.bass_gain[line];
    damped_[line] += share * (x - damped_[line]);
    bass_[line] += static_cast<double>(c_.bass_share) * (damped_[line] - bass_[line]);
    return mid * damped_[line] + bass * bass_[line];
  }
  ReverbCoeffs c_;
  std::size_t frame_ = 0;
  Signal lines_[kLanes], predelay_[2], diffusers_[2][kDiffuserStages];
  double damped_[kLanes] = {}, bass_[kLanes] = {}, svf_[2][2][2] = {};
};

/// Response of a line's absorption in dB, from its coefficients.
double round_db(const ReverbCoeffs& c, int line, double frequency_hz, double rate_hz) {
  const auto z = std::polar(1.0, -2 * M_PI * frequency_hz / rate_hz);
  const double share = c.tone.damping_share[line], bass = c.bass_share;
  const auto bass_path = static_cast<double>(c.tone.bass_gain[line]) * bass / (1.0 - (1 - bass) * z);
  return 20 * std::log10(
                  std::abs(share / (1.0 - (1 - share) * z) * (static_cast<double>(c.tone.mid_gain[line]) + bass_path)));
}

}  // namespace

TEST_CASE("reverb: lengths are different primes, at every size and rate", "[engine][reverb]") {
  const double rate_hz = GENERATE(8'000.0, 44'100.0, 48'000.0, 96'000.0, 192'000.0);
  for (float size = 2; size <= 100; size += 7) {
    ReverbParams params;
    params.size_percent = size;
    const ReverbDelays delays = design(params, rate_hz).delays;
    std::vector<int> all(delays.line, delays.line + kLanes);
    for (const auto& side : delays.diffuser) all.insert(all.end(), side, side + kDiffuserStages);
    CAPTURE(rate_hz, size);
    for (std::size_t i = 0; i < all.size(); ++i) {
      CHECK(all[i] >= kShortestReverbDelay);
      int divisors = 0;
      for (int n = 2; n * n <= all[i]; ++n) divisors += all[i] % n == 0;
      CHECK(divisors == 0);
      CHECK(std::count(all.begin(), all.end(), all[i]) == 1);
    }
  }
}

TEST_CASE("reverb: a round takes away what the dials say, and never adds", "[engine][reverb]") {
  const double rate_hz = GENERATE(44'100.0, 48'000.0, 192'000.0);
  std::mt19937 random(1);
  for (int n = 0; n < 200; ++n) {
    const ReverbParams params = any_params(random);
    const ReverbCoeffs c = design(params, rate_hz);
    const double decay_s = params.decay_s, damping_hz = params.damping_hz, bass_multiply = params.bass_multiply;
    for (int line = 0; line < kLanes; ++line) {
      const double loss_db = 60 * c.delays.line[line] / rate_hz / decay_s;
      CAPTURE(rate_hz, n, line, loss_db, damping_hz, bass_multiply);
      // Damping is made up for at 1 kHz up to a 15th (reverb_design.cpp), which a one-pole of little loss needs 4 kHz
      // above for, one of much loss more; the bass shelf's residue is made up for always.
      const double at_1k_db = round_db(c, line, 1'000, rate_hz);
      CHECK(at_1k_db <= -loss_db * 0.999);
      if (damping_hz > 5'000) CHECK(at_1k_db == Approx(-loss_db).epsilon(loss_db < 6 ? 0.01 : 0.1));
      CHECK(round_db(c, line, 1e-3, rate_hz) == Approx(-loss_db / bass_multiply).epsilon(1e-3).margin(1e-3));
      double loudest_db = -1'000;
      for (double hz = 5; hz < rate_hz / 2; hz *= 1.05)
        loudest_db = std::max(loudest_db, round_db(c, line, hz, rate_hz));
      CHECK(loudest_db < 0);
    }
  }
}

TEST_CASE("reverb: the matrix between the lines keeps energy", "[engine][reverb]") {
  for_each_simd_target([] {
    double matrix[kLanes][kLanes];
    for (int from = 0; from < kLanes; ++from) {
      ReverbCore core(64, kShortestReverbDelay, kShortestReverbDelay + 2);
      std::fill_n(core.tone.damping_share, kLanes, 1.0f), std::fill_n(core.tone.mid_gain, kLanes, 1.0f);
      std::fill_n(core.delays.line, kLanes, kShortestReverbDelay);
      for (auto& side : core.delays.diffuser) std::fill_n(side, kDiffuserStages, kShortestReverbDelay);
      core.to = core.delays;
      const float sample = 0.25f;
      core.lines.write(from, 0, &sample, 1);
      core.lines.advance(), core.lines.advance();  // kShortestReverbDelay frames later
      reverb_chunk(core, 0, 64);
      for (int to = 0; to < kLanes; ++to) matrix[to][from] = static_cast<double>(core.lines_in[to].samples[0]) / 0.25;
    }
    for (int i = 0; i < kLanes; ++i)
      for (int k = 0; k < kLanes; ++k) {
        const double product = std::inner_product(matrix[i], matrix[i] + kLanes, matrix[k], 0.0);
        CAPTURE(i, k);
        CHECK(product == Approx(i == k ? 1 : 0).margin(1e-6));
      }
  });
}

TEST_CASE("reverb: the decay is the dial's within 10 %", "[engine][reverb][measure]") {
  const double decay_s = GENERATE(0.5, 1.0, 2.0, 4.0, 8.0), size_percent = GENERATE(2.0, 20.0, 60.0, 100.0);
  ReverbParams params;
  params.decay_s = static_cast<float>(decay_s), params.size_percent = static_cast<float>(size_percent);
  const auto response = sides(rendered(params, impulse(0.3 + 1.2 * decay_s)));
  CAPTURE(decay_s, size_percent);
  CHECK(test::t30_s(response, 1'000, kRate) == Approx(decay_s).epsilon(0.1));
}

TEST_CASE("reverb: damping halves the decay where it says, bass multiplies it", "[engine][reverb][measure]") {
  ReverbParams params;
  params.decay_s = 2, params.damping_hz = 4'000, params.bass_multiply = 2;
  params.low_cut_hz = 10, params.high_cut_hz = 20'000;
  const auto response = sides(rendered(params, impulse(5)));
  // An octave holds frequencies that decay faster and slower than its middle; T30 hears more of the slow ones.
  CHECK(test::t30_s(response, 4'000, kRate) == Approx(1).epsilon(0.2));
  CHECK(test::t30_s(response, 63, kRate) == Approx(4).epsilon(0.2));
}

TEST_CASE("reverb: at the defaults it is as dense as noise after 100 ms, even and wide", "[engine][reverb]") {
  const auto response = sides(rendered({}, impulse(3)));
  for (const Signal& side : response) {
    double densest = 0, sum = 0;
    int count = 0;
    for (double t = 0.020; t < 0.100; t += 0.001)
      densest = std::max(densest, test::echo_density(side, frames_in(t), kRate));
    for (double t = 0.100; t < 0.5; t += 0.001, ++count) sum += test::echo_density(side, frames_in(t), kRate);
    CHECK(densest > 0.9);
    CHECK(sum / count == Approx(1).margin(0.1));  // and it stays so
  }
  std::array<Signal, 2> tail;
  for (int side = 0; side < 2; ++side) tail[side] = Signal(response[side].begin() + 4'800, response[side].end());
  CHECK(test::evenness_db(tail, 100, 6'000, kRate).first < 6);
  const auto product = [&](int a, int b) {
    return std::inner_product(tail[a].begin(), tail[a].end(), tail[b].begin(), 0.0);
  };
  CHECK(std::abs(product(0, 1)) < 0.2 * std::sqrt(product(0, 0) * product(1, 1)));
}

TEST_CASE("reverb: no setting of size and decay has a peak in its tail", "[engine][reverb][measure]") {
  ReverbParams params;
  params.size_percent = GENERATE(2.0f, 10.0f, 25.0f, 60.0f, 100.0f), params.decay_s = GENERATE(0.8f, 1.6f, 4.0f, 8.0f);
  const auto tail = sides(rendered(params, impulse(1 + 1.2 * static_cast<double>(params.decay_s))), 0.1);
  CAPTURE(params.size_percent, params.decay_s);
  CHECK(test::evenness_db(tail, 100, 6'000, kRate).first < 6);
}

TEST_CASE("reverb: as much comes out as goes in, whatever decay and size", "[engine][reverb][measure]") {
  ReverbParams params;
  params.decay_s = GENERATE(0.2f, 1.0f, 5.0f), params.size_percent = GENERATE(2.0f, 50.0f, 100.0f);
  params.damping_hz = 20'000;
  CAPTURE(params.decay_s, params.size_percent);
  Stereo in = noise(frames_in(8), 2, 0.1f);
  for (auto* side : {&in.left, &in.right})  // towards 1 kHz, where the dial counts
    for (double low = 0, lower = 0; float& x : *side) {
      low += 0.2 * (static_cast<double>(x) - low), lower += 0.05 * (low - lower);
      x = static_cast<float>(low - lower);
    }
  const Stereo out = rendered(params, in);
  const auto power = [](const Stereo& s) {
    double sum = 0;
    for (std::size_t n = frames_in(4); n < s.left.size(); ++n) {
      sum += static_cast<double>(s.left[n] * s.left[n]) + static_cast<double>(s.right[n] * s.right[n]);
    }
    return sum;
  };
  CHECK(10 * std::log10(power(out) / power(in)) == Approx(0).margin(1.5));  // it damps some of it
}

TEST_CASE("reverb: every SIMD target agrees with the drawing in double", "[engine][reverb]") {
  ReverbParams params;
  params.modulation_percent = 0;
  params.predelay_ms = GENERATE(0.0f, 33.0f), params.size_percent = GENERATE(2.0f, 70.0f);
  const Stereo in = noise(9'600, 3, 0.1f);
  const ReverbCoeffs coeffs = design(params, kRate);
  std::vector<std::array<double, 2>> expected;
  Reference reference(coeffs);
  for (int n = 0; n < in.frames(); ++n) expected.push_back(reference.step({in.left[n], in.right[n]}));
  for_each_simd_target([&] {
    const Stereo out = rendered(params, in);
    double worst = 0;
    for (int n = 0; n < in.frames(); ++n) {
      worst = std::max({worst, std::abs(out.left[n] - expected[n][0]), std::abs(out.right[n] - expected[n][1])});
    }
    CHECK(worst < 1e-6);  // of up to 0.3: a few tens of roundings of 2^-24
  });
}

TEST_CASE("reverb: any split gives the same bits, through changes, silence and kill", "[engine][reverb]") {
  for_each_simd_target([] {
    const ScopedFlushToZero no_denormals;
    Stereo in = noise(40'000, 4, 0.3f);
    std::fill(in.left.begin() + 9'000, in.left.begin() + 34'037, 0.0f);  // silent by then, wakes inside a sub-block
    std::fill(in.right.begin() + 9'000, in.right.begin() + 34'041, 0.0f);
    ReverbParams first, second;
    first.decay_s = 0.2f, first.predelay_ms = 5, second.decay_s = 0.3f, second.size_percent = 20;
    second.modulation_percent = 100, second.high_cut_hz = 20'000, second.diffusion_percent = 30;
    const auto split = [&](int chunk) {
      const auto reverb = std::make_unique<Reverb>(kRate);
      Stereo out(40'000);
      for (int piece = 0; piece < 40; ++piece) {  // of 1,000 frames
        if (piece == 37) reverb->kill();
        const bool other = piece % 7 == 1 || piece == 4 || piece > 35;
        run(*reverb, design(other ? second : first, kRate), in, out, piece * 1'000, (piece + 1) * 1'000, chunk);
      }
      return out;
    };
    const Stereo whole = split(64);
    for (const int chunk : {1, 7, 33, 63}) {
      CAPTURE(chunk);
      CHECK(split(chunk) == whole);
    }
  });
}

TEST_CASE("reverb: below saturation, left and right add up", "[engine][reverb]") {
  const Stereo both = noise(24'000, 5, 0.1f);
  Stereo only_left = both, only_right = both;
  std::fill(only_left.right.begin(), only_left.right.end(), 0.0f);
  std::fill(only_right.left.begin(), only_right.left.end(), 0.0f);
  const Stereo a = rendered({}, only_left), b = rendered({}, only_right), sum = rendered({}, both);
  double worst = 0;
  for (int n = 0; n < sum.frames(); ++n) {
    worst = std::max({worst, std::abs(static_cast<double>(sum.left[n]) - a.left[n] - b.left[n]),
                      std::abs(static_cast<double>(sum.right[n]) - a.right[n] - b.right[n])});
  }
  CHECK(worst < 2e-6);
}

TEST_CASE("reverb: the first sound comes exactly after the predelay", "[engine][reverb]") {
  ReverbParams params;
  params.predelay_ms = GENERATE(0.0f, 1.0f, 77.0f, 200.0f);
  const Stereo out = rendered(params, impulse(0.3));
  const auto first = std::find_if(out.left.begin(), out.left.end(), [](float x) { return x != 0; }) - out.left.begin();
  CHECK(first == std::lround(static_cast<double>(params.predelay_ms) * kRate / 1000));
  CHECK(Reverb::latency_frames() == 0);
}

TEST_CASE("reverb: silence gives zeros, and after the tail zeros come back", "[engine][reverb]") {
  const ScopedFlushToZero no_denormals;
  const auto reverb = std::make_unique<Reverb>(kRate);
  ReverbParams params;
  params.decay_s = GENERATE(0.2f, 2.0f), params.bass_multiply = 2;
  const ReverbCoeffs coeffs = design(params, kRate);
  Stereo in = noise(frames_in(14), 6, 1), out = in;
  std::fill_n(in.left.begin(), 1'000, 0.0f), std::fill_n(in.right.begin(), 1'000, 0.0f);
  std::fill(in.left.begin() + 10'000, in.left.end(), 0.0f);
  std::fill(in.right.begin() + 10'000, in.right.end(), 1e-40f);  // a denormal number is silence
  run(*reverb, coeffs, in, out, 0, 1'000);
  CHECK(reverb->silent());
  CHECK(out.peak(0, 1'000) == 0);
  run(*reverb, coeffs, in, out, 1'000, 11'000);
  CHECK_FALSE(reverb->silent());
  CHECK(out.peak(10'000, 11'000) > 0.01f);
  int n = 11'000;
  while (!reverb->silent() && n < out.frames()) run(*reverb, coeffs, in, out, n, n + 1'000), n += 1'000;
  REQUIRE(reverb->silent());
  CHECK(out.peak(n - 2'000, n - 1'000) < 1e-6f);  // nothing was cut off
  run(*reverb, coeffs, in, out, n, out.frames());
  CHECK(out.peak(n, out.frames()) == 0);
  // 132 dB at twice the dial, and the delay memory once round.
  CHECK(n / kRate < 0.3 + 2.3 * 2 * static_cast<double>(params.decay_s) + 1);
}

TEST_CASE("reverb: what is not a number, infinite or absurdly loud leaves no trace", "[engine][reverb]") {
  for_each_simd_target([] {
    Stereo broken = noise(5'000, 7, 0.1f), whole = broken;
    const float infinity = std::numeric_limits<float>::infinity();
    for (int n = 500; n < 2'000; n += 37) {
      broken.left[n] = n % 2 != 0 ? std::numeric_limits<float>::quiet_NaN() : -infinity, broken.right[n] = infinity;
      whole.left[n] = whole.right[n] = 0;
    }
    CHECK(rendered({}, broken) == rendered({}, whole));  // counted as silence

    Stereo loud = noise(frames_in(3), 8, std::numeric_limits<float>::max());
    std::fill(loud.left.begin() + 4'800, loud.left.end(), 0.0f);
    std::fill(loud.right.begin() + 4'800, loud.right.end(), 0.0f);
    const Stereo out = rendered({}, loud);
    CHECK(std::isfinite(out.peak(0, out.frames())));
    CHECK(out.peak(out.frames() - 4'800, out.frames()) < 0.01f);
  });
}

TEST_CASE("reverb: coefficients that are not finite are not taken", "[engine][reverb]") {
  const Stereo in = noise(5'000, 9, 0.1f);
  Stereo out(5'000);
  const auto reverb = std::make_unique<Reverb>(kRate);
  ReverbCoeffs broken = design(ReverbParams{}, kRate);
  broken.tone.mid_gain[3] = std::numeric_limits<float>::quiet_NaN();
  run(*reverb, broken, in, out, 0, 5'000);
  CHECK(out == rendered({}, in));

  ReverbParams params;
  params.decay_s = params.size_percent = params.low_cut_hz = std::numeric_limits<float>::quiet_NaN();
  const Stereo wet = rendered(params, in);
  CHECK(std::isfinite(wet.peak(0, 5'000)));
}

TEST_CASE("reverb: the loop saturates at 0 dBFS and then decays as ever", "[engine][reverb]") {
  ReverbParams params;
  params.decay_s = 10, params.damping_hz = 20'000, params.bass_multiply = 2, params.predelay_ms = 0;
  Stereo in = noise(frames_in(12), 10, 100);
  std::fill(in.left.begin() + 48'000, in.left.end(), 0.0f), std::fill(in.right.begin() + 48'000, in.right.end(), 0.0f);
  const Stereo out = rendered(params, in);
  // Behind the diffusers' last echoes only the lines are heard: each at most 1, an output a quarter of sixteen. Full
  // lines of noise sum to less: 3 deviations of 1.
  CHECK(out.peak(60'000, 72'000) < 3);
  CHECK(out.peak(60'000, 72'000) > 0.5f);
  CHECK(out.peak(out.frames() - 4'800, out.frames()) < 0.1f);
}

TEST_CASE("reverb: stable through any jumps between legal settings", "[engine][reverb]") {
  const ScopedFlushToZero no_denormals;
  const double rate_hz = GENERATE(44'100.0, 96'000.0);
  std::mt19937 random(11);
  const auto reverb = std::make_unique<Reverb>(rate_hz);
  const int frames = 400'000;
  Stereo in = noise(static_cast<std::size_t>(frames), 12, 0.3f), out = in;
  std::uniform_int_distribution<int> length(1, 6'000);
  for (int n = 0; n < frames;) {
    const int to = std::min(frames, n + length(random));
    run(*reverb, design(any_params(random), rate_hz), in, out, n, to);
    n = to;
  }
  CHECK(out.peak(0, frames) < 4);  // no bound but the saturation's is asked for; noise of 0.3 stays near 0.3
  ReverbParams last;
  last.decay_s = 0.5f;
  std::fill(in.left.begin(), in.left.end(), 0.0f), std::fill(in.right.begin(), in.right.end(), 0.0f);
  run(*reverb, design(last, rate_hz), in, out, 0, frames);
  CHECK(reverb->silent());
}

TEST_CASE("reverb: no change of a dial clicks", "[engine][reverb]") {
  // A 100 Hz tone bends by at most (2 pi 100 / 48,000)^2 = 1.7e-4 of itself from frame to frame; a click bends more.
  const int kind = GENERATE(0, 1, 2, 3, 4, 5, 6, 7);
  CAPTURE(kind);
  Stereo in(frames_in(3)), out(frames_in(3));
  for (int n = 0; n < in.frames(); ++n) {
    in.left[n] = in.right[n] =
        static_cast<float>(0.2 * std::min(n / 4'800.0, 1.0) * std::sin(2 * M_PI * 100 * n / kRate));
  }
  ReverbParams before, after;
  before.low_cut_hz = after.low_cut_hz = 20;
  if (kind == 0) after.predelay_ms = 90;
  if (kind == 1) after.decay_s = 6;
  if (kind == 2) after.size_percent = 17;
  if (kind == 3) after.damping_hz = 1'000;
  if (kind == 4) after.bass_multiply = 2;
  if (kind == 5) after.diffusion_percent = 0;
  if (kind == 6) after.modulation_percent = 100;
  if (kind == 7) after.decay_s = 0.3f, after.size_percent = 100, after.high_cut_hz = 300, after.predelay_ms = 0;
  const auto reverb = std::make_unique<Reverb>(kRate);
  run(*reverb, design(before, kRate), in, out, 0, 90'000);
  run(*reverb, design(after, kRate), in, out, 90'000, in.frames());
  const auto bend = [&](int from, int to) {
    float largest = 0;
    for (int n = from; n < to; ++n)
      largest = std::max(largest, std::abs(out.left[n] - 2 * out.left[n - 1] + out.left[n - 2]));
    return largest;
  };
  // A corner of a cross-fade, 1/2,400 of the level in a frame, bends 2.5 times as much as the tone: with it 3.5 times
  // what the louder of both settings has. A step of 1 % of the level would be 60 times.
  CHECK(bend(90'000, 110'000) < 3.5f * std::max(bend(80'000, 90'000), bend(130'000, in.frames())));
}

TEST_CASE("reverb: kill fades out in 20 ms, forgets, and lets in what comes later", "[engine][reverb]") {
  const ScopedFlushToZero no_denormals;
  const auto reverb = std::make_unique<Reverb>(kRate);
  ReverbParams params;
  params.decay_s = 8;
  const ReverbCoeffs coeffs = design(params, kRate);
  Stereo in(frames_in(3)), out(frames_in(3));
  for (int n = 0; n < 40'000; ++n)
    in.left[n] = in.right[n] = static_cast<float>(0.2 * std::sin(2 * M_PI * 100 * n / kRate));
  run(*reverb, coeffs, in, out, 0, 48'010);
  REQUIRE(out.peak(47'000, 48'010) > 0.05f);
  reverb->kill();
  run(*reverb, coeffs, in, out, 48'010, 60'000);
  float bend = 0, bend_before = 0;
  for (int n = 47'000; n < 50'000; ++n) {
    float& of = n < 48'010 ? bend_before : bend;
    of = std::max(of, std::abs(out.left[n] - 2 * out.left[n - 1] + out.left[n - 2]));
  }
  // The fade's own two corners bend by 1/960 of the level, which is 6 times the tone's 1.7e-4.
  CHECK(bend < 8 * bend_before);
  CHECK(out.peak(48'010 + 960, 60'000) == 0);
  CHECK(reverb->silent());
  in.left[60'000] = in.right[60'000] = 0.5f;
  run(*reverb, coeffs, in, out, 60'000, in.frames());
  CHECK(out.peak(60'000, 60'960) == 0);  // 20 ms of predelay: nothing of old
  CHECK(out.peak(60'960, 80'000) > 0.001f);
}

TEST_CASE("reverb: while it forgets, what comes in wakes nothing old", "[engine][reverb]") {
  const auto reverb = std::make_unique<Reverb>(kRate);
  ReverbParams params;
  params.decay_s = 8;
  Stereo in = noise(20'000, 15, 0.3f), out(20'000);
  std::fill(in.left.begin() + 11'100, in.left.end(), 0.0f), std::fill(in.right.begin() + 11'100, in.right.end(), 0.0f);
  run(*reverb, design(params, kRate), in, out, 0, 10'000);
  reverb->kill();
  run(*reverb, design(params, kRate), in, out, 10'000, 20'000);  // 140 frames more than the fade
  CHECK(out.peak(10'960, 20'000) == 0);
}

TEST_CASE("reverb: what lies behind the end of a chunk counts for nothing", "[engine][reverb]") {
  for_each_simd_target([] {
    ReverbCore core(64, kShortestReverbDelay, kShortestReverbDelay + 2);
    std::fill_n(core.delays.line, kLanes, kShortestReverbDelay);
    for (auto& side : core.delays.diffuser) std::fill_n(side, kDiffuserStages, kShortestReverbDelay);
    core.to = core.delays;
    core.tone.inject_gain = 1;
    std::fill_n(core.tone.diffusion, kDiffuserStages, 0.5f);
    for (ReverbRow& row : core.in) std::fill(row.samples + 3, row.samples + kSubBlockFrames, 9.0f);
    for (ReverbRow& row : core.lines_out) std::fill(row.samples + 3, row.samples + kSubBlockFrames, 9.0f);
    std::fill_n(core.tile, kSubBlockFrames * kLanes, 9.0f), std::fill_n(core.absorbed, kSubBlockFrames * kLanes, 9.0f);
    reverb_chunk(core, 0, 3);
    CHECK(core.peak == 0);
  });
}

TEST_CASE("reverb: nothing is allocated while it runs", "[engine][reverb]") {
  for_each_simd_target([] {
    const auto reverb = std::make_unique<Reverb>(kRate);
    std::mt19937 random(13);
    std::vector<ReverbCoeffs> settings;
    for (int n = 0; n < 20; ++n) settings.push_back(design(any_params(random), kRate));
    const Stereo in = noise(20'000, 14, 0.3f);
    Stereo out(20'000);
    test::AllocationGuard guard;
    for (int n = 0; n < 20; ++n) {
      run(*reverb, settings[n], in, out, n * 1'000, (n + 1) * 1'000);
      if (n == 15) reverb->kill();
    }
    const long heap_calls = guard.count();
    CHECK(heap_calls == 0);
  });
}
