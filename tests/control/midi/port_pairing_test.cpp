// Names of ports as ALSA, a2jmidid and JACK give them: which two are one device.
#include "control/midi/port_pairing.h"

#include <catch2/catch.hpp>

#include <algorithm>
#include <random>

using namespace fohd;

namespace {

using Names = std::vector<std::string>;

std::ostream& operator<<(std::ostream& out, const MidiPortPair& pair) {
  return out << pair.name << " #" << pair.ordinal << " [" << pair.source << " | " << pair.sink << "]";
}

std::string text_of(const std::vector<MidiPortPair>& pairs) {
  std::ostringstream out;
  for (const MidiPortPair& pair : pairs) out << pair << '\n';
  return out.str();
}

/// The same, whatever order the system lists them in.
void check(const Names& sources, const Names& sinks, const std::vector<MidiPortPair>& expected) {
  CHECK(text_of(pair_midi_ports(sources, sinks)) == text_of(expected));
}

}  // namespace

TEST_CASE("ports: ALSA's names end with the numbers of client and port", "[midi][ports]") {
  const std::string touch = "X-Touch:X-Touch X-Touch INT 24:0", nano = "nanoKONTROL2:nanoKONTROL2 MIDI 1 20:0";
  check({touch, nano}, {nano, touch}, {{"nanoKONTROL2 MIDI 1", 1, nano, nano}, {"X-Touch INT", 1, touch, touch}});
  // A name with numbers, colons and dashes of its own.
  const std::string odd = "Box 2:1:Box 2:1 Port-0 128:12";
  const auto pairs = pair_midi_ports({odd}, {odd});
  REQUIRE(pairs.size() == 1);
  CHECK(pairs[0].source == odd);
  CHECK(pairs[0].sink == odd);
}

TEST_CASE("ports: a2jmidid says capture and playback", "[midi][ports]") {
  const std::string in = "a2j:X-Touch [24] (capture): X-Touch MIDI 1",
                    out = "a2j:X-Touch [24] (playback): X-Touch MIDI 1";
  check({in}, {out}, {{"X-Touch MIDI 1", 1, in, out}});
  const std::string in2 = "a2j:X-Touch [28] (capture): X-Touch MIDI 1",
                    out2 = "a2j:X-Touch [28] (playback): X-Touch MIDI 1";
  check({in2, in}, {out, out2}, {{"X-Touch MIDI 1", 1, in, out}, {"X-Touch MIDI 1", 2, in2, out2}});
}

TEST_CASE("ports: JACK clients with a port or a client for each direction", "[midi][ports]") {
  check({"FakeBCF:out"}, {"FakeBCF-in:in"}, {{"FakeBCF", 1, "FakeBCF:out", "FakeBCF-in:in"}});
  check({"FakeBCF-out:out"}, {"FakeBCF-in:in"}, {{"FakeBCF", 1, "FakeBCF-out:out", "FakeBCF-in:in"}});
  check({"box:midi_out"}, {"box:midi_in"}, {{"box midi", 1, "box:midi_out", "box:midi_in"}});
  const Names sources = {"system:midi_capture_1", "system:midi_capture_2"},
              sinks = {"system:midi_playback_1", "system:midi_playback_2"};
  const auto pairs = pair_midi_ports(sources, sinks);
  REQUIRE(pairs.size() == 2);
  for (std::size_t i = 0; i < 2; ++i) {
    CHECK(pairs[i].source == sources[i]);
    CHECK(pairs[i].sink == sinks[i]);
  }
  CHECK(pairs[0].name != pairs[1].name);
}

TEST_CASE("ports: words in a name that only look like a direction's stay", "[midi][ports]") {
  const std::string name = "Inspire:Inspire Outboard 20:0";
  check({name}, {name}, {{"Inspire Outboard", 1, name, name}});
}

TEST_CASE("ports: two equal devices are numbered in the order of their clients, never crossed", "[midi][ports]") {
  const std::string first = "X-Touch:X-Touch X-Touch INT 24:0", second = "X-Touch:X-Touch X-Touch INT 32:0";
  const std::vector<MidiPortPair> expected = {{"X-Touch INT", 1, first, first}, {"X-Touch INT", 2, second, second}};
  check({first, second}, {first, second}, expected);
  check({second, first}, {first, second}, expected);
  // 100 comes behind 32, though not in the alphabet.
  const std::string late = "X-Touch:X-Touch X-Touch INT 100:0";
  check({late, second}, {second, late}, {{"X-Touch INT", 1, second, second}, {"X-Touch INT", 2, late, late}});
  // JACK tells them apart by a number behind the name; each keeps its own partner.
  check({"FakeBCF:out", "FakeBCF-01:out"}, {"FakeBCF-in:in", "FakeBCF-01-in:in"},
        {{"FakeBCF", 1, "FakeBCF:out", "FakeBCF-in:in"}, {"FakeBCF-01", 1, "FakeBCF-01:out", "FakeBCF-01-in:in"}});
}

TEST_CASE("ports: half of one device never joins half of the other", "[midi][ports]") {
  const std::string first = "X-Touch:X-Touch X-Touch INT 24:0", second = "X-Touch:X-Touch X-Touch INT 32:0";
  check({first}, {second}, {{"X-Touch INT", 1, first, ""}, {"X-Touch INT", 2, "", second}});
  const std::string in = "a2j:X-Touch [24] (capture): X-Touch MIDI 1",
                    out = "a2j:X-Touch [28] (playback): X-Touch MIDI 1";
  check({in}, {out}, {{"X-Touch MIDI 1", 1, in, ""}, {"X-Touch MIDI 1", 2, "", out}});
}

TEST_CASE("ports: several ports of one device are several devices, each with its own counterpart", "[midi][ports]") {
  const std::string one = "X-Touch:X-Touch X-Touch INT 24:0", two = "X-Touch:X-Touch X-Touch EXT 24:1",
                    three = "Box:Box 24:2";
  check({one, two}, {two, one}, {{"X-Touch INT", 1, one, one}, {"X-Touch EXT", 1, two, two}});
  // Equal names: the port's number tells.
  const std::string a = "iConnect:iConnect MIDI 24:0", b = "iConnect:iConnect MIDI 24:1";
  check({b, a}, {a, b}, {{"iConnect MIDI", 1, a, a}, {"iConnect MIDI", 2, b, b}});
}

TEST_CASE("ports: what only speaks or only listens stays alone", "[midi][ports]") {
  const std::string pedal = "Pedal:Pedal MIDI 1 20:0", lamp = "Lamp:Lamp MIDI 1 21:0";
  check({pedal}, {lamp}, {{"Pedal MIDI 1", 1, pedal, ""}, {"Lamp MIDI 1", 1, "", lamp}});
  check({}, {}, {});
}

TEST_CASE("ports: the order of the lists makes no difference where the names have numbers", "[midi][ports]") {
  Names sources, sinks;
  for (int client = 16; client < 40; ++client) {
    for (int port = 0; port < 2; ++port) {
      const std::string name =
          "Thing:Thing MIDI " + std::to_string(port + 1) + " " + std::to_string(client) + ":" + std::to_string(port);
      if (client % 5 != 0) sources.push_back(name);
      if (client % 7 != 0) sinks.push_back(name);
    }
  }
  const auto expected = text_of(pair_midi_ports(sources, sinks));
  std::mt19937 random(4);
  for (int i = 0; i < 100; ++i) {
    std::shuffle(sources.begin(), sources.end(), random);
    std::shuffle(sinks.begin(), sinks.end(), random);
    const auto pairs = pair_midi_ports(sources, sinks);
    CHECK(text_of(pairs) == expected);
    std::size_t ports = 0;
    for (const MidiPortPair& pair : pairs) {
      ports += (pair.source.empty() ? 0u : 1u) + (pair.sink.empty() ? 0u : 1u);
      if (!pair.source.empty() && !pair.sink.empty()) CHECK(pair.source == pair.sink);
    }
    CHECK(ports == sources.size() + sinks.size());  // none is lost, none is used twice
  }
}

TEST_CASE("ports: names that are empty, strange or long give no crash and lose nothing", "[midi][ports]") {
  const Names odd = {"",
                     ":",
                     " ",
                     "in",
                     "in:out",
                     "a2j:",
                     "a2j: [] (capture): ",
                     "a2j:X [1x] (capture): Y",
                     "::",
                     "1:2 3:4",
                     "[24]",
                     "()",
                     std::string(5'000, '-'),
                     std::string(5'000, 'x'),
                     "\xFF\xFE:\x01"};
  const auto pairs = pair_midi_ports(odd, odd);
  std::size_t ports = 0;
  for (const MidiPortPair& pair : pairs) ports += (pair.source.data() && pair.sink.data()) ? 1u : 0u;
  CHECK(ports == pairs.size());
  CHECK(pairs.size() <= 2 * odd.size());
}

namespace fohd {

TEST_CASE("port pairing: what bridges make of a device's two ports is one device", "[midi][pairing]") {
  for (const auto& [source, sink] :
       {std::pair("a2j:X-Touch (capture): X-Touch MIDI 1", "a2j:X-Touch (playback): X-Touch MIDI 1"),
        std::pair("Midi-Bridge:X-Touch:(capture_0) X-Touch MIDI 1",
                  "Midi-Bridge:X-Touch:(playback_0) X-Touch MIDI 1")}) {
    const auto pairs = pair_midi_ports({source}, {sink});
    REQUIRE(pairs.size() == 1);
    CHECK(pairs[0].name == "X-Touch MIDI 1");
    CHECK(pairs[0].source == source);
    CHECK(pairs[0].sink == sink);
  }
}

}  // namespace fohd
