// The kinds of strip, and of what else has addresses of its own: one row each. OSC, surfaces, read-outs, meters and the
// reference page are loops over the rows.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "control/parameters/settings.h"
#include "engine/tile/geometry.h"

namespace fohd {

enum class OwnerKind : std::uint8_t { channel, bus, main, effect, fx_return, global };

struct OwnerRow {
  std::string_view word = {};     ///< the first segment of its addresses; the desk's own have none
  bool numbered = false;          ///< from 1; else there is one
  std::string_view heading = {};  ///< of its section in the reference
  std::string_view letter = {};   ///< what the reference calls its number
  std::string_view note = {};     ///< what the reference says of the number, "" or ": ..."
  std::string_view remark = {};   ///< at the section's end, "" or " A sentence."
  std::string_view x32 = {};      ///< what its addresses on an X32 begin with
  int (*count)(const Geometry&) = nullptr;
  /// The stereo link of an owner; null: it has no pairs.
  bool (*link)(const DeskSettings&, std::size_t owner) = nullptr;
  bool has_sends = false;  ///< it is mixed into buses

  // Where it is in the engine (engine/tile/geometry.h); lanes 0: it has none.
  int lanes = 0;                                   ///< of one owner, behind each other
  int (*first_lane)(const Geometry&) = nullptr;    ///< of the first owner
  bool meters_input = false;                       ///< its meter is its input, not what leaves it
  int outputs = 0;                                 ///< physical outputs of one owner, behind each other
  int (*first_output)(const Geometry&) = nullptr;  ///< of the first owner
};

/// In the order of the enumeration. [any] Constant.
extern const std::array<OwnerRow, static_cast<std::size_t>(OwnerKind::global) + 1> kOwnerRows;
/// [any]
inline const OwnerRow& row_of(OwnerKind owner_kind) noexcept {
  return kOwnerRows[static_cast<std::size_t>(owner_kind)];
}

/// [any] How many of a strip kind a desk has.
int owner_count(OwnerKind owner_kind, const Geometry& geometry) noexcept;
/// [any] What their addresses begin with: "/ch/" + number + "/", "/main/", "/".
std::string owner_prefix(OwnerKind owner_kind, std::string_view number);

}  // namespace fohd
