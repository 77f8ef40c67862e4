// The meters of the protocol: one row a group, whose columns are rows of their own. The layout of a group is for ever;
// new kinds of meters are new groups (docs/OSC.md, "Meters").
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "control/readouts/readouts.h"
#include "engine/tile/geometry.h"
#include "engine/tile/meter_frame.h"

namespace fohd::clients {

/// How many there are; their numbers are for ever.
inline constexpr int kMeterGroups = 10;

/// What can be shown: the last frame of the engine, and what is latched.
struct MeterSight {
  const MeterFrame& frame;
  const DeskStatus& status;
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
  /// Its lane in the engine. argument: from 0, which of those that the subscription chooses from.
  int (*strip)(const Geometry&, int item, int argument) = nullptr;
  /// How many a subscription chooses one of, e.g. the strip that is shown in full; null: it takes no argument.
  int (*arguments)(const Geometry&) = nullptr;
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
