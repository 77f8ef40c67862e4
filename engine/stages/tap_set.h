// Taps for the disk and the analysis: points of the desk whose sound is copied out, chunk by chunk, since tiles are
// overwritten every 64 frames. A set is made on the control side and handed over by Swap; it changes while audio runs.
#pragma once

#include <algorithm>
#include <cstddef>
#include <span>
#include <vector>

#include "engine/tile/tile.h"

namespace fohd {

struct TapPoint {
  enum class Where : unsigned char { strip, output, nowhere };
  Where where = Where::strip;
  int number = 0;        ///< the strip's lane, or the physical output
  Tap tap = Tap::input;  ///< of a strip; `pre_fader` of a silent strip is silence

  static TapPoint of_output(int output) { return {Where::output, output, Tap::input}; }
};

/// Takes what was asked for. It must outlive every set that names it: until that set was collected from the Swap.
class TapConsumer {
 public:
  virtual ~TapConsumer() = default;
  /// [audio] One pointer a point, in the order in which they were asked for, to `frames` samples.
  virtual void take(std::span<const float* const> points, int frames) noexcept = 0;
};

struct TapRequest {
  TapConsumer* consumer = nullptr;
  std::vector<TapPoint> points;
};

class TapSet {
 public:
  /// [control] Allocates. A point that this desk does not have is silence. max_frames: the most that are processed in
  /// one call; what is beyond is not copied.
  TapSet(const Geometry& geometry, const std::vector<TapRequest>& requests, int max_frames) : max_frames_(max_frames) {
    for (const TapRequest& request : requests) {
      consumers_.push_back({request.consumer, points_.size(), request.points.size()});
      for (const TapPoint& point : request.points) points_.push_back(is_there(point, geometry) ? point : kNowhere);
    }
    samples_.resize(points_.size() * static_cast<std::size_t>(max_frames));
    for (std::size_t i = 0; i < points_.size(); ++i) planar_.push_back(buffer(i));
  }

  /// [audio] Of one chunk at `offset` of the call: taps[tile].
  void copy_strips(const TileTaps* taps, int offset, int frames) noexcept {
    for (std::size_t i = 0; i < points_.size(); ++i) {
      const TapPoint& point = points_[i];
      if (point.where != TapPoint::Where::strip) continue;
      const int count = std::clamp(max_frames_ - offset, 0, frames);
      if (count == 0) continue;
      float* to = buffer(i) + offset;
      const TileTaps& tile = taps[point.number / kLanes];
      const float* from = tile.tap[static_cast<int>(point.tap)];
      if (tile.silent || from == nullptr) {
        std::fill_n(to, count, 0.0f);
        continue;
      }
      from += point.number % kLanes;
      for (int frame = 0; frame < count; ++frame) to[frame] = from[frame * kLanes];
    }
  }
  /// [audio] Of the whole call; a null output is silence.
  void copy_outputs(const float* const* outputs, int frames) noexcept {
    for (std::size_t i = 0; i < points_.size(); ++i) {
      const TapPoint& point = points_[i];
      if (point.where != TapPoint::Where::output) continue;
      const int count = std::min(frames, max_frames_);
      if (const float* from = outputs[point.number]) {
        std::copy_n(from, count, buffer(i));
      } else {
        std::fill_n(buffer(i), count, 0.0f);
      }
    }
  }
  /// [audio] To those who asked.
  void deliver(int frames) const noexcept {
    for (const Consumer& consumer : consumers_) {
      consumer.who->take(std::span(planar_.data() + consumer.first, consumer.count), std::min(frames, max_frames_));
    }
  }

 private:
  static constexpr TapPoint kNowhere = {TapPoint::Where::nowhere, 0, Tap::input};
  static bool is_there(const TapPoint& point, const Geometry& geometry) noexcept {
    const int count = point.where == TapPoint::Where::output ? geometry.outputs() : geometry.strips();
    return point.number >= 0 && point.number < count && static_cast<int>(point.tap) < kTaps;
  }
  struct Consumer {
    TapConsumer* who;
    std::size_t first, count;  ///< its points
  };
  float* buffer(std::size_t point) noexcept { return samples_.data() + point * static_cast<std::size_t>(max_frames_); }

  int max_frames_;
  std::vector<Consumer> consumers_;
  std::vector<TapPoint> points_;
  std::vector<float> samples_;  ///< [point][frame]
  std::vector<const float*> planar_;
};

}  // namespace fohd
