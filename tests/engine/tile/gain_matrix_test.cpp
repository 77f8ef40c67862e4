#include "engine/tile/gain_matrix.h"

#include <catch2/catch.hpp>

#include "engine/engine_rig.h"
#include "tests/allocation_guard.h"
#include "tests/simd_targets.h"

using namespace fohd;
using namespace fohd::test;

namespace {

constexpr Geometry kSmall{.inputs = 20, .buses = 12};
constexpr Geometry kLarge{.inputs = 40, .aux = 3, .returns = 4, .buses = 20, .matrices = 3};

struct Bench {
  explicit Bench(const Geometry& g) : geometry(g), matrix(g), memory(g.tiles()), taps(g.tiles()), mixed(g.mix_tiles()) {
    for (int tile = 0; tile < g.tiles(); ++tile) {
      taps[tile].silent = false;
      for (const float*& tap : taps[tile].tap) tap = memory[tile].samples;
    }
  }
  void fill(Rig& rig) {
    for (Tile& tile : memory) {
      for (float& x : tile.samples) x = rig.uniform(-1, 1);
    }
  }
  void run(int frames) {
    for (int mix = 0; mix < geometry.mix_tiles(); ++mix)
      heard = matrix.mix(mix, taps.data(), mixed[mix].samples, frames);
    matrix.end_chunk(frames);
  }
  /// One row's gains: `gain` in one column.
  void set(int strip, Tap tap, int column, float gain, int ramp_frames) {
    std::vector<float> gains(geometry.columns());
    gains[column] = gain;
    set_row(DeskTargets::row_index(strip, tap), gains, ramp_frames);
  }
  /// All columns; what cannot hear the row is left out.
  void set_row(int row, const std::vector<float>& columns, int ramp_frames) {
    layout.pack(row, columns.data(), packed.data());
    matrix.set_row(row, packed.data(), ramp_frames);
  }
  Geometry geometry;
  GainLayout layout{geometry};
  std::vector<float> packed = std::vector<float>(static_cast<std::size_t>(geometry.columns()));
  GainMatrix matrix;
  std::vector<Tile> memory;
  std::vector<TileTaps> taps;
  std::vector<Tile> mixed;
  bool heard = false;
};

}  // namespace

TEST_CASE("matrix: a moving cell is linear, and its last frame has the target exactly", "[engine][matrix]") {
  for_each_simd_target([] {
    for (const int ramp : {2, 63, 64, 65, 128, 240, 1000}) {
      Bench bench(kSmall);
      bench.memory[0].samples[0] = 0;
      for (int f = 0; f < kSubBlockFrames; ++f) bench.memory[0].frame(f)[3] = 1;  // strip 3 plays ones: we hear gains
      bench.set(3, Tap::input, 11, 0.8f, 0);
      bench.set(3, Tap::input, 11, 0.1f, ramp);
      std::vector<float> heard;
      while (static_cast<int>(heard.size()) < ramp + 10) {
        bench.run(kSubBlockFrames);
        for (int f = 0; f < kSubBlockFrames; ++f) heard.push_back(bench.mixed[0].frame(f)[11]);
      }
      CAPTURE(ramp);
      for (int i = 0; i < ramp - 1; ++i) REQUIRE(std::abs(heard[i] - (0.8 - 0.7 * (i + 1) / ramp)) < 4e-8 * (i + 2));
      for (std::size_t i = ramp - 1; i < heard.size(); ++i) REQUIRE(heard[i] == 0.1f);
      CHECK(bench.matrix.gain(DeskTargets::row_index(3, Tap::input), 11) == 0.1f);
    }
  });
}

TEST_CASE("matrix: a cell under way is no faster because another of its row moves too", "[engine][matrix]") {
  // A mute of 480 frames, and every 64 frames a send of the same strip that takes 240.
  Bench bench(kSmall);
  std::vector<float> gains(kSmall.columns(), 1.0f);
  const int row = DeskTargets::row_index(3, Tap::pre_fader);
  bench.set_row(row, gains, 0);
  gains[11] = 0;
  bench.set_row(row, gains, 480);
  float before = 1;
  for (int chunk = 0; chunk < 30; ++chunk) {
    gains[2] = 0.5f + 0.01f * static_cast<float>(chunk);
    bench.set_row(row, gains, 240);
    bench.run(kSubBlockFrames);
    const float now = bench.matrix.gain(row, 11);
    // What is left of the mute at each new target is spread over at least as many frames as the mute had left.
    REQUIRE(before - now < 1.001f * kSubBlockFrames / 480);  // 64 additions round by 2^-25 each
    REQUIRE(now >= 0);
    before = now;
  }
  for (int chunk = 0; chunk < 4; ++chunk) bench.run(kSubBlockFrames);
  CHECK(bench.matrix.gain(row, 11) == 0);
}

TEST_CASE("matrix: what moves changes no bit of what its neighbours give", "[engine][matrix]") {
  for_each_simd_target([] {
    Bench still(kSmall), moving(kSmall);
    Rig rig(kSmall, 4);
    still.fill(rig);
    moving.memory = still.memory;
    for (int strip = 0; strip < 20; ++strip) {
      for (int column = 0; column < 12; column += 1 + strip % 3) {
        const float gain = rig.uniform(-1, 1);
        still.set(strip, Tap::post_eq, column, gain, 0);
        moving.set(strip, Tap::post_eq, column, gain, 0);
      }
    }
    // Rows on the move in every other strip, to a column of their own in the same tile, and another to nothing.
    for (int strip = 0; strip < 20; strip += 2) moving.set(strip, Tap::pre_fader, 5, 1e-30f, 500);
    for (int chunk : {64, 1, 13, 50, 64, 7}) {
      still.run(chunk), moving.run(chunk);
      for (int f = 0; f < chunk; ++f) {
        for (int column = 0; column < 12; ++column) {
          if (column == 5) continue;
          REQUIRE(still.mixed[0].frame(f)[column] == moving.mixed[0].frame(f)[column]);
        }
      }
    }
  });
}

TEST_CASE("matrix: any cut of the frames gives the same bits", "[engine][matrix]") {
  for_each_simd_target([] {
    Bench whole(kSmall), cut(kSmall);
    Rig rig(kSmall, 6);
    whole.fill(rig);
    for (int strip = 0; strip < 20; ++strip) {
      for (int tap = 0; tap < kTaps; ++tap) {
        std::vector<float> gains(kSmall.columns());
        for (float& gain : gains) gain = rig.uniform(-1, 1);
        const int row = DeskTargets::row_index(strip, static_cast<Tap>(tap)), ramp = strip % 2 == 0 ? 0 : 10 + strip;
        whole.set_row(row, gains, ramp), cut.set_row(row, gains, ramp);
      }
    }
    whole.run(64);
    int begin = 0;
    for (const int frames : {1, 5, 12, 3, 20, 23}) {
      for (std::size_t tile = 0; tile < cut.memory.size(); ++tile) {
        std::copy_n(whole.memory[tile].frame(begin), frames * kLanes, cut.memory[tile].samples);
      }
      cut.run(frames);
      for (std::size_t mix = 0; mix < cut.mixed.size(); ++mix) {
        REQUIRE(std::equal(cut.mixed[mix].samples, cut.mixed[mix].frame(frames), whole.mixed[mix].frame(begin)));
      }
      begin += frames;
    }
    REQUIRE(begin == 64);
  });
}

TEST_CASE("matrix: no bus feeds a bus or itself, main feeds matrices only", "[engine][matrix]") {
  const Geometry geometry{.inputs = 1, .returns = 0, .buses = 2, .matrices = 1};
  Bench bench(geometry);
  std::fill_n(bench.memory[1].samples, kSubBlockFrames * kLanes, 1.0f);
  std::fill_n(bench.memory[2].samples, kSubBlockFrames * kLanes, 1.0f);
  std::vector<float> gains(geometry.columns(), 1.0f);
  bench.set_row(DeskTargets::row_index(geometry.first_bus_strip(), Tap::input), gains, 0);
  bench.set_row(DeskTargets::row_index(geometry.main_strip(), Tap::input), gains, 0);
  for (Tile& tile : bench.mixed) std::fill_n(tile.samples, kSubBlockFrames * kLanes, -7.0f);
  CHECK_FALSE(bench.matrix.mix(0, bench.taps.data(), bench.mixed[0].samples, 64));
  REQUIRE(bench.matrix.mix(1, bench.taps.data(), bench.mixed[1].samples, 64));
  CHECK(bench.mixed[1].frame(63)[0] == 1.0f);
  REQUIRE(bench.matrix.mix(2, bench.taps.data(), bench.mixed[2].samples, 64));
  CHECK(bench.mixed[2].frame(63)[0] == 2.0f);
}

TEST_CASE("matrix: columns that nobody feeds any more are silent", "[engine][matrix]") {
  Bench bench(kSmall);
  std::fill_n(bench.memory[0].samples, kSubBlockFrames * kLanes, 1.0f);
  bench.set(0, Tap::input, 2, 1.0f, 0);
  bench.set(1, Tap::input, 9, 1.0f, 0);
  bench.run(64);
  CHECK(bench.mixed[0].frame(10)[9] == 1.0f);
  bench.set(1, Tap::input, 9, 0.0f, 0);
  bench.run(64);
  CHECK(bench.mixed[0].frame(10)[9] == 0.0f);
  CHECK(bench.mixed[0].frame(10)[2] == 1.0f);
  bench.taps[0].silent = true;
  CHECK_FALSE(bench.matrix.mix(0, bench.taps.data(), bench.mixed[0].samples, 64));
}

TEST_CASE("matrix: gains that are not numbers count as zero", "[engine][matrix]") {
  Bench bench(kSmall);
  bench.set(0, Tap::input, 0, NAN, 100);
  bench.set(0, Tap::pre_eq, 0, INFINITY, 0);
  CHECK_FALSE(bench.matrix.mix(0, bench.taps.data(), bench.mixed[0].samples, 64));
}

namespace {

/// One row of the matrix in double: linear from where it was, the last frame has the target.
struct ModelRow {
  std::vector<float> target = std::vector<float>(kLarge.columns());
  std::vector<double> from = std::vector<double>(kLarge.columns()), now = from;
  int at = 0, length = 0;

  void set(const std::vector<float>& gains, int ramp_frames) {
    if (gains == target) return;
    target = gains;
    from = now;
    length = ramp_frames > 1 ? std::max(ramp_frames, length - at) : 0;  // never faster than it still had
    at = 0;
    if (length == 0) now.assign(gains.begin(), gains.end());
  }
  void next_frame() {
    if (at == length) return;
    ++at;
    for (std::size_t c = 0; c < now.size(); ++c) {
      now[c] = at == length ? target[c] : from[c] + (target[c] - from[c]) * at / length;
    }
  }
};

/// gain_matrix.h in a table: who is heard by whom.
bool hears(TileKind mixed, TileKind source) {
  switch (mixed) {
    case TileKind::bus:
      return source == TileKind::channel || source == TileKind::stereo_return;
    case TileKind::effect:
      return source == TileKind::bus;
    case TileKind::main:
      return source == TileKind::channel || source == TileKind::stereo_return || source == TileKind::bus;
    default:
      return source != TileKind::effect && source != TileKind::matrix;
  }
}

struct RowChange {
  int row, ramp_frames;
  std::vector<float> gains;
};
/// A chunk of a show: what changes before it, and what every tap plays ([tile][tap]) in it.
struct Scene {
  int frames = 0;
  std::vector<RowChange> changes;
  std::vector<Tile> sound;
  std::vector<bool> silent;
};

std::vector<Scene> many_rows(unsigned seed) {
  Rig rig(kLarge, seed);
  std::vector<Scene> show;
  for (const int frames : {64, 64, 1, 63, 40, 64, 7, 17, 64, 30, 64, 64, 2, 62, 64, 64, 64, 64}) {
    Scene scene{frames, {}, std::vector<Tile>(static_cast<std::size_t>(kLarge.tiles() * kTaps)), {}};
    for (int row = 0; row < kLarge.strips() * kTaps; ++row) {
      if (!show.empty() && rig.integer(0, 9) > 0) continue;
      std::vector<float> gains(kLarge.columns());
      const int density = rig.integer(0, 2);  // a third of the rows is off, a third feeds half of the columns
      for (float& gain : gains) gain = rig.integer(1, 2) <= density ? rig.uniform(-1, 1) : 0.0f;
      const int ramp = rig.integer(0, 2) == 0 ? rig.integer(0, 1) : rig.integer(2, 480);
      scene.changes.push_back({row, show.empty() ? 0 : ramp, gains});
    }
    for (int tile = 0; tile < kLarge.tiles(); ++tile) {
      scene.silent.push_back(rig.integer(0, 5) == 0);
      for (int tap = 0; tap < kTaps && !scene.silent.back(); ++tap) {
        for (float& x : scene.sound[static_cast<std::size_t>(tile * kTaps + tap)].samples) x = rig.uniform(-1, 1);
      }
    }
    show.push_back(std::move(scene));
  }
  return show;
}

/// [chunk][mixed tile][frame][lane]: every sum in full, in double.
std::vector<std::vector<std::vector<double>>> sums_in_double(const std::vector<Scene>& show) {
  std::vector<ModelRow> rows(static_cast<std::size_t>(kLarge.strips() * kTaps));
  std::vector<std::vector<std::vector<double>>> all;
  for (const Scene& scene : show) {
    for (const auto& [row, ramp_frames, gains] : scene.changes) rows[row].set(gains, ramp_frames);
    std::vector<std::vector<double>> mixed(kLarge.mix_tiles(), std::vector<double>(kSubBlockFrames * kLanes));
    for (int frame = 0; frame < scene.frames; ++frame) {
      for (ModelRow& row : rows) row.next_frame();
      for (int tile = 0; tile < kLarge.tiles(); ++tile) {
        for (int at = 0; at < kLarge.lanes_used(tile) * kTaps; ++at) {
          const ModelRow& row = rows[tile * kLanes * kTaps + at];
          const double x = scene.sound[static_cast<std::size_t>(tile * kTaps + at % kTaps)].frame(frame)[at / kTaps];
          for (int mix = 0; mix < kLarge.mix_tiles(); ++mix) {
            if (!hears(kLarge.kind(kLarge.first_mix_strip() / kLanes + mix), kLarge.kind(tile))) continue;
            for (int c = 0; c < kLanes; ++c) mixed[mix][frame * kLanes + c] += x * row.now[mix * kLanes + c];
          }
        }
      }
    }
    all.push_back(std::move(mixed));
  }
  return all;
}

void begin(Bench& bench, const Scene& scene) {
  for (const auto& [row, ramp_frames, gains] : scene.changes) bench.set_row(row, gains, ramp_frames);
  for (int tile = 0; tile < kLarge.tiles(); ++tile) {
    bench.taps[tile].silent = scene.silent[tile];
    for (int tap = 0; tap < kTaps; ++tap) {
      bench.taps[tile].tap[tap] = scene.sound[static_cast<std::size_t>(tile * kTaps + tap)].samples;
    }
  }
}

}  // namespace

TEST_CASE(
    "matrix: hundreds of rows of many tiles, moving ones among settled, sum up as in double, by every SIMD target",
    "[engine][matrix]") {
  const std::vector<Scene> show = many_rows(7);
  const auto expected = sums_in_double(show);
  double loudest = 0;
  for (const auto& chunk : expected) {
    for (const auto& tile : chunk) {
      for (const double sum : tile) loudest = std::max(loudest, std::abs(sum));
    }
  }
  REQUIRE(loudest > 10);
  for_each_simd_target([&] {
    Bench bench(kLarge);
    double worst = 0;
    for (std::size_t chunk = 0; chunk < show.size(); ++chunk) {
      begin(bench, show[chunk]);
      bench.run(show[chunk].frames);
      REQUIRE(bench.heard);
      for (int mix = 0; mix < kLarge.mix_tiles(); ++mix) {
        for (int i = 0; i < show[chunk].frames * kLanes; ++i) {
          worst = std::max(worst, std::abs(expected[chunk][mix][i] - static_cast<double>(bench.mixed[mix].samples[i])));
        }
      }
    }
    CAPTURE(worst, loudest);
    // Up to 450 terms are added, each rounds the sum by at most 2^-25 x 32, and a moving gain is off by at most
    // 480 x 2^-25: together some 6e-4 if all of it went the same way, and it goes as in a random walk, 20 times less. A
    // gain that is a frame early or late is 1/480 of its way off: 2e-3.
    CHECK(worst < 1e-4);
  });
}

TEST_CASE("matrix: new gains, sums and countdowns allocate nothing", "[engine][matrix]") {
  const std::vector<Scene> show = many_rows(8);
  for_each_simd_target([&] {
    Bench bench(kLarge);
    test::AllocationGuard guard;
    for (const Scene& scene : show) {
      begin(bench, scene);
      bench.run(scene.frames);
    }
    const long heap_calls = guard.count();
    CHECK(heap_calls == 0);
  });
}
