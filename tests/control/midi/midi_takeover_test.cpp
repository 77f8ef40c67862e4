// Surfaces without motors, whatever comes on the wire, and many surfaces at once.
#include <iostream>
#include <random>

#include "tests/control/midi/midi_rig.h"

namespace fohd {
namespace {

using namespace midi_test;

Bytes cc(int channel, int number, int value) {
  return {static_cast<std::uint8_t>(0xB0 | channel), static_cast<std::uint8_t>(number),
          static_cast<std::uint8_t>(value)};
}

/// A profile made here: sliders of a channel each, and buttons for the banks.
MidiProfile sliders(MidiTakeover takeover) {
  MidiProfile profile;
  profile.id = "sliders";
  profile.ports = {"Sliders"};
  profile.columns = 8;
  for (int i = 0; i < 8; ++i) {
    MidiControlSpec slider;
    slider.name = "slider " + std::to_string(i + 1);
    slider.type = ControlType::fader;
    slider.message = {MidiKind::control_change, 0, static_cast<std::uint16_t>(i)};
    slider.takeover = takeover;
    slider.column = i;
    slider.does.what = MidiTarget::What::fader;
    profile.controls.push_back(slider);
  }
  for (const auto what : {MidiTarget::What::bank_left, MidiTarget::What::bank_right}) {
    MidiControlSpec button;
    button.name = what == MidiTarget::What::bank_left ? "left" : "right";
    button.message = {MidiKind::note, 0, static_cast<std::uint16_t>(what)};
    button.does.what = what;
    profile.controls.push_back(button);
  }
  return profile;
}

}  // namespace

TEST_CASE("pickup: nothing of a hand reaches the desk but what it moved, whatever others, banks and cables do",
          "[midi][takeover]") {
  MidiSetup setup;
  setup.profiles = {sliders(MidiTakeover::pickup)};
  Rig rig({.inputs = 24, .buses = 4}, setup);
  Puppet puppet;
  MidiUnitId id = rig.plug(puppet, "Sliders");
  rig.run(100);
  std::mt19937 random(5);
  const auto between = [&](int low, int high) { return std::uniform_int_distribution(low, high)(random); };
  std::array<int, 8> hand{};
  hand.fill(-1);
  const auto places = [&] {
    std::vector<double> all;
    for (int channel = 1; channel <= 24; ++channel)
      all.push_back(rig.place("/ch/" + std::to_string(channel) + "/fader"));
    return all;
  };
  double largest_jump = 0;
  int taken = 0, waiting = 0, banks = 0, sets = 0, pulled = 0;
  for (int i = 0; i < 200'000; ++i) {
    const int what = between(0, 999);
    if (what == 0) {
      rig.unplug(id);
      id = rig.plug(puppet, "Sliders");
      hand.fill(-1);  // the hands may have moved them meanwhile
      ++pulled;
    } else if (what < 10) {
      const auto button =
          static_cast<std::uint8_t>(what % 2 == 0 ? MidiTarget::What::bank_left : MidiTarget::What::bank_right);
      rig.hub.receive(id, Bytes{0x90, button, 127}, rig.now_ms);
      rig.hub.receive(id, Bytes{0x90, button, 0}, rig.now_ms);
      ++banks;
    } else if (what < 40) {
      rig.set("/ch/" + std::to_string(between(1, 24)) + "/fader", static_cast<float>(between(-90, 10)));
      ++sets;
    } else {
      const int slider = between(0, 7);
      const int before = hand[static_cast<std::size_t>(slider)];
      // Slow and fast hands, and now and then the ends.
      const int way = what < 500 ? between(-2, 2) : what < 900 ? between(-20, 20) : between(-127, 127);
      const int to = before < 0 ? between(0, 127) : std::clamp(before + way, 0, 127);
      const std::vector<double> was = places();
      rig.hub.receive(id, cc(0, slider, to), rig.now_ms);
      const std::vector<double> is = places();
      hand[static_cast<std::size_t>(slider)] = to;
      double jump = 0;
      int moved = 0;
      for (std::size_t c = 0; c < was.size(); ++c) {
        if (was[c] != is[c]) ++moved;
        jump = std::max(jump, std::abs(is[c] - was[c]));
      }
      REQUIRE(moved <= 1);
      if (before < 0) REQUIRE(moved == 0);  // where it is, it had to be asked first
      // The hand's own move, and half a step that others may move a value without its being taken back.
      const double own = before < 0 ? 0 : std::abs(to - before) / 127.0;
      REQUIRE(jump <= own + 0.5 / 127 + 1e-6);
      if (std::abs(to - before) == 1) largest_jump = std::max(largest_jump, jump * 127);
      (moved == 1 ? taken : waiting) += 1;
    }
  }
  CHECK(taken > 10'000);
  CHECK(waiting > 10'000);
  std::cout << "pickup: " << taken << " moves reached the desk, " << waiting << " did not; " << banks
            << " bank changes, " << sets << " sets by others, " << pulled
            << " reconnects; a move of one step moved the desk by " << largest_jump << " steps at most\n";
}

TEST_CASE("a slider that passes the value takes it, at both ends too", "[midi][takeover]") {
  MidiSetup setup;
  setup.profiles = {sliders(MidiTakeover::pickup)};
  Rig rig({.inputs = 8, .buses = 2}, setup);
  Puppet puppet;
  const MidiUnitId id = rig.plug(puppet, "Sliders");
  const auto move = [&](int to) { rig.hub.receive(id, cc(0, 0, to), rig.now_ms); };
  SECTION("the first report, 0 or anything, sets nothing") {
    rig.set("/ch/1/fader", 0.0f);
    move(0);
    CHECK(rig.real("/ch/1/fader") == 0.0f);
    move(127);  // skipped over it in one message
    CHECK(rig.real("/ch/1/fader") == 10.0f);
    move(0);
    CHECK(rig.real("/ch/1/fader") == kLevelOffDb);
  }
  SECTION("from off, with the slider at the bottom") {
    move(0);
    move(1);
    CHECK(rig.place("/ch/1/fader") == Approx(1 / 127.0).margin(1e-6));
  }
  SECTION("from +10, with the slider at the top") {
    rig.set("/ch/1/fader", 10.0f);
    move(127);
    move(126);
    CHECK(rig.place("/ch/1/fader") == Approx(126 / 127.0).margin(1e-6));
  }
}

TEST_CASE("a million random bytes, endless exclusives and torn messages leave no surface stuck", "[midi][hostile]") {
  Rig rig;
  Puppet xtouch, hui, nano;
  const MidiUnitId ids[] = {rig.plug(xtouch, "X-Touch"), rig.plug(hui, "HUI"), rig.plug(nano, "nanoKONTROL2")};
  rig.run(1'500);
  for (const MidiUnitId id : ids) REQUIRE(!rig.hub.unit(id)->profile().id.empty());
  std::mt19937 random(1);
  Bytes chunk;
  for (int sent = 0; sent < 1'000'000;) {
    chunk.clear();
    const int kind = std::uniform_int_distribution(0, 9)(random);
    const int size = std::uniform_int_distribution(1, kind == 0 ? 5'000 : 40)(random);
    if (kind == 0) chunk.push_back(0xF0);  // without an end
    if (kind == 1) chunk = {0xF0, 0x00, 0x00, 0x66, 0x14};
    for (int i = 0; i < size; ++i) {
      const int byte = std::uniform_int_distribution(0, 255)(random);
      chunk.push_back(static_cast<std::uint8_t>(kind <= 1 ? byte & 0x7F : byte));
    }
    for (const MidiUnitId id : ids) rig.hub.receive(id, chunk, rig.now_ms);
    sent += static_cast<int>(chunk.size());
    if (sent % 7 == 0) rig.run(1);
  }
  // A touch whose release was noise is over after a minute; then all is as on the first day.
  rig.run(MotorFader::kTouchMs + 3'000);
  rig.set("/ch/1/fader", -20.0f);
  xtouch.heard.clear();
  const Bytes bank_left = {0x90, 46, 127, 46, 0};  // running status
  for (int i = 0; i < 10; ++i) rig.hub.receive(ids[0], bank_left, rig.now_ms);
  rig.hub.receive(ids[0], Bytes{0x90, 63, 127, 0x90, 63, 0}, rig.now_ms);  // the channels
  rig.run(1'000);
  for (ParameterId id = 0; id < rig.desk.table().size(); ++id) {
    std::string error;
    const Value value = rig.desk.get(id);
    const auto fitting = rig.desk.table().coerce(id, value, error);
    REQUIRE((fitting && *fitting == value));
  }
  rig.hub.receive(ids[0], Bytes{0xE0, 0x00, 0x40}, rig.now_ms);
  std::string error;
  const std::vector<std::string> lines = rig.hub.list_controls("x-touch", error);
  // Whatever the noise pressed (flip, sends on faders), the fader still moves what the list says it moves.
  REQUIRE(!lines.empty());
  CHECK(lines.front().find("fader 1") != std::string::npos);
}

TEST_CASE("eight surfaces of nine faders at a hundred messages a second each lose no last value", "[midi][many]") {
  Rig rig({.inputs = 64, .buses = 16});
  std::vector<std::unique_ptr<Puppet>> puppets;
  std::vector<MidiUnitId> ids;
  for (int i = 0; i < 8; ++i) {
    puppets.push_back(std::make_unique<Puppet>());
    ids.push_back(rig.plug(*puppets.back(), "X-Touch", i + 1));
  }
  rig.run(2'000);
  // Each surface shows another bank: the n-th is turned n times.
  for (std::size_t s = 0; s < ids.size(); ++s) {
    for (std::size_t n = 0; n < s; ++n) rig.hub.receive(ids[s], Bytes{0x90, 47, 127, 0x90, 47, 0}, rig.now_ms);
  }
  std::mt19937 random(2);
  std::array<std::array<int, 9>, 8> last{};
  for (std::size_t s = 0; s < 8; ++s) {
    for (int f = 0; f < 9; ++f)
      rig.hub.receive(ids[s], Bytes{0x90, static_cast<std::uint8_t>(104 + f), 127}, rig.now_ms);
  }
  rig.run(10'000, [&] {
    if (rig.now_ms % 10 != 0) return;
    for (std::size_t s = 0; s < 8; ++s) {
      for (std::size_t f = 0; f < 9; ++f) {
        const int value = std::uniform_int_distribution(0, 15935)(random);
        last[s][f] = value;
        puppets[s]->says.push_back({static_cast<std::uint8_t>(0xE0 | f), static_cast<std::uint8_t>(value & 0x7F),
                                    static_cast<std::uint8_t>(value >> 7)});
      }
    }
  });
  rig.run(10);
  for (std::size_t s = 0; s < 8; ++s) {
    for (std::size_t f = 0; f < 8; ++f) {
      INFO("surface " << s + 1 << " fader " << f + 1);
      // A float of the level, back to a place.
      CHECK(rig.place("/ch/" + std::to_string(s * 8 + f + 1) + "/fader") == Approx(last[s][f] / 15935.0).margin(1e-5));
    }
  }
  CHECK(rig.place("/main/fader") == Approx(last[7][8] / 15935.0).margin(1e-5));  // the last surface spoke last
}

TEST_CASE("a button carries out commands that take nothing; those for programs cannot be learned", "[midi][hostile]") {
  Rig rig;
  Puppet puppet;
  const MidiUnitId id = rig.plug(puppet, "Box");  // without a profile
  rig.run(100);
  for (const char* program : {"/midi/forget", "/midi/list", "/midi/save", "/midi/monitor"}) {
    CHECK(!rig.hub.learn(program, {Origin::Side::osc, 1}, rig.now_ms).empty());
  }
  MidiControlSpec spec;
  spec.message = {MidiKind::note, 0, 5};
  for (const char* command : {"/clips/clear", "/midi/learn"}) {  // a profile may say what it likes
    MidiSetup setup;
    MidiProfile profile;
    profile.id = "made";
    profile.ports = {"Made"};
    std::string error;
    spec.does = *parse_midi_target(command, 1, error);
    profile.controls = {spec};
    setup.profiles = {profile};
    Rig other({.inputs = 4, .buses = 2}, setup);
    Puppet made;
    const MidiUnitId unit = other.plug(made, "Made");
    other.run(100);
    other.hub.receive(unit, Bytes{0x90, 5, 127, 0x90, 5, 0}, other.now_ms);
    CHECK(other.commands.calls.size() == (spec.does.path == "/clips/clear" ? 1 : 0));
  }
  CHECK(rig.hub.unit(id) != nullptr);
}

TEST_CASE("a momentary button lets go of what it was pressed for, after a bank change and when it is pulled",
          "[midi][takeover]") {
  MidiSetup setup;
  setup.profiles = {sliders(MidiTakeover::pickup)};
  MidiControlSpec talk;
  std::string error;
  talk.name = "hold";
  talk.message = {MidiKind::note, 1, 9};
  talk.mode = ButtonMode::momentary;
  talk.does = *parse_midi_target("strip mute", 1, error);
  setup.profiles[0].controls.push_back(talk);
  Rig rig({.inputs = 16, .buses = 2}, setup);
  Puppet puppet;
  const MidiUnitId id = rig.plug(puppet, "Sliders");
  rig.run(100);
  rig.hub.receive(id, Bytes{0x91, 9, 127}, rig.now_ms);
  CHECK(rig.whole("/ch/1/mute") == 1);
  rig.hub.receive(id, Bytes{0x90, static_cast<std::uint8_t>(MidiTarget::What::bank_right), 127}, rig.now_ms);
  rig.run(100);
  rig.set("/ch/9/mute", std::int32_t{1});
  rig.hub.receive(id, Bytes{0x91, 9, 0}, rig.now_ms);
  CHECK(rig.whole("/ch/1/mute") == 0);
  CHECK(rig.whole("/ch/9/mute") == 1);
  rig.set("/ch/9/mute", std::int32_t{0});
  rig.hub.receive(id, Bytes{0x91, 9, 127}, rig.now_ms);
  CHECK(rig.whole("/ch/9/mute") == 1);
  rig.unplug(id);
  CHECK(rig.whole("/ch/9/mute") == 0);
}

}  // namespace fohd
