// Device profiles: those that come with the program are whole, and a broken one says what is wrong, where, and what is
// allowed.
#include <set>

#include "tests/control/midi/midi_rig.h"

namespace fohd {
namespace {

using namespace midi_test;
using What = MidiTarget::What;

const char* kHead = "device = \"Box\"\nports = [\"Box*\"]\n";

struct Loaded {
  std::vector<MidiProfile> profiles;
  std::vector<ConfigError> errors;
};

Loaded load(const std::vector<std::pair<std::string, std::string>>& files) {
  std::vector<MidiProfileText> texts;
  for (const auto& [name, text] : files) texts.push_back({name.substr(0, name.rfind('.')), "/box/" + name, text});
  Loaded loaded;
  loaded.profiles = parse_midi_profiles(texts, loaded.errors);
  return loaded;
}

Loaded load(const std::string& text) { return load({{"box.toml", text}}); }

std::string texts(const Loaded& loaded) {
  std::string all;
  for (const ConfigError& error : loaded.errors) all += error.to_string() + "\n";
  return all;
}

const OwnerKind kStripKinds[] = {OwnerKind::channel, OwnerKind::bus, OwnerKind::main, OwnerKind::fx_return};

}  // namespace

TEST_CASE("every shipped profile loads, and each of its messages is one control's", "[midi][profiles]") {
  std::vector<ConfigError> errors;
  const auto profiles = parse_midi_profiles(shipped_profile_texts(), errors);
  for (const ConfigError& error : errors) UNSCOPED_INFO(error.to_string());
  REQUIRE(errors.empty());
  std::size_t files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(FOHD_SOURCE_DIR "/configs/midi")) {
    if (entry.path().extension() == ".toml") ++files;
  }
  CHECK(profiles.size() == files);
  for (const MidiProfile& profile : profiles) {
    INFO(profile.id);
    std::set<MidiSource> messages, touches;
    std::set<std::string> names;
    for (const MidiControlSpec& control : profile.controls) {
      INFO(control.name << ' ' << to_string(control.message));
      CHECK(messages.insert(control.message).second);
      CHECK(names.insert(control.name).second);
      if (control.touch) CHECK(touches.insert(*control.touch).second);
      CHECK(parse_midi_source(to_string(control.message)) == control.message);
      std::string error;
      const auto again = parse_midi_target(to_string(control.does), 1, error);
      REQUIRE(again);
      CHECK(to_string(*again) == to_string(control.does));
      CHECK(control.full_scale >= 1);
      CHECK(control.full_scale <= max_value(control.message.kind));
      CHECK(control.resolution <= control.full_scale);
      CHECK((control.column >= 0 && control.column < 128));
      if (control.motor) CHECK((control.type == ControlType::fader || control.type == ControlType::knob));
      if (control.ring) CHECK(control.ring_style != RingStyle::none);
    }
    for (const MidiSource& touch : touches) CHECK_FALSE(messages.contains(touch));
  }
}

TEST_CASE("what shipped profiles speak of exists on the largest desk", "[midi][profiles]") {
  const Desk desk({.inputs = 128, .returns = 16, .buses = 64});
  const ParameterTable& table = desk.table();
  const ReadoutTable readouts(desk.geometry());
  const auto on_some_strip = [&](const std::string& path) {
    return std::any_of(std::begin(kStripKinds), std::end(kStripKinds), [&](OwnerKind owner_kind) {
      return table.find(owner_prefix(owner_kind, "1") + path).has_value();
    });
  };
  for (const MidiProfile& profile : shipped_profiles()) {
    for (const MidiControlSpec& control : profile.controls) {
      const MidiTarget& does = control.does;
      INFO(profile.id << ": " << control.name << " does " << to_string(does));
      if (does.what == What::address) {
        CHECK((table.find(does.path) || find_command(does.path) || readouts.find(does.path)));
      }
      const bool below_strip =
          does.what == What::strip || does.what == What::selected || does.what == What::rotary_strip;
      if (below_strip && does.path != "solo") CHECK(on_some_strip(does.path));
      if (does.what == What::view) {
        CHECK((does.path == "all" || std::any_of(kOwnerRows.begin(), kOwnerRows.end(), [&](const OwnerRow& row) {
                 return !row.word.empty() && row.word == does.path;
               })));
      }
      if (does.what == What::layer) CHECK((does.number >= 1 && does.number <= 8));
      const bool column_used = does.what == What::fader || does.what == What::rotary || does.what == What::select ||
                               does.what == What::strip || does.what == What::rotary_push;
      if (column_used) CHECK(control.column < profile.columns);
      for (const std::string& prefix : does.prefixes) {
        INFO("prefix " << prefix);
        bool turns = false;
        for (const OwnerKind owner_kind : kStripKinds) {
          std::string pattern = owner_prefix(owner_kind, "1") + prefix;
          for (int depth = 0; depth < 4; ++depth, pattern += "/*") {
            for (const ParameterId id : table.match(pattern)) turns = turns || has_taper(*table[id].row);
          }
        }
        CHECK(turns);
      }
    }
  }
}

TEST_CASE("the names under which devices are known find their own profiles", "[midi][profiles]") {
  const std::pair<const char*, const char*> known[] = {{"X-Touch INT", "x-touch"},
                                                       {"X-Touch", "x-touch"},
                                                       {"X-Touch-Ext X-Touch INT", "x-touch-extender"},
                                                       {"X-Touch One MIDI 1", "x-touch-one"},
                                                       {"X-TOUCH MINI MIDI 1", "x-touch-mini"},
                                                       {"X-Touch Compact MIDI 1", "x-touch-compact"},
                                                       {"BCF2000 MIDI 1", "bcf2000"},
                                                       {"nanoKONTROL2 MIDI 1", "nanokontrol2"},
                                                       {"Launch Control XL MIDI 1", "launch-control-xl"},
                                                       {"Akai APC40 MIDI 1", "apc40"},
                                                       {"HUI", "hui"}};
  for (const auto& [name, id] : known) {
    INFO(name);
    const MidiProfile* profile = find_profile(shipped_profiles(), name);
    REQUIRE(profile != nullptr);
    CHECK(profile->id == id);
  }
  for (const char* name : {"Midi Through Port-0", "Scarlett 18i20 USB MIDI 1", ""}) {
    CHECK(find_profile(shipped_profiles(), name) == nullptr);
  }
}

TEST_CASE("a broken profile is left out and says file, line and what is allowed", "[midi][profiles]") {
  const std::string button = "[[control]]\nname = \"a\"\ntype = \"button\"\nmessage = \"note 1\"\n";
  struct Broken {
    std::string text;
    int line;  ///< 0: none is known
    std::vector<std::string> says;
  };
  const std::vector<Broken> all = {
      {"device = \"Box\"\ncolour = 3\n", 2, {"colour", "allowed", "device", "columns"}},
      {kHead + button + "colour = 3\n", 7, {"colour", "allowed", "message", "does"}},
      {kHead + std::string("[display]\ncolour = 3\n"), 4, {"colour", "[display]", "allowed", "clock"}},
      {"device = 5\n", 1, {"device", "text in quotes", "5"}},
      {kHead + std::string("columns = \"eight\"\n"), 3, {"columns", "0 to 8", "eight"}},
      {kHead + std::string("columns = 9\n"), 3, {"columns", "0 to 8", "9"}},
      {kHead + std::string("protocol = \"osc\"\n"), 3, {"protocol", "\"midi\"", "\"mcu\"", "\"hui\"", "osc"}},
      {kHead + std::string("control = 1\n"), 3, {"control", "list of tables"}},
      {kHead + std::string("control = [1]\n"), 3, {"control", "tables"}},
      {kHead + std::string("display = 1\n"), 3, {"display", "table"}},
      {kHead + std::string("hello = [\"F0 XX F7\"]\n"), 3, {"hexadecimal", "F0 XX F7"}},
      {kHead + std::string("hello = [\"F0 1FF F7\"]\n"), 3, {"hexadecimal", "F0 1FF F7"}},
      {kHead + std::string("goodbye = [\"01 02\"]\n"), 3, {"hexadecimal", "01 02"}},
      {kHead + std::string("extends = \"nobody\"\n"), 3, {"nobody", "no profile"}},
      {kHead + std::string("without = [\"fader\"]\n"), 3, {"fader", "no control"}},
      {kHead + std::string("[[control]]\ntype = \"button\"\nmessage = \"note 1\"\n"), 3, {"name"}},
      {kHead + std::string("[[control]]\nname = \"a\"\nmessage = \"note 1\"\n"), 3, {"\"a\"", "type"}},
      {kHead + std::string("[[control]]\nname = \"a\"\ntype = \"button\"\n"), 3, {"\"a\"", "message"}},
      {kHead + std::string("[[control]]\nname = \"a\"\ntype = \"slider\"\nmessage = \"note 1\"\n"),
       5,
       {"type", "\"fader\"", "\"encoder\"", "slider"}},
      {kHead + std::string("[[control]]\nname = \"a\"\ntype = \"button\"\nmessage = \"note 128\"\n"),
       6,
       {"note 128", "note", "nrpn", "1 to 16"}},
      {kHead + button + "does = \"dance\"\n", 7, {"dance", "allowed", "bank left", "/ch/1/fader"}},
      {kHead + button + "does = \"layer 0\"\n", 7, {"layer 0", "layer N"}},
      {kHead + button + "count = 0\n", 7, {"count", "1 to 128"}},
      {kHead + button + "led_on = 128\n", 7, {"led_on", "0 to 127", "128"}},
      {kHead + button + "full_scale = 16384\n", 7, {"full_scale", "16383"}},
      {kHead + button + "range = [1]\n", 7, {"range", "two numbers"}},
      {kHead + button + "motor = 1\n", 7, {"motor", "true or false"}},
      {kHead + button + "mode = \"sometimes\"\n", 7, {"mode", "\"momentary\"", "sometimes"}},
      {kHead + button + "[[control]]\nname = \"b\"\ntype = \"button\"\nmessage = \"note 1 ch 1\"\n",
       0,
       {"\"a\"", "\"b\"", "same message", "note 1 ch 1"}},
      {kHead + button + "count = 128\n", 0, {"a 128", "MIDI does not know"}},
      {kHead + button + "count = 17\ncount_by = \"channel\"\n", 0, {"a 17", "MIDI does not know"}},
      {"device = \"Box\nports", 1, {"TOML"}},
  };
  for (const Broken& broken : all) {
    const Loaded loaded = load(broken.text);
    INFO(broken.text << "\nsays\n" << texts(loaded));
    CHECK(loaded.profiles.empty());
    REQUIRE_FALSE(loaded.errors.empty());
    CHECK(loaded.errors.front().file.ends_with("/box.toml"));
    if (broken.line != 0) CHECK(loaded.errors.front().line == broken.line);
    for (const std::string& word : broken.says) {
      INFO("wanted: " << word);
      CHECK(texts(loaded).find(word) != std::string::npos);
    }
  }
}

TEST_CASE("a range is two numbers that a parameter can have", "[midi][profiles]") {
  const std::string control =
      std::string(kHead) + "[[control]]\nname = \"a\"\ntype = \"fader\"\nmessage = \"cc 1\"\nrange = ";
  CHECK(load(control + "[-60, 10.5]").errors.empty());
  for (const char* range : {"[nan, 1]", "[0, inf]", "[-inf, 0]", "[0, 1e300]", "[1]", "\"a\""}) {
    const Loaded loaded = load(control + range);
    CAPTURE(range, texts(loaded));
    CHECK(loaded.profiles.empty());
    CHECK_THAT(texts(loaded), Catch::Contains("box.toml:7:") && Catch::Contains("each from -1e+06 to 1e+06"));
  }
}

TEST_CASE("what was learned on a device with a strange name is a profile for that device", "[midi][profiles]") {
  MidiControlSpec spec;
  std::string error;
  spec.name = "cc 1";
  spec.type = ControlType::fader;
  spec.message = {MidiKind::control_change, 0, 1};
  spec.does = *parse_midi_target("/main/fader", 1, error);
  for (const std::string device : {"Box", "B\"o\\x", "B\xC3\xA9", "B\x7F\x01", "B\xFF\xC3", "B\xED\xA0\x80"}) {
    const Loaded loaded = load(midi_profile_text({"", device, {spec}}));
    CAPTURE(device, texts(loaded));
    REQUIRE(loaded.profiles.size() == 1);
    CHECK(loaded.errors.empty());
    CHECK(find_profile(loaded.profiles, device) != nullptr);
  }
}

TEST_CASE("profiles that extend each other in a ring are told, and end", "[midi][profiles]") {
  const Loaded ring = load({{"a.toml", "extends = \"b\"\n"}, {"b.toml", "extends = \"a\"\n"}});
  CHECK(ring.profiles.empty());
  REQUIRE_FALSE(ring.errors.empty());
  CHECK(ring.errors.front().line == 1);
  const Loaded self = load({{"a.toml", "extends = \"a\"\n"}});
  CHECK(self.profiles.empty());
  CHECK_FALSE(self.errors.empty());
}

TEST_CASE("what is wrong in a base is told with the base's file, and good profiles beside it load",
          "[midi][profiles]") {
  const Loaded loaded = load({{"base.toml", std::string(kHead) + "columns = 9\n"},
                              {"mine.toml", "extends = \"base\"\n"},
                              {"other.toml", kHead}});
  INFO(texts(loaded));
  REQUIRE(loaded.profiles.size() == 1);
  CHECK(loaded.profiles[0].id == "other");
  for (const ConfigError& error : loaded.errors) {
    CHECK(error.file.ends_with("/base.toml"));
    CHECK(error.line == 3);
  }
}

TEST_CASE("an error in the whole of a profile names that profile's file, not its base's", "[midi][profiles]") {
  const std::string button = "[[control]]\nname = \"a\"\ntype = \"button\"\nmessage = \"note 1\"\n";
  const Loaded loaded = load({{"base.toml", kHead + button},
                              {"mine.toml",
                               "extends = \"base\"\n[[control]]\nname = \"b\"\ntype = \"button\"\nmessage = "
                               "\"note 1\"\n"}});
  INFO(texts(loaded));
  CHECK(loaded.profiles.size() == 1);
  REQUIRE(loaded.errors.size() == 1);
  CHECK(loaded.errors[0].file.ends_with("/mine.toml"));
}

TEST_CASE("every part of a row of controls must be one of MIDI's, not only its message", "[midi][profiles]") {
  const std::string row = std::string(kHead) + "[[control]]\nname = \"a\"\ncount = 8\n";
  const std::string bad[] = {"type = \"encoder\"\nmessage = \"cc 0\"\nring = \"cc 124\"\nring_style = \"mcu\"\n",
                             "type = \"button\"\nmessage = \"note 0\"\nled = \"note 124\"\n",
                             "type = \"fader\"\nmessage = \"cc 0\"\ntouch = \"note 124\"\n"};
  for (const std::string& keys : bad) {
    const Loaded loaded = load(row + keys);
    INFO(keys << texts(loaded));
    CHECK(loaded.profiles.empty());
    CHECK_FALSE(loaded.errors.empty());
  }
}

TEST_CASE("a message that is sent as hello is one that MIDI knows: an exclusive that ends", "[midi][profiles]") {
  for (const std::string hex : {"F0 01 02", "90 90 90", "F0 80 F7", "90 01"}) {
    const Loaded loaded = load(kHead + std::string("hello = [\"") + hex + "\"]\n");
    INFO(hex);
    CHECK_FALSE(loaded.errors.empty());
  }
}

TEST_CASE("an extending profile changes just what it says", "[midi][profiles]") {
  const std::string base =
      std::string(kHead) +
      "columns = 4\nhello = [\"F0 01 F7\"]\n[[control]]\nname = \"f\"\ncount = 4\ntype = \"fader\"\n"
      "message = \"cc 10 ch 2\"\nmotor = true\necho = \"after_move\"\ndoes = \"fader\"\n"
      "[[control]]\nname = \"b\"\ncount = 4\ntype = \"button\"\nmessage = \"note 10\"\nled = \"note "
      "20\"\ndoes = \"/ch/{n}/mute\"\n[display]\nkind = \"mcu\"\nmeters = true\n";
  const Loaded loaded =
      load({{"base.toml", base},
            {"mine.toml",
             "extends = \"base\"\nports = [\"Mine\"]\nwithout = [\"f\"]\n[[control]]\nname = \"b 3\"\ndoes = "
             "\"flip\"\n[[control]]\nname = \"b\"\nled_on = 5\n[display]\nmeters = false\n"}});
  INFO(texts(loaded));
  REQUIRE(loaded.errors.empty());
  const MidiProfile* mine = find_profile(loaded.profiles, "mine");
  REQUIRE(mine != nullptr);
  CHECK(mine->device == "Box");
  CHECK(mine->columns == 4);
  CHECK(mine->hello == std::vector<Bytes>{{0xF0, 0x01, 0xF7}});
  CHECK(mine->display.kind == DisplayKind::mcu);
  CHECK_FALSE(mine->display.meters);
  REQUIRE(mine->controls.size() == 4);
  for (std::size_t i = 0; i < 4; ++i) {
    const MidiControlSpec& control = mine->controls[i];
    const std::string number = std::to_string(i + 1);
    INFO(number);
    CHECK(control.name == "b " + number);
    CHECK(to_string(control.message) == "note " + std::to_string(10 + i) + " ch 1");
    REQUIRE(control.led);
    CHECK(to_string(*control.led) == "note " + std::to_string(20 + i) + " ch 1");
    CHECK(control.column == static_cast<int>(i));
    CHECK(to_string(control.does) == (i == 2 ? "flip" : "/ch/" + number + "/mute"));
    CHECK(control.led_on == 5);  // all of the row
  }
  CHECK(loaded.profiles.size() == 2);
}

TEST_CASE("one of a row that is changed twice keeps both changes", "[midi][profiles]") {
  const Loaded loaded =
      load({{"base.toml", std::string(kHead) +
                              "[[control]]\nname = \"b\"\ncount = 4\ntype = \"button\"\nmessage = \"note 10\"\n"
                              "[[control]]\nname = \"b 3\"\nled_on = 5\n"},
            {"mine.toml", "extends = \"base\"\nports = [\"Mine\"]\n[[control]]\nname = \"b 3\"\ndoes = \"flip\"\n"}});
  INFO(texts(loaded));
  const MidiProfile* mine = find_profile(loaded.profiles, "mine");
  REQUIRE(mine != nullptr);
  REQUIRE(mine->controls.size() == 4);
  CHECK(to_string(mine->controls[2].does) == "flip");
  CHECK(mine->controls[2].led_on == 5);
}

}  // namespace fohd
