#include "engine/processors/true_peak_limiter.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <cstring>
#include <limits>
#include <random>

#include "engine/processors/dynamics_laws.h"
#include "engine/tile/denormals.h"
#include "tests/allocation_guard.h"
#include "tests/engine/processors/lane_tile.h"
#include "tests/engine/processors/true_peak.h"

using namespace fohd;
using fohd::test::band_limited;
using fohd::test::noise;
using fohd::test::Sound;
using fohd::test::true_peak;
using Tile = fohd::test::LaneTile;

namespace {

constexpr double kRate = 48'000;
constexpr float kNan = std::numeric_limits<float>::quiet_NaN(), kInfinity = std::numeric_limits<float>::infinity();

double amplitude(double db) { return std::pow(10, db / 20); }
double decibels(double lin) { return 20 * std::log10(lin); }
float ceiling_of(const TruePeakLimiterParams& params) {
  return static_cast<float>(amplitude(static_cast<double>(params.ceiling_db)));
}

TruePeakLimiter limiter_of(const TruePeakLimiterParams& params, double rate_hz = kRate, double look_ahead_ms = 1) {
  TruePeakLimiter limiter(rate_hz, look_ahead_ms);
  limiter.set(design(params, rate_hz));
  limiter.settle();
  return limiter;
}

Tile tile_of(const Sound& left, const Sound& right) {
  Tile tile(static_cast<int>(left.size()));
  for (int n = 0; n < tile.frames(); ++n) {
    tile.at(n, 0) = static_cast<float>(left[static_cast<std::size_t>(n)]);
    tile.at(n, 1) = static_cast<float>(right[static_cast<std::size_t>(n)]);
  }
  return tile;
}

Sound lane_of(const Tile& tile, int lane, int from = 0) {
  Sound x;
  for (int n = from; n < tile.frames(); ++n) x.push_back(tile.at(n, lane));
  return x;
}

Tile tone(int frames, double frequency_hz, double peak, double rate_hz = kRate) {
  Sound x;
  for (int n = 0; n < frames; ++n) x.push_back(peak * std::sin(2 * M_PI * frequency_hz * n / rate_hz));
  return tile_of(x, x);
}

double highest_sample(const Tile& tile) {
  double highest = 0;
  for (int n = 0; n < tile.frames(); ++n)
    for (int lane = 0; lane < 2; ++lane) highest = std::max(highest, std::abs(static_cast<double>(tile.at(n, lane))));
  return highest;
}

bool same_bits(float a, float b) { return std::memcmp(&a, &b, sizeof a) == 0; }

/// out is `in` of `delay` frames ago, bit for bit, in frames from..; before the beginning there was +0.
bool is_delayed(const Tile& out, const Tile& in, int delay, int from = 0) {
  for (int n = from; n < out.frames(); ++n)
    for (int lane = 0; lane < 2; ++lane)
      if (!same_bits(out.at(n, lane), n < delay ? 0.0f : in.at(n - delay, lane))) return false;
  return true;
}

/// The gain in dB at each frame for a level. It rides on a tone of a quarter of the rate, in which one of the sides is
/// at its top in every frame.
std::vector<double> gains_db(TruePeakLimiter& limiter, const std::vector<double>& level_db) {
  Tile io(static_cast<int>(level_db.size()));
  for (int n = 0; n < io.frames(); ++n) {
    const double sign[4] = {1, 0, -1, 0};
    const double level = amplitude(level_db[static_cast<std::size_t>(n)]);
    io.at(n, 0) = static_cast<float>(level * sign[n % 4]), io.at(n, 1) = static_cast<float>(level * sign[(n + 1) % 4]);
  }
  const Tile in = io;
  limiter.process(io.data(), io.frames());
  std::vector<double> gains;
  for (int n = limiter.latency_frames(); n < io.frames(); ++n) {
    const int lane = in.at(n - limiter.latency_frames(), 0) != 0 ? 0 : 1;
    gains.push_back(decibels(static_cast<double>(io.at(n, lane) / in.at(n - limiter.latency_frames(), lane))));
  }
  return gains;
}

/// Levels and how long they last, the steps between them spread over 1 ms: a tone that is cut off rises above itself.
std::vector<double> steps(std::initializer_list<std::pair<double, double>> level_db_and_ms) {
  std::vector<double> levels, smooth;
  for (const auto& [level_db, ms] : level_db_and_ms)
    levels.insert(levels.end(), static_cast<std::size_t>(ms * kRate / 1000), level_db);
  const int frames = static_cast<int>(levels.size()), half = static_cast<int>(0.0005 * kRate);
  for (int n = 0; n < frames; ++n) {
    double sum = 0;
    for (int k = n - half; k <= n + half; ++k) sum += levels[static_cast<std::size_t>(std::clamp(k, 0, frames - 1))];
    smooth.push_back(sum / (2 * half + 1));
  }
  return smooth;
}

/// The law at the head of true_peak_limiter.cpp, slowly and in double: the curve between the samples from the formula
/// at the head of true_peak_detector.cpp, the maximum and the means by adding up.
struct Reference {
  TruePeakLimiterParams params;
  int look_ahead;

  static double between(const Sound& x, int n, double fraction) {
    const int half = TruePeakDetector::kTaps / 2;
    double sum = 0, taps = 0;
    for (int k = -(half - 1); k <= half; ++k) {
      const double distance = fraction - k, edge = distance / half;
      const double tap = test::sinc(distance) * std::cyl_bessel_i(0, 4.4 * std::sqrt(1 - edge * edge));
      taps += tap;
      if (n + k >= 0 && n + k < static_cast<int>(x.size())) sum += tap * x[static_cast<std::size_t>(n + k)];
    }
    return sum / taps;
  }
  static double mean(const std::vector<double>& x, int n, int count) {
    double sum = 0;
    for (int k = std::max(n - count + 1, 0); k <= n; ++k) sum += x[static_cast<std::size_t>(k)];
    return sum / count;
  }
  /// Gains of the frames of x.
  std::vector<double> gains(const Sound& left, const Sound& right) const {
    const int frames = static_cast<int>(left.size()), hold = static_cast<int>(whole_frames(13, kRate));
    const double ceiling = amplitude(static_cast<double>(params.ceiling_db)), ms = params.release_ms;
    std::vector<double> needed, r, first, gain;
    double lasted = 0, lasting = 0, sustained = 0, reduction = 0;
    const double one_db = 1 / kDbPerOctave, short_frames = 0.005 * kRate;
    for (int n = 0; n < frames; ++n) {
      double level = 0;
      for (const Sound* side : {&left, &right}) {
        level = std::max(level, std::abs((*side)[static_cast<std::size_t>(n)]));
        for (int point = 1; point < 8; ++point) level = std::max(level, std::abs(between(*side, n, point / 8.0)));
      }
      needed.push_back(std::log2(std::max(level / ceiling, 1.0)));
      double asked = 0;
      for (int k = std::max(n - hold + 1, 0); k <= n; ++k) asked = std::max(asked, needed[static_cast<std::size_t>(k)]);
      const double now = needed.back();
      const double short_part = reduction - lasting;
      lasted *= 1 - coeff_per_frame(50, kRate);
      lasting -= (lasting - sustained) * coeff_per_frame(ms, kRate);
      const double released = lasting + short_part * (1 - coeff_per_frame(10, kRate));
      if (now > 0) {
        lasted = std::max(lasted, std::min(now, lasted + now / short_frames));
        lasting = std::max(lasting, asked * std::pow(std::min(lasted / asked, 1.0), 4));
      }
      const double charging = std::min(asked, std::max(lasting, one_db));
      sustained += (charging - sustained) * coeff_per_frame(charging > sustained ? 2 * ms : 6 * ms, kRate);
      reduction = std::max({asked, lasting, released});
      r.push_back(reduction);
      first.push_back(mean(r, n, look_ahead + 2 - look_ahead / 2));
      gain.push_back(std::exp2(-mean(first, n, look_ahead / 2)));
    }
    return gain;
  }
};

}  // namespace

TEST_CASE("main limiter: no sample leaves above the ceiling, whatever comes in", "[engine][limiter]") {
  const double rate_hz = GENERATE(44'100.0, 192'000.0), look_ahead_ms = GENERATE(0.5, 5.0);
  const TruePeakLimiterParams params{true, GENERATE(-24.0f, -1.0f, 0.0f), GENERATE(20.0f, 1000.0f)};
  TruePeakLimiter limiter = limiter_of(params, rate_hz, look_ahead_ms);
  std::mt19937 random(1);
  std::uniform_real_distribution<double> uniform(0, 1);
  double highest = 0;
  for (const float peak : {1.0f, 10.0f, 1e6f, std::numeric_limits<float>::max() / 2}) {
    Tile white = noise(3'000, 2, peak), square = white, clicks(3'000), sweep(3'000);
    for (int n = 0; n < 3'000; ++n)
      for (int lane = 0; lane < 2; ++lane) {
        square.at(n, lane) = n / 37 % 2 == lane ? peak : -peak;
        if (n % 701 == 50 * lane) clicks.at(n, lane) = static_cast<float>(static_cast<double>(peak) * uniform(random));
        sweep.at(n, lane) = static_cast<float>(static_cast<double>(peak) * std::sin(n * n * M_PI / 6'000));
      }
    for (Tile* sound : {&white, &square, &clicks, &sweep}) {
      limiter.process(sound->data(), sound->frames());
      highest = std::max(highest, highest_sample(*sound));
    }
  }
  CAPTURE(rate_hz, look_ahead_ms, params.ceiling_db, params.release_ms);
  CHECK(highest <= static_cast<double>(ceiling_of(params)));
  CHECK(highest > 0.99 * static_cast<double>(ceiling_of(params)));  // clicks of one sample reach it
}

TEST_CASE("main limiter: under load it watches the samples only, and they still stay below the ceiling",
          "[engine][limiter]") {
  constexpr double kRate_hz = 48'000;
  const TruePeakLimiterParams params{true, -6, 150};
  TruePeakLimiterCoeffs coeffs = design(params, kRate_hz);
  TruePeakLimiter limiter = limiter_of(params, kRate_hz, 1);
  std::mt19937 random(2);
  // Hot noise, and the switch thrown at any moment. The gain both sides share is seen in a steady right side.
  double highest = 0, steepest = 0, steepest_untouched = 0;
  for (const bool touched : {false, true}) {
    limiter.reset();
    double before = 1;
    for (int block = 0; block < 2'000; ++block) {
      const int frames = 1 + static_cast<int>(random() % 64);
      coeffs.between = !touched || random() % 8 < 4;
      limiter.set(coeffs);
      Tile io = noise(frames, 1, 4);
      for (int n = 0; n < frames; ++n) io.at(n, 1) = 0.01f;
      limiter.process(io.data(), frames);
      highest = std::max(highest, highest_sample(io));
      for (int n = 0; n < frames; ++n) {
        const double gain = static_cast<double>(io.at(n, 1)) / 0.01;
        double& most = touched ? steepest : steepest_untouched;
        if (block > 20 && gain > 0) most = std::max(most, std::abs(std::log2(gain / before)));
        before = gain;
      }
    }
  }
  CHECK(highest <= static_cast<double>(ceiling_of(params)));
  CHECK(highest > 0.9 * static_cast<double>(ceiling_of(params)));
  CHECK(steepest_untouched > 0);
  // The reductions asked for differ by up to 3 dB, as those of other sounds do: the two boxes glide as ever.
  CHECK(steepest < 1.5 * steepest_untouched);
}

TEST_CASE("main limiter: the curve between the samples stays below the ceiling, to 0.1 and 0.5 dB",
          "[engine][limiter]") {
  const double rate_hz = GENERATE(44'100.0, 48'000.0, 96'000.0), look_ahead_ms = GENERATE(0.5, 5.0);
  const std::string sound = GENERATE(from_range(test::names_of_sounds()));
  const TruePeakLimiterParams params{true, -1, 150};
  const int frames = static_cast<int>(0.08 * rate_hz);
  Tile io = tile_of(band_limited(sound, frames, rate_hz, 1), band_limited(sound, frames, rate_hz, 2));
  const double input_db = decibels(true_peak(lane_of(io, 0), 4));
  TruePeakLimiter limiter = limiter_of(params, rate_hz, look_ahead_ms);
  limiter.process(io.data(), frames);
  double over_4_db = -100, over_16_db = -100;
  for (int lane = 0; lane < 2; ++lane) {
    over_4_db = std::max(over_4_db, decibels(true_peak(lane_of(io, lane), 4)) + 1);
    over_16_db = std::max(over_16_db, decibels(true_peak(lane_of(io, lane), 16)) + 1);
  }
  INFO(sound << " of " << input_db << " dB at " << rate_hz << " Hz, look-ahead " << look_ahead_ms << " ms: 4x "
             << over_4_db << " dB, 16x " << over_16_db << " dB over the ceiling");
  CHECK(input_db > 12);
  CHECK(over_4_db < 0.1);  // what lies between the samples and was not seen
  CHECK(over_16_db < 0.5);
  CHECK(over_4_db > -0.5);  // and no louder than it must be is no quieter either
}

TEST_CASE("main limiter: a steady tone above the ceiling leaves at the ceiling", "[engine][limiter]") {
  const double over_db = GENERATE(0.5, 3.0, 20.0), frequency_hz = GENERATE(100.0, 997.0);
  const TruePeakLimiterParams params{true, GENERATE(-24.0f, -6.0f, 0.0f), 150};
  Tile io = tone(24'000, frequency_hz, amplitude(static_cast<double>(params.ceiling_db) + over_db));
  TruePeakLimiter limiter = limiter_of(params);
  limiter.process(io.data(), io.frames());
  CAPTURE(over_db, frequency_hz, params.ceiling_db);
  // The detector reads a low tone up to 0.02 dB too high.
  CHECK(decibels(highest_sample(io)) == Approx(static_cast<double>(params.ceiling_db)).margin(0.025));
  CHECK(static_cast<double>(limiter.lowest_gain()) * kDbPerOctave == Approx(-over_db).margin(0.025));
  limiter.restart_lowest_gain();
  CHECK(limiter.lowest_gain() == 0);
}

TEST_CASE("main limiter: agrees with its law done slowly in double", "[engine][limiter]") {
  const double look_ahead_ms = GENERATE(0.5, 1.0);
  const TruePeakLimiterParams params{true, -3, GENERATE(20.0f, 150.0f)};
  constexpr int kFrames = 4'000;
  Tile in = noise(kFrames, 3);
  for (int n = 0; n < kFrames; ++n)  // loud, quiet, loud; the reference's curve begins at 0
    for (int lane = 0; lane < 2; ++lane)
      in.at(n, lane) *= static_cast<float>(n < 20 ? 0.0 : n / 1'000 % 2 == 0 ? 2.0 : 0.2);
  Tile io = in;
  TruePeakLimiter limiter = limiter_of(params, kRate, look_ahead_ms);
  limiter.process(io.data(), kFrames);
  const int look_ahead = limiter.latency_frames() - TruePeakDetector::kDelayFrames;
  const auto gain = Reference{params, look_ahead}.gains(lane_of(in, 0), lane_of(in, 1));
  double worst = 0;
  for (int n = limiter.latency_frames(); n < kFrames; ++n)
    for (int lane = 0; lane < 2; ++lane) {
      // The gain that stands with a sample is the mean that ends a look-ahead later.
      const auto at = static_cast<std::size_t>(n - TruePeakDetector::kDelayFrames);
      const double expected = static_cast<double>(in.at(n - limiter.latency_frames(), lane)) * gain[at];
      worst = std::max(worst, std::abs(static_cast<double>(io.at(n, lane)) - expected));
    }
  CAPTURE(look_ahead_ms, params.release_ms);
  CHECK(worst < 1e-6);  // the detector adds up 32 products in float
}

TEST_CASE("main limiter: with nothing to turn down, and off, it is a delay that changes no bit", "[engine][limiter]") {
  const ScopedFlushToZero no_denormals;
  const double rate_hz = GENERATE(44'100.0, 48'000.0, 96'000.0), look_ahead_ms = GENERATE(0.5, 1.0, 5.0);
  Tile in = noise(5'000, 4, 0.2f);  // at +14 dB between the samples it would be 1
  in.at(100, 0) = -0.0f, in.at(101, 1) = 1e-40f;
  Tile io = in;
  TruePeakLimiter limiter = limiter_of({}, rate_hz, look_ahead_ms);
  const int latency = static_cast<int>(std::round(look_ahead_ms * rate_hz / 1000)) + 16;
  CHECK(limiter.latency_frames() == latency);
  limiter.process(io.data(), io.frames());
  CHECK(is_delayed(io, in, latency));
  CHECK(limiter.lowest_gain() == 0);

  TruePeakLimiter off = limiter_of({false, -24, 150}, rate_hz, look_ahead_ms);
  Tile loud = noise(5'000, 5, 100);
  loud.at(100, 0) = kNan, loud.at(101, 1) = kInfinity;
  io = loud;
  off.process(io.data(), io.frames());
  CHECK(off.latency_frames() == latency);
  CHECK(is_delayed(io, loud, latency));
  CHECK(off.lowest_gain() == 0);
}

TEST_CASE("main limiter: both sides share one gain, the other lanes stay as they are", "[engine][limiter]") {
  const int loud = GENERATE(0, 1);
  Tile io = noise(4'000, 6, 0.01f);
  for (int n = 0; n < io.frames(); ++n)
    io.at(n, loud) = static_cast<float>(4 * std::sin(0.05 * n)), io.at(n, 1 - loud) = io.at(n, loud) / 64;
  const Tile in = io;
  TruePeakLimiter limiter = limiter_of({});
  limiter.process(io.data(), io.frames());
  for (int n = 0; n < io.frames(); ++n) {
    if (io.at(n, 1 - loud) != io.at(n, loud) / 64) FAIL("frame " << n);
    for (int lane = 2; lane < kLanes; ++lane)
      if (!same_bits(io.at(n, lane), in.at(n, lane))) FAIL("lane " << lane);
  }
  CHECK(highest_sample(io) <= amplitude(-1));
}

TEST_CASE("main limiter: any split gives the same bits, also with changes on the way", "[engine][limiter]") {
  const auto run = [](int chunk) {
    TruePeakLimiter limiter = limiter_of({});
    Tile io = noise(6'000, 7, 3);
    for (int part = 0; part < 4; ++part) {
      const TruePeakLimiterParams params[4] = {{}, {true, -12, 50}, {false, -12, 50}, {true, -3, 20}};
      limiter.set(design(params[part], kRate));
      for (int from = 0; from < 1'500; from += chunk)
        limiter.process(io.data() + (part * 1'500 + from) * kLanes, std::min(chunk, 1'500 - from));
    }
    return std::pair{io, limiter.lowest_gain()};
  };
  const auto whole = run(1'500);
  for (const int chunk : {1, 7, 64, 128}) {
    CAPTURE(chunk);
    const auto split = run(chunk);
    CHECK(split.first == whole.first);
    CHECK(split.second == whole.second);
  }
}

TEST_CASE("main limiter: of a short peak nothing is left after 50 ms, whatever the dial says", "[engine][limiter]") {
  const double rate_hz = GENERATE(44'100.0, 48'000.0, 96'000.0), over_db = GENERATE(6.0, 20.0, 30.0);
  const double ms = GENERATE(0.0, 1.0), before_db = GENERATE(-20.0, -1.5);
  const TruePeakLimiterParams params{true, -1, GENERATE(20.0f, 150.0f, 1000.0f)};
  CAPTURE(rate_hz, over_db, ms, before_db, params.release_ms);
  TruePeakLimiter limiter = limiter_of(params, rate_hz);
  // A quiet or a nearly loud tone, and one sample, or 1 ms, that is far over the ceiling.
  const auto frame = [&](double at_ms) { return static_cast<int>(at_ms * rate_hz / 1000); };
  Tile in = tone(frame(700), 1000, amplitude(before_db), rate_hz);
  const int peak = frame(200), length = std::max(frame(ms), 1);
  for (int n = peak; n < peak + length; ++n)
    for (int lane = 0; lane < 2; ++lane)
      in.at(n, lane) = static_cast<float>(amplitude(-1 + over_db)) * (n % 2 == 0 ? 1.0f : -1.0f);
  Tile io = in;
  limiter.process(io.data(), io.frames());
  CHECK(highest_sample(io) <= amplitude(-1));
  const auto gain_db = [&](int at, int frames) {  // of a few periods of the tone
    double before = 0, after = 0;
    for (int n = at; n < at + frames; ++n) {
      before += std::pow(static_cast<double>(in.at(n, 0)), 2);
      after += std::pow(static_cast<double>(io.at(n + limiter.latency_frames(), 0)), 2);
    }
    return decibels(std::sqrt(after / before));
  };
  // 13 ms of hold, and 37 ms of release by 10 ms: 2.5 % of what the peak asked is left, the sustained part's 1 dB at
  // most.
  CHECK(gain_db(frame(200 + ms + 50), frame(3)) > -0.025 * over_db - 1);
  CHECK(gain_db(frame(200 + ms + 100), frame(3)) > -1);
  CHECK(gain_db(frame(200 + ms + 6), frame(3)) < -0.9 * over_db);  // it did turn down, and the whole hold long
}

TEST_CASE("main limiter: a peak that has lasted comes back in the time on the dial, a long one slowly at first",
          "[engine][limiter][measure]") {
  const double release_ms = GENERATE(20.0, 150.0, 1000.0), long_ms = 20 * release_ms;
  const TruePeakLimiterParams params{true, 0, static_cast<float>(release_ms)};
  const auto frame = [](double ms) { return static_cast<std::size_t>(std::llround(ms * kRate / 1000)); };
  CAPTURE(release_ms);
  // A step begins to fall 0.5 ms early, and a gain is the mean of the next 1 ms.
  constexpr double kEarly = 0.5 + 0.5, kHold = 13;
  // `charged_db` of 6 dB are in the sustained part when the peak ends. From there on the lasting part falls towards it,
  // and it by its own time; the hold covers this for 13 ms, and what it held longer goes with 10 ms.
  const auto left_db = [&](double charged_db, double after_ms) {
    const auto lasting_db = [&](double ms) {
      const double t = ms / release_ms;
      return 6 * charged_db / 5 * std::exp(-t / 6) + (6 - 6 * charged_db / 5) * std::exp(-t);
    };
    return lasting_db(after_ms) + (6 - lasting_db(kHold)) * std::exp(-(after_ms - kHold) / 10);
  };
  TruePeakLimiter limiter = limiter_of(params);
  auto gain_db = gains_db(limiter, steps({{-20, 50}, {6, 8}, {-20, kHold + 2 * release_ms}}));
  CHECK(gain_db[frame(54)] == Approx(-6).margin(0.05));
  // The sustained part was charged with 1 dB at first, then with what has lasted, and during the hold: between 1 and 6
  // dB for 21 ms.
  const double least_db = -std::expm1(-8 / (2 * release_ms)), most_db = -6 * std::expm1(-21 / (2 * release_ms));
  for (const double after_ms : {kHold + 5, kHold + release_ms}) {
    CHECK(gain_db[frame(58 - kEarly + after_ms)] < -left_db(least_db, after_ms) + 0.1);
    CHECK(gain_db[frame(58 - kEarly + after_ms)] > -left_db(most_db, after_ms) - 0.1);
  }

  // After a long tone all of it is sustained, and stays so until the hold ends: then r = s falls by its own time
  // constant.
  limiter.reset();
  gain_db = gains_db(limiter, steps({{6, long_ms}, {-20, kHold + 12 * release_ms}}));
  for (const double t : {0.5, 1.0, 2.0, 6.0, 11.0}) {
    const double expected = -6 * (6 * std::exp(-t / 6) - std::exp(-t)) / 5;
    CHECK(gain_db[frame(long_ms - kEarly + kHold + t * release_ms)] == Approx(expected).margin(0.05));
  }
}

TEST_CASE("main limiter: a bass tone is turned down, not bent", "[engine][limiter][measure]") {
  const double frequency_hz = GENERATE(20.0, 30.0, 41.0, 50.0, 1'000.0);
  const double release_ms = GENERATE(20.0, 150.0, 1000.0);
  constexpr int kSecond = static_cast<int>(kRate);
  Tile io = tone(6 * kSecond, frequency_hz, amplitude(-1 + 6));
  TruePeakLimiter limiter = limiter_of({true, -1, static_cast<float>(release_ms)});
  limiter.process(io.data(), io.frames());
  double sine = 0, cosine = 0, power = 0;
  for (int n = 5 * kSecond; n < 6 * kSecond; ++n) {
    const double y = io.at(n, 0), angle = 2 * M_PI * frequency_hz * n / kRate;
    sine += y * std::sin(angle), cosine += y * std::cos(angle), power += y * y;
  }
  const double tone_power = 2 * (sine * sine + cosine * cosine) / kSecond;
  const double thd_percent = 100 * std::sqrt(std::max(power / tone_power - 1, 0.0));
  INFO(frequency_hz << " Hz, 6 dB of reduction, release " << release_ms << " ms: THD and noise " << thd_percent
                    << " %");
  CHECK(tone_power / kSecond == Approx(amplitude(-2) / 2).epsilon(0.01));
  // From 41 Hz on the hold bridges half a period. Below it the gain comes back by some time / release of 6 dB.
  CHECK(thd_percent < (frequency_hz > 40 ? 0.001 : frequency_hz > 25 ? 0.02 : 0.5));
}

TEST_CASE("main limiter: ceiling, release and switch move without a click", "[engine][limiter]") {
  constexpr double kHz = 100, kPeak = 2;
  Tile io = tone(48'000, kHz, kPeak);
  TruePeakLimiter limiter = limiter_of({});
  const TruePeakLimiterParams settings[8] = {{true, -1, 150}, {true, -24, 150}, {true, -24, 20},  {false, -24, 20},
                                             {true, -24, 20}, {true, 0, 20},    {false, 0, 1000}, {true, -12, 1000}};
  for (int part = 0; part < 8; ++part) {
    limiter.set(design(settings[part], kRate));
    limiter.process(io.data() + part * 6'000 * kLanes, 6'000);
  }
  // A gain g in dB that moves by 30 dB (the largest reduction here) in 10 ms: |g'| = 0.0625 dB or 0.0072 per frame of
  // what is heard. Its corner is spread over half a look-ahead when the ceiling moves, over one frame when the switch
  // does; the switch takes with it at most the reduction of the moment, from full scale.
  const double slope = 30 / (0.010 * kRate) * std::log(10) / 20, w = 2 * M_PI * kHz / kRate;
  const double bound = kPeak * (w * w + 2 * w * slope + slope);
  double sharpest = 0;
  for (int n = 300; n < io.frames(); ++n)
    sharpest =
        std::max(sharpest, std::abs(static_cast<double>(io.at(n, 0)) - 2.0 * static_cast<double>(io.at(n - 1, 0)) +
                                    static_cast<double>(io.at(n - 2, 0))));
  CAPTURE(sharpest, bound);
  CHECK(sharpest < bound);  // a jump between two of these settings would be 1 and more
}

TEST_CASE("main limiter: a lowered ceiling holds once it is there", "[engine][limiter]") {
  TruePeakLimiter limiter = limiter_of({true, 0, 150});
  Tile io = noise(4'000, 8, 10);
  limiter.process(io.data(), io.frames());
  limiter.set(design({true, -10, 150}, kRate));
  Tile moving = noise(480 + limiter.latency_frames(), 9, 10);
  limiter.process(moving.data(), moving.frames());
  CHECK(highest_sample(moving) <= 1);
  io = noise(4'000, 10, 10);
  limiter.process(io.data(), io.frames());
  CHECK(highest_sample(io) <= amplitude(-10));
}

TEST_CASE("main limiter: nothing is allocated; silence stays and returns; a NaN leaves no trace", "[engine][limiter]") {
  const ScopedFlushToZero no_denormals;
  const TruePeakLimiterParams params{true, -1, 20};
  TruePeakLimiter limiter = limiter_of(params), other = limiter;
  Tile silence(2'000), broken = noise(2'000, 11, 3), clean = broken;
  broken.at(500, 0) = kNan, broken.at(510, 1) = kInfinity, broken.at(511, 1) = -kInfinity;
  clean.at(500, 0) = clean.at(510, 1) = clean.at(511, 1) = 0;
  test::AllocationGuard guard;
  limiter.process(silence.data(), silence.frames());
  limiter.set(design(params, kRate));
  limiter.process(broken.data(), broken.frames());
  const long heap_calls = guard.count();
  CHECK(heap_calls == 0);
  CHECK(silence == Tile(2'000));
  other.process(silence.data(), silence.frames());
  other.process(clean.data(), clean.frames());
  const int latency = limiter.latency_frames();
  CHECK(std::isnan(broken.at(500 + latency, 0)));
  CHECK(broken.at(510 + latency, 1) == kInfinity);
  CHECK(broken.at(511 + latency, 1) == -kInfinity);
  broken.at(500 + latency, 0) = broken.at(510 + latency, 1) = broken.at(511 + latency, 1) = 0;
  for (int n = 0; n < broken.frames(); ++n)
    for (int lane = 0; lane < 2; ++lane)
      if (broken.at(n, lane) != clean.at(n, lane)) FAIL("frame " << n);

  // 13 dB of reduction fall to 0.0001 dB in 12 slow release times, 1.5 s; then it is a delay again.
  Tile quiet = noise(96'000, 12, 0.1f), out = quiet;
  limiter.process(out.data(), out.frames());
  CHECK(is_delayed(out, quiet, latency, 80'000));
  Tile zero(2'000);
  limiter.process(zero.data(), zero.frames());
  for (int n = latency; n < zero.frames(); ++n) CHECK((zero.at(n, 0) == 0 && zero.at(n, 1) == 0));
}

TEST_CASE("main limiter: after a reset it is as new", "[engine][limiter]") {
  TruePeakLimiter limiter = limiter_of({}), fresh = limiter;
  Tile loud = noise(3'333, 13, 20), io = noise(3'000, 14, 2), expected = io;
  limiter.process(loud.data(), loud.frames());
  limiter.reset();
  limiter.process(io.data(), io.frames());
  fresh.process(expected.data(), expected.frames());
  CHECK(io == expected);
  CHECK(limiter.lowest_gain() == fresh.lowest_gain());
}
