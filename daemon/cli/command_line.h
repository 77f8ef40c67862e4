// The commands of `fohd`. Scripts use the names and arguments: they never change.
#pragma once

#include <cmath>
#include <cstdlib>
#include <string>

namespace CLI {
class App;
}

namespace fohd {

/// [main thread] Each adds one command; its callback puts the exit code into `exit_code`.
void add_run_command(CLI::App& app, int& exit_code);
void add_check_config_command(CLI::App& app, int& exit_code);
void add_clear_jack_command(CLI::App& app, int& exit_code);
void add_doctor_command(CLI::App& app, int& exit_code);
void add_latency_command(CLI::App& app, int& exit_code);
void add_parameters_command(CLI::App& app, int& exit_code);

/// [any] For check(): "nan" is inside every range, since no comparison with it is true. Returns what is wrong, or "".
inline std::string refuse_nan(const std::string& text) {
  return std::isnan(std::strtod(text.c_str(), nullptr)) ? text + " is not a number" : "";
}

}  // namespace fohd
