// The machine under the desk: its CPUs, its power, how warm it is, its swap and its clock.
#include <algorithm>
#include <map>
#include <sstream>

#include "daemon/doctor/checks.h"
#include "daemon/doctor/remedies.h"
#include "daemon/machine/sensors.h"

namespace fohd::doctor {
namespace {

/// Where a Raspberry Pi begins to slow down; rack PCs do so later.
constexpr long kTooWarm_c = 80;
/// No release of this program is older: before it, the clock was never set (a Pi has none that runs without power).
constexpr int kFirstYear = 2024;

std::string model(const Machine& machine) {
  const std::string board = read(machine, "/proc/device-tree/model");
  if (!board.empty()) return board.c_str();  // it ends in a zero byte
  for (const std::string& line : lines_of(read(machine, "/proc/cpuinfo"))) {
    const std::size_t colon = line.find(": ");
    if (line.starts_with("model name") && colon != std::string::npos) return line.substr(colon + 2);
  }
  return "an unnamed CPU";
}

}  // namespace

std::optional<Finding> check_cpu(const Machine& machine) {
  Finding finding{Level::ok, "CPU", "", ""};
  finding.text = model(machine) + ", " + std::to_string(machine.cpus) + (machine.cpus == 1 ? " core" : " cores") +
                 ". The engine computes with " + machine.simd_target;
  if (machine.simd_lanes > 0) finding.text += ", " + std::to_string(machine.simd_lanes) + " channels at a time";
  finding.text += ".";
  if (machine.simd_lanes == 1) {
    finding.level = Level::warn;
    finding.text += " That is the slow way, for CPUs without vector instructions: expect a fraction of the channels.";
  }
  return finding;
}

std::optional<Finding> check_governor(const Machine& machine) {
  Finding finding{Level::ok, "CPU governor", "", ""};
  std::map<std::string, std::vector<std::string>> cpus;
  int seen = 0;
  for (const std::string& cpu : list(machine, "/sys/devices/system/cpu", "cpu")) {
    const std::string governor = read(machine, "/sys/devices/system/cpu/" + cpu + "/cpufreq/scaling_governor");
    if (governor.empty()) continue;
    ++seen;
    if (governor != "performance") cpus[governor].push_back(cpu);
  }
  if (seen == 0) {
    finding.text = "This kernel does not change the CPU's clock (a virtual machine, or the firmware does it).";
    return finding;
  }
  if (cpus.empty()) {
    finding.text = "All CPUs run at full clock (performance).";
    return finding;
  }
  std::vector<std::string> groups;
  for (const auto& [governor, names] : cpus) groups.push_back(enumerate(names) + " on \"" + governor + "\"");
  finding.level = Level::warn;
  finding.text = enumerate(groups) + ": between two periods the clock is lowered, and the next one may be late.";
  finding.remedy =
      "echo performance | sudo tee /sys/devices/system/cpu/cpu*/cpufreq/scaling_governor\n"
      "for good: sudo apt-get install cpufrequtils, GOVERNOR=performance in /etc/default/cpufrequtils";
  if (is_raspberry_pi(machine)) {
    finding.remedy +=
        "\non Raspberry Pi OS raspi-config.service puts \"ondemand\" back at each start: sudo systemctl mask "
        "raspi-config";
  }
  return finding;
}

std::optional<Finding> check_power(const Machine& machine) {
  const auto told = power_bits(machine);
  if (!told) return std::nullopt;
  const unsigned long bits = *told;
  const std::vector<std::string> now = machine::power_words(bits, 0),
                                 before = machine::power_words(bits, machine::kPowerSinceBoot);
  Finding finding{Level::ok, "Power", "The Raspberry Pi's firmware reports neither low voltage nor throttling.", ""};
  if (now.empty() && before.empty()) return finding;
  finding.level = Level::warn;
  finding.text.clear();
  if (!now.empty()) finding.text = "Now: " + enumerate(now) + ".";
  if (!before.empty()) {
    finding.text +=
        std::string(now.empty() ? "" : " ") + "Since it was switched on, at some time: " + enumerate(before) + ".";
  }
  finding.text += " A Pi in need slows down in the middle of a show, and USB interfaces drop out.";
  finding.remedy =
      (bits & (machine::kLowVoltage | machine::kLowVoltage << machine::kPowerSinceBoot)) != 0
          ? "use the Raspberry Pi's own power supply and a short cable; feed USB interfaces from a powered hub"
          : "give it a heat sink and a fan";
  return finding;
}

std::optional<Finding> check_temperature(const Machine& machine) {
  const auto warmth = hottest_zone(machine);
  if (!warmth) return std::nullopt;
  const auto warmest_c = static_cast<long>(warmth->degrees_c);
  Finding finding{Level::ok, "Temperature", std::to_string(warmest_c) + " degrees C at most (" + warmth->where + ").",
                  ""};
  if (warmest_c >= kTooWarm_c) {
    finding.level = Level::warn;
    finding.text += " From " + std::to_string(kTooWarm_c) + " on a CPU slows itself down, which is heard as drop-outs.";
    finding.remedy = "give it air: a fan, a heat sink, a rack space above it left empty";
  }
  return finding;
}

std::optional<Finding> check_swap(const Machine& machine) {
  Finding finding{Level::ok, "Swap", "There is no swap: memory never waits for a disk.", ""};
  long total_kb = 0, used_kb = 0;
  for (const std::string& line : lines_of(read(machine, "/proc/swaps"))) {
    std::istringstream fields(line);
    std::string name, kind;
    long size_kb = 0, taken_kb = 0;
    if (!(fields >> name >> kind >> size_kb >> taken_kb)) continue;  // the headline
    total_kb += size_kb;
    used_kb += taken_kb;
  }
  if (total_kb == 0) return finding;
  const std::string size = std::to_string(total_kb / 1024) + " MB";
  if (used_kb == 0) {
    finding.text = size + " of swap, none of it in use.";
    return finding;
  }
  finding.level = Level::warn;
  finding.text = std::to_string((used_kb + 1023) / 1024) + " MB of " + size +
                 " of swap are in use: memory has been short, and what lies there comes back too late for audio.";
  finding.remedy = "sudo swapoff -a && sudo swapon -a\nif it fills again: end what else runs here, or add memory";
  return finding;
}

std::optional<Finding> check_clock(const Machine& machine) {
  const std::string set = "sudo timedatectl set-ntp true";
  if (machine.clock.year < kFirstYear) {
    return Finding{Level::warn, "Clock",
                   "It is set to the year " + std::to_string(machine.clock.year) +
                       ": logs, recordings and the mix's generations carry wrong times.",
                   "sudo date -s 'YYYY-MM-DD HH:MM'\n" + set};
  }
  if (machine.clock.synchronised) return Finding{Level::ok, "Clock", "It is synchronised with a time server.", ""};
  return Finding{
      Level::note, "Clock",
      "It is not synchronised with a time server. Sound does not need that; logs that are to be compared with "
      "other machines', and OSC time tags, do.",
      set};
}

}  // namespace fohd::doctor
