// fohd.toml. What is taken without a complaint must be within what docs/CONFIGURATION.md allows, and every complaint
// must stand in a place of the file.
#include <algorithm>

#include "daemon/config/config.h"
#include "daemon/config/connect_rules.h"
#include "tests/fuzz/fuzz_files.h"
#include "tests/fuzz/fuzz_midi.h"

namespace {

using namespace fohd;
using namespace fohd::fuzz;

void check_errors(const std::vector<ConfigError>& errors, std::string_view text) {
  const auto lines = 1 + std::count(text.begin(), text.end(), '\n');
  for (const ConfigError& error : errors) {
    check(error.line >= 1 && error.line <= lines + 1 && error.column >= 1);  // + 1: "the file ends too early"
    check(!error.text.empty() && !error.to_string().empty());
  }
}

/// A text that goes to JACK, to sockets or to the disk ends where C says that it ends.
void check_text(const std::string& text, std::size_t max_bytes) {
  check(text.size() <= max_bytes && text.find('\0') == std::string::npos);
}

void check_config(const Config& config) {
  check_text(config.desk, 32);
  check(config.geometry.valid());
  check_text(config.osc.address, 15);
  check(config.osc.port >= 1 && config.osc.port <= 65535 && config.osc.receive_buffer_bytes >= 65536);
  check_text(config.audio.client, 32);
  check_text(config.audio.server, 64);
  check_text(config.state_folder, 4096);
  check_text(config.midi.profiles, 4096);
  check(config.recorder.format <= RecordFormat::float32);
  check(config.recorder.reserve_bytes >= kSmallestReserveBytes);
  check(config.limiter_look_ahead_ms >= 0.5 && config.limiter_look_ahead_ms <= 5);
  check(config.render_rate_hz == 0 || (config.render_rate_hz >= 8000 && config.render_rate_hz <= 192'000));
  for (const ConnectRule& rule : config.audio.connect) {
    std::string error;
    const PortPairs pairs = expand(rule, config.geometry, error);
    check(error.empty() && pairs.size() <= kMaxInputs);
    for (const auto& [from, to] : pairs) check_text(from + to, 2 * 255 + 8);
  }
}

/// Layers and surfaces as the desk uses them.
void use_midi(const MidiConfig& midi) {
  static const Geometry geometry{.inputs = 2, .returns = 2, .buses = 2};
  static Desk desk(geometry);
  static DeskStatus status(geometry);
  static NoCommands sink;
  MidiSetup setup{{}, midi.devices, midi.surfaces, midi.layers};
  MidiProfile profile;
  profile.id = "a";
  profile.ports = {"a"};
  profile.columns = 2;
  std::string error;
  for (std::uint16_t number = 0; number < 4; ++number) {
    MidiControlSpec button;
    button.name = "layer " + std::to_string(number + 1);
    button.message = {MidiKind::note, 0, number};
    button.does = *parse_midi_target(button.name, 1, error);
    profile.controls.push_back(std::move(button));
  }
  setup.profiles = {std::move(profile)};
  MidiHub hub(desk, status, sink, std::move(setup));
  for (MidiUnitId id = 1; id <= 2; ++id) hub.connect(id, "a", static_cast<int>(id), 1000);
  for (std::uint8_t number = 0; number < 4; ++number) {
    const std::uint8_t press[] = {0x90, number, 127};
    hub.receive(1 + number % 2, press, 1100 + 100 * number);
    hub.turn(1100 + 100 * number, {});
    drain(hub);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = as_text(data, size);
  const ConfigResult result = parse_config(text, "fohd.toml");
  check_errors(result.errors, text);
  if (!result.errors.empty()) return 0;
  check_config(result.config);
  use_midi(result.config.midi);
  return 0;
}
