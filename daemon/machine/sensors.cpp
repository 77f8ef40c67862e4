#include "daemon/machine/sensors.h"

#include <array>
#include <cctype>
#include <cstdlib>

namespace fohd::machine {
namespace {

struct PowerBit {
  int bit;
  const char* words;
};
/// Raspberry Pi's firmware.
constexpr std::array<PowerBit, 4> kPowerBits = {{{0, "the supply's voltage is too low"},
                                                 {1, "the CPU's clock is capped"},
                                                 {2, "the CPU is slowed down"},
                                                 {3, "the CPU is near its temperature limit"}}};

}  // namespace

std::optional<ThermalZone> hottest_zone(const SystemFiles& system) {
  ThermalZone found{-1, ""};
  for (const std::string& zone : list(system, "/sys/class/thermal", "thermal_zone")) {
    const std::string folder = "/sys/class/thermal/" + zone;
    const std::string text = read(system, folder + "/temp");  // thousandths of a degree
    const double degrees_c = text.empty() ? -1 : static_cast<double>(std::strtol(text.c_str(), nullptr, 10)) / 1000;
    if (degrees_c <= found.degrees_c) continue;
    found = {degrees_c, read(system, folder + "/type")};
  }
  return found.degrees_c < 0 ? std::nullopt : std::optional(found);
}

std::optional<unsigned long> power_bits(const SystemFiles& system) {
  // Or what `vcgencmd get_throttled` printed, where the kernel's file is missing.
  std::string text = read(system, "/sys/devices/platform/soc/soc:firmware/get_throttled");
  if (text.empty()) text = system.vcgencmd;
  if (const std::size_t equals = text.find('='); equals != std::string::npos) text.erase(0, equals + 1);
  if (text.empty() || std::isxdigit(static_cast<unsigned char>(text.front())) == 0) return std::nullopt;
  return std::strtoul(text.c_str(), nullptr, 16);
}

std::vector<std::string> power_words(unsigned long bits, int shift) {
  std::vector<std::string> words;
  for (const PowerBit& power : kPowerBits) {
    if ((bits >> (power.bit + shift) & 1) != 0) words.emplace_back(power.words);
  }
  return words;
}

}  // namespace fohd::machine
