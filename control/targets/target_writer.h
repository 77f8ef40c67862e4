// The targets while they are designed: takes a redesigned block over if its content differs, raises its revision, and
// keeps the longest of the ramps that a block stands for until the audio has read it.
#pragma once

#include <cstdint>
#include <vector>

#include "engine/stages/targets.h"

namespace fohd {

/// [control thread]
class TargetWriter {
 public:
  /// rate_hz of the engine that will read the targets.
  TargetWriter(const Geometry& geometry, double rate_hz);

  /// What follows is one publication. unread: the last one may not have been read yet, so what changes now is folded
  /// into it; a block then keeps the longest ramp of all that it stands for.
  void begin(bool unread);
  bool changed() const noexcept { return changed_; }  ///< since begin()
  void count_publication() noexcept { ++targets_.publication; }
  const DeskTargets& targets() const noexcept { return targets_; }
  const Geometry& geometry() const noexcept { return geometry_; }
  double rate_hz() const noexcept { return rate_hz_; }
  std::int32_t frames(double ms) const noexcept;

  void set_lane(int strip, const LaneTargets& next);
  /// columns: all of the matrix; those that cannot hear the row are left out.
  void set_row(int row, const float* columns, std::int32_t ramp_frames);
  // Their gains ramp as long as is said here.
  void set_output(int output, OutputTargets next, std::int32_t ramp_frames);
  void set_main(MainTargets next, std::int32_t ramp_frames);
  void set_listen(ListenTargets next);
  void set_shutter(const ShutterTargets& next);
  /// For the effects' designer, which compares by itself.
  std::vector<EffectTargets>& effects() noexcept { return targets_.effects; }
  void note_change(bool changed) noexcept { changed_ |= changed; }

  /// Copies every block whose revision differs from the one in `slot`.
  void copy_to(DeskTargets& slot) const;

 private:
  /// The ramp of a block that changes now, and changed last in `block_turn`, which is set to now.
  std::int32_t folded(std::int32_t ramp_frames, std::int32_t previous, std::uint32_t& block_turn) const noexcept;

  Geometry geometry_;
  double rate_hz_;
  DeskTargets targets_;
  std::vector<float> packed_;  ///< the row in hand
  /// The publication since which everything may be unread, and in which each block was last changed.
  std::uint32_t turn_ = 1, first_unread_turn_ = 1;
  std::vector<std::uint32_t> row_turns_, output_turns_;
  std::uint32_t main_turn_ = 0;
  bool changed_ = false;
};

}  // namespace fohd
