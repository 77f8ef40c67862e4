// The standard tests of a chain: sections of all kinds in all lanes, at rest and on their ways, against a chain written
// down in double.
#include <algorithm>
#include <array>
#include <catch2/catch.hpp>
#include <cmath>
#include <limits>
#include <vector>

#include "engine/engine_rig.h"
#include "engine/processors/filter_chain.h"
#include "tests/allocation_guard.h"
#include "tests/engine/processors/lane_tile.h"
#include "tests/simd_targets.h"

using namespace fohd;
using namespace fohd::test;

namespace {

constexpr Resets kNoResets{};
constexpr int kSections = 4;
using Settings = std::array<SvfCoeffs, kSections>;
using LaneSettings = std::array<Settings, kLanes>;

/// Bands of any type, or off, within +-6 dB: four of them make no tone louder than 24 dB and the onset of resonances.
Settings any_settings(Rig& rig) {
  Settings all;
  for (SvfCoeffs& coeffs : all) {
    coeffs = design(EqBandParams{rig.integer(0, 3) > 0, static_cast<EqType>(rig.integer(0, 5)),
                                 20 * std::pow(1000.0f, rig.uniform(0, 1)), rig.uniform(-6, 6), rig.uniform(0.5f, 4)},
                    kRateHz);
  }
  return all;
}
LaneSettings any_lanes(unsigned seed) {
  Rig rig(Geometry{}, seed);
  LaneSettings lanes;
  for (Settings& settings : lanes) settings = any_settings(rig);
  return lanes;
}
FilterChain settled_chain(const LaneSettings& settings) {
  FilterChain chain(kSections);
  for (int lane = 0; lane < kLanes; ++lane) chain.set(lane, settings[lane], 0);
  return chain;
}
bool is_neutral(const SvfCoeffs& c) { return c.d == 1 && c.y1 == 0 && c.y2 == 0; }

/// One section of one lane as the head of filter_chain.h tells it, in double: where frame `at` of a ramp of `ramp` is
/// follows from the ends of the ramp alone, nothing is added up.
struct ModelSection {
  struct Six {
    double p = 0, b = 0, t = 0, d = 1, y1 = 0, y2 = 0;
    Six() = default;
    explicit Six(const SvfCoeffs& c) : p(c.p), b(c.b), t(c.t), d(c.d), y1(c.y1), y2(c.y2) {}
  };
  Six now, from;
  SvfCoeffs target;
  double c1 = 0, c2 = 0;
  int at = 0, ramp = 0, leg = 0;  ///< leg: frames of the way out of a far jump; 0: a straight ramp
  bool asleep = true;

  static Six between(const Six& a, const Six& b, double s) {
    Six mix;
    mix.p = a.p + s * (b.p - a.p), mix.b = a.b + s * (b.b - a.b), mix.t = a.t + s * (b.t - a.t);
    mix.d = a.d + s * (b.d - a.d), mix.y1 = a.y1 + s * (b.y1 - a.y1), mix.y2 = a.y2 + s * (b.y2 - a.y2);
    return mix;
  }
  /// The same poles, neutral.
  static Six muted(Six c) {
    c.d = 1, c.y1 = c.y2 = 0;
    return c;
  }
  static bool far(const Six& a, const Six& b) {
    const auto octaves = [](double x, double y) { return std::abs(std::log2(x / y)); };
    const double g = octaves(a.t / a.b, b.t / b.b), k_a = -(a.p + a.t) / a.b, k_b = -(b.p + b.t) / b.b;
    if (g <= 0.25 && octaves(k_a, k_b) <= 1) return false;
    return !(k_a >= 0.75 && k_b >= 0.75 && g <= 2);
  }
  void set(const SvfCoeffs& wanted, int frames) {
    target = wanted;
    if (asleep && is_neutral(wanted)) return;
    from = asleep ? muted(Six(wanted)) : now;  // who wakes does not sweep up from 0 Hz
    asleep = false;
    at = 0, ramp = std::max(frames, 1);
    leg = ramp > 1 && !is_neutral(wanted) && far(from, Six(wanted)) ? ramp / 2 : 0;
    if (ramp == 1) arrive();
  }
  /// What is true from the ramp's last frame on.
  void arrive() {
    now = Six(target);
    at = ramp, leg = 0;
    if (is_neutral(target)) c1 = c2 = 0, asleep = true;
  }
  /// Coefficients of frame `at`, 1 <= at < ramp.
  Six on_the_way() const {
    const Six to(target);
    if (at <= leg) return between(from, muted(from), at / static_cast<double>(leg));
    if (leg > 0) return between(muted(to), to, (at - leg) / static_cast<double>(ramp - leg));
    return between(from, is_neutral(target) ? muted(from) : to, at / static_cast<double>(ramp));
  }
  double step(double x) {
    if (asleep) return x;
    if (at < ramp) ++at, now = on_the_way();
    const double v = x - c2, y = now.d * x + now.y1 * c1 + now.y2 * c2, old = c1;
    c1 += now.p * c1 + now.b * v;
    c2 += now.b * old + now.t * v;
    if (leg > 0 && at == leg) c1 = c2 = 0, now = muted(Six(target));
    if (at == ramp - 1) arrive();
    return y;
  }
};

struct ModelLane {
  ModelSection sections[kSections];
  Settings wanted{};
  void set(const Settings& to, int ramp_frames) {
    if (to == wanted) return;
    wanted = to;
    for (int s = 0; s < kSections; ++s) sections[s].set(to[s], ramp_frames);
  }
  double step(double x) {
    for (ModelSection& section : sections) x = section.step(x);
    return x;
  }
};

/// One moment at which lanes get new settings.
struct Change {
  int frame = 0, ramp_frames = 0;
  std::vector<int> lanes;
  std::vector<Settings> to;
};
std::vector<Change> any_show(unsigned seed, int frames) {
  Rig rig(Geometry{}, seed);
  std::vector<Change> show;
  for (int frame = 0; frame < frames; frame += rig.integer(1, 700)) {
    Change change{frame, rig.integer(0, 5) == 0 ? rig.integer(0, 4) : rig.integer(5, 480), {}, {}};
    for (int lane = 0; lane < kLanes; ++lane) {
      if (frame > 0 && rig.integer(0, 2) > 0) continue;
      change.lanes.push_back(lane);
      change.to.push_back(any_settings(rig));
    }
    show.push_back(change);
  }
  return show;
}
/// What is heard of the show in chunks of at most `chunk` frames. One lane loses its state before one frame (-1: none).
LaneTile play_show(const std::vector<Change>& show, const LaneTile& in, int chunk, int reset_frame, int reset_lane) {
  FilterChain chain(kSections);
  LaneTile out = in;
  std::size_t next = 0;
  for (int at = 0; at < in.frames();) {
    for (; next < show.size() && show[next].frame == at; ++next) {
      for (std::size_t i = 0; i < show[next].lanes.size(); ++i) {
        chain.set(show[next].lanes[i], show[next].to[i], show[next].ramp_frames);
      }
    }
    int end = std::min(at + chunk, in.frames());
    if (next < show.size()) end = std::min(end, show[next].frame);
    Resets resets;
    if (reset_frame >= at && reset_frame < end) resets.add(reset_frame - at, reset_lane);
    chain.process(in.data() + at * kLanes, out.data() + at * kLanes, end - at, kLanes, resets);
    at = end;
  }
  return out;
}

}  // namespace

TEST_CASE("filter chain: four sections on their ways, by every SIMD target, do what a chain in double does",
          "[engine][filter_chain]") {
  constexpr int kFrames = 20'000;
  const std::vector<Change> show = any_show(36, kFrames);
  const LaneTile in = noise(kFrames, 36);
  std::vector<ModelLane> model(kLanes);
  std::vector<std::array<double, kLanes>> expected(kFrames);
  double loudest = 0;
  std::size_t next = 0;
  for (int frame = 0; frame < kFrames; ++frame) {
    for (; next < show.size() && show[next].frame == frame; ++next) {
      for (std::size_t i = 0; i < show[next].lanes.size(); ++i) {
        model[show[next].lanes[i]].set(show[next].to[i], show[next].ramp_frames);
      }
    }
    for (int lane = 0; lane < kLanes; ++lane) {
      expected[frame][lane] = model[lane].step(in.at(frame, lane));
      loudest = std::max(loudest, std::abs(expected[frame][lane]));
    }
  }
  REQUIRE(show.size() > 40);
  REQUIRE(loudest > 2);
  for_each_simd_target([&] {
    const LaneTile out = play_show(show, in, 64, -1, 0);
    double worst = 0;
    for (int frame = 0; frame < kFrames; ++frame) {
      for (int lane = 0; lane < kLanes; ++lane) {
        worst = std::max(worst, std::abs(expected[frame][lane] - static_cast<double>(out.at(frame, lane))));
      }
    }
    CAPTURE(worst, loudest);
    // A ramp of 480 frames adds up a coefficient of up to 4 with an error of 480 x 2^-25 of it at worst: 6e-5 of the
    // state, in each of four sections. A frame too early or late would be 1/480 of the way off: 2e-3.
    CHECK(worst < 1e-4 * loudest);
  });
}

TEST_CASE("filter chain: settled sections, by every SIMD target, do what a cascade in double does",
          "[engine][filter_chain]") {
  const LaneSettings settings = any_lanes(37);
  const LaneTile in = noise(4'096, 37);
  for_each_simd_target([&] {
    FilterChain chain = settled_chain(settings);
    LaneTile out(in.frames());
    for (int at = 0; at < in.frames(); at += 64) {
      REQUIRE(chain.process(in.data() + at * kLanes, out.data() + at * kLanes, 64, kLanes, kNoResets));
    }
    for (int lane = 0; lane < kLanes; ++lane) {
      ModelLane model;
      model.set(settings[lane], 0);
      double worst = 0, loudest = 1;
      for (int frame = 0; frame < in.frames(); ++frame) {
        const double expected = model.step(in.at(frame, lane));
        worst = std::max(worst, std::abs(expected - static_cast<double>(out.at(frame, lane))));
        loudest = std::max(loudest, std::abs(expected));
      }
      CAPTURE(lane, worst, loudest);
      CHECK(worst < 1e-5 * loudest);  // the bound of one section (svf_bank_test.cpp); the errors of four hardly meet
    }
  });
}

TEST_CASE("filter chain: neutral sections leave their input alone, and all neutral do not even write",
          "[engine][filter_chain]") {
  EqBandParams off{.on = false}, flat{.gain_db = 0};
  const Settings neutral = {SvfCoeffs{}, design(off, kRateHz), design(flat, kRateHz), SvfCoeffs{}};
  for_each_simd_target([&] {
    LaneSettings settings = any_lanes(38);
    for (int lane = 0; lane < kLanes; lane += 3) settings[lane] = neutral;
    FilterChain chain = settled_chain(settings);
    const LaneTile in = noise(640, 38);
    LaneTile out = in;
    const auto run = [&] {
      bool any = false;
      for (int at = 0; at < 640; at += 64) {
        any |= chain.process(in.data() + at * kLanes, out.data() + at * kLanes, 64, kLanes, kNoResets);
      }
      return any;
    };
    REQUIRE(run());
    bool same = true;
    for (int lane = 0; lane < kLanes; lane += 3) {
      for (int frame = 0; frame < 640; ++frame) same &= out.at(frame, lane) == in.at(frame, lane);
    }
    CHECK(same);
    // Faded out, every lane's last frame of the ramp is its input again; then nothing is run and nothing written.
    for (int lane = 0; lane < kLanes; ++lane) chain.set(lane, neutral, 320);
    out = in;
    REQUIRE(run());
    for (int frame = 319; frame < 640; ++frame) {
      for (int lane = 0; lane < kLanes; ++lane) same &= out.at(frame, lane) == in.at(frame, lane);
    }
    CHECK(same);
    CHECK_FALSE(chain.moving());
    const LaneTile sevens = [] {
      LaneTile tile(640);
      for (int i = 0; i < 640 * kLanes; ++i) tile.data()[i] = 7;
      return tile;
    }();
    out = sevens;
    CHECK_FALSE(run());
    CHECK(out == sevens);
    // What is not a number is no filter either.
    Settings broken = neutral;
    broken[1].y1 = std::numeric_limits<float>::quiet_NaN();
    broken[2] = {0.1f, std::numeric_limits<float>::infinity(), 0.1f, 2, 1, 1};
    for (const int ramp : {0, 100}) {
      chain.set(5, broken, ramp);
      CHECK_FALSE(run());
      CHECK(out == sevens);
    }
  });
}

TEST_CASE("filter chain: a lane that was never told anything is left alone by neighbours on the move",
          "[engine][filter_chain]") {
  for_each_simd_target([] {
    FilterChain chain(kSections);
    chain.set(3, any_lanes(47)[3], 480);
    const LaneTile in = noise(640, 47);
    LaneTile out(640);
    for (int at = 0; at < 640; at += 64) {
      REQUIRE(chain.process(in.data() + at * kLanes, out.data() + at * kLanes, 64, kLanes, kNoResets));
    }
    bool same = true;
    for (int frame = 0; frame < 640; ++frame) {
      for (int lane = 0; lane < kLanes; ++lane) same &= lane == 3 || out.at(frame, lane) == in.at(frame, lane);
    }
    CHECK(same);
  });
}

TEST_CASE("filter chain: silence stays silence, and what a chain has heard dies away until it is quiet",
          "[engine][filter_chain]") {
  for_each_simd_target([] {
    FilterChain chain = settled_chain(any_lanes(39));
    LaneTile tile(64);
    const auto play = [&](const LaneTile& in) { chain.process(in.data(), tile.data(), 64, kLanes, kNoResets); };
    const LaneTile silence(64);
    for (int i = 0; i < 4; ++i) play(silence);
    CHECK(tile == silence);
    CHECK(chain.quiet(0xffff) == 0xffff);
    LaneTile denormals(64);
    for (int i = 0; i < 64 * kLanes; ++i) denormals.data()[i] = 9 * std::numeric_limits<float>::denorm_min();
    for (int i = 0; i < 100; ++i) play(denormals);
    for (int lane = 0; lane < kLanes; ++lane) CHECK(std::abs(tile.at(63, lane)) < 1e-30f);
    play(noise(64, 39));
    CHECK(chain.quiet(0xffff) == 0);
    // The slowest that any_settings() makes, Q 4 and its bell's gain at 20 Hz, loses 1 dB in 10 ms: 300 dB in 3 s.
    for (int i = 0; i < 3 * 750; ++i) play(silence);
    CHECK(chain.quiet(0xffff) == 0xffff);
    CHECK(chain.quiet(0x0410) == 0x0410);
    for (int lane = 0; lane < kLanes; ++lane) CHECK(std::abs(tile.at(63, lane)) < 1e-10f);
  });
}

TEST_CASE("filter chain: a NaN stays in its lane, is not quiet and goes when the state is cleared",
          "[engine][filter_chain]") {
  constexpr int kSick = 5;
  for (const int ramp : {0, 480}) {
    for_each_simd_target([&] {
      CAPTURE(ramp);
      const LaneSettings settings = any_lanes(40), later = any_lanes(41);
      FilterChain chain = settled_chain(settings), well = settled_chain(settings);
      for (int lane = 0; lane < kLanes; ++lane) {
        if (ramp > 0) chain.set(lane, later[lane], ramp), well.set(lane, later[lane], ramp);
      }
      LaneTile sick = noise(64, 42), clean = sick;
      sick.at(10, kSick) = std::numeric_limits<float>::quiet_NaN();
      chain.process(sick.data(), sick.data(), 64, kLanes, kNoResets);
      well.process(clean.data(), clean.data(), 64, kLanes, kNoResets);
      bool same = true;
      for (int frame = 0; frame < 64; ++frame) {
        for (int lane = 0; lane < kLanes; ++lane) {
          if (lane != kSick) same &= sick.at(frame, lane) == clean.at(frame, lane);
        }
      }
      CHECK(same);
      CHECK(std::isnan(sick.at(63, kSick)));
      CHECK(chain.quiet(lane_bit(kSick)) == 0);
      // Cleared, it is as a lane that has not heard anything: the other chain's is cleared too.
      chain.clear_state(lane_bit(kSick));
      well.clear_state(lane_bit(kSick));
      for (int i = 0; i < 10; ++i) {
        LaneTile after = noise(64, 43 + static_cast<unsigned>(i)), healthy = after;
        chain.process(after.data(), after.data(), 64, kLanes, kNoResets);
        well.process(healthy.data(), healthy.data(), 64, kLanes, kNoResets);
        same &= after == healthy;
      }
      CHECK(same);
    });
  }
}

TEST_CASE("filter chain: a cascade on the move gives the same bits in chunks of 1, 7 and 64, a reset among them",
          "[engine][filter_chain]") {
  for_each_simd_target([] {
    constexpr int kFrames = 6'000, kResetFrame = 2'345, kResetLane = 3;
    const std::vector<Change> show = any_show(44, kFrames);
    const LaneTile in = noise(kFrames, 44);
    const LaneTile whole = play_show(show, in, 64, kResetFrame, kResetLane);
    for (const int chunk : {1, 7}) CHECK(play_show(show, in, chunk, kResetFrame, kResetLane) == whole);
    // The reset is heard, in its lane, from its frame on, and nowhere else.
    const LaneTile without = play_show(show, in, 64, -1, 0);
    int first = kFrames;
    bool elsewhere = false;
    for (int frame = kFrames - 1; frame >= 0; --frame) {
      for (int lane = 0; lane < kLanes; ++lane) {
        if (whole.at(frame, lane) == without.at(frame, lane)) continue;
        if (lane == kResetLane) first = frame;
        elsewhere |= lane != kResetLane;
      }
    }
    CHECK(first == kResetFrame);
    CHECK_FALSE(elsewhere);
  });
}

TEST_CASE("filter chain: setting, processing, clearing and asking allocate nothing", "[engine][filter_chain]") {
  const LaneSettings before = any_lanes(45), after = any_lanes(46);
  for_each_simd_target([&] {
    FilterChain chain = settled_chain(before);
    LaneTile io = noise(64, 45);
    Resets resets;
    resets.add(20, 3);
    test::AllocationGuard guard;
    chain.process(io.data(), io.data(), 64, kLanes, resets);
    for (int lane = 0; lane < kLanes; ++lane) chain.set(lane, after[lane], lane * 20);
    for (int i = 0; i < 6; ++i) chain.process(io.data(), io.data(), 64, kLanes, resets);
    chain.clear_state(0xffff);
    LaneMask quiet = chain.quiet(0xffff);
    chain.settle();
    const long heap_calls = guard.count();
    CHECK(heap_calls == 0);
    CHECK(quiet == 0xffff);
  });
}
