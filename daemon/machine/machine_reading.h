// What the machine's sensors report while the desk runs: temperature, power, memory. Read by the black box's thread,
// since a sensor may take long.
#pragma once

#include <cstdint>

#include "daemon/machine/sensors.h"

namespace fohd {

struct MachineReading {
  bool warmth_known = false;
  float warmest_c = 0;
  bool power_known = false;      ///< a Raspberry Pi
  std::uint32_t power_bits = 0;  ///< as its firmware has them, see power_words()
  std::int64_t resident_bytes = 0, locked_bytes = 0;
};

/// [box thread] From /proc and /sys below system.root.
MachineReading read_machine(const machine::SystemFiles& system);

}  // namespace fohd
