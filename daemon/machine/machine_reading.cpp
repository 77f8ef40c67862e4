#include "daemon/machine/machine_reading.h"

#include <cstdlib>

namespace fohd {
namespace {

/// "VmRSS:	   17000 kB" of /proc/self/status.
std::int64_t status_bytes(const std::vector<std::string>& lines, std::string_view key) {
  for (const std::string& line : lines) {
    if (line.starts_with(key)) return std::strtoll(line.c_str() + key.size(), nullptr, 10) * 1024;
  }
  return 0;
}

}  // namespace

MachineReading read_machine(const machine::SystemFiles& system) {
  MachineReading reading;
  if (const auto warmth = machine::hottest_zone(system)) {
    reading.warmth_known = true;
    reading.warmest_c = static_cast<float>(warmth->degrees_c);
  }
  if (const auto bits = machine::power_bits(system)) {
    reading.power_known = true;
    reading.power_bits = static_cast<std::uint32_t>(*bits);
  }
  const std::vector<std::string> status = machine::lines_of(machine::read(system, "/proc/self/status"));
  reading.resident_bytes = status_bytes(status, "VmRSS:");
  reading.locked_bytes = status_bytes(status, "VmLck:");
  return reading;
}

}  // namespace fohd
