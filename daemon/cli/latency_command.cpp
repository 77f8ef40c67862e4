#include <CLI/CLI.hpp>
#include <csignal>
#include <iostream>
#include <memory>

#include "daemon/cli/command_line.h"
#include "daemon/fohctl/latency_options.h"
#include "engine/crossing/flag.h"

namespace fohd {
namespace {

Flag stop;

int run_latency(const LatencyOptions& options) {
  struct sigaction action = {};  // Ctrl-C ends the measurement; its JACK clients are closed in good order
  action.sa_handler = [](int) { stop.raise(); };
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
  return measure_latency(options, std::cout, std::cerr, stop);
}

}  // namespace

void add_latency_command(CLI::App& app, int& exit_code) {
  auto options = std::make_shared<LatencyOptions>();
  CLI::App* command = app.add_subcommand("latency", "Measure how long sound takes from one JACK port to another");
  ctl::add_latency_options(*command, *options);
  command->footer(
      "Through hardware each impulse is a click: turn amplifiers down.\n"
      "Exit code: 0 measured, 1 JACK refused a connection or the command line is wrong, 2 nothing came back or there\n"
      "is no JACK server, 3 there is no such port.\n"
      "Example: fohd latency --out system:playback_1 --in system:capture_1");
  command->callback([options, &exit_code] { exit_code = run_latency(*options); });
}

}  // namespace fohd
