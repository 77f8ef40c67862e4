#include "control/clients/meter_hub.h"

#include <algorithm>

namespace fohd::clients {
namespace {

const MeterGroup& group_of(int group) noexcept { return kMeterGroupTable[static_cast<std::size_t>(group)]; }

/// Marks what counted on since the last frame.
void latch(std::vector<bool>& latches, const std::vector<std::uint32_t>& now,
           const std::vector<std::uint32_t>& before) {
  for (std::size_t i = 0; i < latches.size() && i < now.size(); ++i) {
    if (now[i] != before[i]) latches[i] = true;
  }
}

}  // namespace

MeterHub::MeterHub(const Geometry& geometry)
    : geometry_(geometry),
      last_(geometry),
      input_clipped_(static_cast<std::size_t>(geometry.channels())),
      output_clipped_(static_cast<std::size_t>(geometry.outputs())),
      faulty_(static_cast<std::size_t>(geometry.strips())),
      views_(kMeterIntervalsMs.size() * kMeterGroups) {}

int MeterHub::items(int group) const noexcept { return group_of(group).items.count(geometry_); }

int MeterHub::rate_for(int interval_ms) noexcept {
  const auto* const at = std::lower_bound(kMeterIntervalsMs.begin(), kMeterIntervalsMs.end(), interval_ms);
  return static_cast<int>(std::min(at, kMeterIntervalsMs.end() - 1) - kMeterIntervalsMs.begin());
}

void MeterHub::join(int rate, int group, std::int64_t now_ms) {
  View& v = view(rate, group);
  if (v.clients++ > 0) return;
  v.next_ms = std::max(v.next_ms, now_ms);  // leaving and joining again gives no more frames than staying
  v.held.assign(static_cast<std::size_t>(items(group)) * group_of(group).columns.size(), 0.0f);
}

void MeterHub::leave(int rate, int group) noexcept { --view(rate, group).clients; }

void MeterHub::hold(View& v, const MeterGroup& group, const MeterFrame& frame) const {
  float* held = v.held.data();
  for (int item = 0; item < group.items.count(geometry_); ++item) {
    const auto strip = static_cast<std::size_t>(group.items.strip(geometry_, item));
    for (const MeterColumn& column : group.columns) {
      if (column.hold != nullptr) *held = column.hold(*held, frame, strip, static_cast<std::size_t>(item));
      ++held;
    }
  }
}

void MeterHub::take(const MeterFrame& frame, DeskStatus& status) {
  if (frame.strips.size() != last_.strips.size() || frame.outputs.size() != last_.outputs.size()) return;
  // A new engine (another sample rate) counts from zero again: its counters are not comparable with the old one's.
  if (frame.frames >= last_.frames) {
    latch(input_clipped_, frame.input_clips, last_.input_clips);
    latch(output_clipped_, frame.output_clips, last_.output_clips);
    latch(faulty_, frame.faults, last_.faults);
  }
  last_ = frame;
  for (std::size_t i = 0; i < status.input_clipped.size(); ++i) status.input_clipped[i] = input_clipped_[i];
  status.output_clipped = output_clipped_;
  for (std::size_t i = 0; i < status.safety_muted.size(); ++i) status.safety_muted[i] = frame.safety_mutes[i] != 0;
  for (std::size_t i = 0; i < views_.size(); ++i) {
    if (views_[i].clients > 0) hold(views_[i], kMeterGroupTable[i % kMeterGroups], frame);
  }
}

void MeterHub::clear_latches(DeskStatus& status) {
  for (auto* latches : {&input_clipped_, &output_clipped_, &faulty_, &status.input_clipped, &status.output_clipped}) {
    std::fill(latches->begin(), latches->end(), false);
  }
}

bool MeterHub::due(int rate, int group, std::int64_t now_ms) {
  View& v = view(rate, group);
  if (v.clients == 0 || now_ms < v.next_ms) return false;
  const int interval_ms = kMeterIntervalsMs[static_cast<std::size_t>(rate)];
  v.next_ms += interval_ms;
  if (v.next_ms <= now_ms) v.next_ms = now_ms + interval_ms;  // after a stall: no burst to catch up
  return true;
}

void MeterHub::read(int rate, int group, std::vector<std::int16_t>& values) {
  values.clear();
  View& v = view(rate, group);
  const MeterGroup& row = group_of(group);
  const MeterSight sight{last_, input_clipped_, output_clipped_, faulty_};
  const float* held = v.held.data();
  for (int item = 0; item < items(group); ++item) {
    const auto strip = static_cast<std::size_t>(row.items.strip(geometry_, item)), at = static_cast<std::size_t>(item);
    for (const MeterColumn& column : row.columns) values.push_back(column.value(sight, *held++, strip, at));
  }
  std::fill(v.held.begin(), v.held.end(), 0.0f);
}

}  // namespace fohd::clients
