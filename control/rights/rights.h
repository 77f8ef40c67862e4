// What a client may do to the desk. A client that is not refused may read everything; which one may change what is
// decided here, and nowhere else.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace fohd {

struct Parameter;

/// From the least to the most.
enum class Role : std::uint8_t {
  refused,  ///< its packets are not read
  viewer,   ///< reads everything, changes nothing
  monitor,  ///< changes some buses and what is sent to them
  engineer  ///< everything
};

struct Rights {
  Role role = Role::engineer;
  std::uint64_t buses = 0;  ///< of a monitor: bit b is bus b + 1
  bool operator==(const Rights&) const = default;
};

/// [any] "engineer", "viewer", "refused", "monitor" and its buses: "monitor 1 3". Nothing if it is none of these, or a
/// monitor without a bus.
std::optional<Rights> parse_rights(std::string_view text);
/// [any] The same text.
std::string to_text(const Rights& rights);

/// [any] A monitor changes its buses but for their link, what reaches main, and what protects ears and loudspeakers
/// (rows of the class `output`), and changes the sends to them from every strip.
bool may_change(const Rights& rights, const Parameter& parameter) noexcept;
/// [any] A text for a refused client: what these rights allow, and how to get more.
std::string explain_refusal(const Rights& rights);

}  // namespace fohd
