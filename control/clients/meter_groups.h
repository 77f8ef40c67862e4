// The meters of the protocol: one row a group, whose columns are rows of their own. The layout of a group is for ever;
// new kinds of meters are new groups (docs/OSC.md, "Meters").
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "engine/tile/geometry.h"
#include "engine/tile/meter_frame.h"

namespace fohd::clients {

/// How many there are; their numbers are for ever.
inline constexpr int kMeterGroups = 10;

/// What can be shown: the last frame of the engine, and what has been remembered since the latches were cleared.
struct MeterSight {
  const MeterFrame& frame;
  const std::vector<bool>& input_clipped;   ///< [channel]
  const std::vector<bool>& output_clipped;  ///< [output]
  const std::vector<bool>& faulty;          ///< [strip]
};

enum class MeterQuantity : std::uint8_t {
  pre_peak,  ///< in front of the strip
  pre_rms,
  post_peak,  ///< behind its fader
  post_rms,
  output_peak,  ///< of a port
  output_rms,
  clip,  ///< latched
  fault,
  gain  ///< 0 or negative: of a processor that turns it down
};

/// One number of an item: `item` in the group, whose lane in the engine is `strip`.
struct MeterColumn {
  MeterQuantity quantity = MeterQuantity::pre_peak;
  /// The extreme of what was held (0 at first) and a new frame; null: nothing is held.
  float (*hold)(float held, const MeterFrame& frame, std::size_t strip, std::size_t item) = nullptr;
  /// As it travels.
  std::int16_t (*value)(const MeterSight& sight, float held, std::size_t strip, std::size_t item) = nullptr;
};

/// What a group has one of each of.
struct MeterItems {
  int (*count)(const Geometry&) = nullptr;
  int (*strip)(const Geometry&, int item) = nullptr;  ///< its lane in the engine
};

struct MeterGroup {
  std::string_view name;
  /// What `fohctl meters --plain` writes behind the strip's address; null: nothing of it.
  const char* line;
  const MeterItems& items;
  std::span<const MeterColumn> columns;
};
/// [any] Constant.
extern const std::array<MeterGroup, kMeterGroups> kMeterGroupTable;

/// Silence, and anything below it.
inline constexpr std::int16_t kSilenceCentibel = -12000;
/// [any] Hundredths of a decibel of a linear peak, kSilenceCentibel..32767.
std::int16_t peak_centibel(float peak) noexcept;
/// [any] The same of a gain in octaves of amplitude.
std::int16_t octave_centibel(float gain) noexcept;
/// [any] The same of a mean square.
std::int16_t power_centibel(float mean_square) noexcept;

}  // namespace fohd::clients
