#include "control/midi/midi_target.h"

#include <catch2/catch.hpp>

using namespace fohd;
using Catch::Contains;
using What = MidiTarget::What;

namespace {

std::optional<MidiTarget> parsed(std::string_view text, int n = 1) {
  std::string error;
  return parse_midi_target(text, n, error);
}

/// Every word that stands alone.
constexpr std::pair<std::string_view, What> kAlone[] = {
    {"fader", What::fader},
    {"rotary", What::rotary},
    {"rotary push", What::rotary_push},
    {"select", What::select},
    {"bank left", What::bank_left},
    {"bank right", What::bank_right},
    {"channel left", What::channel_left},
    {"channel right", What::channel_right},
    {"flip", What::flip},
    {"sends on faders", What::sends_on_faders},
    {"spill", What::spill},
    {"fine", What::fine},
    {"page left", What::page_left},
    {"page right", What::page_right},
    {"display values", What::display_values},
    {"display clock", What::display_clock},
};

}  // namespace

TEST_CASE("midi target: every word means its own, and is said by it again", "[midi][target]") {
  for (const auto& [text, what] : kAlone) {
    CAPTURE(std::string(text));
    const auto target = parsed(text);
    REQUIRE(target);
    CHECK(target->what == what);
    CHECK(to_string(*target) == text);
  }
  const auto nothing = parsed("");
  REQUIRE(nothing);
  CHECK(nothing->what == What::nothing);
  CHECK(to_string(*nothing).empty());
}

TEST_CASE("midi target: words that something follows keep it", "[midi][target]") {
  const struct {
    const char* text;
    What what;
    const char* path;
  } cases[] = {{"strip mute", What::strip, "mute"},
               {"strip send/3/level", What::strip, "send/3/level"},
               {"selected eq/2/freq", What::selected, "eq/2/freq"},
               {"rotary strip trim", What::rotary_strip, "trim"},
               {"view bus", What::view, "bus"},
               {"/main/fader", What::address, "/main/fader"},
               {"/ch/1/send/2/level", What::address, "/ch/1/send/2/level"}};
  for (const auto& c : cases) {
    CAPTURE(c.text);
    const auto target = parsed(c.text);
    REQUIRE(target);
    CHECK(target->what == c.what);
    CHECK(target->path == c.path);
    CHECK(to_string(*target) == c.text);
  }
  const auto rotaries = parsed("rotary selected eq dyn gate/key");
  REQUIRE(rotaries);
  CHECK(rotaries->what == What::rotary_selected);
  CHECK(rotaries->prefixes == std::vector<std::string>{"eq", "dyn", "gate/key"});
  CHECK(to_string(*rotaries) == "rotary selected eq dyn gate/key");
  for (const int number : {1, 2, 10, 999}) {
    const auto layer = parsed("layer " + std::to_string(number));
    REQUIRE(layer);
    CHECK(layer->what == What::layer);
    CHECK(layer->number == number);
    CHECK(to_string(*layer) == "layer " + std::to_string(number));
  }
}

TEST_CASE("midi target: {n} is the number of the control, wherever it stands", "[midi][target]") {
  for (const int n : {1, 8, 128}) {
    const std::string number = std::to_string(n);
    CHECK(parsed("/ch/{n}/fader", n)->path == "/ch/" + number + "/fader");
    CHECK(parsed("/ch/{n}/send/{n}/level", n)->path == "/ch/" + number + "/send/" + number + "/level");
    CHECK(parsed("layer {n}", n)->number == n);
    CHECK(parsed("selected eq/{n}/gain", n)->path == "eq/" + number + "/gain");
    CHECK(parsed("rotary selected eq/{n} x{n}y", n)->prefixes ==
          std::vector<std::string>{"eq/" + number, "x" + number + "y"});
  }
  CHECK(parsed("/ch/{m}/fader", 3)->path == "/ch/{m}/fader");
}

TEST_CASE("midi target: what no control can do is refused, and all that it can is named", "[midi][target]") {
  for (const char* text : {"fadr",
                           "Fader",
                           " fader",
                           "fader ",
                           "fader 1",
                           "ch/1/fader",
                           "strip",
                           "strip ",
                           "strip /mute",
                           "strip a b",
                           "selected",
                           "selected ",
                           "rotary strip",
                           "rotary strip ",
                           "rotary strip a b",
                           "rotary selected",
                           "rotary selected  ",
                           "view",
                           "view ",
                           "view a b",
                           "layer",
                           "layer ",
                           "layer 0",
                           "layer -1",
                           "layer x",
                           "layer 1x",
                           "layer 1 2",
                           "layer 1.5",
                           "layer 99999999999999",
                           "bank",
                           "bank up",
                           "rotary  push",
                           "\n"}) {
    CAPTURE(text);
    std::string error;
    CHECK(!parse_midi_target(text, 1, error));
    CHECK_THAT(error, Contains("\"" + std::string(text) + "\""));
    for (const auto& [word, what] : kAlone) CHECK_THAT(error, Contains(std::string(word)));
    for (const char* word : {"an address", "strip PATH", "selected PATH", "rotary strip PATH", "rotary selected WORDS",
                             "view WORD", "layer N"}) {
      CHECK_THAT(error, Contains(word));
    }
  }
}
