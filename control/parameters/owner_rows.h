// What has parameters, one row each: how it is addressed, counted and called, what can be done with it, where it lies
// in the settings and in the engine. OSC, surfaces, read-outs, meters, port names and the reference page are loops over
// the rows.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "control/parameters/owner_kind.h"
#include "control/parameters/parameter.h"
#include "control/parameters/settings.h"
#include "engine/tile/geometry.h"

namespace fohd {

/// Where a parameter lives in a DeskSettings; unsigned char: an enumeration.
using Field = std::variant<float*, int*, bool*, std::string*, unsigned char*>;

/// The parameters of one kind of owner (control/parameters/*_rows.cpp).
struct OwnedRows {
  std::size_t size = 0;
  const ParameterRow& (*info)(std::size_t row) = nullptr;
  /// index: which of a repeated row, from 0.
  Field (*field)(DeskSettings&, int owner, std::size_t row, int index) = nullptr;
};

struct OwnerRow {
  std::string_view word = {};     ///< the first segment of its addresses; the desk's own have none
  bool numbered = false;          ///< from 1; else there is one
  std::string_view called = {};   ///< in a sentence: "channel"
  std::string_view heading = {};  ///< of its section in the reference
  std::string_view letter = {};   ///< what the reference calls its number
  std::string_view note = {};     ///< what the reference says of the number, "" or ": ..."
  std::string_view remark = {};   ///< at the section's end, "" or " A sentence."
  std::string_view x32 = {};      ///< what its addresses on an X32 begin with
  int (*count)(const Geometry&) = nullptr;
  OwnedRows rows = {};
  /// Its lanes in the engine; nothing: it has none.
  std::optional<StripKind> strip = {};
  // Where it has such a thing in the settings; null: it has none.
  const StripIdentity* (*identity)(const DeskSettings&, int owner) = nullptr;
  const bool* (*mute)(const DeskSettings&, int owner) = nullptr;
  const bool* (*link)(const DeskSettings&, int owner) = nullptr;  ///< to the other half of its pair
  bool has_sends = false;                                         ///< it is mixed into buses
  bool meters_input = false;                                      ///< its meter is its input, not what leaves it

  bool has_outputs() const noexcept;  ///< its lanes are physical outputs
};

/// In the order of the enumeration. [any] Constant.
extern const std::array<OwnerRow, static_cast<std::size_t>(OwnerKind::global) + 1> kOwnerRows;
/// [any]
inline const OwnerRow& row_of(OwnerKind owner_kind) noexcept {
  return kOwnerRows[static_cast<std::size_t>(owner_kind)];
}

/// [any] How many of a kind a desk has.
int owner_count(OwnerKind owner_kind, const Geometry& geometry) noexcept;
/// [any] What their addresses begin with: "/ch/" + number + "/", "/main/", "/".
std::string owner_prefix(OwnerKind owner_kind, std::string_view number);

/// [any] What a desk has, for a sentence: "32 channels, 16 buses, 4 effects, 8 effect returns".
std::string counts_text(const Geometry& geometry);

/// [any] Its first lane in the engine; nothing: it has none, or this desk does not have it.
std::optional<int> lane_of(StripRef strip, const Geometry& geometry) noexcept;
/// [any] How many lanes it has, behind each other.
int lanes_of(OwnerKind owner_kind) noexcept;

/// Which strip a lane of the engine belongs to.
struct LaneOwner {
  StripRef strip;
  int lane = 0;  ///< among the strip's own: 0 left, 1 right
};
/// [any] Nothing: no strip's.
std::optional<LaneOwner> owner_of_lane(int lane, const Geometry& geometry) noexcept;
/// [any] Whose sound leaves at a physical output, 0..geometry.outputs()-1.
LaneOwner owner_of_output(int output, const Geometry& geometry) noexcept;

/// [any] For ports and lists: "ch_1", "bus_3", "main_l", here with "_" as the separator.
std::string lane_word(const LaneOwner& lane, std::string_view separator);

}  // namespace fohd
