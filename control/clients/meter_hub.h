// Meters for many screens: maxima are kept once per rate, and a frame is read once per rate, group and argument however
// many clients watch it.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <map>
#include <span>
#include <vector>

#include "control/clients/meter_groups.h"
#include "control/readouts/readouts.h"
#include "engine/tile/meter_frame.h"

namespace fohd::clients {

/// Intervals on offer; a request gets the next slower one. No screen shows more than 50 a second to any use.
inline constexpr std::array<int, 8> kMeterIntervalsMs = {20, 30, 40, 50, 100, 200, 500, 1000};

/// What a client watches.
struct MeterView {
  int group = 0;
  int argument = 0;  ///< 0..arguments-1 of the group; 0 where it takes none
  int rate = 0;      ///< index into kMeterIntervalsMs
  auto operator<=>(const MeterView&) const = default;
};

/// [control]
class MeterHub {
 public:
  /// status: its latches are shown; must outlive the hub, as must `groups`.
  MeterHub(const Geometry& geometry, const DeskStatus& status, std::span<const MeterGroup> groups = kMeterGroupTable);

  int items(int group) const noexcept;
  /// How many arguments a group chooses from; 0: it takes none.
  int arguments(int group) const noexcept;
  /// The rate class for an interval: index into kMeterIntervalsMs.
  static int rate_for(int interval_ms) noexcept;
  /// A client joins or leaves; a view without a client costs nothing.
  void join(const MeterView& view, std::int64_t now_ms);
  void leave(const MeterView& view) noexcept;

  /// Folds a frame in. One of another geometry is left out.
  void take(const MeterFrame& frame);

  /// Calls send(view, values) for each view that is due; it is then taken as sent. values: [item][column], with the
  /// extremes since the last call; they start anew.
  template <class Send>
  void each_due(std::int64_t now_ms, Send send) {
    for (auto& [view, state] : views_) {
      if (!due(view, state, now_ms)) continue;
      read(view, state);
      send(view, std::span<const std::int16_t>(values_));
    }
  }

 private:
  struct State {
    int clients = 0;
    std::int64_t next_ms = 0;
    std::vector<float> held;  ///< [item][column]
  };
  const MeterGroup& row(int group) const noexcept { return groups_[static_cast<std::size_t>(group)]; }
  static bool due(const MeterView& view, State& state, std::int64_t now_ms);
  void read(const MeterView& view, State& state);
  void hold(const MeterView& view, State& state);

  Geometry geometry_;
  const DeskStatus& status_;
  std::span<const MeterGroup> groups_;
  MeterFrame last_;
  std::map<MeterView, State> views_;  ///< all that anybody ever watched: at most some thousands
  std::vector<std::int16_t> values_;
};

}  // namespace fohd::clients
