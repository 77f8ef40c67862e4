// fohd, the front-of-house daemon: reads the command line and calls the command.
#include <CLI/CLI.hpp>
#include <string_view>

#include "daemon/cli/command_line.h"
#include "daemon/desk/run.h"
#include "daemon/offline/render.h"
#include "daemon/service/emergency.h"

int main(int argc, char** argv) {
  // Before all else: until then a signal ends the desk, and a panic is lost. The other commands end by signals.
  if (argc > 1 && std::string_view(argv[1]) == "run") fohd::install_signals();
  CLI::App app{"fohd, the front-of-house daemon: a live mixing console as one JACK client, driven over OSC", "fohd"};
  app.set_version_flag("--version", "fohd " FOHD_VERSION);
  app.require_subcommand(1);
  app.footer("Example: fohd run --seconds 60      Each command has its own --help.");
  int exit_code = fohd::kExitOk;
  fohd::add_run_command(app, exit_code);
  fohd::add_render_command(app, exit_code);
  fohd::add_stems_command(app, exit_code);
  fohd::add_parameters_command(app, exit_code);
  fohd::add_check_config_command(app, exit_code);
  fohd::add_doctor_command(app, exit_code);
  fohd::add_clear_jack_command(app, exit_code);
  fohd::add_latency_command(app, exit_code);
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& wanted) {  // --help, --version
    return app.exit(wanted);
  } catch (const CLI::ParseError& error) {
    app.exit(error);
    return fohd::kExitBadInput;
  }
  return exit_code;
}
