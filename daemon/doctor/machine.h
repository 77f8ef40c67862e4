// The facts that the checks judge: the files of /proc, /sys and /etc under a root that a test may put elsewhere, and
// what only trying can tell (scheduling, sockets, JACK), tried beforehand by probes.h.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

#include "daemon/config/config.h"

namespace fohd::doctor {

/// A thread with SCHED_FIFO was asked for.
struct RealtimeTrial {
  bool granted = false;
  std::int64_t priority_limit = 0;  ///< RLIMIT_RTPRIO; -1: none
  bool time_limited = false;        ///< RLIMIT_RTTIME is set: the kernel ends who computes for longer
};

/// kLockBytes were locked into memory and let go again. Of a desk that runs: whether it has locked its own.
struct MemoryTrial {
  bool granted = false;
  std::int64_t limit_bytes = 0;   ///< RLIMIT_MEMLOCK; -1: none
  std::int64_t locked_bytes = 0;  ///< of a desk that runs; address space, touched or not
};

/// A program that runs.
struct Process {
  int id = 0;
  std::string name;     ///< 15 bytes of it, as the kernel keeps it
  std::string command;  ///< with its arguments, blanks between
};

/// Whose rights, folders and JACK server are looked at.
struct Subject {
  enum class Kind : std::uint8_t {
    caller,   ///< who called, and might start a desk
    desk,     ///< a desk that runs
    unit,     ///< the service, which does not run now
    visitor,  ///< who called, but the desk here is the service's, of which only root may see the rights
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

  /// Somebody else than who called.
  bool is_desk() const { return kind == Kind::desk || kind == Kind::unit; }
};

/// What a client that takes no part learned from the JACK server.
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

/// Who answers on the desk's OSC port of this machine.
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
  bool closed_by_unit = false;   ///< the disk is not, but the service sees it so (ProtectSystem=)
  std::int64_t free_bytes = -1;  ///< for this user; -1: not known
};

struct ClockState {
  bool synchronised = false;
  int year = 0;
};

struct Machine {
  Machine();  // not in line: gcc 12 takes the strings of a temporary `Machine{}` for uninitialised

  std::string root;  ///< put before every path below; "" on a real machine

  Subject subject;
  uid_t user_id = 0;  ///< the subject's, and so the next two
  std::string user;
  std::vector<gid_t> groups;
  bool root_asks = false;  ///< who called sees what root sees
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
  std::string vcgencmd;  ///< what `vcgencmd get_throttled` printed; empty: there is none
};

/// [any] The file's text without white space at its end; "" if it cannot be read. At most 256 KiB.
std::string read(const Machine& machine, const std::string& path);
/// [any] Whether that path is there.
bool exists(const Machine& machine, const std::string& path);
/// [any] Names in a folder that begin with `prefix`, numbers in them in order (cpu2 before cpu10).
std::vector<std::string> list(const Machine& machine, const std::string& folder, const std::string& prefix = "");
/// [any] What a symbolic link says; "" if it is none.
std::string link_of(const Machine& machine, const std::string& path);
/// [any] Lines of a text, without empty ones.
std::vector<std::string> lines_of(const std::string& text);
/// [any] "a", "a and b", "a, b and c".
std::string enumerate(const std::vector<std::string>& words);

/// [any] All that are called `name`.
std::vector<Process> processes_called(const Machine& machine, const std::string& name);
/// [any] Its command line; "" in a field where it may not be read.
Process process(const Machine& machine, int id);
/// [any] The highest real-time priority among its threads; 0: none has one.
int realtime_priority(const Machine& machine, int id);

}  // namespace fohd::doctor
