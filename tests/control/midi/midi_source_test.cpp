#include "control/midi/midi_source.h"

#include <catch2/catch.hpp>

#include <random>
#include <set>

using namespace fohd;

namespace {

using Bytes = std::vector<std::uint8_t>;
constexpr int kKinds = static_cast<int>(MidiKind::hui_vpot) + 1;

bool is_hui(MidiKind kind) { return kind >= MidiKind::hui_fader; }

/// Every source there can be: all kinds, channels (a HUI has but one) and numbers.
template <class Fn>
void every_source(Fn fn) {
  for (int k = 0; k < kKinds; ++k) {
    const auto kind = static_cast<MidiKind>(k);
    for (int channel = 0; channel < (is_hui(kind) ? 1 : 16); ++channel) {
      for (int number = 0; number < number_limit(kind); ++number) {
        fn(MidiSource{kind, static_cast<std::uint8_t>(channel), static_cast<std::uint16_t>(number)});
      }
    }
  }
}

struct Ears {
  explicit Ears(MidiProtocol protocol = MidiProtocol::midi) : decoder(protocol) {}

  std::vector<MidiEvent> hear(const Bytes& bytes) {
    std::vector<MidiEvent> all;
    parser.feed(bytes, [&](MidiBytes message) {
      for (const MidiEvent& event : decoder.decode(message)) all.push_back(event);
    });
    return all;
  }
  /// The value of the last event of that kind; -1 if there was none.
  int last(MidiKind kind, const Bytes& bytes) {
    int value = -1;
    for (const MidiEvent& event : hear(bytes)) {
      if (event.source.kind == kind) value = event.value;
    }
    return value;
  }

  MidiParser parser;
  MidiDecoder decoder;
};

std::string first_text(const std::vector<MidiEvent>& events) {
  return events.empty() ? "" : to_string(events.front().source) + " = " + std::to_string(events.front().value);
}

TEST_CASE("midi source: the lower half of 14 bits says nothing before the upper one came", "[midi][source]") {
  MidiDecoder decoder;
  decoder.expect_14_bit({MidiKind::control_change_14, 0, 7});
  const std::uint8_t low[] = {0xB0, 39, 100}, high[] = {0xB0, 7, 80};
  CHECK(decoder.decode(low).count == 0);  // it would stand at the bottom, which it does not
  REQUIRE(decoder.decode(high).count == 1);
  const auto refined = decoder.decode(low);
  REQUIRE(refined.count == 1);
  CHECK(refined.list[0].value == 80 * 128 + 100);
}

}  // namespace

TEST_CASE("midi source: every source reads back from its own words", "[midi][source]") {
  std::size_t wrong = 0, count = 0;
  every_source([&](const MidiSource& source) {
    ++count;
    const auto again = parse_midi_source(to_string(source));
    if (!again || *again != source) ++wrong;
  });
  CHECK(wrong == 0);
  CHECK(count > 262'144);  // NRPNs alone
}

TEST_CASE("midi source: no two sources have the same words", "[midi][source]") {
  std::set<std::string> words;
  std::size_t count = 0;
  every_source([&](const MidiSource& source) {
    ++count;
    words.insert(to_string(source));
  });
  CHECK(words.size() == count);
}

TEST_CASE("midi source: the words are those of the header, the channel counts from 1", "[midi][source]") {
  CHECK((parse_midi_source("note 16 ch 1") == MidiSource{MidiKind::note, 0, 16}));
  CHECK((parse_midi_source("note 16") == MidiSource{MidiKind::note, 0, 16}));
  CHECK((parse_midi_source("cc 127 ch 16") == MidiSource{MidiKind::control_change, 15, 127}));
  CHECK((parse_midi_source("cc14 31 ch 2") == MidiSource{MidiKind::control_change_14, 1, 31}));
  CHECK((parse_midi_source("nrpn 3/23 ch 1") == MidiSource{MidiKind::nrpn, 0, 3 * 128 + 23}));
  CHECK((parse_midi_source("hui_switch 0/2") == MidiSource{MidiKind::hui_switch, 0, 2}));
  CHECK((parse_midi_source("hui_switch 29/7") == MidiSource{MidiKind::hui_switch, 0, 29 * 8 + 7}));
  CHECK((parse_midi_source("pitch_bend ch 9") == MidiSource{MidiKind::pitch_bend, 8, 0}));
  CHECK((parse_midi_source("  pressure   ch  3 ") == MidiSource{MidiKind::pressure, 2, 0}));
  for (int k = 0; k < kKinds; ++k) {
    const std::string text = to_string(MidiSource{static_cast<MidiKind>(k), 0, 0});
    CHECK_THAT(midi_kind_words(), Catch::Contains(text.substr(0, text.find(' '))));
  }
}

TEST_CASE("midi source: what is no source is refused", "[midi][source]") {
  for (const char* text : {"",
                           " ",
                           "note",
                           "note -1",
                           "note 128",
                           "note 1.5",
                           "note x",
                           "note 1x",
                           "note 1 2",
                           "note 1 ch",
                           "note 1 ch 0",
                           "note 1 ch 17",
                           "note 1 ch x",
                           "note 1 ch -1",
                           "note 1 ch 1 1",
                           "note ch 1",
                           "Note 1",
                           "notes 1",
                           "cc 128",
                           "cc14 32",
                           "cc 1/2",
                           "nrpn 3",
                           "nrpn 128/0",
                           "nrpn 0/128",
                           "nrpn 3/",
                           "nrpn /3",
                           "nrpn 3/4/5",
                           "pitch_bend 0",
                           "pitch_bend 1 ch 1",
                           "pressure 5",
                           "program 128",
                           "hui_fader 8",
                           "hui_switch 2",
                           "hui_switch 32/0",
                           "hui_switch 0/8",
                           "hui_vpot 13",
                           "note 99999999999999999999",
                           "note 0x10",
                           "note 1 channel 2",
                           "sysex 1"}) {
    CAPTURE(text);
    CHECK(!parse_midi_source(text));
  }
}

TEST_CASE("midi source: whatever is taken says the same in its own words", "[midi][source]") {
  for (int k = 0; k < kKinds; ++k) {
    const MidiSource source{static_cast<MidiKind>(k), 0, 0};
    std::string text = to_string(source);
    text = text.substr(0, text.find(" ch ")) + " ch 7";
    const auto taken = parse_midi_source(text);
    CAPTURE(text);
    if (taken) CHECK((parse_midi_source(to_string(*taken)) == taken));
  }
}

TEST_CASE("midi decoder: notes, their ends, and the kinds of one message", "[midi][source]") {
  for (int channel = 0; channel < 16; ++channel) {
    Ears ears;
    const auto status = [&](int kind) { return static_cast<std::uint8_t>(kind | channel); };
    const std::string ch = " ch " + std::to_string(channel + 1);
    CHECK(first_text(ears.hear({status(0x90), 60, 100})) == "note 60" + ch + " = 100");
    CHECK(first_text(ears.hear({status(0x90), 60, 0})) == "note 60" + ch + " = 0");
    CHECK(first_text(ears.hear({status(0x80), 60, 64})) == "note 60" + ch + " = 0");  // how fast it was let go
    CHECK(first_text(ears.hear({status(0xB0), 7, 99})) == "cc 7" + ch + " = 99");
    CHECK(first_text(ears.hear({status(0xC0), 5})) == "program 5" + ch + " = 127");
    CHECK(first_text(ears.hear({status(0xD0), 77})) == "pressure" + ch + " = 77");
    CHECK(ears.hear({status(0xA0), 60, 1}).empty());
    // Pitch bend: the lower half comes first.
    CHECK(first_text(ears.hear({status(0xE0), 0x7C, 0x7F})) ==
          "pitch_bend" + ch + " = " + std::to_string(127 * 128 + 0x7C));
  }
  CHECK(Ears().hear({0xF0, 0x00, 0xF7}).empty());
}

TEST_CASE("midi decoder: an upper half acts at once and resets the lower, which refines it", "[midi][source]") {
  Ears ears;
  ears.decoder.expect_14_bit({MidiKind::control_change_14, 2, 7});
  const auto kind = MidiKind::control_change_14;
  CHECK(ears.last(kind, {0xB2, 7, 100}) == 100 * 128);
  CHECK(ears.last(kind, {0xB2, 39, 5}) == 100 * 128 + 5);
  CHECK(ears.last(kind, {0xB2, 39, 6}) == 100 * 128 + 6);  // an upper half that did not change is not sent again
  CHECK(ears.last(kind, {0xB2, 7, 99}) == 99 * 128);
  // Neither half is a controller of its own, and other channels and numbers have but 7 bits.
  CHECK(ears.hear({0xB2, 7, 1}).size() == 1);
  CHECK(first_text(ears.hear({0xB3, 7, 1})) == "cc 7 ch 4 = 1");
  CHECK(first_text(ears.hear({0xB2, 40, 1})) == "cc 40 ch 3 = 1");
  CHECK(first_text(ears.hear({0xB2, 71, 1})) == "cc 71 ch 3 = 1");
}

TEST_CASE("midi decoder: a parameter is chosen, then changed; null and registered ones are not", "[midi][source]") {
  Ears ears;
  const auto kind = MidiKind::nrpn;
  CHECK(ears.last(kind, {0xB0, 6, 1, 38, 2, 96, 0, 97, 0}) == -1);  // nothing is chosen at the start
  const auto events = ears.hear({0xB0, 99, 3, 98, 23, 6, 100});
  CHECK((events.back().source == MidiSource{kind, 0, 3 * 128 + 23}));
  CHECK(events.back().value == 100 * 128);
  CHECK(ears.last(kind, {0xB0, 38, 5}) == 100 * 128 + 5);
  CHECK(ears.last(kind, {0xB0, 6, 101}) == 101 * 128);  // an upper half resets the lower
  CHECK(ears.last(kind, {0xB0, 99, 127, 98, 127, 6, 1}) == -1);
  CHECK(ears.last(kind, {0xB0, 98, 5, 99, 0, 6, 1}) == 128);  // either half of the number may come first
  for (const std::uint8_t registered : {100, 101}) {
    CHECK(ears.last(kind, {0xB0, registered, 0, 6, 1, 38, 1, 96, 0, 97, 0}) == -1);
    // Either half of a number that is not registered leaves it again.
    CHECK(ears.last(kind, {0xB0, 98, 7, 6, 1}) == 128);
    CHECK(ears.last(kind, {0xB0, registered, 0, 99, 0, 6, 1}) == 128);
  }
}

TEST_CASE("midi decoder: increments and decrements go one way, and stop at the ends", "[midi][source]") {
  Ears ears;
  const auto kind = MidiKind::nrpn;
  CHECK(ears.last(kind, {0xB0, 99, 1, 98, 1, 6, 64, 38, 9}) == 64 * 128 + 9);
  const int up = ears.last(kind, {0xB0, 96, 0});
  CHECK(up > 64 * 128 + 9);
  CHECK(ears.last(kind, {0xB0, 97, 0}) == 64 * 128 + 9);
  int value = up;
  for (int i = 0; i < 20'000; ++i) {
    const int next = ears.last(kind, {0xB0, 96, 0});
    if (next < value || next > 16383) FAIL(next << " after " << value);
    value = next;
  }
  for (int i = 0; i < 20'000; ++i) {
    const int next = ears.last(kind, {0xB0, 97, 0});
    if (next > value || next < 0) FAIL(next << " after " << value);
    value = next;
  }
}

TEST_CASE("midi decoder: what is chosen on one channel is not chosen on another", "[midi][source]") {
  Ears ears;
  for (std::uint8_t channel = 0; channel < 16; ++channel) {
    const auto status = static_cast<std::uint8_t>(0xB0 | channel);
    ears.decoder.expect_14_bit({MidiKind::control_change_14, channel, 1});
    ears.hear({status, 99, channel, 98, 1, status, 1, channel});
  }
  for (std::uint8_t channel = 0; channel < 16; ++channel) {
    const auto status = static_cast<std::uint8_t>(0xB0 | channel);
    const auto events = ears.hear({status, 6, 2});
    REQUIRE(!events.empty());
    CHECK((events.back().source == MidiSource{MidiKind::nrpn, channel, static_cast<std::uint16_t>(channel * 128 + 1)}));
    CHECK(ears.last(MidiKind::control_change_14, {status, 33, 3}) == channel * 128 + 3);
  }
}

TEST_CASE("midi decoder: a HUI's faders, switches and v-pots", "[midi][source]") {
  Ears ears(MidiProtocol::hui);
  for (std::uint8_t z = 0; z < 8; ++z) {  // B0 0z hi, B0 2z lo
    const auto events = ears.hear({0xB0, z, 100, static_cast<std::uint8_t>(0x20 + z), 11});
    REQUIRE(events.size() == 1);  // half a position is none
    CHECK((events[0].source == MidiSource{MidiKind::hui_fader, 0, z}));
    CHECK(events[0].value == 100 * 128 + 11);
  }
  for (std::uint8_t zone = 0; zone <= 0x1D; ++zone) {  // B0 0F zone, B0 2F 4p or 0p
    for (std::uint8_t port = 0; port < 8; ++port) {
      const MidiSource source{MidiKind::hui_switch, 0, static_cast<std::uint16_t>(zone * 8 + port)};
      const auto down = ears.hear({0xB0, 0x0F, zone, 0x2F, static_cast<std::uint8_t>(0x40 | port)});
      const auto up = ears.hear({0xB0, 0x2F, port});
      REQUIRE((down.size() == 1 && up.size() == 1));
      CHECK((down[0].source == source && up[0].source == source));
      CHECK((down[0].value == 127 && up[0].value == 0));
    }
  }
  for (std::uint8_t pot = 0; pot < 13; ++pot) {
    for (std::uint8_t ticks = 1; ticks < 64; ++ticks) {
      // Its wire has bit 6 for clockwise; an event has it for the other way, like a Mackie Control.
      const auto number = static_cast<std::uint8_t>(0x40 + pot);
      const auto clockwise = ears.hear({0xB0, number, static_cast<std::uint8_t>(0x40 | ticks)});
      const auto back = ears.hear({0xB0, number, ticks});
      REQUIRE((clockwise.size() == 1 && back.size() == 1));
      REQUIRE((clockwise[0].source == MidiSource{MidiKind::hui_vpot, 0, pot}));
      REQUIRE((clockwise[0].value == ticks && back[0].value == (0x40 | ticks)));
    }
  }
  CHECK(first_text(ears.hear({0xB1, 0, 5})) == "cc 0 ch 2 = 5");  // HUI speaks on channel 1 only
  CHECK(first_text(Ears().hear({0xB0, 0x2F, 0x41})) == "cc 47 ch 1 = 65");
}

TEST_CASE("midi decoder: what is sent to a control is heard as that control and that value", "[midi][source]") {
  std::mt19937 random(5);
  std::set<std::string> wrong;
  every_source([&](const MidiSource& source) {
    if (source.kind == MidiKind::hui_switch || source.kind == MidiKind::hui_vpot) return;  // other numbers back
    // NRPNs are many, and alike: a few hundred of each channel.
    if (source.kind == MidiKind::nrpn && random() % 64 != 0) return;
    if (source.kind == MidiKind::nrpn && source.number == 16383) return;  // null
    Ears ears(is_hui(source.kind) ? MidiProtocol::hui : MidiProtocol::midi);
    ears.decoder.expect_14_bit(source);
    for (const int value : {0, 1, 64, 127, max_value(source.kind), static_cast<int>(random() % 128) * 128 + 77}) {
      const int limited = std::min(value, max_value(source.kind));
      Bytes bytes;
      append_midi(bytes, source, value);
      const auto events = ears.hear(bytes);
      if (source.kind == MidiKind::program) {  // it is chosen, or nothing is said
        if (limited > 0 ? events.size() != 1 || events[0].source != source : !bytes.empty()) wrong.insert("program");
        continue;
      }
      if (events.empty() || events.back().source != source || events.back().value != limited) {
        wrong.insert(to_string(source));
      }
    }
  });
  std::string all;
  for (const std::string& text : wrong) all += text + "; ";
  CHECK(all == "");
}

TEST_CASE("midi out: values beyond a kind's end are its end", "[midi][source]") {
  for (int k = 0; k < kKinds; ++k) {
    const MidiSource source{static_cast<MidiKind>(k), 0, 3};
    Bytes most, more, none, less;
    append_midi(most, source, max_value(source.kind));
    append_midi(more, source, 1'000'000);
    append_midi(none, source, 0);
    append_midi(less, source, -5);
    CHECK(most == more);
    CHECK(none == less);
  }
}

TEST_CASE("midi out: a HUI's lights and rings", "[midi][source]") {
  for (int zone = 0; zone <= 0x1D; ++zone) {  // B0 0C zone, B0 2C 4p or 0p
    for (int port = 0; port < 8; ++port) {
      const MidiSource source{MidiKind::hui_switch, 0, static_cast<std::uint16_t>(zone * 8 + port)};
      Bytes on, off;
      append_midi(on, source, 127);
      append_midi(off, source, 0);
      const auto z = static_cast<std::uint8_t>(zone), p = static_cast<std::uint8_t>(port);
      REQUIRE(on == Bytes{0xB0, 0x0C, z, 0xB0, 0x2C, static_cast<std::uint8_t>(0x40 | p)});
      REQUIRE(off == Bytes{0xB0, 0x0C, z, 0xB0, 0x2C, p});
    }
  }
  for (int pot = 0; pot < 13; ++pot) {
    Bytes ring;
    append_midi(ring, {MidiKind::hui_vpot, 0, static_cast<std::uint16_t>(pot)}, 0x25);
    CHECK(ring == Bytes{0xB0, static_cast<std::uint8_t>(0x10 + pot), 0x25});
  }
}
