#include "engine/processors/compressor.h"

#include <catch2/catch.hpp>
#include <cmath>
#include <limits>
#include <random>

#include "engine/processors/dynamics_laws.h"
#include "engine/tile/denormals.h"
#include "tests/allocation_guard.h"
#include "tests/engine/processors/lane_tile.h"
#include "tests/simd_targets.h"

using namespace fohd;
using fohd::test::for_each_simd_target;
using fohd::test::noise;
using Tile = fohd::test::LaneTile;

namespace {

constexpr double kRate = 48'000;
alignas(64) constexpr float kAll[kLanes] = {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1};

double amplitude(double db) { return std::pow(10, db / 20); }

void put(CompressorBankCoeffs& bank, int lane, const CompressorCoeffs& c) {
  bank.direction[lane] = c.direction, bank.threshold[lane] = c.threshold, bank.half_knee[lane] = c.half_knee;
  bank.knee_curve[lane] = c.knee_curve, bank.slope[lane] = c.slope, bank.lowest[lane] = c.lowest;
  bank.power_coeff[lane] = c.power_coeff, bank.attack_coeff[lane] = c.attack_coeff;
  bank.release_coeff[lane] = c.release_coeff, bank.hold_frames[lane] = c.hold_frames;
  bank.linear[lane] = c.linear, bank.crest_coeff[lane] = c.crest_coeff;
  bank.dry.value[lane] = c.dry, bank.wet.value[lane] = c.wet;
}

CompressorBankCoeffs bank_of(const CompressorParams& params) {
  CompressorBankCoeffs bank;
  for (int lane = 0; lane < kLanes; ++lane) put(bank, lane, design(params, kRate));
  return bank;
}

/// Another setting in every lane, both modes and both detectors among them.
CompressorParams setting(int lane) {
  const auto l = static_cast<float>(lane);
  CompressorParams p;
  p.on = true;
  p.mode = static_cast<CompressorMode>(lane % 2);
  p.detector = static_cast<Detector>(lane / 2 % 2);
  p.threshold_db = -40 + 2 * l, p.ratio = 1.1f + 0.7f * l, p.knee_db = static_cast<float>(lane % 6) * 2;
  p.makeup_db = l, p.attack_ms = 0.5f * l, p.hold_ms = 0.02f + l, p.release_ms = 5 + 9 * l;
  p.mix_percent = 100 - 4 * l;
  p.auto_time = lane % 5 == 0;
  p.envelope = lane % 4 == 1 || lane % 5 == 0 ? Envelope::linear : Envelope::logarithmic;
  return p;
}

/// A block of the peak detector at 48 kHz: two sub-blocks.
constexpr int kPeakBlock = 128;

/// The law of compressor_kernels.cpp for one lane, in double and with the library's logarithm.
struct Reference {
  CompressorCoeffs c;
  double power = 0, gain = 0, hold_left = 0, slow_power = 0, slow_peak = 0, peak_now = 0, peak_before = 0;
  int frame = 0;
  /// How much faster than the dials.
  double haste(double key_power) {
    if (c.crest_coeff == 0) return 1;
    slow_power += (key_power - slow_power) * static_cast<double>(c.crest_coeff);
    slow_peak = std::max(key_power, slow_peak - slow_peak * static_cast<double>(c.crest_coeff));
    return std::clamp(slow_peak / 2 / std::max(slow_power, 1e-20), 1.0, 20.0);
  }
  void move(double wanted, double share) {
    share = std::min(share, 1.0);
    gain += (wanted - gain) * share;
  }
  double factor(double key) {
    const double faster = haste(key * key);
    if (frame++ % kPeakBlock == 0) peak_before = peak_now, peak_now = 0;
    peak_now = std::max(peak_now, key * key);
    power += (key * key - power) * static_cast<double>(c.power_coeff);
    if (c.power_coeff == 1) power = std::max(peak_now, peak_before);
    const double level = std::log2(std::max(power, 1e-20)) / 2;
    const double beyond = c.direction * (level - static_cast<double>(c.threshold)), half_knee = c.half_knee;
    double bent = std::max(beyond, 0.0);
    if (half_knee > 0 && std::abs(beyond) < half_knee) bent = std::pow(beyond + half_knee, 2) / (4 * half_knee);
    const double wanted_octaves = std::max(c.slope * bent, static_cast<double>(c.lowest));
    const double wanted = c.linear != 0 ? std::exp2(wanted_octaves) - 1 : wanted_octaves;
    if (c.direction * (wanted - gain) <= 0) {
      move(wanted, faster * static_cast<double>(c.attack_coeff));
      hold_left = c.hold_frames;
    } else if (hold_left > 0) {
      --hold_left;
    } else {
      move(wanted, faster * static_cast<double>(c.release_coeff));
    }
    return static_cast<double>(c.dry) + static_cast<double>(c.wet) * (c.linear != 0 ? 1 + gain : std::exp2(gain));
  }
};

/// As its owner does it: block after block on the grid.
void process_on_grid(CompressorBankCoeffs& bank, CompressorBankState& state, const float* active, const float* key,
                     float* io, int frames, int lanes) {
  for (int from = 0; from < frames; from += kPeakBlock) {
    const int length = std::min(kPeakBlock, frames - from), at = from * kLanes;
    compressor_process(bank, state, active, key + at, io + at, io + at, length, lanes);
    if (length == kPeakBlock) end_peak_block(state);
  }
}

/// The gain in dB after each frame, for a key of one lane.
std::vector<double> gains_db(const CompressorParams& params, const std::vector<double>& key) {
  const int frames = static_cast<int>(key.size());
  Tile keys(frames), io(frames);
  for (int n = 0; n < frames; ++n)
    keys.at(n, 0) = static_cast<float>(key[static_cast<std::size_t>(n)]), io.at(n, 0) = 1;
  CompressorBankCoeffs bank = bank_of(params);
  CompressorBankState state;
  process_on_grid(bank, state, kAll, keys.data(), io.data(), frames, 1);
  std::vector<double> result;
  for (int n = 0; n < frames; ++n) result.push_back(20 * std::log10(static_cast<double>(io.at(n, 0))));
  return result;
}

std::vector<double> sine(double level_db, double frequency_hz, double ms) {
  std::vector<double> key;
  for (int n = 0; n < ms * kRate / 1000; ++n) {
    key.push_back(amplitude(level_db) * std::sin(2 * M_PI * frequency_hz * n / kRate));
  }
  return key;
}
std::vector<double> steady(double level_db, double ms) {
  return std::vector<double>(static_cast<std::size_t>(ms * kRate / 1000), amplitude(level_db));
}
std::vector<double> joined(std::vector<double> a, const std::vector<double>& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

CompressorParams compressor(double threshold_db, double ratio, double knee_db) {
  CompressorParams p;
  p.on = true;
  p.threshold_db = static_cast<float>(threshold_db), p.ratio = static_cast<float>(ratio);
  p.knee_db = static_cast<float>(knee_db);
  return p;
}

}  // namespace

TEST_CASE("compressor: the curve on paper is the paper's", "[engine][compressor]") {
  // Giannoulis, Massberg, Reiss 2012, equation 4, as output level.
  for (const double ratio : {1.1, 3.0, 100.0})
    for (const double knee_db : {0.0, 4.0, 10.0})
      for (double level_db = -60; level_db <= 10; level_db += 0.7) {
        const double t = -20, x = level_db, w = knee_db;
        double y = x;
        if (2 * (x - t) > w)
          y = t + (x - t) / ratio;
        else if (w > 0 && 2 * std::abs(x - t) <= w)
          y = x + (1 / ratio - 1) * std::pow(x - t + w / 2, 2) / (2 * w);
        CAPTURE(ratio, knee_db, level_db);
        CHECK(compressor_curve_db(compressor(t, ratio, w), x) == Approx(y - x).margin(1e-5));  // ratio is a float
      }
  CompressorParams expander = compressor(-30, 2, 0);
  expander.mode = CompressorMode::expander;
  CHECK(compressor_curve_db(expander, -20) == 0);
  CHECK(compressor_curve_db(expander, -40) == Approx(-10));
  CHECK(compressor_curve_db(expander, -120) == Approx(-60));
}

TEST_CASE("compressor: tones and steady levels settle on the curve within 0.1 dB", "[engine][compressor][measure]") {
  const auto mode = static_cast<CompressorMode>(GENERATE(0, 1));
  const double ratio = GENERATE(1.5, 4.0, 20.0), knee_db = GENERATE(0.0, 6.0);
  CompressorParams p = compressor(-24, ratio, knee_db);
  p.mode = mode;
  for (double level_db = -57; level_db <= 6; level_db += 9) {
    CAPTURE(static_cast<int>(mode), ratio, knee_db, level_db);
    p.detector = Detector::peak;
    CHECK(gains_db(p, steady(level_db, 3'000)).back() == Approx(compressor_curve_db(p, level_db)).margin(2e-3));
    // The hold of 10 ms bridges half a period of 100 Hz: the peaks alone count.
    if (mode == CompressorMode::compressor) {
      CHECK(gains_db(p, sine(level_db, 100, 1'500)).back() == Approx(compressor_curve_db(p, level_db)).margin(0.1));
    }
    // Of an RMS detector's ripple, 0.035 dB at 1 kHz, an expander makes as many dB as its ratio.
    if (mode == CompressorMode::compressor) {
      p.detector = Detector::rms;
      CHECK(gains_db(p, sine(level_db, 1'000, 3'000)).back() ==
            Approx(compressor_curve_db(p, level_db - 3.0103)).margin(0.1));
    }
  }
}

TEST_CASE("compressor: after attack and release time 63 % of the reduction in dB is done, after exactly the hold",
          "[engine][compressor]") {
  const double attack_ms = GENERATE(1.0, 10.0, 120.0), release_ms = GENERATE(5.0, 150.0, 1'000.0);
  const double hold_ms = GENERATE(0.02, 10.0, 200.0);
  CompressorParams p = compressor(-40, 4, 0);
  p.attack_ms = static_cast<float>(attack_ms), p.release_ms = static_cast<float>(release_ms);
  p.hold_ms = static_cast<float>(hold_ms);
  const double final_db = compressor_curve_db(p, -10);  // -22.5 dB
  const auto frame = [](double ms) { return static_cast<std::size_t>(ms * kRate / 1000); };
  const auto gain_db = gains_db(p, joined(steady(-10, 25 * attack_ms), steady(-120, 6 + hold_ms + 3 * release_ms)));
  CAPTURE(attack_ms, release_ms, hold_ms);
  std::size_t at = 0;
  while (gain_db[at] > final_db * (1 - std::exp(-1))) ++at;
  CHECK(static_cast<double>(at + 1) * 1000 / kRate == Approx(attack_ms).epsilon(0.05));
  // The level falls with the block behind the one of the last loud frame; then the hold begins.
  const std::size_t falls = frame(25 * attack_ms), hold_frames = static_cast<std::size_t>(whole_frames(hold_ms, kRate));
  const std::size_t held_until = ((falls - 1) / kPeakBlock + 2) * kPeakBlock + hold_frames;
  CHECK(gain_db[held_until - 1] == Approx(gain_db[falls - 1]).margin(2e-5));
  CHECK(gain_db[held_until] > gain_db[falls - 1] - 0.5 * final_db * coeff_per_frame(release_ms, kRate));
  at = held_until;
  while (gain_db[at] < final_db * std::exp(-1)) ++at;
  CHECK(static_cast<double>(at - held_until + 1) * 1000 / kRate == Approx(release_ms).epsilon(0.05));
}

TEST_CASE("compressor: a tone is turned down in the time on the dial", "[engine][compressor][measure]") {
  const double frequency_hz = GENERATE(100.0, 200.0, 1'000.0, 5'000.0, 10'000.0);
  const double attack_ms = GENERATE(0.5, 1.0, 5.0, 20.0, 120.0), ratio = GENERATE(3.0, 100.0);
  if (attack_ms < 1000 / frequency_hz / 4) return;  // shorter than a quarter period: the tone itself rises no sooner
  CompressorParams p = compressor(-30, ratio, 0);
  p.attack_ms = static_cast<float>(attack_ms);
  const double final_db = compressor_curve_db(p, -12);
  // The tone begins at its peak, so that it is loud at once; at two places of the grid.
  for (const int offset : {0, 60}) {
    std::vector<double> key(static_cast<std::size_t>(offset), 0.0);
    for (int n = 0; n < 10 * attack_ms * kRate / 1000; ++n) {
      key.push_back(amplitude(-12) * std::cos(2 * M_PI * frequency_hz * n / kRate));
    }
    const auto gain_db = gains_db(p, key);
    auto at = static_cast<std::size_t>(offset);
    while (gain_db[at] > final_db * (1 - std::exp(-1))) ++at;
    CAPTURE(frequency_hz, attack_ms, ratio, offset);
    CHECK(static_cast<double>(at - offset + 1) * 1000 / kRate == Approx(attack_ms).epsilon(0.1).margin(0.03));
  }
}

TEST_CASE("compressor: with a linear envelope 63 % of the gain's own way is done at the dials' times",
          "[engine][compressor][measure]") {
  const double attack_ms = GENERATE(1.0, 10.0, 120.0), release_ms = GENERATE(5.0, 150.0, 4'000.0);
  CompressorParams p = compressor(-40, 4, 0);
  p.envelope = Envelope::linear;
  p.attack_ms = static_cast<float>(attack_ms), p.release_ms = static_cast<float>(release_ms), p.hold_ms = 0.02f;
  const double final_gain = amplitude(compressor_curve_db(p, -10));
  const auto gain_db = gains_db(p, joined(steady(-10, 25 * attack_ms), steady(-120, 15 * release_ms)));
  CAPTURE(attack_ms, release_ms);
  const auto missing = [&](std::size_t n) { return (1 - amplitude(gain_db[n])) / (1 - final_gain); };
  std::size_t at = 0;
  while (missing(at) < 1 - std::exp(-1)) ++at;
  CHECK(static_cast<double>(at + 1) * 1000 / kRate == Approx(attack_ms).epsilon(0.05));
  const auto falls = static_cast<std::size_t>(25 * attack_ms * kRate / 1000);
  CHECK(gain_db[falls - 1] == Approx(20 * std::log10(final_gain)).margin(0.01));
  const std::size_t held_until = ((falls - 1) / kPeakBlock + 2) * kPeakBlock;
  at = held_until;
  while (missing(at) > std::exp(-1)) ++at;
  CHECK(static_cast<double>(at - held_until) * 1000 / kRate == Approx(release_ms).epsilon(0.05));
  CHECK(gain_db.back() == Approx(0).margin(1e-3));  // e^-15 of it
}

TEST_CASE("compressor: the slowest release arrives too", "[engine][compressor]") {
  CompressorParams p = compressor(-20, 10, 0);
  p.mode = CompressorMode::expander;
  p.release_ms = 4'000, p.hold_ms = 0.02f;
  // 60 s are 15 releases: e^-15 of 60 dB is nothing.
  CHECK(gains_db(p, joined(steady(-10, 100), steady(-100, 60'000))).back() == Approx(-60).margin(2e-3));
}

TEST_CASE("compressor: automatic times are the dials' for a sine, and shorter for peaks", "[engine][compressor]") {
  CompressorParams p = compressor(-30, 4, 0);
  p.attack_ms = 60, p.release_ms = 400, p.hold_ms = 10;
  // Of the way to the settled gain, in dB, that is done 60 ms after a sine of 200 Hz that is 20 dB louder begins. The
  // peak detector works on peaks alone, so the way is slower than the dial; both ways alike.
  const auto done = [&](const std::vector<double>& before, bool automatic) {
    p.auto_time = automatic;
    const auto gain_db = gains_db(p, joined(before, sine(-10, 200, 60)));
    return gain_db.back() / compressor_curve_db(p, -10);
  };
  const auto steady_before = sine(-30.5, 200, 2'000);
  // Crest factor: the new peak over the power of the old sound is far above 2 at first, so the attack is faster.
  CHECK(done(steady_before, true) > 1.5 * done(steady_before, false));
  // A sine that goes on: crest 2, nothing is faster. It lets go as the dial says.
  const auto release_ms = [&](bool automatic) {
    p.auto_time = automatic;
    const auto gain_db = gains_db(p, joined(sine(-10, 200, 3'000), sine(-34, 200, 3'000)));
    const std::size_t falls = 3 * 48'000 - 1;
    std::size_t at = falls;
    while (at + 1 < gain_db.size() && gain_db[at] < gain_db[falls] * std::exp(-1)) ++at;
    return static_cast<double>(at - falls) * 1000 / kRate;
  };
  // The old peak falls with 200 ms while the power does too: the crest stays near 2 until the new sine is the louder.
  CHECK(release_ms(true) == Approx(release_ms(false)).epsilon(0.3));
}

TEST_CASE("compressor: make-up, automatic make-up and mix", "[engine][compressor]") {
  CompressorParams p = compressor(-20, 2, 0);
  p.makeup_db = 6;
  CHECK(gains_db(p, steady(-30, 50)).back() == Approx(6).margin(1e-4));
  p.makeup_db = 0, p.auto_makeup = true;
  CHECK(auto_makeup_db(p) == Approx(5));  // half of the 10 dB that 0 dBFS loses
  CHECK(gains_db(p, steady(-30, 50)).back() == Approx(5).margin(1e-4));
  p.auto_makeup = false, p.mix_percent = 25;
  const double wet = amplitude(-10);  // 0 dBFS, 2:1 above -20
  CHECK(amplitude(gains_db(p, steady(0, 500)).back()) == Approx(0.75 + 0.25 * wet).epsilon(1e-4));
}

TEST_CASE("compressor: off, and below its threshold, it changes no bit", "[engine][compressor]") {
  for_each_simd_target([] {
    const Tile input = noise(1'000, 1);
    for (const bool on : {false, true}) {
      CompressorParams p = compressor(0, 4, 0);
      p.on = on;
      CompressorBankCoeffs bank = bank_of(p);
      CompressorBankState state;
      Tile io = input;
      compressor_process(bank, state, kAll, input.data(), io.data(), io.data(), 1'000, kLanes);
      CAPTURE(on);
      CHECK(io == input);
    }
  });
}

TEST_CASE("compressor: every SIMD target agrees with the law in double", "[engine][compressor]") {
  for_each_simd_target([] {
    constexpr int kFrames = 9'600;
    Tile key = noise(kFrames, 2);
    for (int n = 0; n < kFrames; ++n) {  // from -60 dB to 0 dB and back, twice
      const double swell = amplitude(-30 + 30 * std::sin(4 * M_PI * n / kFrames));
      for (int lane = 0; lane < kLanes; ++lane) key.at(n, lane) *= static_cast<float>(swell);
    }
    const Tile input = noise(kFrames, 3);
    Tile io = input;
    CompressorBankCoeffs bank;
    Reference references[kLanes];
    for (int lane = 0; lane < kLanes; ++lane) {
      references[lane].c = design(setting(lane), kRate);
      put(bank, lane, references[lane].c);
    }
    CompressorBankState state;
    process_on_grid(bank, state, kAll, key.data(), io.data(), kFrames, kLanes);
    for (int lane = 0; lane < kLanes; ++lane) {
      double worst = 0;
      for (int n = 0; n < kFrames; ++n) {
        const double expected = input.at(n, lane) * references[lane].factor(key.at(n, lane));
        worst = std::max(worst, std::abs(io.at(n, lane) - expected) /
                                    static_cast<double>(bank.dry.value[lane] + bank.wet.value[lane]));
      }
      CAPTURE(lane);
      // The logarithm is good to 0.0001 dB, of which an expander makes its slope of up to 10 as much; a hold that ends
      // a frame apart adds a frame of release.
      CHECK(worst < 1e-3);
    }
  });
}

TEST_CASE("compressor: no lane hears another, lanes that are not active are not touched, any split gives the same bits",
          "[engine][compressor]") {
  for_each_simd_target([] {
    CompressorBankCoeffs settings;
    for (int lane = 0; lane < kLanes; ++lane) put(settings, lane, design(setting(lane), kRate));
    for (int lane = 0; lane < kLanes; ++lane) settings.wet.increment[lane] = 1e-4f * static_cast<float>(lane);
    const Tile input = noise(1'000, 4, 0.5f);
    CompressorBankCoeffs whole_bank = settings;
    CompressorBankState whole_state;
    Tile whole = input;
    compressor_process(whole_bank, whole_state, kAll, input.data(), whole.data(), whole.data(), 1'000, kLanes);
    for (const int chunk : {1, 7, 64, 128}) {
      CompressorBankCoeffs bank = settings;
      CompressorBankState state;
      Tile split = input;
      for (int from = 0; from < 1'000; from += chunk) {
        const int frames = std::min(chunk, 1'000 - from);
        compressor_process(bank, state, kAll, input.data() + from * kLanes, split.data() + from * kLanes,
                           split.data() + from * kLanes, frames, kLanes);
      }
      CAPTURE(chunk);
      CHECK(split == whole);
      CHECK(std::memcmp(&state, &whole_state, sizeof state) == 0);
    }
    for (int lane = 0; lane < kLanes; ++lane) {
      alignas(64) float only[kLanes] = {};
      only[lane] = 1;
      CompressorBankCoeffs bank = settings;
      CompressorBankState state, untouched;
      Tile io = input;
      compressor_process(bank, state, only, input.data(), io.data(), io.data(), 1'000, kLanes);
      for (int n = 0; n < 1'000; ++n)
        for (int other = 0; other < kLanes; ++other)
          if (io.at(n, other) != (other == lane ? whole : input).at(n, other)) FAIL("lane " << lane << " in " << other);
      CHECK(state.gain[lane] == whole_state.gain[lane]);
      state.slow_power[lane] = state.slow_peak[lane] = state.peak_now[lane] = 0;
      state.gain[lane] = state.cut[lane] = state.power[lane] = state.hold_left[lane] = state.lowest_gain[lane] = 0;
      CHECK(std::memcmp(&state, &untouched, sizeof state) == 0);
    }
  });
}

TEST_CASE("compressor: nothing is allocated, silence stays silence, and a NaN stays in its lane",
          "[engine][compressor]") {
  for_each_simd_target([] {
    const ScopedFlushToZero no_denormals;
    CompressorBankCoeffs bank;
    for (int lane = 0; lane < kLanes; ++lane) put(bank, lane, design(setting(lane), kRate));
    CompressorBankState state;
    Tile silence(4'800);
    test::AllocationGuard guard;
    compressor_process(bank, state, kAll, silence.data(), silence.data(), silence.data(), 4'800, kLanes);
    const long heap_calls = guard.count();
    CHECK(heap_calls == 0);
    CHECK(silence == Tile(4'800));

    Tile broken = noise(64, 5), whole = broken;
    CompressorBankCoeffs other_bank = bank;
    CompressorBankState other = state;
    broken.at(20, 6) = std::numeric_limits<float>::quiet_NaN();
    compressor_process(bank, state, kAll, broken.data(), broken.data(), broken.data(), 64, kLanes);
    compressor_process(other_bank, other, kAll, whole.data(), whole.data(), whole.data(), 64, kLanes);
    for (int n = 0; n < 64; ++n)
      for (int lane = 0; lane < kLanes; ++lane)
        if (lane != 6 && broken.at(n, lane) != whole.at(n, lane)) FAIL("NaN reached lane " << lane);
    state.power[6] = state.gain[6] = state.hold_left[6] = state.peak_now[6] = 0;  // what the strip's guard does
    Tile after = noise(64, 6);
    compressor_process(bank, state, kAll, after.data(), after.data(), after.data(), 64, kLanes);
    for (int n = 0; n < 64; ++n) CHECK(std::isfinite(after.at(n, 6)));
  });
}
