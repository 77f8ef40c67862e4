// What the machine says of itself while the desk runs: warmth, power, memory. Read by the black box's thread, since a
// sensor may take its time.
#pragma once

#include <cstdint>

#include "daemon/doctor/readings.h"

namespace fohd {

struct MachineReading {
  bool warmth_known = false;
  float warmest_c = 0;
  bool power_known = false;      ///< a Raspberry Pi
  std::uint32_t power_bits = 0;  ///< as its firmware has them, see power_words()
  std::int64_t resident_bytes = 0, locked_bytes = 0;
};

/// [box thread] From /proc and /sys below machine.root.
MachineReading read_machine(const doctor::Machine& machine);

}  // namespace fohd
