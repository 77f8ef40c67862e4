#include "engine/processors/svf_bank.h"

#include <algorithm>
#include <array>
#include <bit>
#include <catch2/catch.hpp>
#include <cmath>
#include <complex>
#include <cstring>
#include <limits>
#include <random>
#include <vector>

#include "engine/processors/eq_design.h"
#include "tests/allocation_guard.h"
#include "tests/engine/processors/lane_tile.h"
#include "tests/simd_targets.h"

using namespace fohd;
using fohd::test::for_each_simd_target;
using fohd::test::noise;
using Tile = fohd::test::LaneTile;

namespace {

/// Sixteen different settings, every type among them.
EqBandParams setting(int lane) {
  const double frequency_hz = 30 * std::pow(500.0, lane / 15.0);
  return {true, static_cast<EqType>(lane % 6), static_cast<float>(frequency_hz), lane % 2 != 0 ? 9.0f : -6.0f,
          0.5f + 0.4f * static_cast<float>(lane)};
}
SvfBankCoeffs mixed_bank(double rate_hz) {
  SvfBankCoeffs bank;
  for (int lane = 0; lane < kLanes; ++lane) set_lane(bank, lane, design(setting(lane), rate_hz));
  return bank;
}

/// The loop of engine/stages/targets.h for one lane, in double: what every target is judged by.
struct Reference {
  double p, b, t, d, y1, y2, c1 = 0, c2 = 0;
  explicit Reference(const SvfCoeffs& c) : p(c.p), b(c.b), t(c.t), d(c.d), y1(c.y1), y2(c.y2) {}
  double step(double x) {
    const double v = x - c2, y = d * x + y1 * c1 + y2 * c2;
    const double c1_old = c1;
    c1 = (c1 + p * c1) + b * v;
    c2 = (c2 + b * c1_old) + t * v;
    return y;
  }
};

void process_in_chunks(const SvfBankCoeffs& coeffs, SvfBankState& state, Tile& io, int chunk) {
  for (int from = 0; from < io.frames(); from += chunk) {
    float* at = io.data() + from * kLanes;
    svf_process(coeffs, state, at, at, std::min(chunk, io.frames() - from), kLanes);
  }
}

/// By how much each coefficient moves in a frame to be at `to` after `frames`.
SvfBankCoeffs increments(const SvfBankCoeffs& from, const SvfBankCoeffs& to, int frames) {
  SvfBankCoeffs by;
  const auto spread = [&](float* out, const float* a, const float* b) {
    for (int lane = 0; lane < kLanes; ++lane) out[lane] = (b[lane] - a[lane]) / static_cast<float>(frames);
  };
  spread(by.p, from.p, to.p), spread(by.b, from.b, to.b), spread(by.t, from.t, to.t);
  spread(by.d, from.d, to.d), spread(by.y1, from.y1, to.y1), spread(by.y2, from.y2, to.y2);
  return by;
}

double state_length(const SvfBankState& state, int lane) {
  return std::hypot(static_cast<double>(state.c1[lane]), static_cast<double>(state.c2[lane]));
}

/// A sine per lane: lane l has base_hz + l step_hz and a phase of its own.
Tile tones(double rate_hz, int frames, double base_hz, double step_hz) {
  Tile tile(frames);
  for (int frame = 0; frame < frames; ++frame)
    for (int lane = 0; lane < kLanes; ++lane) {
      const double turns = (base_hz + step_hz * lane) * frame / rate_hz + lane / 37.0;
      tile.at(frame, lane) = static_cast<float>(std::sin(2 * M_PI * turns));
    }
  return tile;
}

/// The float bank against a double loop: power of the signal over power of the difference, in dB.
double signal_to_noise_db(const SvfCoeffs& coeffs, const Tile& input) {
  SvfBankCoeffs bank;
  for (int lane = 0; lane < kLanes; ++lane) set_lane(bank, lane, coeffs);
  SvfBankState state;
  Tile output = input;
  svf_process(bank, state, output.data(), output.data(), output.frames(), kLanes);
  double signal = 0, error = 0;
  for (int lane = 0; lane < kLanes; ++lane) {
    Reference reference(coeffs);
    for (int frame = 0; frame < input.frames(); ++frame) {
      const double expected = reference.step(input.at(frame, lane));
      signal += expected * expected;
      error += std::pow(static_cast<double>(output.at(frame, lane)) - expected, 2);
    }
  }
  return 10 * std::log10(signal / error);
}

}  // namespace

TEST_CASE("svf bank: its impulse response has the spectrum that was designed", "[engine][svf]") {
  for_each_simd_target([] {
    const double rate_hz = 48'000;
    Tile io(32'768);  // the longest ring here, Q 6 at 30 Hz, has fallen by 90 dB at the end
    for (int lane = 0; lane < kLanes; ++lane) io.at(0, lane) = 1;
    const SvfBankCoeffs bank = mixed_bank(rate_hz);
    SvfBankState state;
    svf_process(bank, state, io.data(), io.data(), io.frames(), kLanes);
    for (int lane = 0; lane < kLanes; ++lane)
      for (const double at_hz : {100.0, 1'000.0, 10'000.0}) {
        std::complex<double> sum;
        for (int n = 0; n < io.frames(); ++n)
          sum += static_cast<double>(io.at(n, lane)) * std::polar(1.0, -2 * M_PI * at_hz / rate_hz * n);
        CAPTURE(lane, at_hz);
        const double designed_db = response_db(design(setting(lane), rate_hz), at_hz, rate_hz);
        // Float noise is 120 dB below the signal: 1e-5 dB of it, more where a cut has taken the signal away.
        CHECK(std::abs(sum) == Approx(std::pow(10, designed_db / 20)).epsilon(1e-4).margin(2e-6));
      }
  });
}

TEST_CASE("svf bank: a neutral section returns its input, whatever its state", "[engine][svf]") {
  for_each_simd_target([] {
    SvfBankCoeffs bank = mixed_bank(48'000);
    SvfBankState state;
    Tile warm = noise(200, 1);
    svf_process(bank, state, warm.data(), warm.data(), warm.frames(), kLanes);
    for (int lane = 0; lane < kLanes; ++lane) {
      EqBandParams flat = setting(lane);
      flat.on = false;
      set_lane(bank, lane, design(flat, 48'000));
    }
    const Tile input = noise(333, 2);
    Tile output(333);
    svf_process(bank, state, input.data(), output.data(), 333, kLanes);
    CHECK(output == input);
  });
}

TEST_CASE("svf bank: no lane hears another", "[engine][svf]") {
  for_each_simd_target([] {
    const SvfBankCoeffs bank = mixed_bank(48'000);
    const Tile input = noise(256, 3);
    Tile together = input;
    SvfBankState state;
    svf_process(bank, state, together.data(), together.data(), 256, kLanes);
    for (int lane = 0; lane < kLanes; ++lane) {
      Tile alone(256);
      for (int frame = 0; frame < 256; ++frame) alone.at(frame, lane) = input.at(frame, lane);
      SvfBankState own;
      svf_process(bank, own, alone.data(), alone.data(), 256, kLanes);
      for (int frame = 0; frame < 256; ++frame)
        for (int other = 0; other < kLanes; ++other) {
          const float expected = other == lane ? together.at(frame, lane) : 0;
          if (alone.at(frame, other) != expected) FAIL("lane " << lane << " seen in lane " << other);
        }
    }
  });
}

TEST_CASE("svf bank: the lanes that are asked for are right, however few", "[engine][svf]") {
  for_each_simd_target([] {
    const SvfBankCoeffs bank = mixed_bank(48'000);
    const Tile input = noise(100, 4);
    Tile all = input;
    SvfBankState state;
    svf_process(bank, state, all.data(), all.data(), 100, kLanes);
    for (int lanes = 1; lanes <= kLanes; ++lanes) {
      Tile some = input;
      SvfBankState own;
      svf_process(bank, own, some.data(), some.data(), 100, lanes);
      for (int frame = 0; frame < 100; ++frame)
        for (int lane = 0; lane < lanes; ++lane)
          if (some.at(frame, lane) != all.at(frame, lane)) FAIL("lane " << lane << " of " << lanes);
    }
  });
}

TEST_CASE("svf bank: any split of the frames gives the same bits, at rest and while ramping", "[engine][svf]") {
  for_each_simd_target([] {
    constexpr int kFrames = 1'000;
    const SvfBankCoeffs bank = mixed_bank(96'000);
    SvfBankCoeffs target = mixed_bank(48'000);
    const SvfBankCoeffs by = increments(bank, target, kFrames);
    Tile whole = noise(kFrames, 5), whole_ramped = whole;
    SvfBankState state, ramped_state;
    SvfBankCoeffs moving = bank;
    svf_process(bank, state, whole.data(), whole.data(), kFrames, kLanes);
    svf_process_ramped(moving, by, ramped_state, whole_ramped.data(), whole_ramped.data(), kFrames, kLanes);
    for (const int chunk : {1, 7, 64, 128}) {
      CAPTURE(chunk);
      Tile split = noise(kFrames, 5), split_ramped = split;
      SvfBankState split_state, split_ramped_state;
      process_in_chunks(bank, split_state, split, chunk);
      CHECK(split == whole);
      CHECK(std::memcmp(&split_state, &state, sizeof state) == 0);
      SvfBankCoeffs split_moving = bank;
      for (int from = 0; from < kFrames; from += chunk) {
        float* at = split_ramped.data() + from * kLanes;
        svf_process_ramped(split_moving, by, split_ramped_state, at, at, std::min(chunk, kFrames - from), kLanes);
      }
      CHECK(split_ramped == whole_ramped);
      CHECK(std::memcmp(&split_moving, &moving, sizeof moving) == 0);
    }
  });
}

TEST_CASE("svf bank: no lane hears whether its neighbours keep their rounding, at rest and while they move",
          "[engine][svf]") {
  for_each_simd_target([] {
    const SvfCoeffs ringing = design({true, EqType::bell, 20, 12, 8}, 96'000);
    REQUIRE(rings_long(ringing));
    const SvfBankCoeffs plain = mixed_bank(48'000);
    SvfBankCoeffs mixed = plain;
    for (int lane = 1; lane < kLanes; lane += 3) set_lane(mixed, lane, ringing);
    for (const bool moving : {false, true}) {
      Tile alone = noise(400, 15), beside = alone;
      SvfBankState state, beside_state;
      SvfBankCoeffs moving_plain = plain, moving_mixed = mixed, still = increments(plain, plain, 1);
      if (moving) {
        svf_process_ramped(moving_plain, still, state, alone.data(), alone.data(), 400, kLanes);
        svf_process_ramped(moving_mixed, still, beside_state, beside.data(), beside.data(), 400, kLanes);
      } else {
        svf_process(plain, state, alone.data(), alone.data(), 400, kLanes);
        svf_process(mixed, beside_state, beside.data(), beside.data(), 400, kLanes);
      }
      CAPTURE(moving);
      for (int lane = 0; lane < kLanes; ++lane) {
        if (lane % 3 == 1) continue;
        for (int frame = 0; frame < 400; ++frame) {
          if (std::bit_cast<unsigned>(alone.at(frame, lane)) != std::bit_cast<unsigned>(beside.at(frame, lane))) {
            FAIL("lane " << lane << " frame " << frame);
          }
        }
      }
    }
  });
}

TEST_CASE("svf bank: every SIMD target agrees with a scalar loop in double", "[engine][svf]") {
  for_each_simd_target([] {
    const double rate_hz = 48'000;
    const SvfBankCoeffs bank = mixed_bank(rate_hz);
    const Tile input = noise(4'096, 6);
    Tile output(4'096);
    SvfBankState state;
    svf_process(bank, state, input.data(), output.data(), 4'096, kLanes);
    for (int lane = 0; lane < kLanes; ++lane) {
      Reference reference(design(setting(lane), rate_hz));
      double worst = 0;
      for (int frame = 0; frame < 4'096; ++frame)
        worst = std::max(worst,
                         std::abs(reference.step(input.at(frame, lane)) - static_cast<double>(output.at(frame, lane))));
      CAPTURE(lane);
      // A frame rounds by 2^-24 of values up to 3; a ring of Q 6 adds up a few dozen of them.
      CHECK(worst < 1e-5);
    }
  });
}

TEST_CASE("svf bank: a ramp passes through the mixes of its ends, by every target", "[engine][svf]") {
  for_each_simd_target([] {
    constexpr int kFrames = 240;
    SvfBankCoeffs bank = mixed_bank(96'000), target = mixed_bank(48'000);
    const SvfBankCoeffs start = bank, by = increments(bank, target, kFrames);
    const Tile input = noise(kFrames, 7);
    Tile output(kFrames);
    SvfBankState state;
    svf_process_ramped(bank, by, state, input.data(), output.data(), kFrames, kLanes);
    for (int lane = 0; lane < kLanes; ++lane) {
      Reference reference({start.p[lane], start.b[lane], start.t[lane], start.d[lane], start.y1[lane], start.y2[lane]});
      double worst = 0;
      for (int frame = 0; frame < kFrames; ++frame) {
        reference.p += by.p[lane], reference.b += by.b[lane], reference.t += by.t[lane];
        reference.d += by.d[lane], reference.y1 += by.y1[lane], reference.y2 += by.y2[lane];
        worst = std::max(worst,
                         std::abs(reference.step(input.at(frame, lane)) - static_cast<double>(output.at(frame, lane))));
      }
      CAPTURE(lane);
      // 240 additions round a coefficient up to 5 by 2^-24 of it each, at worst all the same way: 7e-5.
      CHECK(worst < 1e-4);
      CHECK(bank.d[lane] == Approx(target.d[lane]).margin(1e-4));
      CHECK(bank.p[lane] == Approx(target.p[lane]).margin(1e-5));
    }
  });
}

TEST_CASE("svf bank: processing allocates nothing", "[engine][svf]") {
  for_each_simd_target([] {
    SvfBankCoeffs bank = mixed_bank(48'000), by{};
    for (float& d : by.d) d = 0;
    SvfBankState state;
    Tile io = noise(128, 8);
    test::AllocationGuard guard;
    svf_process(bank, state, io.data(), io.data(), 128, kLanes);
    svf_process_ramped(bank, by, state, io.data(), io.data(), 128, kLanes);
    const long heap_calls = guard.count();
    CHECK(heap_calls == 0);
  });
}

TEST_CASE("svf bank: silence stays silence and a ring dies away, denormals and all", "[engine][svf]") {
  for_each_simd_target([] {
    const SvfBankCoeffs bank = mixed_bank(48'000);
    SvfBankState state;
    Tile silence(64);
    svf_process(bank, state, silence.data(), silence.data(), 64, kLanes);
    CHECK(silence == Tile(64));

    Tile denormal(64);
    for (int frame = 0; frame < 64; ++frame)
      for (int lane = 0; lane < kLanes; ++lane) denormal.at(frame, lane) = std::numeric_limits<float>::denorm_min() * 9;
    svf_process(bank, state, denormal.data(), denormal.data(), 64, kLanes);
    for (int lane = 0; lane < kLanes; ++lane) CHECK(std::abs(denormal.at(63, lane)) < 1e-30f);

    Tile burst = noise(64, 9);
    svf_process(bank, state, burst.data(), burst.data(), 64, kLanes);
    Tile tail(96'000);  // the slowest lane, Q 7 at 30 Hz, loses 1 dB in 8 ms: 240 dB in these 2 s
    svf_process(bank, state, tail.data(), tail.data(), tail.frames(), kLanes);
    for (int lane = 0; lane < kLanes; ++lane) CHECK(state_length(state, lane) < 1e-10);
  });
}

TEST_CASE("svf bank: a NaN stays in its lane and goes when the state is cleared", "[engine][svf]") {
  for_each_simd_target([] {
    const SvfBankCoeffs bank = mixed_bank(48'000);
    SvfBankState state;
    Tile io = noise(64, 10);
    Tile clean = io;
    io.at(10, 5) = std::numeric_limits<float>::quiet_NaN();
    SvfBankState clean_state;
    svf_process(bank, state, io.data(), io.data(), 64, kLanes);
    svf_process(bank, clean_state, clean.data(), clean.data(), 64, kLanes);
    for (int frame = 0; frame < 64; ++frame)
      for (int lane = 0; lane < kLanes; ++lane)
        if (lane != 5 && io.at(frame, lane) != clean.at(frame, lane)) FAIL("NaN reached lane " << lane);
    CHECK(std::isnan(io.at(63, 5)));
    state.clear(5);  // what the strip's guard does (docs/DESK.md, "Things that could hurt")
    Tile after = noise(64, 11);
    svf_process(bank, state, after.data(), after.data(), 64, kLanes);
    for (int frame = 0; frame < 64; ++frame) CHECK(std::isfinite(after.at(frame, 5)));
  });
}

TEST_CASE("svf bank: without input no jump or mix of settings ever makes the state longer", "[engine][svf]") {
  constexpr unsigned kSeed = 12;
  CAPTURE(kSeed);
  std::mt19937 random(kSeed);
  const auto uniform = [&](double from, double to) { return std::uniform_real_distribution<double>(from, to)(random); };
  const auto any_setting = [&] {
    const auto type = static_cast<EqType>(std::uniform_int_distribution<int>(0, 5)(random));
    const double rates[] = {44'100, 48'000, 96'000};
    return design({true, type, static_cast<float>(20 * std::pow(1'000.0, uniform(0, 1))),
                   static_cast<float>(uniform(-15, 15)), static_cast<float>(uniform(0.3, 10))},
                  rates[std::uniform_int_distribution<int>(0, 2)(random)]);
  };
  std::vector<SvfCoeffs> legal(400);
  for (SvfCoeffs& coeffs : legal) coeffs = any_setting();
  const auto any_legal = [&] { return legal[std::uniform_int_distribution<std::size_t>(0, legal.size() - 1)(random)]; };

  SvfBankState state;
  for (int lane = 0; lane < kLanes; ++lane) state.c1[lane] = static_cast<float>(lane - 7.5), state.c2[lane] = 3;
  double length[kLanes], start[kLanes];
  for (int lane = 0; lane < kLanes; ++lane) length[lane] = start[lane] = state_length(state, lane);
  Tile silence(1);
  bool grew = false;
  for (int frame = 0; frame < 20'000; ++frame) {
    SvfBankCoeffs bank;
    for (int lane = 0; lane < kLanes; ++lane) {
      const SvfCoeffs one = any_legal(), two = any_legal();
      const auto share = static_cast<float>(lane % 2 != 0 ? uniform(0, 1) : 0);  // even lanes jump, odd ones mix
      const auto mix = [&](float a, float b) { return a + share * (b - a); };
      set_lane(bank, lane, {mix(one.p, two.p), mix(one.b, two.b), mix(one.t, two.t), 1, 0, 0});
    }
    silence = Tile(1);
    svf_process(bank, state, silence.data(), silence.data(), 1, kLanes);
    for (int lane = 0; lane < kLanes; ++lane) {
      const double now = state_length(state, lane);
      // A frame rounds coefficients and both state words: 2^-24 each, a handful of times.
      grew = grew || now > length[lane] * (1 + 0x1p-21) + 1e-37;
      length[lane] = now;
    }
  }
  CHECK_FALSE(grew);
  for (int lane = 0; lane < kLanes; ++lane) CHECK(length[lane] < start[lane]);
}

TEST_CASE("svf bank: settings thrown about at random keep a loud signal bounded", "[engine][svf]") {
  constexpr unsigned kSeed = 13;
  CAPTURE(kSeed);
  std::mt19937 random(kSeed);
  const auto uniform = [&](double from, double to) { return std::uniform_real_distribution<double>(from, to)(random); };
  SvfBankCoeffs bank = mixed_bank(48'000);
  SvfBankState state;
  float largest = 0;
  for (int ramp = 0; ramp < 2'000; ++ramp) {
    SvfBankCoeffs target;
    for (int lane = 0; lane < kLanes; ++lane)
      set_lane(target, lane,
               design({true, static_cast<EqType>(std::uniform_int_distribution<int>(0, 5)(random)),
                       static_cast<float>(20 * std::pow(1'000.0, uniform(0, 1))), static_cast<float>(uniform(-15, 15)),
                       static_cast<float>(uniform(0.3, 10))},
                      48'000));
    const int frames = std::uniform_int_distribution<int>(1, 240)(random);
    const SvfBankCoeffs by = increments(bank, target, frames);
    Tile io = noise(frames, static_cast<unsigned>(ramp));
    svf_process_ramped(bank, by, state, io.data(), io.data(), frames, kLanes);
    bank = target;  // as the engine does at the end of a ramp
    for (int frame = 0; frame < frames; ++frame)
      for (int lane = 0; lane < kLanes; ++lane) largest = std::max(largest, std::abs(io.at(frame, lane)));
  }
  // +15 dB is 5.6; the state's energy of one setting heard through another's y1, y2 adds to that, but never builds up.
  CHECK(largest < 60);
}

TEST_CASE("svf bank: a 20 Hz bell, Q 4, +12 dB at 96 kHz leaves its noise 115 dB below the signal", "[engine][svf]") {
  for_each_simd_target([] {
    const SvfCoeffs bell = design({true, EqType::bell, 20, 12, 4}, 96'000);
    CHECK(signal_to_noise_db(bell, noise(96'000, 14)) > 115);
    // Harder, because nothing of them passes by the states: tones in the bell itself, a different one per lane.
    CHECK(signal_to_noise_db(bell, tones(96'000, 192'000, 18.03, 0.31)) > 115);
  });
}

TEST_CASE("svf bank: no bell that can be dialled comes nearer than 115 dB with its noise to a tone that it rings with",
          "[engine][svf][measure]") {
  // A tone whose period is a whole number of frames is the hardest signal: roundings repeat, and add up like the tone.
  // Where a bell cuts, the tone that comes in is the measure, not the little that is left of it.
  const double rate_hz = GENERATE(48'000.0, 96'000.0);
  const double frequency_hz = GENERATE(20.0, 30.0, 50.0, 80.0, 120.0, 200.0, 400.0, 1'000.0);
  const float q = GENERATE(0.7f, 2.0f, 10.0f);
  const float gain_db = GENERATE(-15.0f, 6.0f, 15.0f);
  const SvfCoeffs bell = design({true, EqType::bell, static_cast<float>(frequency_hz), gain_db, q}, rate_hz);
  CAPTURE(rate_hz, frequency_hz, q, gain_db, rings_long(bell));
  const double cut_db = std::max(-static_cast<double>(gain_db), 0.0);
  CHECK(signal_to_noise_db(bell, tones(rate_hz, static_cast<int>(rate_hz), frequency_hz, 0)) + cut_db > 115);
}
