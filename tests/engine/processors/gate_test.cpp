#include "engine/processors/gate.h"

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

double amplitude(double db) { return std::pow(10, db / 20); }

void put(GateBankCoeffs& bank, int lane, const GateCoeffs& c) {
  bank.open_level[lane] = c.open_level, bank.close_level[lane] = c.close_level, bank.slope[lane] = c.slope;
  bank.attack_coeff[lane] = c.attack_coeff, bank.release_coeff[lane] = c.release_coeff;
  bank.hold_frames[lane] = c.hold_frames;
  bank.shut_scale.value[lane] = c.closed_gain - c.open_gain, bank.open_gain.value[lane] = c.open_gain;
}

GateBankCoeffs bank_of(const GateParams& params) {
  GateBankCoeffs bank;
  for (int lane = 0; lane < kLanes; ++lane) put(bank, lane, design(params, kRate));
  return bank;
}

/// Another setting in every lane, every mode among them.
GateParams setting(int lane) {
  GateParams p{true, static_cast<GateMode>(lane % 5)};
  p.threshold_db = -50 + 2.5f * static_cast<float>(lane);
  p.range_db = 6 + 3 * static_cast<float>(lane);
  p.attack_ms = 0.4f * static_cast<float>(lane);
  p.hold_ms = 0.5f + 2 * static_cast<float>(lane % 4);
  p.release_ms = 5 + 10 * static_cast<float>(lane % 7);
  return p;
}

/// A block of the peak detector at 48 kHz: two sub-blocks.
constexpr int kPeakBlock = 128;

/// The law of gate_kernels.cpp for one lane, in double and with the library's logarithm.
struct Reference {
  GateCoeffs c;
  double attenuation = 0, hold_left = 0, peak_now = 0, peak_before = 0;
  int frame = 0;
  bool open = false;
  double gain(double key) {
    if (frame++ % kPeakBlock == 0) peak_before = peak_now, peak_now = 0;
    peak_now = std::max(peak_now, std::abs(key));
    const double level = std::log2(std::max({peak_now, peak_before, 1e-10}));
    open = level >= static_cast<double>(open ? c.close_level : c.open_level);
    double wanted = open ? 0 : 1;
    if (c.slope != 0) wanted = std::clamp(c.slope * (static_cast<double>(c.open_level) - level), 0.0, 1.0);
    if (wanted <= attenuation) {
      attenuation += (wanted - attenuation) * static_cast<double>(c.attack_coeff);
      hold_left = c.hold_frames;
    } else if (hold_left > 0) {
      --hold_left;
    } else {
      attenuation += (wanted - attenuation) * static_cast<double>(c.release_coeff);
    }
    const double open_gain = c.open_gain, closed_gain = c.closed_gain;
    return std::exp2(open_gain + (closed_gain - open_gain) * attenuation);
  }
};

/// As its owner does it: block after block on the grid.
void process_on_grid(GateBankCoeffs& bank, GateBankState& state, const float* key, float* io, int frames, int lanes) {
  for (int from = 0; from < frames; from += kPeakBlock) {
    const int length = std::min(kPeakBlock, frames - from), at = from * kLanes;
    gate_process(bank, state, key + at, io + at, io + at, length, lanes);
    if (length == kPeakBlock) end_peak_block(state);
  }
}

/// The gain in dB after each frame for a key of one lane.
std::vector<double> gains_db(const GateParams& params, const std::vector<double>& key) {
  const int frames = static_cast<int>(key.size());
  Tile keys(frames), io(frames);
  for (int n = 0; n < frames; ++n)
    keys.at(n, 0) = static_cast<float>(key[static_cast<std::size_t>(n)]), io.at(n, 0) = 1;
  GateBankCoeffs bank = bank_of(params);
  GateBankState state;
  process_on_grid(bank, state, keys.data(), io.data(), frames, 1);
  std::vector<double> result;
  for (int n = 0; n < frames; ++n) result.push_back(20 * std::log10(static_cast<double>(io.at(n, 0))));
  return result;
}

std::vector<double> steps(std::initializer_list<std::pair<double, double>> level_db_and_ms) {
  std::vector<double> key;
  for (const auto& [level_db, ms] : level_db_and_ms) {
    key.insert(key.end(), static_cast<std::size_t>(ms * kRate / 1000), amplitude(level_db));
  }
  return key;
}

}  // namespace

TEST_CASE("gate: a steady level settles on the curve, in every mode", "[engine][gate]") {
  const auto mode = static_cast<GateMode>(GENERATE(0, 1, 2, 3, 4));
  const double range_db = GENERATE(3.0, 20.0, 60.0);
  for (double level_db = -90; level_db <= 0; level_db += 7.3) {
    GateParams params{true, mode, -30, static_cast<float>(range_db), 1, 1, 5};
    CAPTURE(static_cast<int>(mode), range_db, level_db);
    // From open: the loudest first. From shut: silence first.
    const double from_open_db = gains_db(params, steps({{0, 20}, {level_db, 200}})).back();
    const double from_shut_db = gains_db(params, steps({{-120, 200}, {level_db, 40}})).back();
    // 200 ms are 40 releases, 40 ms 40 attacks: e^-40 of the way is left. The logarithm is good to 0.0001 dB, of which
    // an expander of 4:1 makes three times as much; the exponential to 0.00002 dB.
    CHECK(from_open_db == Approx(gate_curve_db(params, level_db, true)).margin(1e-3));
    CHECK(from_shut_db == Approx(gate_curve_db(params, level_db, false)).margin(1e-3));
  }
}

TEST_CASE("gate: the curve on paper", "[engine][gate]") {
  GateParams params{true, GateMode::expander_3, -40, 30};
  CHECK(gate_curve_db(params, -40, true) == 0);
  CHECK(gate_curve_db(params, -50, true) == Approx(-20));  // 3:1: 10 dB less come out 30 dB lower
  CHECK(gate_curve_db(params, -80, true) == Approx(-30));
  params.mode = GateMode::gate;
  CHECK(gate_curve_db(params, -43.9, true) == 0);
  CHECK(gate_curve_db(params, -44.1, true) == Approx(-30));
  CHECK(gate_curve_db(params, -40.1, false) == Approx(-30));
  params.mode = GateMode::ducker;
  CHECK(gate_curve_db(params, -39, false) == Approx(-30));
  CHECK(gate_curve_db(params, -60, true) == 0);
  params.on = false;
  CHECK(gate_curve_db(params, -39, false) == 0);
}

TEST_CASE("gate: after attack and release time 63 % of the way in dB is done, after exactly the hold",
          "[engine][gate][measure]") {
  const double attack_ms = GENERATE(1.0, 10.0, 120.0), release_ms = GENERATE(5.0, 100.0, 900.0);
  const double hold_ms = GENERATE(0.02, 1.0, 50.0);
  const bool ducks = GENERATE(false, true);
  GateParams params{true,
                    ducks ? GateMode::ducker : GateMode::gate,
                    -20,
                    40,
                    static_cast<float>(attack_ms),
                    static_cast<float>(hold_ms),
                    static_cast<float>(release_ms)};
  CAPTURE(attack_ms, release_ms, hold_ms, ducks);
  // Shut first for as long as it takes, then open, then silence.
  const double shut_ms = 1 + hold_ms + 25 * release_ms, open_ms = 25 * attack_ms;
  const auto gain_db = gains_db(params, steps({{-120, shut_ms}, {-10, open_ms}, {-120, 6 + hold_ms + 5 * release_ms}}));
  const auto frame = [](double ms) { return static_cast<std::size_t>(ms * kRate / 1000); };
  const auto done = [&](std::size_t n) { return ducks ? gain_db[n] / -40 : 1 + gain_db[n] / 40; };  // 1: key is heard
  const std::size_t opens = frame(shut_ms), falls = frame(shut_ms) + frame(open_ms);
  const auto hold_frames = static_cast<std::size_t>(whole_frames(hold_ms, kRate));
  std::size_t at = opens;
  while (done(at) < 1 - std::exp(-1)) ++at;
  CHECK(static_cast<double>(at - opens + 1) * 1000 / kRate == Approx(attack_ms).epsilon(0.05));
  // The level falls with the block behind the one of the last loud frame. Then the hold, to the frame: nothing moves in
  // it, and right after it something does.
  const std::size_t held_until = ((falls - 1) / kPeakBlock + 2) * kPeakBlock + hold_frames;
  const double held = done(falls - 1);
  CHECK(held == Approx(1).margin(1e-5));
  CHECK(done(held_until - 1) == Approx(held).margin(1e-5));
  CHECK(done(held_until) < held - 0.5 * coeff_per_frame(release_ms, kRate));
  at = held_until;
  while (done(at) > std::exp(-1)) ++at;
  CHECK(static_cast<double>(at - held_until + 1) * 1000 / kRate == Approx(release_ms).epsilon(0.05));
}

TEST_CASE("gate: a tone opens it in the time on the dial", "[engine][gate][measure]") {
  const double frequency_hz = GENERATE(100.0, 200.0, 1'000.0, 5'000.0, 10'000.0);
  const double attack_ms = GENERATE(0.5, 1.0, 5.0, 20.0, 120.0);
  if (attack_ms < 1000 / frequency_hz / 4) return;  // shorter than a quarter period: the tone itself rises no sooner
  const GateParams params{true, GateMode::gate, -40, 40, static_cast<float>(attack_ms), 10, 100};
  // The tone begins at its peak, so that it is loud at once; at two places of the grid.
  for (const int offset : {0, 60}) {
    std::vector<double> key(static_cast<std::size_t>(kRate) + offset, 0.0);
    const std::size_t begins = key.size();
    for (int n = 0; n < 10 * attack_ms * kRate / 1000; ++n) {
      key.push_back(amplitude(-10) * std::cos(2 * M_PI * frequency_hz * n / kRate));
    }
    const auto gain_db = gains_db(params, key);
    std::size_t at = begins;
    while (gain_db[at] < -40 * std::exp(-1)) ++at;
    CAPTURE(frequency_hz, attack_ms, offset);
    CHECK(static_cast<double>(at - begins + 1) * 1000 / kRate == Approx(attack_ms).epsilon(0.1).margin(0.03));
  }
}

TEST_CASE("gate: between closing and opening threshold it stays as it is", "[engine][gate]") {
  const GateParams params{true, GateMode::gate, -30, 60, 0, 0.02f, 5};
  CHECK(gains_db(params, steps({{-29, 5}, {-33.9, 300}})).back() == 0);
  CHECK(gains_db(params, steps({{-29, 5}, {-34.1, 300}})).back() == Approx(-60).margin(0.01));
  CHECK(gains_db(params, steps({{-120, 300}, {-30.1, 300}})).back() == Approx(-60).margin(0.01));
}

TEST_CASE("gate: a decaying tom opens it once and shuts it once", "[engine][gate]") {
  // 80 Hz and an overtone, 18 dB a second down, with the noise of a drum room 45 dB below the hit.
  const double hold_ms = GENERATE(14.0, 50.0, 500.0);  // from a period of 80 Hz on
  const GateParams params{true, GateMode::gate, -24, 60, 0, static_cast<float>(hold_ms), 100};
  std::mt19937 random(1);
  std::normal_distribution<double> room(0, amplitude(-45));
  std::vector<double> key;
  for (int n = 0; n < 4 * 48'000; ++n) {
    const double t = n / kRate - 0.5;
    const double tom =
        t < 0 ? 0 : std::exp(-t / 0.35) * (0.8 * std::sin(2 * M_PI * 80 * t) + 0.2 * std::sin(2 * M_PI * 203 * t));
    key.push_back(tom + room(random));
  }
  const auto gain_db = gains_db(params, key);
  int openings = 0, closings = 0;
  for (std::size_t n = 1; n < gain_db.size(); ++n) {
    openings += gain_db[n - 1] < -3 && gain_db[n] >= -3;
    closings += gain_db[n - 1] > -57 && gain_db[n] <= -57;
  }
  CAPTURE(hold_ms);
  CHECK(openings == 1);
  CHECK(closings == 2);  // the state begins open: once at the start, once after the tom
}

TEST_CASE("gate: off, and open, it changes no bit", "[engine][gate]") {
  for_each_simd_target([] {
    GateParams params = setting(3);
    params.on = false;
    GateBankCoeffs bank = bank_of(params);
    GateBankState state;
    const Tile input = noise(500, 1);
    Tile io = input;
    gate_process(bank, state, input.data(), io.data(), io.data(), 500, kLanes);
    CHECK(io == input);

    GateBankCoeffs open = bank_of({true, GateMode::gate, -60, 60, 120, 100, 100});
    GateBankState open_state;
    for (float& c : open_state.attenuation) c = 1;
    Tile loud(static_cast<int>(3 * kRate));
    for (int n = 0; n < loud.frames(); ++n)
      for (int lane = 0; lane < kLanes; ++lane) loud.at(n, lane) = n % 2 != 0 ? 0.5f : -0.5f;
    gate_process(open, open_state, loud.data(), loud.data(), loud.data(), loud.frames(), kLanes);
    for (int lane = 0; lane < kLanes; ++lane) CHECK(loud.at(loud.frames() - 1, lane) == 0.5f);
  });
}

TEST_CASE("gate: every SIMD target agrees with the law in double", "[engine][gate]") {
  for_each_simd_target([] {
    constexpr int kFrames = 9'600;
    Tile key = noise(kFrames, 2);
    for (int n = 0; n < kFrames; ++n) {  // from -80 dB to 0 dB and back, twice
      const double swell = amplitude(-40 + 40 * std::sin(4 * M_PI * n / kFrames));
      for (int lane = 0; lane < kLanes; ++lane) key.at(n, lane) *= static_cast<float>(swell);
    }
    const Tile input = noise(kFrames, 3);
    Tile io = input;
    GateBankCoeffs bank;
    Reference references[kLanes];
    for (int lane = 0; lane < kLanes; ++lane) {
      references[lane].c = design(setting(lane), kRate);
      put(bank, lane, references[lane].c);
    }
    GateBankState state;
    process_on_grid(bank, state, key.data(), io.data(), kFrames, kLanes);
    for (int lane = 0; lane < kLanes; ++lane) {
      double worst = 0;
      int other_side = 0;
      for (int n = 0; n < kFrames; ++n) {
        const double expected = input.at(n, lane) * references[lane].gain(key.at(n, lane));
        const double error = std::abs(io.at(n, lane) - expected);
        // A level nearer to a threshold than the logarithm is good (0.0001 dB) may fall on its other side.
        if (error > 1e-4)
          ++other_side;
        else
          worst = std::max(worst, error);
      }
      CAPTURE(lane, worst);
      CHECK(other_side == 0);
      CHECK(worst < 1e-4);  // the logarithm's 0.0001 dB, in an expander times its ratio
    }
  });
}

TEST_CASE("gate: no lane hears another, and any split gives the same bits", "[engine][gate]") {
  for_each_simd_target([] {
    GateBankCoeffs settings;
    for (int lane = 0; lane < kLanes; ++lane) put(settings, lane, design(setting(lane), kRate));
    for (int lane = 0; lane < kLanes; ++lane) settings.shut_scale.increment[lane] = 1e-3f * static_cast<float>(lane);
    const Tile input = noise(1'000, 4, 0.05f);
    GateBankCoeffs whole_bank = settings;
    GateBankState whole_state;
    Tile whole = input;
    gate_process(whole_bank, whole_state, input.data(), whole.data(), whole.data(), 1'000, kLanes);
    for (const int chunk : {1, 7, 64, 128}) {
      GateBankCoeffs bank = settings;
      GateBankState state;
      Tile split = input;
      for (int from = 0; from < 1'000; from += chunk) {
        const int frames = std::min(chunk, 1'000 - from);
        gate_process(bank, state, input.data() + from * kLanes, split.data() + from * kLanes,
                     split.data() + from * kLanes, frames, kLanes);
      }
      CAPTURE(chunk);
      CHECK(split == whole);
      CHECK(std::memcmp(&state, &whole_state, sizeof state) == 0);
    }
    for (int lane = 0; lane < kLanes; ++lane) {
      GateBankCoeffs bank = settings;
      GateBankState state;
      Tile alone(1'000);
      for (int n = 0; n < 1'000; ++n) alone.at(n, lane) = input.at(n, lane);
      const Tile key = alone;
      gate_process(bank, state, key.data(), alone.data(), alone.data(), 1'000, kLanes);
      for (int n = 0; n < 1'000; ++n)
        for (int other = 0; other < kLanes; ++other)
          if (alone.at(n, other) != (other == lane ? whole.at(n, lane) : 0)) FAIL("lane " << lane << " in " << other);
    }
  });
}

TEST_CASE("gate: nothing is allocated, silence stays silence, and a NaN stays in its lane", "[engine][gate]") {
  for_each_simd_target([] {
    const ScopedFlushToZero no_denormals;
    GateBankCoeffs bank;
    for (int lane = 0; lane < kLanes; ++lane) put(bank, lane, design(setting(lane), kRate));
    GateBankState state;
    Tile silence(4'800);
    test::AllocationGuard guard;
    gate_process(bank, state, silence.data(), silence.data(), silence.data(), 4'800, kLanes);
    const long heap_calls = guard.count();
    CHECK(heap_calls == 0);
    CHECK(silence == Tile(4'800));

    Tile broken = noise(64, 5), whole = broken;
    GateBankCoeffs other_bank = bank;
    GateBankState other = state;
    broken.at(20, 6) = std::numeric_limits<float>::quiet_NaN();
    broken.at(21, 6) = std::numeric_limits<float>::infinity();
    gate_process(bank, state, broken.data(), broken.data(), broken.data(), 64, kLanes);
    gate_process(other_bank, other, whole.data(), whole.data(), whole.data(), 64, kLanes);
    for (int n = 0; n < 64; ++n)
      for (int lane = 0; lane < kLanes; ++lane)
        if (lane != 6 && broken.at(n, lane) != whole.at(n, lane)) FAIL("NaN reached lane " << lane);
    CHECK(std::isfinite(state.attenuation[6]));
    CHECK(std::isfinite(broken.at(63, 6)));
  });
}

TEST_CASE("gate: the slowest release arrives too", "[engine][gate]") {
  const GateParams params{true, GateMode::gate, -30, 60, 1, 0.02f, 4'000};
  // 60 s are 15 releases: e^-15 of 60 dB is nothing.
  CHECK(gains_db(params, steps({{0, 100}, {-100, 60'000}})).back() == Approx(-60).margin(2e-3));
}

TEST_CASE("gate: the deepest gain is kept until it is taken", "[engine][gate]") {
  GateBankCoeffs bank = bank_of({true, GateMode::gate, -20, 24, 0, 0.02f, 5});
  GateBankState state;
  Tile quiet = noise(4'800, 6, 0.001f);
  gate_process(bank, state, quiet.data(), quiet.data(), quiet.data(), 4'800, kLanes);
  CHECK(state.lowest_gain[0] * kDbPerOctave == Approx(-24).margin(1e-3));
  Tile loud(480);
  for (int n = 0; n < 480; ++n)
    for (int lane = 0; lane < kLanes; ++lane) loud.at(n, lane) = 0.5f;
  gate_process(bank, state, loud.data(), loud.data(), loud.data(), 480, kLanes);
  CHECK(state.lowest_gain[0] * kDbPerOctave == Approx(-24).margin(1e-3));
}
