// Sensors of the machine as numbers: `fohd doctor` judges them once, the black box writes them down all the time.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "daemon/machine/system_files.h"

namespace fohd::machine {

struct ThermalZone {
  double degrees_c = 0;
  std::string where;  ///< the zone's type
};
/// [any] The hottest zone; nothing if the kernel has none.
std::optional<ThermalZone> hottest_zone(const SystemFiles& system);

/// What is; 16 bits higher what has been since the machine was switched on.
inline constexpr int kPowerSinceBoot = 16;
inline constexpr unsigned long kLowVoltage = 1;
/// [any] What the firmware of a Raspberry Pi reports of its supply and its clock; nothing on other machines.
std::optional<unsigned long> power_bits(const SystemFiles& system);
/// [any] The bits in words. shift: 0 for what is, kPowerSinceBoot for what has been.
std::vector<std::string> power_words(unsigned long bits, int shift);

}  // namespace fohd::machine
