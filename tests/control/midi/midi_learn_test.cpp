#include "control/midi/midi_learn.h"

#include <catch2/catch.hpp>

using namespace fohd;

namespace {

using Bytes = std::vector<std::uint8_t>;

/// What the decoder makes of a cable's bytes: nobody has told it of 14-bit controllers.
std::vector<MidiEvent> events_of(const Bytes& bytes, MidiProtocol protocol = MidiProtocol::midi) {
  MidiParser parser;
  MidiDecoder decoder(protocol);
  std::vector<MidiEvent> all;
  parser.feed(bytes, [&](MidiBytes message) {
    for (const MidiEvent& event : decoder.decode(message)) all.push_back(event);
  });
  return all;
}

std::optional<MidiControlSpec> learned(const Bytes& bytes, MidiProtocol protocol = MidiProtocol::midi) {
  return recognise_control(events_of(bytes, protocol));
}

Bytes controller(std::uint8_t number, const std::vector<int>& values, std::uint8_t channel = 0) {
  Bytes bytes;
  for (const int value : values) {
    bytes.insert(bytes.end(), {static_cast<std::uint8_t>(0xB0 | channel), number, static_cast<std::uint8_t>(value)});
  }
  return bytes;
}

/// A position of 14 bits as devices send it: the upper half only when it changed.
Bytes wide_controller(std::uint8_t number, const std::vector<int>& values, int before = -1) {
  Bytes bytes;
  for (const int value : values) {
    if (value / 128 != before) {
      bytes.insert(bytes.end(), {0xB0, number, static_cast<std::uint8_t>(value / 128)});
    }
    bytes.insert(bytes.end(), {0xB0, static_cast<std::uint8_t>(number + 32), static_cast<std::uint8_t>(value % 128)});
    before = value / 128;
  }
  return bytes;
}

void check(const std::optional<MidiControlSpec>& spec, ControlType type, const std::string& message) {
  CAPTURE(message);
  REQUIRE(spec);
  CHECK(to_string(spec->message) == message);
  CHECK(spec->type == type);
  CHECK(spec->name == message);
  CHECK(spec->full_scale == max_value(spec->message.kind));
  CHECK(spec->resolution >= 1);
  CHECK(spec->resolution <= spec->full_scale);
}

}  // namespace

TEST_CASE("midi learn: a knob or a fader of 7 bits, swept slowly, quickly, or just touched", "[midi][learn]") {
  std::vector<int> up, down, quick;
  for (int i = 0; i < 128; ++i) up.push_back(i), down.push_back(127 - i);
  for (int i = 0; i < 128; i += 13) quick.push_back(i);
  for (const auto& values : {up, down, quick, {60, 61}, {64}, {1, 2, 3, 4}, {63, 64, 65, 66}, {126, 127}, {0, 1}}) {
    for (const std::uint8_t number : {std::uint8_t{7}, std::uint8_t{70}}) {
      check(learned(controller(number, values, 3)), ControlType::knob, "cc " + std::to_string(number) + " ch 4");
    }
  }
}

TEST_CASE("midi learn: encoders of every coding", "[midi][learn]") {
  const struct {
    MidiRelative coding;
    std::vector<int> values;
  } cases[] = {
      {MidiRelative::twos, {1, 1, 1, 1}},           {MidiRelative::twos, {127, 127, 127}},
      {MidiRelative::twos, {1, 1, 2, 3, 2, 1, 1}},  {MidiRelative::twos, {1, 1, 1, 127, 127, 126, 127}},
      {MidiRelative::sign, {65, 65, 65}},           {MidiRelative::sign, {1, 1, 2, 1, 65, 65, 66}},
      {MidiRelative::offset, {63, 63, 63, 62, 63}}, {MidiRelative::offset, {65, 65, 66, 65, 63, 63, 62}},
  };
  for (const auto& c : cases) {
    const auto spec = learned(controller(16, c.values));
    CAPTURE(c.values);
    check(spec, ControlType::encoder, "cc 16 ch 1");
    // What counts is that every turn is read as it was meant.
    for (const int value : c.values) CHECK(encoder_ticks(spec->relative, value) == encoder_ticks(c.coding, value));
  }
}

TEST_CASE("midi learn: a Mackie Control's v-pot is an encoder that turns the right way", "[midi][learn]") {
  for (const std::vector<int>& values : {std::vector{1, 1, 2, 1}, {0x41, 0x41, 0x42, 0x41}, {1, 1, 0x41, 0x41}}) {
    const auto spec = learned(controller(0x10, values));
    check(spec, ControlType::encoder, "cc 16 ch 1");
    for (const int value : values) {
      CHECK(encoder_ticks(spec->relative, value) == encoder_ticks(MidiRelative::mcu, value));
    }
  }
}

TEST_CASE("midi learn: a controller of 14 bits", "[midi][learn]") {
  std::vector<int> slow, quick;
  for (int i = 0; i < 40; ++i) slow.push_back(8000 + 3 * i), quick.push_back(400 * i);
  check(learned(wide_controller(7, slow)), ControlType::fader, "cc14 7 ch 1");
  check(learned(wide_controller(7, quick)), ControlType::fader, "cc14 7 ch 1");
  CHECK(learned(wide_controller(7, quick))->full_scale == 16383);
}

TEST_CASE("midi learn: a controller of 14 bits whose upper half the sender did not repeat at first", "[midi][learn]") {
  std::vector<int> slow;
  for (int i = 0; i < 40; ++i) slow.push_back(8000 + 10 * i);
  REQUIRE(wide_controller(7, slow, 8000 / 128)[1] == 39);  // the stream begins with a lower half
  check(learned(wide_controller(7, slow, 8000 / 128)), ControlType::fader, "cc14 7 ch 1");
}

TEST_CASE("midi learn: an NRPN wins over the controllers that it is made of", "[midi][learn]") {
  Bytes bytes;
  for (int i = 0; i < 20; ++i) append_midi(bytes, {MidiKind::nrpn, 0, 3 * 128 + 23}, 500 * i);
  check(learned(bytes), ControlType::fader, "nrpn 3/23 ch 1");
  // Chosen and not yet changed: too little was heard.
  CHECK(!learned({0xB0, 99, 3, 98, 23}));
  CHECK(!learned({0xB0, 101, 0, 100, 0, 6, 2, 38, 0}));  // a registered one is nobody's control
}

TEST_CASE("midi learn: a fader of pitch bend, though its touch was heard first", "[midi][learn]") {
  Bytes bytes{0x90, 0x68 + 3, 127};
  for (int i = 0; i < 20; ++i) append_midi(bytes, {MidiKind::pitch_bend, 3, 0}, 5000 + 100 * i);
  bytes.insert(bytes.end(), {0x90, 0x68 + 3, 0});
  check(learned(bytes), ControlType::fader, "pitch_bend ch 4");
  CHECK(learned(bytes)->full_scale == 16383);
}

TEST_CASE("midi learn: buttons", "[midi][learn]") {
  check(learned({0xB5, 41, 127, 41, 0}), ControlType::button, "cc 41 ch 6");
  check(learned({0xB5, 41, 127}), ControlType::button, "cc 41 ch 6");
  check(learned({0x90, 16, 127, 16, 0}), ControlType::button, "note 16 ch 1");
  check(learned({0x93, 60, 1}), ControlType::button, "note 60 ch 4");       // however softly
  check(learned({0x92, 5, 0, 6, 90}), ControlType::button, "note 6 ch 3");  // one was let go, another pressed
  check(learned({0xC2, 17}), ControlType::button, "program 17 ch 3");
  check(learned({0xB0, 0x0F, 2, 0x2F, 0x43}, MidiProtocol::hui), ControlType::button, "hui_switch 2/3");
}

TEST_CASE("midi learn: pressure is a knob, a HUI's v-pot an encoder, its fader a fader", "[midi][learn]") {
  check(learned({0xD1, 5, 6, 7}), ControlType::knob, "pressure ch 2");
  const auto pot = learned({0xB0, 0x42, 0x41, 0x42, 0x42, 0x42, 0x03}, MidiProtocol::hui);
  check(pot, ControlType::encoder, "hui_vpot 2");
  CHECK(encoder_ticks(pot->relative, 3) == 3);
  CHECK(encoder_ticks(pot->relative, 0x43) == -3);
  check(learned({0xB0, 4, 100, 0x24, 5}, MidiProtocol::hui), ControlType::fader, "hui_fader 4");
}

TEST_CASE("midi learn: a button that is let go is none yet", "[midi][learn]") {
  CHECK(!recognise_control({}));
  CHECK(!learned({0x90, 16, 0}));
  CHECK(!learned({0x80, 16, 64}));
  CHECK(!learned({0xB0, 0x0F, 2, 0x2F, 0x03}, MidiProtocol::hui));
}
