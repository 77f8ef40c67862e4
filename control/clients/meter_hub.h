// Meters for many screens: maxima are kept once per rate, and a frame is read once per rate and group however many
// clients watch it. Clip and fault latches live here too, since they come from the same counters.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "control/clients/meter_groups.h"
#include "control/readouts/readouts.h"
#include "engine/tile/meter_frame.h"

namespace fohd::clients {

/// Intervals on offer; a request gets the next slower one. No screen shows more than 50 a second to any use.
inline constexpr std::array<int, 8> kMeterIntervalsMs = {20, 30, 40, 50, 100, 200, 500, 1000};

/// [control]
class MeterHub {
 public:
  explicit MeterHub(const Geometry& geometry);

  int items(int group) const noexcept;
  /// The rate class for an interval: index into kMeterIntervalsMs.
  static int rate_for(int interval_ms) noexcept;
  /// A client joins or leaves; a (rate, group) without a client costs nothing.
  void join(int rate, int group, std::int64_t now_ms);
  void leave(int rate, int group) noexcept;

  /// Folds a frame in, also into `status`' clip flags.
  void take(const MeterFrame& frame, DeskStatus& status);
  void clear_latches(DeskStatus& status);

  /// True if the group is due at this rate; it is then taken as sent.
  bool due(int rate, int group, std::int64_t now_ms);
  /// The values of a group, [item][column], with the maxima since the last call. Maxima start anew.
  void read(int rate, int group, std::vector<std::int16_t>& values);

 private:
  struct View {  ///< one (rate, group) with at least one client
    int clients = 0;
    std::int64_t next_ms = 0;
    std::vector<float> held;  ///< [item][column]
  };
  View& view(int rate, int group) {
    return views_[static_cast<std::size_t>(rate) * kMeterGroups + static_cast<std::size_t>(group)];
  }
  void hold(View& view, const MeterGroup& group, const MeterFrame& frame) const;

  Geometry geometry_;
  MeterFrame last_;
  std::vector<bool> input_clipped_, output_clipped_, faulty_;
  std::vector<View> views_;
};

}  // namespace fohd::clients
