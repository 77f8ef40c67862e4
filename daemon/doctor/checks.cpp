#include "daemon/doctor/checks.h"

#include <array>

namespace fohd::doctor {

std::span<const Check> all_checks() {
  static constexpr std::array<Check, 23> kTable = {
      // files
      check_config, check_config_rights, check_state_folder,
      // what lets audio run in time
      check_realtime, check_memory_lock, check_audio_group, check_kernel,
      // hardware
      check_cpu, check_governor, check_power, check_temperature, check_swap, check_clock,
      // audio
      check_interfaces, check_jack_server, check_jack_realtime, check_jack_load, check_midi,
      // control
      check_addresses, check_access, check_port, check_desk_realtime, check_receive_buffer};
  return kTable;
}

std::vector<Finding> examine(const Machine& machine) {
  std::vector<Finding> findings;
  for (const Check check : all_checks()) {
    if (std::optional<Finding> finding = check(machine)) findings.push_back(std::move(*finding));
  }
  return findings;
}

}  // namespace fohd::doctor
