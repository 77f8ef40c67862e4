// The X32 addresses that rows name, against the console's own: typed from a description of its protocol (the lists of
// input strips, output strips, head amps and /config), not from the rows.
#include <catch2/catch.hpp>

#include <algorithm>
#include <initializer_list>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "control/parameters/table.h"

using namespace fohd;

namespace {

std::string two_digits(int n) { return (n < 10 ? "0" : "") + std::to_string(n); }

/// Every address of the console in here, and whether it is a switch (ON/OFF on the wire).
class Console {
 public:
  Console() {
    for (int n = 1; n <= 32; ++n) add_channel("/ch/" + two_digits(n));
    for (int n = 1; n <= 16; ++n) add_bus("/bus/" + two_digits(n));
    add_main("/main/st");
    for (int n = 1; n <= 8; ++n) add_return("/fxrtn/" + two_digits(n));
    for (int n = 1; n <= 4; ++n) add_all("/fx/" + std::to_string(n), {}, {"type", "source/l", "source/r"});
    add_pairs("/config/fxlink/", 8);
    add_pairs("/config/chlink/", 32);
    add_pairs("/config/buslink/", 16);
    for (int group = 1; group <= 6; ++group) add("/config/mute/" + std::to_string(group), true);
  }
  bool has(const std::string& address) const { return is_switch_.contains(address); }
  bool is_switch(const std::string& address) const { return is_switch_.at(address); }

 private:
  void add(const std::string& address, bool is_switch) { is_switch_[address] = is_switch; }
  void add_all(const std::string& strip, std::initializer_list<std::string_view> switches,
               std::initializer_list<std::string_view> others) {
    for (const std::string_view leaf : switches) add(strip + "/" + std::string(leaf), true);
    for (const std::string_view leaf : others) add(strip + "/" + std::string(leaf), false);
  }
  void add_pairs(const std::string& path, int strips) {
    for (int odd = 1; odd < strips; odd += 2) add(path + std::to_string(odd) + "-" + std::to_string(odd + 1), true);
  }
  void add_eq(const std::string& strip, int bands) {
    add(strip + "/eq/on", true);
    for (int band = 1; band <= bands; ++band)
      add_all(strip + "/eq/" + std::to_string(band), {}, {"type", "f", "g", "q"});
  }
  /// Key sources are for channels and buses only.
  void add_dynamics(const std::string& strip, bool key_source) {
    add_all(strip, {"dyn/on", "dyn/auto", "dyn/filter/on"},
            {"dyn/mode", "dyn/det", "dyn/env", "dyn/thr", "dyn/ratio", "dyn/knee", "dyn/mgain", "dyn/attack",
             "dyn/hold", "dyn/release", "dyn/pos", "dyn/mix", "dyn/filter/type", "dyn/filter/f"});
    if (key_source) add(strip + "/dyn/keysrc", false);
  }
  /// An even send has no pan, type and panFollow of its own.
  void add_sends(const std::string& strip, int count) {
    for (int send = 1; send <= count; ++send) {
      const std::string path = strip + "/mix/" + two_digits(send);
      add_all(path, {"on"}, {"level"});
      if (send % 2 == 1) add_all(path, {}, {"pan", "type", "panFollow"});
    }
  }
  void add_what_all_have(const std::string& strip) {
    add_all(strip, {"insert/on"},
            {"config/name", "config/icon", "config/color", "insert/pos", "insert/sel", "grp/dca"});
    add(strip + "/grp/mute", false);
    add_all(strip, {"mix/on"}, {"mix/fader"});
  }
  void add_channel(const std::string& strip) {
    add_what_all_have(strip);
    add_all(strip, {"delay/on", "preamp/invert", "preamp/hpon"},
            {"config/source", "delay/time", "preamp/trim", "preamp/hpslope", "preamp/hpf"});
    add_all(strip, {"gate/on", "gate/filter/on"},
            {"gate/mode", "gate/thr", "gate/range", "gate/attack", "gate/hold", "gate/release", "gate/keysrc",
             "gate/filter/type", "gate/filter/f"});
    add_dynamics(strip, true);
    add_eq(strip, 4);
    add_all(strip, {"mix/st", "mix/mono"}, {"mix/pan", "mix/mlevel"});
    add_sends(strip, 16);
    add_all(strip, {}, {"automix/group", "automix/weight"});
  }
  void add_bus(const std::string& strip) {
    add_what_all_have(strip);
    add_dynamics(strip, true);
    add_eq(strip, 6);
    add_all(strip, {"mix/st", "mix/mono"}, {"mix/pan", "mix/mlevel"});
    add_sends(strip, 6);
  }
  void add_return(const std::string& strip) {
    add_all(
        strip, {"mix/on", "mix/st", "mix/mono"},
        {"config/name", "config/icon", "config/color", "grp/dca", "grp/mute", "mix/fader", "mix/pan", "mix/mlevel"});
    add_eq(strip, 4);
    add_sends(strip, 16);
  }
  void add_main(const std::string& strip) {
    add_what_all_have(strip);
    add_dynamics(strip, false);
    add_eq(strip, 6);
    add_all(strip, {}, {"mix/pan"});
    add_sends(strip, 6);
  }

  std::map<std::string, bool> is_switch_;
};

std::vector<std::string> segments(std::string_view path) {
  std::vector<std::string> parts;
  for (std::size_t at = 0; at <= path.size();) {
    const std::size_t end = std::min(path.find('/', at), path.size());
    parts.emplace_back(path.substr(at, end - at));
    at = end + 1;
  }
  return parts;
}

/// Where the X32 keeps this parameter, with all numbers, as X32Mapping::path tells it.
std::string x32_address(const Parameter& parameter) {
  const std::vector<std::string> own = segments(parameter.address.substr(1));  // "ch" "7" "eq" "2" "freq"
  const bool is_main = own[0] == "main";
  const int strip = is_main ? 0 : std::stoi(own[1]);
  std::string path(parameter.row->x32.path);
  if (path.starts_with("/")) {
    const int odd = strip - (strip % 2 == 0 ? 1 : 0);
    return path.replace(path.find('#'), 1, std::to_string(odd) + "-" + std::to_string(odd + 1));
  }
  if (const std::size_t at = path.find('#'); at != std::string::npos) {
    const std::vector<std::string> row = segments(parameter.row->path);  // "eq" "#" "freq"
    std::size_t place = is_main ? 1 : 2;
    for (std::size_t i = 0; row[i] != "#"; ++i) ++place;
    const int index = std::stoi(own[place]);
    if (path.substr(at, 2) == "##") {
      path.replace(at, 2, two_digits(index));
    } else {
      path.replace(at, 1, std::to_string(index));
    }
  }
  const std::string number = own[0] == "fx" ? std::to_string(strip) : two_digits(strip);
  return (is_main ? "/main/st/" : "/" + own[0] + "/" + number + "/") + path;
}

/// Pan and type of an even send are the console's odd partner's.
bool belongs_to_the_odd_send(const Parameter& parameter) {
  if (parameter.row->repeat.towards != OwnerKind::bus) return false;
  const std::string send = segments(parameter.address.substr(1))[3];
  return (send.back() - '0') % 2 == 0 && (parameter.address.ends_with("/pan") || parameter.address.ends_with("/tap"));
}

}  // namespace

TEST_CASE("x32 paths: every row's X32 address is one that the console has, a switch where the row is one",
          "[control][x32]") {
  const ParameterTable table{Geometry{.inputs = 32, .buses = 16}};
  const Console console;
  std::set<std::string_view> mapped;
  for (ParameterId id = 0; id < table.size(); ++id) {
    const Parameter& parameter = table[id];
    const X32Mapping& x32 = parameter.row->x32;
    if (x32.path.empty() || belongs_to_the_odd_send(parameter)) continue;
    const std::string address = x32_address(parameter);
    CAPTURE(parameter.address, address);
    const bool exists = console.has(address);
    CHECK(exists);
    if (!exists) continue;
    CHECK(console.is_switch(address) == (x32.law == X32Law::toggle || x32.law == X32Law::inverted_toggle));
    CHECK(address.find('#') == std::string::npos);
    mapped.insert(x32.path);
  }
  CHECK(mapped.size() > 50);  // of one channel, one bus and main together
}

TEST_CASE("x32 paths: no two parameters are the same one on the console, but for the halves of a pair's link",
          "[control][x32]") {
  const ParameterTable table{Geometry{.inputs = 32, .buses = 16}};
  std::map<std::string, std::string> owner;
  for (ParameterId id = 0; id < table.size(); ++id) {
    const Parameter& parameter = table[id];
    if (parameter.row->x32.path.empty()) continue;
    const auto [found, is_new] = owner.try_emplace(x32_address(parameter), parameter.address);
    if (is_new) continue;
    CAPTURE(found->first, found->second, parameter.address);
    CHECK(table[parameter.partner].address == found->second);
    CHECK(parameter.address.ends_with("/link"));
  }
}
