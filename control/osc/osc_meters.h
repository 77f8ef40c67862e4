// Meters for many screens: maxima are kept once per rate, and a frame is encoded once per rate and group however many
// clients watch it. Clip and fault latches live here too, since they come from the same counters.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

#include "control/osc/osc_client.h"
#include "control/readouts/readouts.h"
#include "engine/tile/meter_frame.h"

namespace fohd::osc {

/// Intervals on offer; a request gets the next slower one. No screen shows more than 50 a second to any use.
inline constexpr std::array<int, 8> kMeterIntervalsMs = {20, 30, 40, 50, 100, 200, 500, 1000};

/// The layout of a group is for ever; new kinds of meters are new groups.
struct MeterGroup {
  enum class Items : std::uint8_t { channels, outputs, main, returns, effect_inputs };
  std::string_view name;
  int values_per_item;
  Items items;
};
inline constexpr std::array<MeterGroup, kMeterGroups> kMeterGroupTable = {{
    {"channels: pre peak, pre RMS, post peak, post RMS", 4, MeterGroup::Items::channels},
    {"main left, main right, buses: pre peak, pre RMS, post peak, post RMS", 4, MeterGroup::Items::outputs},
    {"outputs (main left, main right, buses): peak, RMS, clip latch", 3, MeterGroup::Items::outputs},
    {"channel latches: input clipped, NaN met", 2, MeterGroup::Items::channels},
    {"main left, main right, bus latches: output clipped, NaN met", 2, MeterGroup::Items::outputs},
    {"channel gains: gate, compressor", 2, MeterGroup::Items::channels},
    {"main left, main right, bus gains: compressor", 1, MeterGroup::Items::outputs},
    {"main limiter: gain", 1, MeterGroup::Items::main},
    {"effect returns: pre peak, pre RMS, post peak, post RMS", 4, MeterGroup::Items::returns},
    {"effect inputs (left and right of slot 1, of slot 2, ...): peak, RMS", 2, MeterGroup::Items::effect_inputs},
}};

/// Silence, and anything below it.
inline constexpr std::int16_t kSilenceCentibel = -12000;
/// [any] Hundredths of a decibel of a linear peak, kSilenceCentibel..32767.
std::int16_t peak_centibel(float peak) noexcept;
/// [any] The same of a gain in octaves of amplitude.
std::int16_t octave_centibel(float gain) noexcept;
/// [any] The same of a mean square.
std::int16_t power_centibel(float mean_square) noexcept;

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
  /// The datagrams of a group with the maxima since the last call, each a whole message. Maxima start anew.
  void encode(int rate, int group, std::vector<std::vector<std::byte>>& datagrams);

 private:
  struct View {  ///< one (rate, group) with at least one client
    int clients = 0;
    std::int64_t next_ms = 0;
    std::vector<float> peaks;  ///< two an item: pre and post, or the gains (deepest, not largest)
  };
  void show_safety_mutes(const MeterFrame& frame, DeskStatus& status) const;
  View& view(int rate, int group) {
    return views_[static_cast<std::size_t>(rate) * kMeterGroups + static_cast<std::size_t>(group)];
  }
  int strip_of(int group, int item) const noexcept;
  void fold(View& view, int group, const MeterFrame& frame) const;
  std::int16_t value(const View& view, int group, int item, int column) const;

  Geometry geometry_;
  MeterFrame last_;
  std::vector<bool> input_clipped_, output_clipped_, faulty_;
  std::vector<View> views_;
};

}  // namespace fohd::osc
