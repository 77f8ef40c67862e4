// What has parameters: the strips of the desk by their kinds, the effect slots, and the desk itself.
#pragma once

#include <cstdint>

namespace fohd {

/// In the order of the reference page. What is known about each stands in control/parameters/owner_rows.cpp.
enum class OwnerKind : std::uint8_t { channel, bus, main, effect, fx_return, global };

/// One of them.
struct StripRef {
  OwnerKind owner_kind = OwnerKind::channel;
  int owner = 0;  ///< which of its kind, from 0
  bool operator==(const StripRef&) const = default;
};

}  // namespace fohd
