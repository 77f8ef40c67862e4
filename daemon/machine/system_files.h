// The files in which the kernel describes the machine (/proc, /sys, /etc), under a root that a test may put elsewhere.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace fohd::machine {

struct SystemFiles {
  std::string root;      ///< put before every path below; "" on a real machine
  std::string vcgencmd;  ///< what `vcgencmd get_throttled` printed; empty: there is none
};

/// A program that runs.
struct Process {
  int id = 0;
  std::string name;     ///< 15 bytes of it, as the kernel keeps it
  std::string command;  ///< with its arguments, blanks between
};

/// [any] The file's text without white space at its end; "" if it cannot be read or is no regular file. At most 256
/// KiB.
std::string read(const SystemFiles& system, const std::string& path);
/// [any] Whether that path is there.
bool exists(const SystemFiles& system, const std::string& path);
/// [any] Names in a folder that begin with `prefix`, numbers in them in order (cpu2 before cpu10).
std::vector<std::string> list(const SystemFiles& system, const std::string& folder, const std::string& prefix = "");
/// [any] The target of a symbolic link; "" if it is none.
std::string link_of(const SystemFiles& system, const std::string& path);
/// [any] Lines of a text, without empty ones.
std::vector<std::string> lines_of(const std::string& text);
/// [any] A whole number, with blanks around it or none; 0 for any other text.
int to_number(std::string_view text);

/// [any] All that are called `name`.
std::vector<Process> processes_called(const SystemFiles& system, const std::string& name);
/// [any] Whose it is, by its effective user; nothing if that is not shown to us.
std::optional<uid_t> user_of(const SystemFiles& system, int id);
/// [any] Its command line; "" in a field where it may not be read.
Process process(const SystemFiles& system, int id);
/// [any] The highest real-time priority among its threads; 0: none has one.
int realtime_priority(const SystemFiles& system, int id);

}  // namespace fohd::machine
