// The facts that the checks judge: the files of /proc, /sys and /etc under a root that a test may put elsewhere, and
// what only a trial can show (scheduling, sockets, JACK), tried beforehand by probes.h.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

#include "daemon/base/words.h"
#include "daemon/config/config.h"
#include "daemon/machine/system_files.h"

namespace fohd::doctor {

using machine::lines_of;
using machine::Process;
using machine::to_number;

/// A thread with SCHED_FIFO was asked for.
struct RealtimeTrial {
  bool granted = false;
  std::int64_t priority_limit = 0;  ///< RLIMIT_RTPRIO; -1: none
  bool time_limited = false;        ///< RLIMIT_RTTIME is set: the kernel ends a process that computes for longer
};

/// kLockBytes were locked into memory and let go again. Of a desk that runs: whether it has locked its own.
struct MemoryTrial {
  bool granted = false;
  std::int64_t limit_bytes = 0;   ///< RLIMIT_MEMLOCK; -1: none
  std::int64_t locked_bytes = 0;  ///< of a desk that runs; address space, touched or not
};

/// Whose rights, folders and JACK server are looked at.
struct Subject {
  enum class Kind : std::uint8_t {
    caller,   ///< the calling user, who might start a desk
    desk,     ///< a desk that runs
    unit,     ///< the service, which does not run now
    visitor,  ///< the calling user, but the desk here is the service's, whose rights only root may see
  };
  Kind kind = Kind::caller;
  bool service = false;      ///< a desk that systemd runs
  Process process;           ///< the desk's
  std::string service_text;  ///< "as user fohd (process 123)": the service, where another is looked at

  uid_t user_id = 0;
  gid_t group_id = 0;
  std::string user;
  std::vector<gid_t> groups;
  std::int64_t rtprio = 0, memlock_bytes = 0, rttime_us = -1;  ///< limits; -1: none
  std::int64_t locked_bytes = 0;
  std::uint64_t capabilities = 0;        ///< effective
  std::vector<std::string> arguments;    ///< of the desk's command line, its name first
  std::vector<std::string> environment;  ///< NAME=value; empty: not known
  std::string folder;                    ///< it was started in
  std::string state_folder;              ///< that systemd makes for the unit; empty: none

  /// Not the calling user.
  bool is_desk() const { return kind == Kind::desk || kind == Kind::unit; }
};

/// What a client without ports read from the JACK server.
struct JackSurvey {
  enum class Answer : std::uint8_t { no_server, silent, answers };
  Answer answer = Answer::no_server;
  int rate_hz = 0, period_frames = 0;
  bool realtime = false;    ///< as the server says; it also says so where the system refused it
  bool measured = false;    ///< load and xruns are there
  double load_percent = 0;  ///< the highest that was seen
  double measured_s = 0;    ///< how long
  int xruns = 0;            ///< meanwhile
  int playback_ports = 0;   ///< loudspeakers
  std::string device;       ///< alias of the first loudspeaker, such as "alsa_pcm:hw:0"; empty: it has none
  std::vector<std::string> midi_ports;
};

/// What answers on the desk's OSC port of this machine.
struct DeskAnswer {
  bool answered = false;
  std::string name, version;
  double rate_hz = 0;  ///< 0: without an audio server
};

/// The folder of the mix, or as much of its path as exists.
struct FolderRoom {
  std::string folder, nearest;   ///< nearest: the lowest folder of that path that is there; equal: all of it
  bool writable = false;         ///< `nearest`, by this user
  bool read_only = false;        ///< the whole disk is
  bool closed_by_unit = false;   ///< the disk is not, but the service's view of it is (ProtectSystem=)
  std::int64_t free_bytes = -1;  ///< for this user; -1: not known
};

struct ClockState {
  bool synchronised = false;
  int year = 0;
};

struct Machine : machine::SystemFiles {
  Machine();  // not in line: gcc 12 takes the strings of a temporary `Machine{}` for uninitialised

  Subject subject;
  uid_t user_id = 0;  ///< the subject's, and so the next two
  std::string user;
  std::vector<gid_t> groups;
  bool root_asks = false;  ///< the calling user sees what root sees
  int cpus = 1;
  std::string simd_target;      ///< Highway's name of what the engine uses
  std::int64_t simd_lanes = 0;  ///< floats that one of its registers holds; 0: not known

  std::string config_file;  ///< as given; empty: none was
  Config config;            ///< the defaults if it has errors
  std::vector<ConfigError> config_errors;

  RealtimeTrial realtime;
  MemoryTrial memory_lock;
  JackSurvey jack;
  std::vector<std::string> addresses;  ///< IPv4, see local_addresses()
  DeskAnswer desk;
  FolderRoom state;
  ClockState clock;
};

}  // namespace fohd::doctor
