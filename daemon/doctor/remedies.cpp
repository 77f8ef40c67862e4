#include "daemon/doctor/remedies.h"

namespace fohd::doctor {
namespace {

constexpr const char* kJackUnit = "fohd-jack.service";

}  // namespace

bool has_jack_unit(const Machine& machine) {
  for (const char* folder : {"/lib/systemd/system/", "/usr/lib/systemd/system/", "/etc/systemd/system/"}) {
    if (exists(machine, std::string(folder) + kJackUnit)) return true;
  }
  return false;
}

bool jack_unit_is_masked(const Machine& machine) {
  return link_of(machine, std::string("/etc/systemd/system/") + kJackUnit) == "/dev/null";
}

std::string jack_setting(const Machine& machine, const std::string& name) {
  std::string value;
  for (const std::string& line : lines_of(read(machine, "/etc/default/fohd-jack"))) {
    if (line.starts_with(name + "=")) value = line.substr(name.size() + 1);  // the last one counts
  }
  if (value.size() >= 2 && (value.front() == '"' || value.front() == '\'') && value.back() == value.front()) {
    value = value.substr(1, value.size() - 2);
  }
  return value;
}

std::string change_jack(const Machine& machine, const std::string& setting, const std::string& option) {
  if (!has_jack_unit(machine)) return "start jackd with " + option;
  if (jack_unit_is_masked(machine)) return "give " + option + " to your own JACK server (fohd-jack is masked)";
  return "sudoedit /etc/default/fohd-jack  # " + setting + "\nsudo systemctl restart fohd-jack";
}

std::string raise_unit_limits(const std::string& unit) {
  // "zz": behind what `systemctl edit` writes, so that it counts.
  const std::string folder = "/etc/systemd/system/" + unit + ".service.d";
  return "sudo mkdir -p " + folder +
         " && printf '[Service]\\nLimitRTPRIO=95\\nLimitMEMLOCK=infinity\\nLimitRTTIME=infinity\\n' | sudo tee " +
         folder + "/zz-limits.conf\nsudo systemctl daemon-reload && sudo systemctl restart " + unit;
}

bool is_raspberry_pi(const Machine& machine) {
  return read(machine, "/proc/device-tree/model").starts_with("Raspberry Pi") ||
         read(machine, "/etc/rpi-issue").find("Raspberry Pi reference") != std::string::npos ||
         ("\n" + read(machine, "/etc/os-release") + "\n").find("\nID=raspbian\n") != std::string::npos;
}

}  // namespace fohd::doctor
