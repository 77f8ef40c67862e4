#include "daemon/net/addresses.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>

namespace fohd {

bool is_heard(std::uint32_t address) noexcept {
  const auto in = [address](std::uint32_t network, int bits) { return (address ^ network) >> (32 - bits) == 0; };
  return in(0x7F000000, 8) || in(0x0A000000, 8) || in(0xAC100000, 12) || in(0xC0A80000, 16) || in(0xA9FE0000, 16);
}

std::string to_text(std::uint32_t address, std::uint16_t port) {
  const in_addr raw{htonl(address)};
  char text[INET_ADDRSTRLEN] = "";
  ::inet_ntop(AF_INET, &raw, text, sizeof text);
  return std::string(text) + ":" + std::to_string(port);
}

std::vector<std::string> local_addresses() {
  std::vector<std::string> others, loopback;
  ifaddrs* list = nullptr;
  if (::getifaddrs(&list) != 0) return loopback;
  for (const ifaddrs* entry = list; entry != nullptr; entry = entry->ifa_next) {
    if (entry->ifa_addr == nullptr || entry->ifa_addr->sa_family != AF_INET || (entry->ifa_flags & IFF_UP) == 0)
      continue;
    char text[INET_ADDRSTRLEN] = "";
    ::inet_ntop(AF_INET, &reinterpret_cast<const sockaddr_in*>(static_cast<const void*>(entry->ifa_addr))->sin_addr,
                text, sizeof text);
    ((entry->ifa_flags & IFF_LOOPBACK) != 0 ? loopback : others).emplace_back(text);
  }
  ::freeifaddrs(list);
  others.insert(others.end(), loopback.begin(), loopback.end());
  return others;
}

}  // namespace fohd
