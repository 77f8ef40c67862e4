#include "control/clients/meter_hub.h"

#include <algorithm>

namespace fohd::clients {

MeterHub::MeterHub(const Geometry& geometry, const DeskStatus& status, std::span<const MeterGroup> groups)
    : geometry_(geometry), status_(status), groups_(groups), last_(geometry) {}

int MeterHub::items(int group) const noexcept { return row(group).items.count(geometry_); }

int MeterHub::arguments(int group) const noexcept {
  const MeterItems& items = row(group).items;
  return items.arguments == nullptr ? 0 : items.arguments(geometry_);
}

int MeterHub::rate_for(int interval_ms) noexcept {
  const auto* const at = std::lower_bound(kMeterIntervalsMs.begin(), kMeterIntervalsMs.end(), interval_ms);
  return static_cast<int>(std::min(at, kMeterIntervalsMs.end() - 1) - kMeterIntervalsMs.begin());
}

void MeterHub::join(const MeterView& view, std::int64_t now_ms) {
  State& state = views_[view];
  if (state.clients++ > 0) return;
  state.next_ms = std::max(state.next_ms, now_ms);  // leaving and joining again gives no more frames than staying
  state.held.assign(static_cast<std::size_t>(items(view.group)) * row(view.group).columns.size(), 0.0f);
}

void MeterHub::leave(const MeterView& view) noexcept {
  if (const auto at = views_.find(view); at != views_.end()) --at->second.clients;
}

void MeterHub::hold(const MeterView& view, State& state) {
  const MeterGroup& group = row(view.group);
  float* held = state.held.data();
  for (int item = 0; item < items(view.group); ++item) {
    const auto strip = static_cast<std::size_t>(group.items.strip(geometry_, item, view.argument));
    for (const MeterColumn& column : group.columns) {
      if (column.hold != nullptr) *held = column.hold(*held, last_, strip, static_cast<std::size_t>(item));
      ++held;
    }
  }
}

void MeterHub::take(const MeterFrame& frame) {
  if (frame.strips.size() != last_.strips.size() || frame.outputs.size() != last_.outputs.size()) return;
  last_ = frame;
  for (auto& [view, state] : views_) {
    if (state.clients > 0) hold(view, state);
  }
}

bool MeterHub::due(const MeterView& view, State& state, std::int64_t now_ms) {
  if (state.clients == 0 || now_ms < state.next_ms) return false;
  const int interval_ms = kMeterIntervalsMs[static_cast<std::size_t>(view.rate)];
  state.next_ms += interval_ms;
  if (state.next_ms <= now_ms) state.next_ms = now_ms + interval_ms;  // after a stall: no burst to catch up
  return true;
}

void MeterHub::read(const MeterView& view, State& state) {
  values_.clear();
  const MeterGroup& group = row(view.group);
  const MeterSight sight{last_, status_};
  const float* held = state.held.data();
  for (int item = 0; item < items(view.group); ++item) {
    const auto strip = static_cast<std::size_t>(group.items.strip(geometry_, item, view.argument));
    for (const MeterColumn& column : group.columns) {
      values_.push_back(column.value(sight, *held++, strip, static_cast<std::size_t>(item)));
    }
  }
  std::fill(state.held.begin(), state.held.end(), 0.0f);
}

}  // namespace fohd::clients
