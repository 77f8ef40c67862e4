#include "engine/tile/geometry.h"

#include <catch2/catch.hpp>
#include <set>
#include <vector>

#include "engine/tile/gain_layout.h"

using namespace fohd;

namespace {

const Geometry kDesks[] = {{},
                           {.inputs = 1, .returns = 0, .buses = 0},
                           {.inputs = 17, .aux = 3, .returns = 2, .buses = 16},
                           {.inputs = 128, .aux = 8, .returns = 16, .buses = 64, .matrices = 16}};

/// Tiles that so many lanes need.
int tiles_for(int lanes) { return (lanes + 15) / 16; }

}  // namespace

TEST_CASE("geometry: kinds lie behind each other, each from the beginning of a tile", "[engine][geometry]") {
  for (const Geometry& g : kDesks) {
    // channels with aux inputs, returns, buses, effect inputs, main (left, right, centre), matrices
    const int lanes[] = {g.inputs + g.aux, g.returns, g.buses, g.returns, 3, g.matrices};
    std::vector<TileKind> kinds;
    std::vector<int> used;
    for (int k = 0; k < 6; ++k) {
      for (int left = lanes[k]; left > 0; left -= 16) {
        kinds.push_back(static_cast<TileKind>(k));
        used.push_back(left < 16 ? left : 16);
      }
    }
    REQUIRE(g.tiles() == static_cast<int>(kinds.size()));
    for (int tile = 0; tile < g.tiles(); ++tile) {
      CHECK(g.kind(tile) == kinds[static_cast<std::size_t>(tile)]);
      CHECK(g.lanes_used(tile) == used[static_cast<std::size_t>(tile)]);
    }
    const int channels = tiles_for(lanes[0]), returns = tiles_for(lanes[1]), buses = tiles_for(lanes[2]);
    CHECK(g.first_return_strip() == channels * 16);
    CHECK(g.first_bus_strip() == (channels + returns) * 16);
    CHECK(g.first_mix_strip() == g.first_bus_strip());
    CHECK(g.first_effect_strip() == (channels + returns + buses) * 16);
    CHECK(g.main_strip() == (channels + 2 * returns + buses) * 16);
    CHECK(g.mix_tiles() == buses + returns + 1 + tiles_for(g.matrices));
    CHECK(g.main_column() == (buses + returns) * 16);
    CHECK(g.effect_column(0) == buses * 16);
    CHECK(g.bus_column(0) == 0);
  }
}

TEST_CASE("geometry: only what a desk can have is valid", "[engine][geometry]") {
  for (const Geometry& g : kDesks) CHECK(g.valid());
  for (const CountRow& row : kCountRows) {
    for (const int count : {row.min - 1, row.max + 1}) {
      Geometry g;
      g.*row.count = count;
      CHECK_FALSE(g.valid());
    }
  }
  CHECK_FALSE(Geometry{.returns = 3}.valid());
}

TEST_CASE("gain layout: each cell that can be heard has a place of its own, and no other has one",
          "[engine][geometry]") {
  for (const Geometry& g : kDesks) {
    const GainLayout layout(g);
    // No bus feeds a bus, effects hear buses, main also the strips, matrices these and main: docs/DESK.md, "Signal
    // flow".
    const auto hears = [](TileKind mixed, TileKind from) {
      const bool strip = from == TileKind::channel || from == TileKind::stereo_return, bus = from == TileKind::bus;
      if (mixed == TileKind::bus) return strip;
      if (mixed == TileKind::effect) return bus;
      if (mixed == TileKind::main) return strip || bus;
      return strip || bus || from == TileKind::main;
    };
    std::vector<char> taken(layout.size());
    std::size_t cells = 0;
    for (int row = 0; row < g.strips() * kTaps; ++row) {
      for (int mix = 0; mix < g.mix_tiles(); ++mix) {
        const int place = layout.place(row, mix);
        const TileKind from = g.kind(row / kTaps / kLanes), mixed = g.kind(g.tiles() - g.mix_tiles() + mix);
        REQUIRE((place >= 0) == hears(mixed, from));
        if (place < 0) continue;
        REQUIRE(place + kLanes <= layout.row_size(row));
        for (int c = 0; c < kLanes; ++c) {
          char& at = taken[layout.row_begin(row) + static_cast<std::size_t>(place + c)];
          REQUIRE(at == 0);
          at = 1, ++cells;
        }
      }
    }
    CHECK(cells == layout.size());
  }
}
