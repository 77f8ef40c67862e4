// All sends, faders, pans and assigns of the desk as one matrix of gains, [strip][tap][column] (docs/DESIGN.md, "One
// matrix of gains").
//
// Output sample of a column = sum over (tile, strip, tap), in this order, of tap sample x gain. The order never depends
// on what moves: settled rows are summed in runs with the sums in registers, a moving row takes its place between two
// runs. Rows that are settled at zero, or whose tile is silent, are not visited.
//
// Ramps are linear per cell with one countdown per row; the last frame gets the target exactly. A tap change is two
// rows moving at once.
#pragma once

#include <cstdint>
#include <vector>

#include "engine/tile/gain_layout.h"
#include "engine/tile/gain_matrix_kernels.h"
#include "engine/tile/tile.h"

namespace fohd {

class GainMatrix {
 public:
  /// [control] All gains zero.
  explicit GainMatrix(const Geometry& geometry);

  /// [audio] New gains for a row (strip * kTaps + tap): those that the layout has, linear; what is not finite counts as
  /// 0. ramp_frames <= 1 jumps. Equal gains change nothing, a ramp towards them goes on. A row that is under way takes
  /// at least as long as it still had.
  void set_row(int row, const float* gains, int ramp_frames) noexcept;
  /// [control] Every row jumps to its target.
  void settle() noexcept;

  /// [audio] Sums the sources of mixed tile `mix` (0..mix_tiles-1), 1..64 frames. Sources of buses are channels and
  /// returns (the caller gives these as they were 64 frames ago); of effects: buses; of main: channels, returns and
  /// buses; of matrices: all of these and main.
  /// False: nothing to sum, `out` is not to be read. Call it once per mix and chunk, then end_chunk. `out` is a whole
  /// Tile, the same one every time and written here only: columns without a source are zeroed once, not always.
  bool mix(int mix, const TileTaps* tiles, float* out, int frames) noexcept;
  /// [audio] The countdowns move on.
  void end_chunk(int frames) noexcept;

  /// [any, not while running] The gain of the last frame, for tests; 0 where the column cannot hear the row.
  float gain(int row, int column) const noexcept {
    const int place = layout_.place(row, column / kLanes);
    return place < 0 ? 0 : gains_[layout_.row_begin(row) + static_cast<std::size_t>(place + column % kLanes)];
  }

 private:
  struct alignas(32) Group {
    float columns[kColumnGroup];
  };
  struct Row {
    std::int32_t left = 0;  ///< frames to be incremented before the one that gets the target
    bool moving = false;
  };
  struct Use {
    bool low = false, high = false, moving = false;  ///< columns 0-7, 8-15 of a mixed tile; any cell on its way
  };
  /// Rows that go into columns first..last-1 of a mixed tile, in order, with their pointers for the present taps.
  struct Pass {
    int first = 0, last = 0;
    std::vector<MixTerm> terms;
    std::vector<std::int32_t> rows;  ///< of each term; -1 - row while it moves
  };
  /// How a mixed tile is summed: both groups of columns together (a sample is fetched once for both), or each with
  /// its own rows, whichever is less work.
  struct Plan {
    Pass passes[2];
    std::vector<const float*> seen_taps;  ///< the taps it was made for; null where silent
    bool stale = true;
  };

  /// Of the first column of a mixed tile that hears the row.
  std::size_t index(int row, int mix) const noexcept {
    return layout_.row_begin(row) + static_cast<std::size_t>(layout_.place(row, mix));
  }
  void classify(int row) noexcept;
  void arrive(int row) noexcept;
  void refresh(int mix, const TileTaps* tiles, float* out) noexcept;
  void plan_pass(int mix, const TileTaps* tiles, Pass& pass, int first, int last) noexcept;
  void run(int mix, const Pass& pass, float* out, int frames) noexcept;
  void run_moving(int mix, const Pass& pass, std::size_t term, float* out, int frames) noexcept;

  int mixes_;  ///< mixed tiles
  GainLayout layout_;
  std::vector<std::int32_t> lanes_used_;                               ///< [tile]
  std::vector<std::vector<std::int32_t>> heard_tiles_;                 ///< [mixed tile] its source tiles, in order
  std::vector<Group> gain_memory_, target_memory_, increment_memory_;  // groups, for their alignment
  float *gains_, *targets_, *increments_;                              // as the layout says
  std::vector<Row> rows_;
  std::vector<Use> uses_;  ///< [row][mix]
  std::vector<std::int32_t> moving_rows_;
  std::vector<Plan> plans_;  ///< [mix]
};

}  // namespace fohd
