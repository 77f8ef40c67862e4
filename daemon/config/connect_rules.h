// From the rules in the configuration to pairs of port names. Pure text, so that a wrong rule is found when the
// configuration is read and not at the gig.
#pragma once

#include <set>
#include <string>
#include <utility>
#include <vector>

#include "daemon/config/config.h"

namespace fohd {

/// Source port -> destination port. Ours are short names ("in_1"), others are full ("system:capture_1").
struct PortPair {
  std::string from, to;
  auto operator<=>(const PortPair&) const = default;
};
using PortPairs = std::set<PortPair>;

/// [any] Names of our ports, in the order of the engine's ports: in_1..N; main_l, main_r, bus_1..B.
std::vector<std::string> input_port_names(const Geometry& geometry);
std::vector<std::string> output_port_names(const Geometry& geometry);

/// [any] All pairs a rule asks for. On a rule that cannot work, returns nothing and says why in `error`.
PortPairs expand(const ConnectRule& rule, const Geometry& geometry, std::string& error);
/// [any] The same for many rules that are known to be good.
PortPairs expand(const std::vector<ConnectRule>& rules, const Geometry& geometry);

}  // namespace fohd
