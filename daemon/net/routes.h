// The way back to an address: what the kernel checks where its reverse-path filter is on, asked by us where it is off.
#pragma once

#include <cstdint>

namespace fohd {

/// [control]
class Routes {
 public:
  Routes();
  ~Routes();
  Routes(const Routes&) = delete;
  Routes& operator=(const Routes&) = delete;

  /// Whether packets to this address (IPv4, host byte order) leave, or could leave, through the interface of this
  /// number: the route to it goes there, or it lies in a network that is directly there too and as narrow (cable and
  /// Wi-Fi in one network). Takes 4 to 8 µs. True where the kernel does not say.
  bool lead_to(std::uint32_t address, std::uint32_t interface) const;

 private:
  int netlink_ = -1;
};

}  // namespace fohd
