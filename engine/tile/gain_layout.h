// Where the gains of the matrix lie in memory: of each row only the columns that can hear it.
#pragma once

#include <algorithm>
#include <cstddef>
#include <vector>

#include "engine/tile/geometry.h"

namespace fohd {

/// A row (strip * kTaps + tap) holds the sixteen columns of each mixed tile that hears its strip's tile, in their
/// order. All rows of a tile are equally long; those that nothing hears hold nothing.
class GainLayout {
 public:
  /// [control] Allocates.
  explicit GainLayout(const Geometry& geometry) : mixes_(geometry.mix_tiles()) {
    const int first_mix = geometry.tiles() - mixes_;
    for (int tile = 0; tile < geometry.tiles(); ++tile) {
      Tile& at = tiles_.emplace_back();
      at.first = size_;
      for (int mix = 0; mix < mixes_; ++mix) {
        // What is processed earlier: a kind does not hear itself.
        const bool hears = (row_of(geometry.kind(first_mix + mix)).hears & bit_of(geometry.kind(tile))) != 0;
        places_.push_back(hears ? at.row_size : -1);
        if (hears) at.row_size += kLanes;
      }
      size_ += static_cast<std::size_t>(at.row_size) * kLanes * kTaps;
    }
  }

  /// [any] Gains of all rows.
  std::size_t size() const noexcept { return size_; }
  /// [any] Gains of a row; a multiple of 16.
  int row_size(int row) const noexcept { return tiles_[tile_of(row)].row_size; }
  /// [any] The place of its first gain among all.
  std::size_t row_begin(int row) const noexcept {
    const Tile& tile = tiles_[tile_of(row)];
    return tile.first + static_cast<std::size_t>(row % (kLanes * kTaps)) * static_cast<std::size_t>(tile.row_size);
  }
  /// [any] Where the columns of a mixed tile (from 0) are in a row; -1: it does not hear that tile.
  int place(int row, int mix) const noexcept {
    return places_[tile_of(row) * static_cast<std::size_t>(mixes_) + static_cast<std::size_t>(mix)];
  }
  bool hears(int mix, int tile) const noexcept { return place(tile * kLanes * kTaps, mix) >= 0; }
  /// [any] From all `columns` of a row those that the layout has, row_size(row) of them.
  void pack(int row, const float* columns, float* packed) const noexcept {
    for (int mix = 0; mix < mixes_; ++mix) {
      if (const int to = place(row, mix); to >= 0) std::copy_n(columns + mix * kLanes, kLanes, packed + to);
    }
  }

 private:
  struct Tile {
    std::size_t first = 0;
    int row_size = 0;
  };
  static std::size_t tile_of(int row) noexcept { return static_cast<std::size_t>(row / (kLanes * kTaps)); }

  int mixes_;
  std::size_t size_ = 0;
  std::vector<Tile> tiles_;
  std::vector<int> places_;  ///< [tile][mix]
};

}  // namespace fohd
