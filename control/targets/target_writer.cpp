#include "control/targets/target_writer.h"

#include <algorithm>
#include <cmath>

namespace fohd {

TargetWriter::TargetWriter(const Geometry& geometry, double rate_hz)
    : geometry_(geometry),
      rate_hz_(rate_hz),
      targets_(geometry),
      packed_(static_cast<std::size_t>(geometry.columns())),
      row_turns_(targets_.rows.size()),
      output_turns_(targets_.outputs.size()) {}

void TargetWriter::begin(bool unread) {
  changed_ = false;
  ++turn_;
  if (!unread) first_unread_turn_ = turn_;
}

std::int32_t TargetWriter::frames(double ms) const noexcept {
  return static_cast<std::int32_t>(std::lround(ms * rate_hz_ / 1000));
}

void TargetWriter::set_lane(int strip, const LaneTargets& next) {
  LaneTargets& present = targets_.lanes[static_cast<std::size_t>(strip)];
  if (next == present) return;
  present = next;
  ++present.revision;
  changed_ = true;
}

void TargetWriter::set_row(int row, const float* columns, std::int32_t ramp_frames) {
  const int size = targets_.layout.row_size(row);
  targets_.layout.pack(row, columns, packed_.data());
  float* present = targets_.row_gains(row);
  if (std::equal(packed_.data(), packed_.data() + size, present)) return;
  std::copy_n(packed_.data(), size, present);
  RowTargets& targets = targets_.rows[static_cast<std::size_t>(row)];
  targets.ramp_frames = folded(ramp_frames, targets.ramp_frames, row_turns_[static_cast<std::size_t>(row)]);
  ++targets.revision;
  changed_ = true;
}

void TargetWriter::set_output(int output, OutputTargets next, std::int32_t ramp_frames) {
  OutputTargets& present = targets_.outputs[static_cast<std::size_t>(output)];
  if (next == present) return;
  next.gain_ramp_frames =
      folded(ramp_frames, present.gain_ramp_frames, output_turns_[static_cast<std::size_t>(output)]);
  ++next.revision;
  present = next;
  changed_ = true;
}

void TargetWriter::set_main(MainTargets next, std::int32_t ramp_frames) {
  MainTargets& present = targets_.main;
  if (next == present) return;
  next.gain_ramp_frames = folded(ramp_frames, present.gain_ramp_frames, main_turn_);
  ++next.revision;
  present = next;
  changed_ = true;
}

void TargetWriter::set_listen(ListenTargets next) {
  if (next == targets_.listen) return;
  ++next.revision;
  targets_.listen = next;
  changed_ = true;
}

void TargetWriter::set_shutter(const ShutterTargets& next) {
  if (next == targets_.shutter) return;
  targets_.shutter = next;
  changed_ = true;
}

std::int32_t TargetWriter::folded(std::int32_t ramp_frames, std::int32_t previous,
                                  std::uint32_t& block_turn) const noexcept {
  const bool unread = block_turn >= first_unread_turn_;
  block_turn = turn_;
  return unread ? std::max(ramp_frames, previous) : ramp_frames;
}

void TargetWriter::copy_to(DeskTargets& slot) const {
  slot.publication = targets_.publication;
  for (std::size_t i = 0; i < targets_.lanes.size(); ++i) {
    if (slot.lanes[i].revision != targets_.lanes[i].revision) slot.lanes[i] = targets_.lanes[i];
  }
  for (std::size_t i = 0; i < targets_.rows.size(); ++i) {
    if (slot.rows[i].revision == targets_.rows[i].revision) continue;
    slot.rows[i] = targets_.rows[i];
    const int row = static_cast<int>(i);
    std::copy_n(targets_.row_gains(row), targets_.layout.row_size(row), slot.row_gains(row));
  }
  for (std::size_t i = 0; i < targets_.outputs.size(); ++i) {
    if (slot.outputs[i].revision != targets_.outputs[i].revision) slot.outputs[i] = targets_.outputs[i];
  }
  for (std::size_t i = 0; i < targets_.effects.size(); ++i) {
    if (slot.effects[i].revision != targets_.effects[i].revision) slot.effects[i] = targets_.effects[i];
  }
  if (slot.main.revision != targets_.main.revision) slot.main = targets_.main;
  if (slot.listen.revision != targets_.listen.revision) slot.listen = targets_.listen;
  slot.shutter = targets_.shutter;
}

}  // namespace fohd
