// A tile of any length for tests of kernels: [frames][16], 64-byte aligned as the kernels want it.
#pragma once

#include <cstring>
#include <random>
#include <vector>

#include "engine/tile/geometry.h"

namespace fohd::test {

class LaneTile {
 public:
  explicit LaneTile(int frames) : rows_(static_cast<std::size_t>(frames)) {}
  float* data() { return rows_.data()->lane; }
  const float* data() const { return rows_.data()->lane; }
  float& at(int frame, int lane) { return rows_[static_cast<std::size_t>(frame)].lane[lane]; }
  float at(int frame, int lane) const { return rows_[static_cast<std::size_t>(frame)].lane[lane]; }
  int frames() const { return static_cast<int>(rows_.size()); }
  /// The same bits.
  bool operator==(const LaneTile& other) const {
    return frames() == other.frames() && std::memcmp(data(), other.data(), rows_.size() * sizeof(Row)) == 0;
  }

 private:
  struct alignas(64) Row {
    float lane[kLanes] = {};
  };
  std::vector<Row> rows_;
};

/// Evenly spread between -peak and peak, another in every lane.
inline LaneTile noise(int frames, unsigned seed, float peak = 1) {
  std::mt19937 random(seed);
  std::uniform_real_distribution<float> uniform(-peak, peak);
  LaneTile tile(frames);
  for (int frame = 0; frame < frames; ++frame)
    for (int lane = 0; lane < kLanes; ++lane) tile.at(frame, lane) = uniform(random);
  return tile;
}

}  // namespace fohd::test
