#include "control/watches/fault_watch.h"

#include <algorithm>
#include <limits>

#include "control/parameters/owner_rows.h"

namespace fohd {
namespace {

constexpr std::size_t kListed = 5;  // of 128 strips a person reads a few
constexpr std::int64_t kAtOnce = std::numeric_limits<std::int64_t>::min();

std::string with_name(const std::string& what, const std::string& name) {
  return name.empty() ? what : what + " (" + name + ")";
}

}  // namespace

FaultWatch::FaultWatch(const Geometry& geometry)
    : geometry_(geometry),
      strips_(static_cast<std::size_t>(geometry.strips())),
      next_fault_line_ms_(kAtOnce),
      next_mute_line_ms_(kAtOnce),
      next_clear_line_ms_(kAtOnce) {
  for (Strip& strip : strips_) strip.quiet_until_ms = kAtOnce;
}

std::vector<FaultWatch::Line> FaultWatch::take(const MeterFrame& frame, const DeskSettings& settings,
                                               std::int64_t now_ms) {
  if (frame.faults.size() != strips_.size() || frame.safety_mutes.size() != strips_.size()) return {};
  std::vector<int> faulted, muted, cleared;
  std::uint64_t samples = 0;
  for (std::size_t i = 0; i < strips_.size(); ++i) {
    Strip& strip = strips_[i];
    strip.untold += frame.faults[i] - strip.faults;  // counters wrap, their difference does not
    strip.faults = frame.faults[i];
    const bool is_muted = frame.safety_mutes[i] != 0;
    if (is_muted != strip.told_muted) (is_muted ? muted : cleared).push_back(static_cast<int>(i));
    if (strip.untold == 0 || now_ms < strip.quiet_until_ms) continue;
    faulted.push_back(static_cast<int>(i));
    samples += strip.untold;
  }

  std::vector<Line> lines;
  if (!faulted.empty() && due(next_fault_line_ms_, now_ms)) {
    for (const int i : faulted) {
      strips_[static_cast<std::size_t>(i)].untold = 0;
      strips_[static_cast<std::size_t>(i)].quiet_until_ms = now_ms + kStripPauseMs;
    }
    lines.push_back({true, "Broken sound (NaN, infinity or more than +30 dBFS, samples: " + std::to_string(samples) +
                               ") was cut out of " + listed(faulted, settings) +
                               "; it sounds again 20 ms after the last"});
  }
  if (!muted.empty() && due(next_mute_line_ms_, now_ms)) {
    for (const int i : muted) strips_[static_cast<std::size_t>(i)].told_muted = true;
    lines.push_back({true, "Safety mute: broken sound three times within a second in " + listed(muted, settings) +
                               "; silent until /safety_mutes/clear"});
  }
  if (!cleared.empty() && due(next_clear_line_ms_, now_ms)) {
    for (const int i : cleared) strips_[static_cast<std::size_t>(i)].told_muted = false;
    lines.push_back({false, "The safety mute is off again: " + listed(cleared, settings)});
  }
  return lines;
}

void FaultWatch::new_engine() {
  for (Strip& strip : strips_) strip.faults = 0;
}

bool FaultWatch::due(std::int64_t& next_ms, std::int64_t now_ms) const noexcept {
  if (now_ms < next_ms) return false;
  next_ms = now_ms + kLinePauseMs;
  return true;
}

std::string FaultWatch::listed(const std::vector<int>& strips, const DeskSettings& settings) const {
  std::string text;
  for (std::size_t i = 0; i < std::min(strips.size(), kListed); ++i) {
    text += (i == 0 ? "" : ", ") + name(strips[i], settings);
  }
  if (strips.size() > kListed) text += " and " + std::to_string(strips.size() - kListed) + " more";
  return text;
}

std::string FaultWatch::name(int strip, const DeskSettings& settings) const {
  const auto owner = owner_of_lane(strip, geometry_);
  if (!owner) return "lane " + std::to_string(strip + 1);
  const OwnerRow& row = row_of(owner->strip.owner_kind);
  std::string what(row.called);
  if (row.numbered) {
    what += " " + std::to_string(owner->strip.owner + 1);
  } else if (lanes_of(owner->strip.owner_kind) == 2) {
    what += owner->lane == 0 ? " left" : " right";
  }
  const std::string name =
      row.identity != nullptr && row.numbered ? row.identity(settings, owner->strip.owner)->name : "";
  return with_name(what, name);
}

}  // namespace fohd
