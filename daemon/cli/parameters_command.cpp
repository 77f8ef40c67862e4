#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>

#include "control/parameters/table.h"
#include "control/reference/reference.h"
#include "daemon/cli/command_line.h"
#include "daemon/config/config.h"
#include "daemon/desk/run.h"

namespace fohd {
namespace {

int print_parameters(const std::string& format, const std::string& config_file) {
  Config config;
  if (!config_file.empty()) {
    ConfigResult result = load_config(config_file);
    for (const ConfigError& error : result.errors) std::fprintf(stderr, "%s\n", error.to_string().c_str());
    if (!result.errors.empty()) return kExitBadInput;
    config = std::move(result.config);
  }
  const ParameterTable table(config.geometry);
  std::string text = format == "md" ? parameters_markdown(table) : parameters_json(table);
  if (text.empty() || text.back() != '\n') text += '\n';
  const bool written = std::fputs(text.c_str(), stdout) >= 0 && std::fflush(stdout) == 0;
  return written ? kExitOk : kExitCouldNotRun;
}

struct Arguments {
  std::string format = "md", config;
};

}  // namespace

void add_parameters_command(CLI::App& app, int& exit_code) {
  auto arguments = std::make_shared<Arguments>();
  CLI::App* command = app.add_subcommand("parameters", "Print every address of the desk with its range and default");
  command->add_option("--format", arguments->format, "md for people, json for programs")
      ->check(CLI::IsMember({"md", "json"}))
      ->capture_default_str();
  command->add_option("--config", arguments->config, "a configuration file, for its numbers of channels and buses")
      ->type_name("FILE");
  command->footer("Example: fohd parameters --format json | jq '.parameters[].address'");
  command->callback([arguments, &exit_code] { exit_code = print_parameters(arguments->format, arguments->config); });
}

}  // namespace fohd
