// The checks of `fohd doctor`: each judges the facts of a Machine and touches nothing. To add one: a function in the
// file of its subject, its line below and in the table of checks.cpp, and its good and its bad case in doctor_test.cpp.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "daemon/doctor/finding.h"
#include "daemon/doctor/machine.h"

namespace fohd::doctor {

/// [any] Nothing: the machine has no such thing, or another check has said why it cannot be known.
using Check = std::optional<Finding> (*)(const Machine&);

/// In the order in which they are printed.
std::span<const Check> all_checks();
/// [any] What all of them found.
std::vector<Finding> examine(const Machine& machine);

/// The priority that a JACK client's thread has where the server runs at 70, as ./start does: 5 below it.
inline constexpr int kRealtimePriority = 65;
/// Twice what the default desk keeps in memory (17 MB, measured).
inline constexpr std::int64_t kLockBytes = 32 << 20;

// system_checks.cpp: what lets audio run in time
std::optional<Finding> check_realtime(const Machine& machine);
std::optional<Finding> check_memory_lock(const Machine& machine);
std::optional<Finding> check_audio_group(const Machine& machine);
std::optional<Finding> check_kernel(const Machine& machine);

// hardware_checks.cpp
std::optional<Finding> check_cpu(const Machine& machine);
std::optional<Finding> check_governor(const Machine& machine);
std::optional<Finding> check_power(const Machine& machine);
std::optional<Finding> check_temperature(const Machine& machine);
std::optional<Finding> check_swap(const Machine& machine);
std::optional<Finding> check_clock(const Machine& machine);

// audio_checks.cpp
std::optional<Finding> check_jack_server(const Machine& machine);
std::optional<Finding> check_jack_realtime(const Machine& machine);
std::optional<Finding> check_jack_load(const Machine& machine);
std::optional<Finding> check_interfaces(const Machine& machine);
std::optional<Finding> check_midi(const Machine& machine);

// network_checks.cpp
std::optional<Finding> check_addresses(const Machine& machine);
std::optional<Finding> check_port(const Machine& machine);
std::optional<Finding> check_desk_realtime(const Machine& machine);
std::optional<Finding> check_receive_buffer(const Machine& machine);

// access_check.cpp
std::optional<Finding> check_access(const Machine& machine);

// file_checks.cpp
std::optional<Finding> check_config(const Machine& machine);
std::optional<Finding> check_config_rights(const Machine& machine);
std::optional<Finding> check_state_folder(const Machine& machine);

/// A socket on the desk's UDP port.
struct PortHolder {
  bool held = false;
  bool known = false;  ///< `process` is set
  Process process;
};
/// [any] Which socket has the UDP port that the configuration names, on the address it names.
PortHolder holder_of_port(const Machine& machine);

}  // namespace fohd::doctor
