#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <string>
#include <vector>

#include "daemon/cli/command_line.h"
#include "daemon/desk/run.h"
#include "daemon/jack/jack_leftovers.h"

namespace fohd {
namespace {

int clear_jack() {
  std::vector<std::string> removed;
  const std::string error = clear_jack_leftovers({}, ::geteuid(), removed);
  for (const std::string& what : removed) std::printf("fohd: removed %s\n", what.c_str());
  if (!error.empty()) std::fprintf(stderr, "fohd: %s\n", error.c_str());
  return error.empty() ? kExitOk : kExitCouldNotRun;
}

}  // namespace

void add_clear_jack_command(CLI::App& app, int& exit_code) {
  CLI::App* command =
      app.add_subcommand("clear-jack", "Remove what killed JACK servers have left and what holds up the next one");
  command->footer(
      "For the calling user's servers. Does nothing while one of them runs, says what it removed, and may be run\n"
      "at any time. The service fohd-jack and ./start do it before they start a server.\n"
      "Exit code: 0 done, or nothing to do; 2 something could not be removed.\n"
      "Example: fohd clear-jack");
  command->callback([&exit_code] { exit_code = clear_jack(); });
}

}  // namespace fohd
