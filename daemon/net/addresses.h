// Addresses as text, and those of this machine. IPv4.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "control/access/access_book.h"

namespace fohd {

/// [any] "192.168.1.20:51234".
std::string to_text(std::uint32_t address, std::uint16_t port);

/// [control] This machine's addresses that others can use, loopback last.
std::vector<std::string> local_addresses();

/// [control] Of these, where the desk hears others: those of private networks, and all where a rule lets others in.
std::vector<std::string> heard_addresses(const AccessConfig& access);

/// [control] "eth0", or "" if there is none of this number any more.
std::string interface_name(std::uint32_t index);
/// [control] The other way; 0 if there is none called so. Takes some 20 µs.
std::uint32_t interface_number(const std::string& name);

}  // namespace fohd
