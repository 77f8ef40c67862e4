// The desk that is examined: the one that runs, if the calling user may see its rights. Its limits, groups, environment
// and command line are read where the kernel shows them, so nothing has to be started with its rights.
#pragma once

#include <string>

#include "daemon/doctor/machine.h"

namespace fohd::doctor {

/// fohd.service, as systemd reports it.
struct Unit {
  bool installed = false;
  int main_process = 0;  ///< 0: it does not run
  Subject rights;        ///< what it will run with; the user by name only
  std::string supplementary_groups;
};

/// What systemctl is asked for.
inline constexpr const char* kUnitProperties =
    "LoadState,MainPID,User,SupplementaryGroups,LimitRTPRIOSoft,LimitMEMLOCKSoft,LimitRTTIMESoft,Environment,"
    "StateDirectory,ExecStart";
/// [any] The answer of `systemctl show -p` with those.
Unit parse_unit(const std::string& text);

/// [any] Of /proc/ID. Whatever may not be read stays empty.
Subject subject_of(const Machine& machine, int id);
/// [any] A user's name by /etc/passwd of a test, by the system's user database else; its number if it has none.
std::string user_name(const Machine& machine, uid_t id);
/// [any] Of a process; -1 if it is not known.
uid_t owner_of(const Machine& machine, int id);
/// [any] The value of "--option VALUE" or "--option=VALUE"; "" if it is not there.
std::string argument_of(const Subject& subject, const std::string& option);
/// [any] Of its command line, from where the file is found; "" if it has none.
std::string config_file_of(const Subject& subject);

/// [any] `caller`: the calling user; root may examine any user's. A configuration that was named (machine.config is
/// it) means the desk on its port before the service's.
Subject choose_subject(const Machine& machine, const Unit& unit, const Subject& caller, bool config_named);
/// [any] The first line of the output.
std::string headline(const Machine& machine);

}  // namespace fohd::doctor
