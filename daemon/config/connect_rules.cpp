#include "daemon/config/connect_rules.h"

#include <algorithm>
#include <charconv>
#include <optional>

#include "control/parameters/owner_rows.h"

namespace fohd {
namespace {

/// "capture_{n+8}" taken apart.
struct Pattern {
  std::string before, after;
  bool numbered = false;
  int offset = 0;
  std::string name(int n) const { return numbered ? before + std::to_string(n + offset) + after : before; }
};

std::optional<Pattern> parse(const std::string& text) {
  const std::size_t open = text.find('{');
  if (open == std::string::npos) {
    if (text.find('}') != std::string::npos) return std::nullopt;
    return Pattern{text, "", false, 0};
  }
  const std::size_t close = text.find('}', open);
  if (close == std::string::npos || text.find('{', open + 1) != std::string::npos) return std::nullopt;
  Pattern pattern{text.substr(0, open), text.substr(close + 1), true, 0};
  std::string inside = text.substr(open + 1, close - open - 1);
  if (inside.empty() || inside[0] != 'n') return std::nullopt;
  if (inside.size() == 1) return pattern;
  if (inside[1] != '+' && inside[1] != '-') return std::nullopt;
  const char* first = inside.data() + (inside[1] == '+' ? 2 : 1);
  const char* last = inside.data() + inside.size();
  const auto [end, failure] = std::from_chars(first, last, pattern.offset);
  if (failure != std::errc() || end != last || first == last || pattern.offset < -4096 || pattern.offset > 4096) {
    return std::nullopt;
  }
  return pattern;
}

bool is_ours(const std::string& name) { return name.find(':') == std::string::npos; }
bool contains(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

}  // namespace

std::vector<std::string> input_port_names(const Geometry& geometry) {
  std::vector<std::string> names;
  for (int i = 1; i <= geometry.inputs; ++i) names.push_back("in_" + std::to_string(i));
  return names;
}

std::vector<std::string> output_port_names(const Geometry& geometry) {
  std::vector<std::string> names;
  for (int i = 0; i < geometry.outputs(); ++i) names.push_back(lane_word(owner_of_output(i, geometry), "_"));
  return names;
}

PortPairs expand(const ConnectRule& rule, const Geometry& geometry, std::string& error) {
  const auto from = parse(rule.from), to = parse(rule.to);
  if (!from || !to) {
    error = "\"" + (from ? rule.to : rule.from) +
            "\" is not a port: write \"client:port\" or a port of ours, with at most one {n}, {n+8} or {n-8} for a "
            "number";
    return {};
  }
  if (from->numbered != to->numbered) {
    error = "{n} must stand in both \"" + rule.from + "\" and \"" + rule.to + "\", or in neither";
    return {};
  }
  if (is_ours(rule.from) == is_ours(rule.to)) {
    error = "one of \"" + rule.from + "\" and \"" + rule.to +
            "\" must be a port of ours (in_1, main_l, bus_1: no colon), the other one \"client:port\"";
    return {};
  }
  const bool source_is_ours = is_ours(rule.from);
  const auto own = source_is_ours ? output_port_names(geometry) : input_port_names(geometry);
  const Pattern& ours = source_is_ours ? *from : *to;
  // Our numbers end at 128; a negative offset shifts n beyond that by at most its own size.
  const int last = !from->numbered ? 1 : rule.count > 0 ? rule.count : kMaxInputs + std::max(0, -ours.offset);
  PortPairs pairs;
  for (int n = 1; n <= last; ++n) {
    if (contains(own, ours.name(n))) {
      pairs.insert({from->name(n), to->name(n)});
    } else if (!from->numbered || rule.count > 0) {
      pairs.clear();
      error = "this desk has no " + std::string(source_is_ours ? "output" : "input") + " \"" + ours.name(n) + "\"; " +
              "it has " + own.front() + " to " + own.back();
      return {};
    }
  }
  if (pairs.empty()) {
    error = "\"" + (source_is_ours ? rule.from : rule.to) + "\" names none of our " +
            (source_is_ours ? "outputs" : "inputs") + "; they are " + own.front() + " to " + own.back();
  }
  return pairs;
}

PortPairs expand(const std::vector<ConnectRule>& rules, const Geometry& geometry) {
  PortPairs all;
  for (const ConnectRule& rule : rules) {
    std::string error;
    all.merge(expand(rule, geometry, error));
  }
  return all;
}

}  // namespace fohd
