// The desk offline: the same engine, desk and designer, from a folder of files to one file, as fast as it can.
#pragma once

#include <filesystem>
#include <string>

#include "daemon/disk/audio_writer.h"

namespace CLI {
class App;
}

namespace fohd {

struct RenderOptions {
  std::filesystem::path config;  ///< empty: the default desk
  std::filesystem::path state;   ///< a state file or folder; empty: defaults
  std::filesystem::path in;      ///< folder of multitrack files
  std::filesystem::path out;     ///< .wav or .flac
  std::filesystem::path script;  ///< timed OSC lines; empty: none
  int only = 0;                  ///< play only the file that feeds this channel; 0: all
  double seconds = 0;            ///< 0: as long as the longest file; longer: silence goes in behind the files
  int rate_hz = 0;               ///< 0: the configuration's, else that of the first file
  SampleFormat format = SampleFormat::int24;
};

/// [control] Renders and prints duration, loudness, peaks and speed to stdout. Returns the exit code: 0, or 1 with a
/// message on stderr and no file written.
int render(const RenderOptions& options);

/// [control] Adds `fohd render` and `fohd stems`. Their callbacks put the exit code into `exit_code`.
void add_render_command(CLI::App& app, int& exit_code);
void add_stems_command(CLI::App& app, int& exit_code);

}  // namespace fohd
