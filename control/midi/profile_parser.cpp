#include "control/midi/profile_parser.h"

#include <algorithm>
#include <charconv>
#include <initializer_list>
#include <map>
#include <optional>
#include <sstream>

#include "control/parameters/text.h"
#include "control/toml/toml_reader.h"
#include "control/toml/toml_text.h"

namespace fohd {
namespace {

// The words of a file, in the order of their enumerations.
const std::initializer_list<std::string_view> kTypes = {"fader", "knob", "encoder", "button"};
const std::initializer_list<std::string_view> kCodings = {"mcu", "sign", "offset", "twos"};

/// A row of like controls, as it stands in a file.
struct Group {
  MidiControlSpec first;
  std::string does;
  int count = 1, step = 1;
  bool counts_channels = false, full_scale_given = false, resolution_given = false;
};

struct File {
  std::string path;
  toml::table table;
};

/// A profile while it is put together: its base's values and groups, then its own over them.
struct Draft {
  MidiProfile profile;
  std::vector<Group> groups;
  /// What files set for one of a group, by its full name; read when the groups are whole.
  std::vector<std::pair<std::string, TomlTable>> singles;
};

bool read_hex(const std::string& text, std::vector<std::uint8_t>& bytes) {
  std::istringstream words(text);
  for (std::string word; words >> word;) {
    unsigned number = 0;
    const auto read = std::from_chars(word.data(), word.data() + word.size(), number, 16);
    if (read.ec != std::errc() || read.ptr != word.data() + word.size() || number > 0xFF) return false;
    bytes.push_back(static_cast<std::uint8_t>(number));
  }
  // Exactly one message, as a device would take it.
  MidiParser parser;
  std::size_t messages = 0, whole = 0;
  parser.feed(bytes, [&](MidiBytes message) { ++messages, whole = message.size(); });
  return messages == 1 && whole == bytes.size();
}

class ProfileReader {
 public:
  ProfileReader(const std::map<std::string, File>& files, std::vector<ConfigError>& errors)
      : files_(files), errors_(errors) {}

  /// False: it is wrong, and errors has the reason.
  bool read(const std::string& id, MidiProfile& into) {
    const std::size_t before = errors_.size();
    Draft draft;
    read_file(id, draft, 0);
    draft.profile.id = id;
    if (errors_.size() == before) expand(draft);
    into = std::move(draft.profile);
    return errors_.size() == before;
  }

 private:
  void read_file(const std::string& id, Draft& draft, int depth) {
    const File& file = files_.at(id);
    file_ = file.path;
    TomlTable top(&file.table, "", file_, errors_);
    std::string base;
    top.read("extends", base, "another profile, by its file's name without .toml");
    constexpr int kDeepest = 16;  // learned profiles on top of each other; a ring of profiles ends here, too
    draft.profile.depth = std::max(draft.profile.depth, depth);
    if (!base.empty() && (!files_.contains(base) || depth == kDeepest)) {
      top.complain("extends", "there is no profile \"" + base + "\" that this one could extend");
    } else if (!base.empty()) {
      read_file(base, draft, depth + 1);
      file_ = file.path;
    }
    read_top(top, draft);
    read_display(top.table("display"), draft.profile.display);
    bool present = false;
    for (TomlTable& item : top.tables("control", present)) read_control(item, draft);
    top.finish();
  }

  void read_top(TomlTable& top, Draft& draft) {
    MidiProfile& profile = draft.profile;
    top.read("device", profile.device, "the device's full name");
    top.read("ports", profile.ports, "patterns of its ports' names");
    int protocol = static_cast<int>(profile.protocol);
    top.read_word("protocol", protocol, {"midi", "mcu", "hui"});
    profile.protocol = static_cast<MidiProtocol>(protocol);
    top.read("columns", profile.columns, 0, 8, "channel strips side by side");
    top.read("confirmed", profile.confirmed, "what is known of real devices", 2000);
    top.read("documents", profile.documents, "what was taken from documents", 2000);
    read_messages(top, "hello", profile.hello);
    read_messages(top, "goodbye", profile.goodbye);
    std::vector<std::string> without;
    top.read("without", without, "names of controls that it does not have");
    for (const std::string& name : without) {
      const auto removed = std::erase_if(draft.groups, [&](const Group& group) { return group.first.name == name; });
      if (removed == 0) top.complain("without", "there is no control \"" + name + "\" that could be missing");
    }
  }

  void read_messages(TomlTable& top, std::string_view key, std::vector<std::vector<std::uint8_t>>& messages) {
    std::vector<std::string> texts;
    top.read(key, texts, "MIDI messages in hexadecimal");
    if (!top.has(key)) return;
    messages.clear();
    for (const std::string& text : texts) {
      std::vector<std::uint8_t> bytes;
      if (!read_hex(text, bytes)) {
        top.complain(key, "\"" + text + "\" is no MIDI message in hexadecimal, such as \"F0 00 00 66 14 00 F7\"");
      }
      messages.push_back(std::move(bytes));
    }
  }

  static void read_display(TomlTable table, DisplaySpec& display) {
    int kind = static_cast<int>(display.kind), colors = display.colors ? 1 : 0;
    table.read_word("kind", kind, {"none", "mcu", "mcu_icon", "hui"});
    display.kind = static_cast<DisplayKind>(kind);
    int sysex_id = display.sysex_id.value_or(0);
    const bool given = table.has("sysex_id");
    table.read("sysex_id", sysex_id, 0, 127, "its id in system exclusive messages");
    if (given) display.sysex_id = sysex_id;
    table.read_word("colors", colors, {"none", "x_touch"});
    display.colors = colors == 1;
    table.read("meters", display.meters, "it shows levels");
    table.read("clock", display.clock, "it has a time display");
    table.finish();
  }

  void read_source(TomlTable& item, std::string_view key, std::optional<MidiSource>& source) {
    std::string text;
    item.read(key, text, "a message such as \"note 16 ch 1\"");
    if (text.empty() || text == "none") return;
    source = parse_midi_source(text);
    if (!source) {
      item.complain(key, "\"" + text + "\" is no message; it is a kind (" + midi_kind_words() +
                             "), a number (nrpn: MSB/LSB, hui_switch: zone/port) and perhaps \"ch\" with 1 to 16");
    }
  }

  void read_control(TomlTable& item, Draft& draft) {
    std::string name;
    item.read("name", name, "what the control is called", 64);
    if (name.empty()) item.complain("name", "a control needs a `name`");
    const auto find = [&](std::vector<Group>& groups) {
      return std::find_if(groups.begin(), groups.end(), [&](const Group& g) { return g.first.name == name; });
    };
    if (const auto known = find(draft.groups); known != draft.groups.end()) return read_keys(item, *known, false);
    // "f 3": the third of the group "f".
    const std::size_t space = name.rfind(' ');
    for (const Group& group : draft.groups) {
      if (space == std::string::npos || group.first.name != name.substr(0, space) || group.count < 2) continue;
      int number = 0;
      const std::string_view digits = std::string_view(name).substr(space + 1);
      const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), number);
      if (read.ec != std::errc() || number < 1 || number > group.count) continue;
      draft.singles.emplace_back(name, item);
      return;
    }
    Group group;
    group.first.name = name;
    read_keys(item, group, true);
    draft.groups.push_back(std::move(group));
  }

  void read_keys(TomlTable& item, Group& group, bool is_new) {
    MidiControlSpec& spec = group.first;
    item.read("count", group.count, 1, 128, "how many of them there are");
    item.read("step", group.step, 1, 128, "from one's number to the next one's");
    int column = spec.column + 1;
    item.read("column", column, 1, 8, "the column of the first of them, from 1");
    spec.column = column - 1;
    int counts = group.counts_channels ? 1 : 0, type = static_cast<int>(spec.type);
    item.read_word("count_by", counts, {"number", "channel"});
    group.counts_channels = counts == 1;
    if (is_new && !item.has("type")) item.complain("type", "the control \"" + spec.name + "\" needs a `type`");
    item.read_word("type", type, kTypes);
    spec.type = static_cast<ControlType>(type);
    std::optional<MidiSource> message;
    read_source(item, "message", message);
    if (message) spec.message = *message;
    if (is_new && !item.has("message")) item.complain("message", "the control \"" + spec.name + "\" needs a `message`");
    for (const auto& [key, source] : {std::pair("touch", &spec.touch), {"ring", &spec.ring}, {"led", &spec.led}}) {
      if (item.has(key)) source->reset();  // "none" takes away what the extended profile has
    }
    read_source(item, "touch", spec.touch);
    read_source(item, "ring", spec.ring);
    read_source(item, "led", spec.led);
    if (item.has("led")) spec.has_led = spec.led.has_value();
    group.full_scale_given = group.full_scale_given || item.has("full_scale");
    item.read("full_scale", spec.full_scale, 1, 16383, "its value at the top");
    group.resolution_given = group.resolution_given || item.has("resolution");
    item.read("resolution", spec.resolution, 1, 16383, "distinct positions");
    item.read("motor", spec.motor, "it has a motor");
    bool reports = spec.reports_motor.value_or(false);
    const bool given = item.has("reports_motor");
    item.read("reports_motor", reports, "it reports the places that its motor passes");
    if (given) spec.reports_motor = reports;
    read_behaviour(item, group);
    item.finish();
  }

  void read_behaviour(TomlTable& item, Group& group) {
    MidiControlSpec& spec = group.first;
    const auto word = [&](std::string_view key, auto& value, std::initializer_list<std::string_view> words) {
      int index = static_cast<int>(value);
      item.read_word(key, index, words);
      value = static_cast<std::decay_t<decltype(value)>>(index);
    };
    word("echo", spec.echo, {"never", "after_move", "required"});
    item.read("hold_off_ms", spec.hold_off_ms, 0, 5000, "rest before something is sent to it again");
    word("takeover", spec.takeover, {"pickup", "jump", "scaled"});
    word("relative", spec.relative, kCodings);
    if (spec.ring && spec.ring_style == RingStyle::none) spec.ring_style = RingStyle::mcu;
    word("ring_style", spec.ring_style, {"none", "mcu", "value", "steps_13"});
    word("mode", spec.mode, {"toggle", "momentary", "set", "follow", "follow_nonzero"});
    item.read("value", spec.set_value, -1e6, 1e6, "what a press sets, in the parameter's unit");
    std::optional<std::pair<double, double>> range;
    item.read("range", range, -1e6, 1e6, "the part of the parameter it covers, in its unit");
    if (range) spec.range = ValueRange{static_cast<float>(range->first), static_cast<float>(range->second)};
    item.read("invert", spec.invert, "the other way round");
    item.read("led_on", spec.led_on, 0, 127, "what lights it");
    item.read("led_off", spec.led_off, 0, 127, "what darkens it");
    item.read("led_blink", spec.led_blink, 0, 127, "what makes it blink");
    item.read("does", group.does, "what it does");
    std::string error;
    if (!parse_midi_target(group.does, 1, error)) item.complain("does", error);
  }

  /// The control number i of a group.
  static Group at(const Group& group, int i) {
    Group one = group;
    one.count = 1;
    MidiControlSpec& spec = one.first;
    if (group.count > 1) spec.name += " " + std::to_string(i + 1);
    const auto shift = [&](MidiSource& source, int by) {
      source.number = static_cast<std::uint16_t>(source.number + by);
    };
    const auto shift_like_message = [&](MidiSource& source) {
      if (group.counts_channels) {
        source.channel = static_cast<std::uint8_t>(source.channel + i);
      } else {
        shift(source, i * (source.kind == group.first.message.kind ? group.step : 1));
      }
    };
    shift_like_message(spec.message);
    if (spec.led) shift_like_message(*spec.led);
    if (spec.ring) shift_like_message(*spec.ring);
    constexpr int kHuiZone = 8;  // switches of a zone; the next strip's are in the next zone
    if (spec.touch) shift(*spec.touch, i * (spec.touch->kind == MidiKind::hui_switch ? kHuiZone : 1));
    std::string error;
    if (auto does = parse_midi_target(group.does, i + 1, error)) spec.does = *std::move(does);
    if (!group.full_scale_given) spec.full_scale = max_value(spec.message.kind);
    if (!group.resolution_given) spec.resolution = std::min(spec.full_scale, 1023);
    spec.column += i;
    one.does = to_string(spec.does);
    return one;
  }

  void expand(Draft& draft) {
    std::map<MidiSource, std::string> known;
    const auto complain = [&](const std::string& text) { errors_.push_back({file_, 0, 0, text}); };
    for (const Group& group : draft.groups) {
      for (int i = 0; i < group.count; ++i) {
        Group one = at(group, i);
        for (auto& [name, item] : draft.singles) {
          if (name != one.first.name) continue;
          read_keys(item, one, false);
          std::string error;
          if (auto does = parse_midi_target(one.does, i + 1, error)) one.first.does = *std::move(does);
        }
        MidiControlSpec& spec = one.first;
        const auto beyond = [](const std::optional<MidiSource>& source) {
          return source && (source->number >= number_limit(source->kind) || source->channel > 15);
        };
        if (beyond(spec.message) || beyond(spec.touch) || beyond(spec.led) || beyond(spec.ring)) {
          complain("the control \"" + spec.name + "\" would have a number or channel that MIDI does not know");
        }
        const auto [other, is_new] = known.try_emplace(spec.message, spec.name);
        if (!is_new) {
          complain("\"" + spec.name + "\" and \"" + other->second + "\" send the same message, " +
                   to_string(spec.message));
        }
        draft.profile.controls.push_back(std::move(spec));
      }
    }
  }

  const std::map<std::string, File>& files_;
  std::vector<ConfigError>& errors_;
  std::string file_;
};

/// What TOML cannot hold (control characters, bytes that are no UTF-8) becomes '?', which in patterns of names stands
/// for one of anything.
std::string toml_quoted(std::string_view text) {
  std::string out = "\"";
  while (!text.empty()) {
    const std::size_t bytes = utf8_length(text);
    const char c = text.front();
    if (bytes == 0 || static_cast<unsigned char>(c) < 0x20 || c == 0x7F) {
      out += '?';
    } else {
      if (c == '"' || c == '\\') out += '\\';
      out += text.substr(0, bytes);
    }
    text.remove_prefix(std::max<std::size_t>(bytes, 1));
  }
  return out + '"';
}

/// Only what a learned control can differ in from the defaults.
std::string control_text(const MidiControlSpec& spec) {
  const auto word = [](std::initializer_list<std::string_view> words, auto value) {
    return toml_quoted(std::string(words.begin()[static_cast<std::size_t>(value)]));
  };
  std::string text = "\n[[control]]\nname = " + toml_quoted(spec.name) + "\ntype = " + word(kTypes, spec.type) +
                     "\nmessage = " + toml_quoted(to_string(spec.message)) + "\n";
  if (spec.type == ControlType::encoder) {
    text += "relative = " + word(kCodings, spec.relative) + "\n";
  }
  return text + "does = " + toml_quoted(to_string(spec.does)) + "\n";
}

}  // namespace

std::vector<MidiProfile> parse_midi_profiles(std::span<const MidiProfileText> texts, std::vector<ConfigError>& errors) {
  std::map<std::string, File> files;
  std::vector<std::string> order;
  for (const MidiProfileText& text : texts) {
    if (files.contains(text.id)) continue;
    toml::table table;
    if (std::optional<ConfigError> error = parse_toml(text.text, text.file, table)) {
      errors.push_back(*std::move(error));
      continue;
    }
    files[text.id] = {text.file, std::move(table)};
    order.push_back(text.id);
  }
  std::vector<MidiProfile> profiles;
  ProfileReader reader(files, errors);
  for (const std::string& id : order) {
    MidiProfile profile;
    if (reader.read(id, profile)) profiles.push_back(std::move(profile));
  }
  return profiles;
}

std::string midi_profile_text(const MidiHub::Saved& saved) {
  std::string text = "# What was learned on " + toml_quoted(saved.device) + ".\n";
  text += "device = " + toml_quoted(saved.device) + "\n";
  if (!saved.extends.empty()) text += "extends = " + toml_quoted(saved.extends) + "\n";
  text += "ports = [" + toml_quoted(saved.device) + "]\n";
  for (const MidiControlSpec& spec : saved.controls) text += control_text(spec);
  return text;
}

}  // namespace fohd
