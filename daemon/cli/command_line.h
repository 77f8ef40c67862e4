// The commands of `fohd`. The names and arguments are scripted against: they are for ever.
#pragma once

namespace CLI {
class App;
}

namespace fohd {

/// [main thread] Each adds one command; its callback puts the exit code into `exit_code`.
void add_run_command(CLI::App& app, int& exit_code);
void add_check_config_command(CLI::App& app, int& exit_code);
void add_parameters_command(CLI::App& app, int& exit_code);

}  // namespace fohd
