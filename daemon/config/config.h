// fohd.toml: what is decided before the desk runs and stays while it runs. docs/CONFIGURATION.md explains every key.
// The mix itself is not configuration; it lives in the state.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "control/access/access_book.h"
#include "control/midi/midi_setup.h"
#include "control/toml/config_error.h"
#include "engine/tile/geometry.h"

namespace fohd {

/// What a cold boot of the machine does with the last mix (docs/DESK.md, "Starting").
enum class StartMode : std::uint8_t { hold, live };

struct OscConfig {
  std::string address = "0.0.0.0";  ///< the IPv4 address to bind; 0.0.0.0 is all of this machine's
  int port = 9000;                  ///< 1..65535
  /// A burst of 250,000 small messages is 12 MB on the wire; the kernel charges more. 8 MiB holds what a loop that was
  /// kept away for a fifth of a second must find again: of 250,000, sent at once, none was lost.
  int receive_buffer_bytes = 8 << 20;
  bool operator==(const OscConfig&) const = default;
};

/// "{n}" stands for the same number on both sides, "{n+8}" for that number plus 8. One of the two names a port of ours
/// (no colon), the other one a port of another client ("client:port").
struct ConnectRule {
  std::string from, to;
  int count = 0;  ///< n runs from 1 to this; 0: as far as our ports go
  bool operator==(const ConnectRule&) const = default;
};

struct AudioConfig {
  std::string client = "fohd";  ///< our name in JACK
  std::string server;           ///< JACK server; empty: $JACK_DEFAULT_SERVER, else "default"
  std::vector<ConnectRule> connect = default_connect_rules();
  /// Whether connections that are made or taken away by hand are kept, when a port or the server comes back.
  bool remember = true;
  /// CPUs (from 0) that the audio thread has for itself, as far as this process goes; empty: the system decides.
  std::vector<int> cpus;

  static std::vector<ConnectRule> default_connect_rules();
  /// $JACK_DEFAULT_SERVER and "default" considered.
  std::string server_name() const;
};

/// A button on a pin (Linux GPIO character device) that is a panic button.
struct PanicButtonConfig {
  std::string chip = "/dev/gpiochip0";
  int line = -1;  ///< -1: there is none
  bool active_low = true;
  bool operator==(const PanicButtonConfig&) const = default;
};

enum class RecordFormat : std::uint8_t { int16, int24, float32 };

/// The recorder checks the free space every 2 s. At 192 kHz, two channels and 4 bytes, 2 s take 3.1 MB: with less in
/// reserve the disk could be full before the next check.
inline constexpr std::int64_t kSmallestReserveBytes = 4'000'000;

struct RecorderConfig {
  RecordFormat format = RecordFormat::int24;
  std::int64_t reserve_bytes = 200'000'000;  ///< recording stops while this much of the disk is still free
  bool operator==(const RecorderConfig&) const = default;
};

enum class MidiApi : std::uint8_t { automatic, alsa, jack, off };

struct MidiConfig {
  MidiApi api = MidiApi::automatic;  ///< automatic: ALSA where the machine has its sequencer, else JACK
  std::string profiles;              ///< folder of one's own profiles; empty: `midi` in the state folder
  /// Which profile a device has, where its name does not say: {pattern of the name, profile's id}.
  std::vector<std::pair<std::string, std::string>> devices;
  std::vector<SurfaceSetup> surfaces;
  std::vector<MidiLayer> layers;
  bool operator==(const MidiConfig&) const = default;
};

/// Prometheus reads the metrics over HTTP, on loopback only.
struct MetricsConfig {
  /// 0: off. A desk opens no port that is not configured, two desks on one machine would conflict over it, and
  /// `fohctl metrics` needs none.
  int http_port = 0;
  bool operator==(const MetricsConfig&) const = default;
};

struct Config {
  std::string file;                ///< where it was read from; empty: the defaults
  std::string desk = "FOH";        ///< name shown to clients
  std::optional<StartMode> start;  ///< nothing: as the command line says
  Geometry geometry;
  OscConfig osc;
  AudioConfig audio;
  std::string state_folder;  ///< empty: default_state_folder()
  RecorderConfig recorder;
  MidiConfig midi;
  PanicButtonConfig panic_button;
  AccessConfig access;
  MetricsConfig metrics;
  double limiter_look_ahead_ms = 1;  ///< of main's limiter, 0.5..5; so much later is main, and 16 frames
  int render_rate_hz = 0;            ///< `fohd render`; 0: the rate of the first file. Live, JACK decides
};

struct ConfigResult {
  Config config;
  std::vector<ConfigError> errors;  ///< all of them; the config is to be used only if there are none
};

/// [control] Reads a file. Everything that is wrong with it is in `errors`, each with its line.
ConfigResult load_config(const std::filesystem::path& file);
/// [any] The same from text; `name` is what errors call it.
ConfigResult parse_config(std::string_view text, const std::string& name);

/// [any] $XDG_STATE_HOME/fohd, else ~/.local/state/fohd; /var/lib/fohd where systemd gives $STATE_DIRECTORY.
std::string default_state_folder();

}  // namespace fohd
