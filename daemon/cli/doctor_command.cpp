#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <cstdlib>
#include <memory>

#include "daemon/cli/command_line.h"
#include "daemon/desk/run.h"
#include "daemon/doctor/checks.h"
#include "daemon/doctor/print.h"
#include "daemon/doctor/probes.h"
#include "daemon/doctor/subject.h"

namespace fohd {
namespace {

int run_doctor(const std::string& config_file) {
  const doctor::Machine machine = doctor::look_at_machine(config_file);
  const std::vector<doctor::Finding> findings = doctor::examine(machine);
  const bool colour = ::isatty(STDOUT_FILENO) != 0 && std::getenv("NO_COLOR") == nullptr;
  const std::string text = doctor::to_paragraph(doctor::headline(machine)) + doctor::to_text(findings, colour);
  const bool written = std::fputs(text.c_str(), stdout) >= 0 && std::fflush(stdout) == 0;
  return written ? doctor::exit_code(findings) : kExitCouldNotRun;
}

}  // namespace

void add_doctor_command(CLI::App& app, int& exit_code) {
  auto file = std::make_shared<std::string>();
  CLI::App* command =
      app.add_subcommand("doctor", "Say what of this machine is not as a show wants it, and how to mend it");
  command->add_option("--config", *file, "the desk's configuration; without one, that of the desk that runs here")
      ->type_name("FILE");
  command->footer(
      "It changes nothing, takes two to four seconds and may be run during a show. Its first line says whose\n"
      "rights it looks at: those of the desk that runs here (the service, or the one on the configuration's\n"
      "port), if the caller may see them, which root may; else the caller's.\n"
      "Exit code: 0 nothing to do; 1 there are warnings or advice (lines that begin with \"do:\"), or the\n"
      "command line is wrong; 2 something keeps the show from working (FAIL).\n"
      "Examples: sudo fohd doctor; fohd doctor --config configs/two-channels.toml");
  command->callback([file, &exit_code] { exit_code = run_doctor(*file); });
}

}  // namespace fohd
