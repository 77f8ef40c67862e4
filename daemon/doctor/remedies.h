// How the same thing is mended on different installations: a desk in a terminal, the package's services, a Raspberry
// Pi.
#pragma once

#include <string>

#include "daemon/doctor/machine.h"

namespace fohd::doctor {

/// [any] The package's JACK server has a unit here; masked: the administrator uses another server.
bool has_jack_unit(const Machine& machine);
bool jack_unit_is_masked(const Machine& machine);
/// [any] What /etc/default/fohd-jack says; "" if it says nothing.
std::string jack_setting(const Machine& machine, const std::string& name);
/// [any] Another setting of the JACK server: "PERIOD=128" for the package's, "-p 128" for one's own.
std::string change_jack(const Machine& machine, const std::string& setting, const std::string& option);
/// [any] A drop-in that gives a unit all that audio asks for.
std::string raise_unit_limits(const std::string& unit);
/// [any] The board, or its system (Raspberry Pi OS calls itself Debian in /etc/os-release, where it has 64 bits).
bool is_raspberry_pi(const Machine& machine);

}  // namespace fohd::doctor
