#include "daemon/config/config.h"

#include <arpa/inet.h>
#include <sched.h>

#include <algorithm>
#include <cstdlib>
#include <utility>

#include "control/toml/toml_reader.h"
#include "control/toml/toml_text.h"
#include "daemon/config/connect_rules.h"
#include "daemon/config/toml_file.h"

namespace fohd {
namespace {

void read_geometry(TomlTable table, Geometry& geometry) {
  for (const CountRow& row : kCountRows) {
    if (*row.meaning != '\0') table.read(row.word, geometry.*row.count, row.min, row.max, row.meaning);
  }
  int effects = geometry.effects();
  table.read("effects", effects, 0, kMaxReturns / 2, "effect slots, each with a pair of returns");
  geometry.returns = 2 * effects;
  table.finish();
}

void read_osc(TomlTable table, OscConfig& osc) {
  table.read("address", osc.address, "an IPv4 address of this machine, 0.0.0.0 for all");
  in_addr parsed{};
  if (::inet_pton(AF_INET, osc.address.c_str(), &parsed) != 1) {
    table.complain("address",
                   "`address` in [osc] must be an IPv4 address such as \"0.0.0.0\" or \"192.168.1.10\", not \"" +
                       osc.address + "\"");
  }
  table.read("port", osc.port, 1, 65535, "the UDP port that clients send to");
  // Below 64 KiB one large datagram would not fit; above 1 GiB the kernel's own arithmetic ends.
  table.read("receive_buffer_bytes", osc.receive_buffer_bytes, 65536, 1 << 30,
             "what the kernel keeps for us in a burst");
  table.finish();
}

void read_audio(TomlTable table, const Geometry& geometry, AudioConfig& audio) {
  table.read("client", audio.client, "our name in JACK", 32);  // JACK's own limit is 64 with the server's part
  if (audio.client.find(':') != std::string::npos) table.complain("client", "`client` in [audio] may not hold a colon");
  table.read("server", audio.server, "the name of a JACK server", 64);
  table.read("cpus", audio.cpus, 0, CPU_SETSIZE - 1, "the CPUs that the audio thread has for itself");
  table.read("remember", audio.remember, "whether connections made by hand come back");
  bool present = false;
  std::vector<TomlTable> rules = table.tables("connect", present);
  if (present) audio.connect.clear();
  for (TomlTable& item : rules) {
    ConnectRule rule;
    item.read("from", rule.from, "the port that gives the sound");
    item.read("to", rule.to, "the port that takes it");
    item.read("count", rule.count, 1, kMaxInputs, "{n} runs from 1 to this");
    item.finish();
    std::string error;
    if (rule.from.empty() || rule.to.empty()) {
      error = "a rule needs both `from` and `to`";
    } else if (expand(rule, geometry, error); error.empty()) {
      audio.connect.push_back(rule);
      continue;
    }
    item.complain(rule.from.empty() ? "to" : "from", error);
  }
  // The default rules name buses and inputs of any desk, so they need no check.
  table.finish();
}

/// Profiles are files of their own and may come later: their names are looked at when the desk starts.
void read_midi(TomlTable table, MidiConfig& midi) {
  int api = static_cast<int>(midi.api);
  table.read_word("api", api, {"automatic", "alsa", "jack", "off"});
  midi.api = static_cast<MidiApi>(api);
  table.read("profiles", midi.profiles, "a folder of your own device profiles", 4096);
  bool present = false;
  for (TomlTable& item : table.tables("device", present)) {
    std::string port, profile;
    item.read("port", port, "the device's name, or a pattern of it with * and ?");
    item.read("profile", profile, "a profile, by its file's name without .toml");
    if (port.empty()) item.complain("port", "a device needs a `port`");
    if (profile.empty()) item.complain("profile", "a device needs a `profile`");
    item.finish();
    midi.devices.emplace_back(port, profile);
  }
  for (TomlTable& item : table.tables("surface", present)) {
    SurfaceSetup surface;
    item.read("name", surface.name, "what lists call it", 32);
    item.read("units", surface.units, "its devices from left to right, by their profiles; \"x-touch#2\" is the second");
    if (surface.units.empty())
      item.complain("units", "a surface needs `units`, such as [\"x-touch-extender\", \"x-touch\"]");
    item.finish();
    midi.surfaces.push_back(std::move(surface));
  }
  for (TomlTable& item : table.tables("layer", present)) {
    MidiLayer layer;
    item.read("name", layer.name, "what it is", 32);
    item.read("strips", layer.strips, "addresses of strips, such as \"/ch/3\" or \"/bus/[1-4]\"");
    if (layer.strips.empty()) item.complain("strips", "a layer needs `strips`, such as [\"/ch/1\", \"/ch/[5-8]\"]");
    for (const std::string& strip : layer.strips) {
      if (!strip.starts_with('/')) item.complain("strips", "\"" + strip + "\" is no address; one begins with /");
    }
    item.finish();
    midi.layers.push_back(std::move(layer));
  }
  table.finish();
}

/// `role` and `buses` of a rule or a key.
void read_rights(TomlTable& table, Rights& rights, bool may_refuse) {
  int role = -1;
  std::vector<int> buses;
  may_refuse ? table.read_word("role", role, {"refused", "viewer", "monitor", "engineer"})
             : table.read_word("role", role, {"viewer", "monitor", "engineer"});
  if (role < 0) {
    if (!table.has("role")) table.complain("role", "a `role` is needed: who comes in as what?");
    return;
  }
  rights.role = static_cast<Role>(may_refuse ? role : role + 1);
  table.read("buses", buses, 1, kMaxBuses, "what a monitor engineer may change");
  for (const int bus : buses) rights.buses |= std::uint64_t{1} << (bus - 1);
  if (rights.role == Role::monitor && buses.empty()) table.complain("buses", "a monitor needs `buses`, such as [1, 2]");
  if (rights.role != Role::monitor && !buses.empty())
    table.complain("buses", "`buses` are for the role \"monitor\" only");
}

void read_access_rule(TomlTable& table, AccessConfig& access) {
  AccessRule rule;
  std::string address;
  table.read("address", address, "an IPv4 address, or a network such as 192.168.1.0/24", 32);
  table.read("interface", rule.interface, "a network interface of this machine, such as eth0", 15);
  table.read("midi", rule.midi, "the name of a MIDI device, or a pattern of it with * and ?");
  if (!address.empty()) {
    rule.network = parse_network(address);
    if (!rule.network)
      table.complain("address", "\"" + address + "\" is neither an IPv4 address nor a network such as 192.168.1.0/24");
  }
  const bool network = !address.empty() || !rule.interface.empty();
  if (network == !rule.midi.empty()) {
    table.complain("midi", "a rule is for an `address`, an `interface`, both of these, or for a `midi` device");
  }
  read_rights(table, rule.rights, rule.midi.empty());
  table.finish();
  access.rules.push_back(std::move(rule));
}

void read_access_key(TomlTable& table, AccessConfig& access) {
  AccessKey key;
  table.read("name", key.name, "what lists and the log call it", 32);
  table.read_secret("key", key.key, "the secret", 128);
  if (key.name.empty()) table.complain("name", "a key needs a `name`");
  // Twenty tries a minute find one of 10^4 in a show, and none of 26^8 ever.
  if (key.key.size() < 8) table.complain("key", "a key needs a `key` of at least 8 characters");
  for (const AccessKey& other : access.keys) {
    if (other.name == key.name) table.complain("name", "there is a key \"" + key.name + "\" already");
    if (other.key == key.key) table.complain("key", "the key \"" + other.name + "\" has the same secret");
  }
  read_rights(table, key.rights, false);
  table.finish();
  access.keys.push_back(std::move(key));
}

void read_access(TomlTable table, AccessConfig& access) {
  int trust = static_cast<int>(access.trust), strangers = static_cast<int>(access.strangers);
  table.read_word("trust", trust, {"lan", "approved"});
  table.read_word("strangers", strangers, {"refused", "viewer"});
  access.trust = static_cast<Trust>(trust);
  access.strangers = static_cast<Role>(strangers);
  bool present = false;
  for (TomlTable& rule : table.tables("rule", present)) read_access_rule(rule, access);
  for (TomlTable& key : table.tables("key", present)) read_access_key(key, access);
  table.finish();
}

void read_all(const toml::table& root, const std::string& name, ConfigResult& result) {
  Config& config = result.config;
  TomlTable top(&root, "", name, result.errors);

  TomlTable desk = top.table("desk");
  desk.read("name", config.desk, "what clients show for this desk", 32);
  constexpr int kNotGiven = -1;
  int start = kNotGiven;
  desk.read_word("start", start, {"hold", "live"});
  if (start != kNotGiven) config.start = static_cast<StartMode>(start);
  desk.finish();

  read_geometry(top.table("geometry"), config.geometry);
  read_osc(top.table("osc"), config.osc);
  read_audio(top.table("audio"), config.geometry, config.audio);

  read_midi(top.table("midi"), config.midi);

  TomlTable panic = top.table("panic");
  panic.read("gpio_chip", config.panic_button.chip, "the device of the pin", 64);
  panic.read("gpio_line", config.panic_button.line, 0, 511, "the pin's number on that chip");
  panic.read("gpio_active_low", config.panic_button.active_low, "whether the button pulls the pin down");
  panic.finish();

  read_access(top.table("access"), config.access);

  TomlTable metrics = top.table("metrics");
  metrics.read("http_port", config.metrics.http_port, 0, 65535, "the TCP port of 127.0.0.1 for Prometheus, 0 for none");
  metrics.finish();

  TomlTable main = top.table("main");
  main.read("limiter_look_ahead_ms", config.limiter_look_ahead_ms, 0.5, 5, "how far main's limiter looks ahead");
  main.finish();

  TomlTable state = top.table("state");
  state.read("folder", config.state_folder, "where the mix is kept", 4096);
  state.finish();

  TomlTable recorder = top.table("recorder");
  int format = static_cast<int>(config.recorder.format);
  recorder.read_word("format", format, {"int16", "int24", "float32"});
  config.recorder.format = static_cast<RecordFormat>(format);
  recorder.read("reserve_bytes", config.recorder.reserve_bytes, kSmallestReserveBytes, std::int64_t{1} << 50,
                "recording stops while this much of the disk is free; it looks every 2 s, which are up to 3.1 MB");
  recorder.finish();

  TomlTable render = top.table("render");
  render.read("rate_hz", config.render_rate_hz, 8000, 192000, "sample rate of `fohd render`");
  render.finish();
  top.finish();
}

}  // namespace

std::vector<ConnectRule> AudioConfig::default_connect_rules() {
  return {{"system:capture_{n}", "in_{n}", 0}, {"main_l", "system:playback_1", 0}, {"main_r", "system:playback_2", 0}};
}

std::string AudioConfig::server_name() const {
  if (!server.empty()) return server;
  const char* from_environment = std::getenv("JACK_DEFAULT_SERVER");
  return from_environment != nullptr && *from_environment != '\0' ? from_environment : "default";
}

ConfigResult parse_config(std::string_view text, const std::string& name) {
  ConfigResult result;
  result.config.file = name;
  toml::table root;
  if (auto error = parse_toml(text, name, root)) {
    result.errors.push_back(*std::move(error));
    return result;
  }
  read_all(root, name, result);
  // They were found table by table; a person reads the file from its top.
  std::stable_sort(result.errors.begin(), result.errors.end(), [](const ConfigError& a, const ConfigError& b) {
    return std::pair(a.line, a.column) < std::pair(b.line, b.column);
  });
  return result;
}

ConfigResult load_config(const std::filesystem::path& file) {
  std::string text;
  if (auto error = read_toml_text(file, text)) return {{}, {*std::move(error)}};
  return parse_config(text, file.string());
}

std::string default_state_folder() {
  const auto get = [](const char* name) {
    const char* value = std::getenv(name);
    return std::string(value != nullptr ? value : "");
  };
  if (std::string given = get("STATE_DIRECTORY"); !given.empty()) return given;
  if (const std::string home = get("XDG_STATE_HOME"); !home.empty()) return home + "/fohd";
  if (const std::string home = get("HOME"); !home.empty()) return home + "/.local/state/fohd";
  return "/var/lib/fohd";
}

}  // namespace fohd
