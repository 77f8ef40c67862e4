#include "daemon/net/addresses.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>

#include <algorithm>

namespace fohd {

std::string to_text(std::uint32_t address, std::uint16_t port) {
  return address_text(address) + ":" + std::to_string(port);
}

std::string interface_name(std::uint32_t index) {
  char name[IF_NAMESIZE] = "";
  return ::if_indextoname(index, name) != nullptr ? name : "";
}

std::uint32_t interface_number(const std::string& name) { return ::if_nametoindex(name.c_str()); }

namespace {

/// Those that are up, loopback last.
std::vector<std::uint32_t> own_addresses() {
  std::vector<std::uint32_t> others, loopback;
  ifaddrs* list = nullptr;
  if (::getifaddrs(&list) != 0) return loopback;
  for (const ifaddrs* entry = list; entry != nullptr; entry = entry->ifa_next) {
    if (entry->ifa_addr == nullptr || entry->ifa_addr->sa_family != AF_INET || (entry->ifa_flags & IFF_UP) == 0)
      continue;
    const std::uint32_t address = ntohl(reinterpret_cast<const sockaddr_in*>(entry->ifa_addr)->sin_addr.s_addr);
    ((entry->ifa_flags & IFF_LOOPBACK) != 0 ? loopback : others).push_back(address);
  }
  ::freeifaddrs(list);
  others.insert(others.end(), loopback.begin(), loopback.end());
  return others;
}

bool hears_the_world(const AccessConfig& access) {
  return std::any_of(access.rules.begin(), access.rules.end(), [](const AccessRule& rule) {
    const bool elsewhere = rule.midi.empty() && (!rule.network || !is_local_network(rule.network->address));
    return elsewhere && rule.rights.role != Role::refused;
  });
}

}  // namespace

std::vector<std::string> local_addresses() {
  std::vector<std::string> all;
  for (const std::uint32_t address : own_addresses()) all.push_back(address_text(address));
  return all;
}

std::vector<std::string> heard_addresses(const AccessConfig& access) {
  const bool world = hears_the_world(access);
  std::vector<std::string> heard;
  for (const std::uint32_t address : own_addresses()) {
    if (world || is_local_network(address)) heard.push_back(address_text(address));
  }
  return heard;
}

}  // namespace fohd
