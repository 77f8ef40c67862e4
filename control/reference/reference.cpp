#include "control/reference/reference.h"

#include <algorithm>
#include <vector>

#include "control/commands/commands.h"
#include "control/parameters/text.h"
#include "control/readouts/readouts.h"

namespace fohd {
namespace {

// Words, by the order of the enumerations.
constexpr std::string_view kKinds[] = {"float", "int", "bool", "enum", "bitmask", "string"};
constexpr std::string_view kUnits[] = {"", "dB", "Hz", "ms", "s", "%"};
constexpr std::string_view kTapers[] = {"linear", "logarithmic", "fader", "stepped"};
constexpr std::string_view kClasses[] = {"mix", "patch", "output", "momentary"};
constexpr std::string_view kLaws[] = {"",       "text",        "index",     "toggle",   "inverted_toggle",
                                      "linear", "logarithmic", "fader1024", "level161", "ratio"};

// Every enumeration to its last member.
static_assert(std::size(kKinds) == static_cast<std::size_t>(Kind::text) + 1);
static_assert(std::size(kUnits) == static_cast<std::size_t>(Unit::percent) + 1);
static_assert(std::size(kTapers) == static_cast<std::size_t>(Taper::stepped) + 1);
static_assert(std::size(kClasses) == static_cast<std::size_t>(Persistence::momentary) + 1);
static_assert(std::size(kLaws) == static_cast<std::size_t>(X32Law::ratio) + 1);

template <std::size_t N, class E>
std::string word(const std::string_view (&words)[N], E value) {
  return std::string(words[static_cast<std::size_t>(value)]);
}

/// "eq/#/freq" with a letter for the number.
std::string lettered(std::string_view path, char letter) {
  std::string text(path);
  std::replace(text.begin(), text.end(), '#', letter);
  return text;
}

std::string address_of(const Parameter& p) {
  return owner_prefix(p.owner_kind, "N") + lettered(p.row->path, p.row->repeat.letter);
}

std::string x32_address(const Parameter& p) {
  const std::string_view path = p.row->x32.path;
  if (path.empty()) return "";
  if (path.starts_with('/')) return std::string(path.substr(0, path.find('#'))) + "1-2";
  return std::string(row_of(p.owner_kind).x32) + lettered(path, p.row->repeat.letter);
}

/// The first parameter of each row: its first strip, its first index.
std::vector<ParameterId> one_of_each(const ParameterTable& table) {
  std::vector<ParameterId> ids;
  for (ParameterId id = 0; id < table.size(); ++id) {
    if (table[id].owner == 0 && table[id].index == 0) ids.push_back(id);
  }
  return ids;
}

std::string plain(const ParameterTable& table, ParameterId id, const Value& value) {
  if (const auto* real = std::get_if<float>(&value)) return number_text(*real);
  if (table[id].row->kind == Kind::text) return "\"\"";
  return table[id].row->kind == Kind::boolean ? std::to_string(std::get<std::int32_t>(value)) : table.format(id, value);
}

std::string default_text(const ParameterTable& table, ParameterId id) {
  const ParameterRow& row = *table[id].row;
  if (!row.default_text.empty()) return std::string(row.default_text);
  if (row.taper == Taper::fader) return table.format(id, table.default_value(id));
  std::string text = plain(table, id, table.default_value(id));
  for (int i = 1; i < row.def.count; ++i) {
    text +=
        ", " + plain(table, id + static_cast<ParameterId>(i), table.default_value(id + static_cast<ParameterId>(i)));
  }
  return text;
}

std::string range_text(const ParameterRow& row) {
  if (row.kind == Kind::text) return "up to " + std::to_string(kMaxTextBytes) + " bytes";
  if (row.kind == Kind::boolean) return "0, 1";
  if (row.kind == Kind::enumeration) {
    return names_text(row.names);
  }
  const std::string unit = word(kUnits, row.unit);
  return number_text(row.min) + " to " + number_text(row.max) + (unit.empty() ? "" : " " + unit);
}

/// "## Buses\n\nN is 1 to 16, B (band) 1 to 6.\n": the letters that its addresses have.
std::string section(OwnerKind owner_kind, const ParameterTable& table) {
  const Geometry& geometry = table.geometry();
  const OwnerRow& kind = row_of(owner_kind);
  std::string text = "## " + std::string(kind.heading) + "\n", letters;
  std::string_view separator = "";
  const auto add = [&](std::string_view letter, int count, std::string_view note) {
    const char* is = letters.empty() ? " is" : "";
    letters += std::string(separator) + std::string(letter) + is + " 1 to " + std::to_string(count) + std::string(note);
    separator = note.empty() ? ", " : "; ";
  };
  if (kind.numbered) add(kind.letter, owner_count(owner_kind, geometry), kind.note);
  std::vector<Repeat> told = {kOnce};
  for (std::size_t row = 0; row < kind.rows.size; ++row) {
    const Repeat& repeat = kind.rows.info(row).repeat;
    if (std::find(told.begin(), told.end(), repeat) != told.end()) continue;
    told.push_back(repeat);
    add(std::string(1, repeat.letter) + " (" + std::string(repeat.of) + ")", repeat.count(geometry), "");
  }
  return letters.empty() ? text : text + "\n" + letters + "." + std::string(kind.remark) + "\n";
}

std::string line(std::initializer_list<std::string> cells) {
  std::string text = "|";
  for (const std::string& cell : cells) text += " " + cell + " |";
  return text + "\n";
}
std::string code(const std::string& text) { return text.empty() ? "" : "`" + text + "`"; }

std::string quoted(std::string_view text) {
  static constexpr char kHex[] = "0123456789abcdef";
  std::string out = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += {'\\', c};
    } else if (byte < 0x20) {
      out += std::string("\\u00") + kHex[byte >> 4] + kHex[byte & 15];
    } else {
      out += c;
    }
  }
  return out + "\"";
}

/// {"key": value, ...} from keys and values that are JSON already; empty values are left out.
std::string object(std::initializer_list<std::pair<std::string_view, std::string>> members) {
  std::string text;
  for (const auto& [key, value] : members) {
    if (!value.empty()) text += (text.empty() ? "" : ", ") + quoted(key) + ": " + value;
  }
  return "{" + text + "}";
}

std::string list(const std::vector<std::string>& items, std::string_view separator) {
  std::string text;
  for (const std::string& item : items) text += (text.empty() ? "" : std::string(separator)) + item;
  return text;
}

std::string json_value(const ParameterTable& table, ParameterId id) {
  const Value value = table.default_value(id);
  if (const auto* real = std::get_if<float>(&value)) return number_text(*real);
  if (std::holds_alternative<std::string>(value)) return "\"\"";
  return table[id].row->kind == Kind::enumeration ? quoted(table.format(id, value))
                                                  : std::to_string(std::get<std::int32_t>(value));
}

/// One value, or one per second index where they differ.
std::string json_default(const ParameterTable& table, ParameterId id) {
  const Parameter& p = table[id];
  if (p.row->default_of != nullptr && p.row->repeat == kOnce) return "";  // default_text says it
  std::vector<std::string> all;
  bool differ = false;
  for (ParameterId i = id; i < table.size() && table[i].row == p.row && table[i].owner == 0; ++i) {
    all.push_back(json_value(table, i));
    differ = differ || all.back() != all.front();
  }
  return differ ? "[" + list(all, ", ") + "]" : all.front();
}

std::string json_parameter(const ParameterTable& table, ParameterId id) {
  const Parameter& p = table[id];
  const ParameterRow& row = *p.row;
  const Geometry& geometry = table.geometry();
  const bool numeric = row.kind == Kind::real || row.kind == Kind::integer || row.kind == Kind::bitmask;
  std::vector<std::string> names;
  for (const std::string_view name : row.names) names.push_back(quoted(name));
  const auto count = [](int n) { return n == 0 ? std::string() : std::to_string(n); };
  const bool numbered = row_of(p.owner_kind).numbered;
  std::string x32;
  if (row.x32.law != X32Law::none) {
    const bool grid = row.x32.steps > 2;
    x32 = object({{"address", quoted(x32_address(p))},
                  {"law", quoted(word(kLaws, row.x32.law))},
                  {"min", grid ? number_text(row.x32.min) : ""},
                  {"max", grid ? number_text(row.x32.max) : ""},
                  {"steps", grid ? std::to_string(row.x32.steps) : ""}});
  }
  return object(
      {{"address", quoted(address_of(p))},
       {"N", count(numbered ? owner_count(p.owner_kind, geometry) : 0)},
       {std::string_view(&row.repeat.letter, 1), count(row.repeat.count != nullptr ? row.repeat.count(geometry) : 0)},
       {"kind", quoted(word(kKinds, row.kind))},
       {"unit", row.unit == Unit::none ? "" : quoted(word(kUnits, row.unit))},
       {"min", numeric ? number_text(row.min) : ""},
       {"max", numeric ? number_text(row.max) : ""},
       {"names", names.empty() ? "" : "[" + list(names, ", ") + "]"},
       {"default", json_default(table, id)},
       {"default_text", row.default_text.empty() ? "" : quoted(row.default_text)},
       {"taper", quoted(word(kTapers, row.taper))},
       {"class", quoted(word(kClasses, row.persistence))},
       {"linked", row.linked ? "true" : "false"},
       {"x32", x32},
       {"doc", quoted(row.doc)}});
}

constexpr std::string_view kHead =
    "# Parameters, read-outs and commands\n\n"
    "Written by `fohd parameters --format md`; do not edit. Addresses are for ever.\n\n"
    "A set outside the range is clamped to it. Enumerations travel by name; the index, from 0, is accepted too. Levels "
    "of\n"
    "-90 dB and below are off, -inf also. Class: what is remembered as `mix`, `patch` or `output`; `momentary` is "
    "never\n"
    "remembered. Linked: moves together with the other half of a stereo pair.\n";

}  // namespace

std::string parameters_markdown(const ParameterTable& table) {
  std::string text(kHead);
  const OwnerKind* last = nullptr;
  for (const ParameterId id : one_of_each(table)) {
    const Parameter& p = table[id];
    const ParameterRow& row = *p.row;
    if (last == nullptr || *last != p.owner_kind) {
      text += "\n" + section(p.owner_kind, table) + "\n";
      text +=
          "| address | kind | range | default | taper | class | linked | X32 | meaning "
          "|\n|---|---|---|---|---|---|---|---|---|\n";
    }
    last = &p.owner_kind;
    text += line({code(address_of(p)), word(kKinds, row.kind), range_text(row), default_text(table, id),
                  word(kTapers, row.taper), word(kClasses, row.persistence), row.linked ? "yes" : "",
                  code(x32_address(p)), std::string(row.doc)});
  }
  text += "\n## Read-outs\n\nCan be asked and subscribed to, not set.\n\n";
  text += "| address | kind | range | meaning |\n|---|---|---|---|\n";
  for (const Readout& readout : readout_examples(table.geometry())) {
    const ReadoutRow& row = *readout.row;
    std::string range = row.kind == Kind::boolean ? "0, 1"
                        : row.min == row.max      ? "from " + number_text(row.min)
                                                  : number_text(row.min) + " to " + number_text(row.max);
    if (row.unit != Unit::none) range += " " + word(kUnits, row.unit);
    text += line({code(readout.address), word(kKinds, row.kind), range, std::string(row.doc)});
  }
  text += "\n## Commands\n\nRun once per message, in order; match no pattern.\n\n";
  text += "| address | arguments | meaning |\n|---|---|---|\n";
  for (const CommandRow& row : command_rows()) {
    text += line({code(lettered(row.path, 'N')),
                  row.arguments.empty() ? "none" : "`," + std::string(row.arguments) + "`", std::string(row.doc)});
  }
  return text;
}

std::string parameters_json(const ParameterTable& table) {
  std::vector<std::string> parameters, readouts, commands;
  for (const ParameterId id : one_of_each(table)) parameters.push_back("    " + json_parameter(table, id));
  for (const Readout& readout : readout_examples(table.geometry())) {
    const ReadoutRow& row = *readout.row;
    readouts.push_back("    " + object({{"address", quoted(readout.address)},
                                        {"kind", quoted(word(kKinds, row.kind))},
                                        {"unit", row.unit == Unit::none ? "" : quoted(word(kUnits, row.unit))},
                                        {"min", number_text(row.min)},
                                        {"max", row.min == row.max ? "" : number_text(row.max)},
                                        {"doc", quoted(row.doc)}}));
  }
  for (const CommandRow& row : command_rows()) {
    commands.push_back("    " + object({{"address", quoted(lettered(row.path, 'N'))},
                                        {"arguments", quoted(row.arguments)},
                                        {"doc", quoted(row.doc)}}));
  }
  return "{\n  \"parameters\": [\n" + list(parameters, ",\n") + "\n  ],\n  \"readouts\": [\n" + list(readouts, ",\n") +
         "\n  ],\n  \"commands\": [\n" + list(commands, ",\n") + "\n  ]\n}\n";
}

}  // namespace fohd
