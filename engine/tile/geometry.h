// How many strips, buses and outputs this desk has, and where each sits among the SIMD lanes.
//
// Sixteen strips run side by side in a tile. A strip's number is its lane for ever: strip = tile * 16 + lane.
// Each kind of tile is one row below, in the order in which they lie; each kind of strip is one more, and begins on
// a tile boundary or behind another one in the same tiles. Tiles are processed in their order, except the returns,
// which follow the effects. Those that are fed by mixing give the columns of the gain matrix: column = strip -
// first_mix_strip(), so a mixed tile needs no transposing.
//
// An effect is stereo: slot n has the lanes 2n and 2n+1 of the effect inputs and, behind it, of the returns.
#pragma once

#include <array>
#include <cstddef>

namespace fohd {

inline constexpr int kLanes = 16;           ///< strips in a tile, on every CPU
inline constexpr int kSubBlockFrames = 64;  ///< the grid of the engine's own frame counter
inline constexpr int kMaxInputs = 128, kMaxAux = 8, kMaxReturns = 16, kMaxBuses = 64, kMaxMatrices = 16;

/// Where a send takes its signal. Post-fader sends are `pre_fader` with the fader folded into their gain.
enum class Tap : unsigned char { input, pre_eq, post_eq, pre_fader };
inline constexpr int kTaps = 4;

/// In the order in which their tiles lie.
enum class TileKind : unsigned char { channel, stereo_return, bus, effect, main, matrix };
/// What people call a strip, in the order of its lanes.
enum class StripKind : unsigned char { channel, fx_return, bus, effect_input, main };

constexpr int round_up(int n, int multiple) noexcept { return (n + multiple - 1) / multiple * multiple; }

/// Read at start, constant while an engine lives. [any thread] pure.
struct Geometry {
  int inputs = 32;   ///< 1..128
  int aux = 0;       ///< 0..8 aux inputs, in the lanes behind the inputs
  int returns = 8;   ///< 0..16 effect return lanes, two for each effect slot
  int buses = 16;    ///< 0..64
  int matrices = 0;  ///< 0..16

  constexpr int channels() const noexcept { return inputs + aux; }
  constexpr int effects() const noexcept { return returns / 2; }  ///< slots

  constexpr int tiles(TileKind kind) const noexcept;       ///< of a kind
  constexpr int first_tile(TileKind kind) const noexcept;  ///< of a kind, or where it would be
  constexpr int channel_tiles() const noexcept { return tiles(TileKind::channel); }
  constexpr int return_tiles() const noexcept { return tiles(TileKind::stereo_return); }
  constexpr int bus_tiles() const noexcept { return tiles(TileKind::bus); }
  constexpr int effect_tiles() const noexcept { return tiles(TileKind::effect); }
  constexpr int matrix_tiles() const noexcept { return tiles(TileKind::matrix); }
  constexpr int tiles() const noexcept;      ///< all
  constexpr int mix_tiles() const noexcept;  ///< that have columns
  constexpr int strips() const noexcept { return tiles() * kLanes; }
  constexpr int columns() const noexcept { return mix_tiles() * kLanes; }

  constexpr int first_return_strip() const noexcept { return first_tile(TileKind::stereo_return) * kLanes; }
  constexpr int first_bus_strip() const noexcept { return first_tile(TileKind::bus) * kLanes; }
  constexpr int first_effect_strip() const noexcept { return first_tile(TileKind::effect) * kLanes; }
  constexpr int main_strip() const noexcept { return first_tile(TileKind::main) * kLanes; }  ///< left; right is +1
  constexpr int first_mix_strip() const noexcept { return (tiles() - mix_tiles()) * kLanes; }

  constexpr int bus_column(int bus) const noexcept { return first_bus_strip() - first_mix_strip() + bus; }
  /// Left input of slot `effect`; right is +1.
  constexpr int effect_column(int effect) const noexcept {
    return first_effect_strip() - first_mix_strip() + 2 * effect;
  }
  /// Left; right is +1, mono/centre +2.
  constexpr int main_column() const noexcept { return main_strip() - first_mix_strip(); }

  constexpr TileKind kind(int tile) const noexcept;
  /// Lanes of a tile that carry a strip, 1..16.
  constexpr int lanes_used(int tile) const noexcept;

  constexpr int count(StripKind kind) const noexcept;        ///< how many strips of a kind there are
  constexpr int first_strip(StripKind kind) const noexcept;  ///< the first lane of its first one
  /// Physical outputs, in port order: main L, main R, then the buses (kOutputKinds).
  constexpr int outputs() const noexcept;
  constexpr int first_output(StripKind kind) const noexcept;  ///< of its first strip
  constexpr int output_strip(int output) const noexcept;      ///< the lane that it plays
  constexpr bool valid() const noexcept;
  constexpr bool operator==(const Geometry&) const = default;
};

constexpr unsigned bit_of(TileKind kind) noexcept { return 1u << static_cast<unsigned>(kind); }

struct TileRow {
  /// Lanes that carry a strip, in all tiles of the kind.
  int (*lanes)(const Geometry&) noexcept;
  /// The kinds whose taps are mixed into it (bit_of); none: it has no columns.
  unsigned hears = 0;
};
inline constexpr unsigned kHearsStrips = bit_of(TileKind::channel) | bit_of(TileKind::stereo_return);
inline constexpr std::array kTileRows = {
    TileRow{[](const Geometry& g) noexcept { return g.channels(); }},
    TileRow{[](const Geometry& g) noexcept { return g.returns; }},
    TileRow{[](const Geometry& g) noexcept { return g.buses; }, kHearsStrips},
    TileRow{[](const Geometry& g) noexcept { return g.returns; }, bit_of(TileKind::bus)},
    TileRow{[](const Geometry&) noexcept { return 3; }, kHearsStrips | bit_of(TileKind::bus)},
    TileRow{[](const Geometry& g) noexcept { return g.matrices; },
            kHearsStrips | bit_of(TileKind::bus) | bit_of(TileKind::main)},
};
static_assert(kTileRows.size() == static_cast<std::size_t>(TileKind::matrix) + 1);
constexpr const TileRow& row_of(TileKind kind) noexcept { return kTileRows[static_cast<std::size_t>(kind)]; }

struct StripRow {
  TileKind tile;
  int (*count)(const Geometry&) noexcept;
  int lanes = 1;  ///< of one strip, behind each other
  /// Lanes of other kinds that lie in front of it in the same tiles.
  int (*lanes_before)(const Geometry&) noexcept = [](const Geometry&) noexcept { return 0; };
};
inline constexpr std::array kStripRows = {
    StripRow{TileKind::channel, [](const Geometry& g) noexcept { return g.inputs; }},
    StripRow{TileKind::stereo_return, [](const Geometry& g) noexcept { return g.returns; }},
    StripRow{TileKind::bus, [](const Geometry& g) noexcept { return g.buses; }},
    StripRow{TileKind::effect, [](const Geometry& g) noexcept { return g.effects(); }, 2},
    StripRow{TileKind::main, [](const Geometry&) noexcept { return 1; }, 2},
};
static_assert(kStripRows.size() == static_cast<std::size_t>(StripKind::main) + 1);
constexpr const StripRow& row_of(StripKind kind) noexcept { return kStripRows[static_cast<std::size_t>(kind)]; }

/// The kinds whose lanes are physical outputs, in port order.
inline constexpr std::array kOutputKinds = {StripKind::main, StripKind::bus};

/// A count that the configuration gives, and the state remembers.
struct CountRow {
  const char* word;  ///< in both
  int Geometry::*count;
  int min, max;
  const char* meaning;  ///< for the configuration; "": it is not set there
};
/// In this order for ever: /info tells them so.
inline constexpr std::array kCountRows = {
    CountRow{"inputs", &Geometry::inputs, 1, kMaxInputs, "JACK inputs, each with a channel strip"},
    CountRow{"aux", &Geometry::aux, 0, kMaxAux, ""},
    CountRow{"returns", &Geometry::returns, 0, kMaxReturns, ""},  // two for each of "effects"
    CountRow{"buses", &Geometry::buses, 0, kMaxBuses, "mix buses, each with an output"},
    CountRow{"matrices", &Geometry::matrices, 0, kMaxMatrices, ""},
};

inline constexpr unsigned kAllCounts = (1u << kCountRows.size()) - 1;  ///< a bit for each

constexpr int Geometry::tiles(TileKind kind) const noexcept {
  return round_up(row_of(kind).lanes(*this), kLanes) / kLanes;
}
constexpr int Geometry::first_tile(TileKind kind) const noexcept {
  int first = 0;
  for (std::size_t k = 0; k < static_cast<std::size_t>(kind); ++k) first += tiles(static_cast<TileKind>(k));
  return first;
}
constexpr int Geometry::tiles() const noexcept {
  constexpr auto kLast = static_cast<TileKind>(kTileRows.size() - 1);
  return first_tile(kLast) + tiles(kLast);
}
constexpr int Geometry::mix_tiles() const noexcept {
  int count = 0;
  for (std::size_t k = 0; k < kTileRows.size(); ++k) {
    if (kTileRows[k].hears != 0) count += tiles(static_cast<TileKind>(k));
  }
  return count;
}
constexpr TileKind Geometry::kind(int tile) const noexcept {
  auto kind = TileKind::channel;
  for (std::size_t k = 1; k < kTileRows.size(); ++k) {
    if (tile >= first_tile(static_cast<TileKind>(k)) && tiles(static_cast<TileKind>(k)) > 0) {
      kind = static_cast<TileKind>(k);
    }
  }
  return kind;
}
constexpr int Geometry::lanes_used(int tile) const noexcept {
  const TileKind of = kind(tile);
  const int left = row_of(of).lanes(*this) - (tile - first_tile(of)) * kLanes;
  return left < kLanes ? left : kLanes;
}
constexpr int Geometry::count(StripKind kind) const noexcept { return row_of(kind).count(*this); }
constexpr int Geometry::first_strip(StripKind kind) const noexcept {
  return first_tile(row_of(kind).tile) * kLanes + row_of(kind).lanes_before(*this);
}
constexpr int Geometry::outputs() const noexcept {
  int all = 0;
  for (const StripKind kind : kOutputKinds) all += count(kind) * row_of(kind).lanes;
  return all;
}
constexpr int Geometry::first_output(StripKind kind) const noexcept {
  int first = 0;
  for (const StripKind other : kOutputKinds) {
    if (other == kind) break;
    first += count(other) * row_of(other).lanes;
  }
  return first;
}
constexpr int Geometry::output_strip(int output) const noexcept {
  for (const StripKind kind : kOutputKinds) {
    const int lanes = count(kind) * row_of(kind).lanes;
    if (output < lanes) return first_strip(kind) + output;
    output -= lanes;
  }
  return -1;
}
constexpr bool Geometry::valid() const noexcept {
  for (const CountRow& row : kCountRows) {
    if (this->*row.count < row.min || this->*row.count > row.max) return false;
  }
  return returns % 2 == 0;
}

}  // namespace fohd
