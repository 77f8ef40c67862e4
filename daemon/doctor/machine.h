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

/// kLockBytes were locked into memory and let go again.
struct MemoryTrial {
  bool granted = false;
  std::int64_t limit_bytes = 0;  ///< RLIMIT_MEMLOCK; -1: none
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
  std::int64_t free_bytes = -1;  ///< for this user; -1: not known
};

struct ClockState {
  bool synchronised = false;
  int year = 0;
};

struct Machine {
  std::string root;  ///< put before every path below; "" on a real machine

  uid_t user_id = 0;
  std::string user;
  std::vector<gid_t> groups;  ///< this process is in
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

/// A program that runs.
struct Process {
  int id = 0;
  std::string name;     ///< 15 bytes of it, as the kernel keeps it
  std::string command;  ///< with its arguments, blanks between
};
/// [any] All that are called `name`.
std::vector<Process> processes_called(const Machine& machine, const std::string& name);
/// [any] Its command line; "" in a field where it may not be read.
Process process(const Machine& machine, int id);
/// [any] The highest real-time priority among its threads; 0: none has one.
int realtime_priority(const Machine& machine, int id);

}  // namespace fohd::doctor
