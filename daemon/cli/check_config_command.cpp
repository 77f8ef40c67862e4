#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>

#include "control/parameters/owner_rows.h"
#include "daemon/cli/command_line.h"
#include "daemon/config/config.h"
#include "daemon/desk/run.h"

namespace fohd {
namespace {

int check_config(const std::string& file) {
  const ConfigResult result = load_config(file);
  for (const ConfigError& error : result.errors) std::fprintf(stderr, "%s\n", error.to_string().c_str());
  if (!result.errors.empty()) return kExitBadInput;
  const Config& config = result.config;
  std::printf("%s is fine: %s, OSC on %s port %d, JACK client \"%s\"\n", file.c_str(),
              counts_text(config.geometry).c_str(), config.osc.address.c_str(), config.osc.port,
              config.audio.client.c_str());
  return kExitOk;
}

}  // namespace

void add_check_config_command(CLI::App& app, int& exit_code) {
  auto file = std::make_shared<std::string>();
  CLI::App* command = app.add_subcommand("check-config", "Say everything that is wrong with a configuration file");
  command->add_option("FILE", *file, "the configuration to check")->required();
  command->footer("Example: fohd check-config configs/two-channels.toml");
  command->callback([file, &exit_code] { exit_code = check_config(*file); });
}

}  // namespace fohd
