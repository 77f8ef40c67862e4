#include "daemon/net/addresses.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>

#include "control/access/access_book.h"

namespace fohd {

std::string to_text(std::uint32_t address, std::uint16_t port) {
  return address_text(address) + ":" + std::to_string(port);
}

std::string interface_name(std::uint32_t index) {
  char name[IF_NAMESIZE] = "";
  return ::if_indextoname(index, name) != nullptr ? name : "";
}

std::vector<std::string> local_addresses() {
  std::vector<std::string> others, loopback;
  ifaddrs* list = nullptr;
  if (::getifaddrs(&list) != 0) return loopback;
  for (const ifaddrs* entry = list; entry != nullptr; entry = entry->ifa_next) {
    if (entry->ifa_addr == nullptr || entry->ifa_addr->sa_family != AF_INET || (entry->ifa_flags & IFF_UP) == 0)
      continue;
    char text[INET_ADDRSTRLEN] = "";
    ::inet_ntop(AF_INET, &reinterpret_cast<const sockaddr_in*>(entry->ifa_addr)->sin_addr, text, sizeof text);
    ((entry->ifa_flags & IFF_LOOPBACK) != 0 ? loopback : others).emplace_back(text);
  }
  ::freeifaddrs(list);
  others.insert(others.end(), loopback.begin(), loopback.end());
  return others;
}

}  // namespace fohd
