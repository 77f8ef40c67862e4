#include <CLI/CLI.hpp>
#include <memory>

#include "daemon/cli/command_line.h"
#include "daemon/desk/run.h"

namespace fohd {

void add_run_command(CLI::App& app, int& exit_code) {
  auto options = std::make_shared<RunOptions>();
  CLI::App* command = app.add_subcommand("run", "Run the desk on a JACK server until it is told to end (Ctrl-C)");
  command
      ->add_option("--config", options->config,
                   "configuration file; without one, the default desk: 32 inputs, 16 buses")
      ->type_name("FILE");
  command->add_option("--jack-server", options->jack_server, "name of the JACK server to be a client of")
      ->type_name("NAME");
  command->add_option("--osc-port", options->osc_port, "UDP port for OSC, in place of the configuration's")
      ->type_name("N")
      ->check(CLI::Range(1, 65535));
  command
      ->add_option("--state", options->state,
                   "a folder: where the mix is kept; a file, or any state beside --state-dir: the mix to begin with "
                   "(not written)")
      ->type_name("FILE_OR_FOLDER");
  command->add_option("--state-dir", options->state_dir, "folder where the mix is kept")->type_name("DIR");
  command->add_option("--play", options->play, "play a folder of multitrack files into the channels, looped")
      ->type_name("FOLDER");
  command->add_option("--record", options->record, "record the main mix to a .wav or .flac file")->type_name("FILE");
  command->add_option("--seconds", options->seconds, "end by itself after so many seconds of audio")
      ->type_name("N")
      ->check(CLI::Range(0.0, 1e9))
      ->check(refuse_nan);
  command->add_flag("--live", options->live, "open the outputs even after the machine was switched on anew");
  command->add_flag("--live-by-default", options->live_by_default,
                    "the same, unless the configuration says otherwise; ./start asks for this");
  command->add_flag("--meters", options->meters, "show levels in this terminal");
  command->footer(
      "Example: fohd run --config configs/two-channels.toml --record mix.wav\n"
      "Signals: TERM, INT or QUIT ramp out, save and end; HUP rereads the configuration,\n"
      "or ends a desk whose terminal was closed; USR1 is panic; Ctrl-Z and others do nothing.");
  command->callback([options, &exit_code] { exit_code = run(*options); });
}

}  // namespace fohd
