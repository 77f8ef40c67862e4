// Who changes the desk.
#pragma once

#include <compare>
#include <cstdint>

namespace fohd {

/// The origin of a change. Monotonic time is passed in by the caller: control/ has no clock.
struct Origin {
  enum class Side : std::uint8_t { start, osc, x32, midi, web, desk };
  Side side = Side::desk;
  std::uint64_t client = 0;  ///< a number that the side gives its clients; 0: none
  auto operator<=>(const Origin&) const = default;
};

}  // namespace fohd
