// How many strips, buses and outputs this desk has, and where each sits among the SIMD lanes.
//
// Sixteen strips run side by side in a tile. A strip's number is its lane for ever: strip = tile * 16 + lane.
// Tiles: channels (inputs, then aux inputs), returns, buses, effect inputs, main (lanes L, R, mono/centre), matrices;
// each kind begins on a tile boundary. They are processed in this order, except the returns, which follow the effects.
// The tiles that are fed by mixing (buses, effect inputs, main, matrices) give the columns of the gain matrix:
// column = strip - first_mix_strip(), so a mixed tile needs no transposing.
//
// An effect is stereo: slot n has the lanes 2n and 2n+1 of the effect inputs and, behind it, of the returns.
#pragma once

namespace fohd {

inline constexpr int kLanes = 16;           ///< strips in a tile, on every CPU
inline constexpr int kSubBlockFrames = 64;  ///< the grid of the engine's own frame counter
inline constexpr int kMaxInputs = 128, kMaxAux = 8, kMaxReturns = 16, kMaxBuses = 64, kMaxMatrices = 16;

/// Where a send takes its signal. Post-fader sends are `pre_fader` with the fader folded into their gain.
enum class Tap : unsigned char { input, pre_eq, post_eq, pre_fader };
inline constexpr int kTaps = 4;

enum class TileKind : unsigned char { channel, stereo_return, bus, effect, main, matrix };

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
  constexpr int channel_tiles() const noexcept { return round_up(channels(), kLanes) / kLanes; }
  constexpr int return_tiles() const noexcept { return round_up(returns, kLanes) / kLanes; }
  constexpr int bus_tiles() const noexcept { return round_up(buses, kLanes) / kLanes; }
  constexpr int effect_tiles() const noexcept { return return_tiles(); }
  constexpr int matrix_tiles() const noexcept { return round_up(matrices, kLanes) / kLanes; }
  constexpr int mix_tiles() const noexcept { return bus_tiles() + effect_tiles() + 1 + matrix_tiles(); }
  constexpr int tiles() const noexcept { return channel_tiles() + return_tiles() + mix_tiles(); }
  constexpr int strips() const noexcept { return tiles() * kLanes; }
  constexpr int columns() const noexcept { return mix_tiles() * kLanes; }

  constexpr int first_return_strip() const noexcept { return channel_tiles() * kLanes; }
  constexpr int first_mix_strip() const noexcept { return first_return_strip() + return_tiles() * kLanes; }
  constexpr int first_bus_strip() const noexcept { return first_mix_strip(); }
  constexpr int first_effect_strip() const noexcept { return first_bus_strip() + bus_tiles() * kLanes; }
  constexpr int main_strip() const noexcept {  ///< left; right is +1
    return first_effect_strip() + effect_tiles() * kLanes;
  }
  constexpr int first_matrix_strip() const noexcept { return main_strip() + kLanes; }

  constexpr int bus_column(int bus) const noexcept { return bus; }
  /// Left input of slot `effect`; right is +1.
  constexpr int effect_column(int effect) const noexcept { return bus_tiles() * kLanes + 2 * effect; }
  constexpr int main_column() const noexcept {  ///< left; right is +1, mono/centre +2
    return (bus_tiles() + effect_tiles()) * kLanes;
  }

  constexpr TileKind kind(int tile) const noexcept {
    if (tile < channel_tiles()) return TileKind::channel;
    if (tile < channel_tiles() + return_tiles()) return TileKind::stereo_return;
    const int first_mix = channel_tiles() + return_tiles(), first_effect = first_mix + bus_tiles();
    if (tile < first_effect) return TileKind::bus;
    if (tile < first_effect + effect_tiles()) return TileKind::effect;
    return tile == main_strip() / kLanes ? TileKind::main : TileKind::matrix;
  }
  /// Lanes of a tile that carry a strip, 1..16.
  constexpr int lanes_used(int tile) const noexcept {
    int count = 0, first = 0;
    switch (kind(tile)) {
      case TileKind::channel:
        count = channels(), first = 0;
        break;
      case TileKind::stereo_return:
        count = returns, first = channel_tiles();
        break;
      case TileKind::bus:
        count = buses, first = channel_tiles() + return_tiles();
        break;
      case TileKind::effect:
        count = returns, first = first_effect_strip() / kLanes;
        break;
      case TileKind::main:
        return 3;
      case TileKind::matrix:
        count = matrices, first = first_matrix_strip() / kLanes;
        break;
    }
    const int left = count - (tile - first) * kLanes;
    return left < kLanes ? left : kLanes;
  }
  /// Physical outputs in port order: main L, main R, then the buses.
  constexpr int outputs() const noexcept { return 2 + buses; }
  constexpr int output_strip(int output) const noexcept {
    return output < 2 ? main_strip() + output : first_bus_strip() + output - 2;
  }
  constexpr bool valid() const noexcept {
    return inputs >= 1 && inputs <= kMaxInputs && aux >= 0 && aux <= kMaxAux && returns >= 0 &&
           returns <= kMaxReturns && returns % 2 == 0 && buses >= 0 && buses <= kMaxBuses && matrices >= 0 &&
           matrices <= kMaxMatrices;
  }
  constexpr bool operator==(const Geometry&) const = default;
};

}  // namespace fohd
