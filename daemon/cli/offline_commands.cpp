// `fohd render` and `fohd stems` on the command line.
#include <CLI/CLI.hpp>
#include <memory>
#include <string>

#include "daemon/cli/command_line.h"
#include "daemon/offline/render.h"
#include "daemon/offline/stems.h"

namespace fohd {

void add_render_command(CLI::App& app, int& exit_code) {
  CLI::App* command = app.add_subcommand("render", "Mix a folder of multitrack files to one file, as fast as it can");
  const auto options = std::make_shared<RenderOptions>();
  const auto bits = std::make_shared<std::string>("24");
  command->add_option("--config", options->config, "Configuration (TOML); without it the default desk");
  command->add_option("--state", options->state, "State file or folder: the mix; without it the defaults");
  command->add_option("--in", options->in, "Folder with one mono or stereo file per channel: \"03 snare.wav\"")
      ->required();
  command->add_option("--out", options->out, "The mix: .wav or .flac")->required();
  command->add_option("--only", options->only, "Play only the file that feeds this channel")->check(CLI::Range(1, 128));
  command->add_option("--script", options->script, "Timed OSC lines: 12.5 /ch/1/fader -6.0");
  command->add_option("--seconds", options->seconds, "Length; default: as long as the longest file")
      ->check(CLI::Range(0.001, 86400.0))
      ->check(refuse_nan);
  command->add_option("--rate", options->rate_hz, "Sample rate; default: the configuration's, else the first file's")
      ->check(CLI::Range(8000, 192000));
  command->add_option("--bits", *bits, "16, 24 or float")
      ->check(CLI::IsMember({"16", "24", "float"}))
      ->capture_default_str();
  command->footer("Example: fohd render --state mix.json --in stems --out mix.wav --only 3");
  command->callback([options, bits, &exit_code] {
    options->format = parse_sample_format(*bits).value_or(SampleFormat::int24);
    exit_code = render(*options);
  });
}

void add_stems_command(CLI::App& app, int& exit_code) {
  CLI::App* command = app.add_subcommand("stems", "Render a session file's band to one file per channel");
  const auto options = std::make_shared<StemsOptions>();
  command->add_option("--session", options->session_file, "Session file (TOML), such as configs/demo/session.toml")
      ->required();
  command->add_option("--out", options->out, "Folder for the stems; up-to-date ones are kept")->required();
  command->add_flag("--force", options->force, "Render even what is up to date");
  command->footer("Example: fohd stems --session configs/demo/session.toml --out stems");
  command->callback([options, &exit_code] { exit_code = make_stems(*options); });
}

}  // namespace fohd
