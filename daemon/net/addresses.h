// Who is heard, and under which addresses this machine is found. IPv4.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace fohd {

/// [any] Loopback (127/8), private (10/8, 172.16/12, 192.168/16) and link-local (169.254/16) sources are heard, others
/// not: a desk that stands open on the internet would be everybody's. `address` in host byte order.
bool is_heard(std::uint32_t address) noexcept;

/// [any] "192.168.1.20:51234".
std::string to_text(std::uint32_t address, std::uint16_t port);

/// [control] This machine's addresses that others can use, loopback last.
std::vector<std::string> local_addresses();

}  // namespace fohd
