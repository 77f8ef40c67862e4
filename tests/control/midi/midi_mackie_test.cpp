// What a Mackie Control's buttons do, at the wire: banks, flip, sends, spill, layers, displays; several units as one.
#include "tests/control/midi/midi_wire.h"

namespace fohd {
namespace {

using namespace midi_test;

/// An X-Touch with a hand: columns and faders counted from 1.
struct Mackie : Surface {
  using Surface::Surface;
  void move(int number, int value) { says.push_back(bend(number - 1, value)); }
  void touch(int number, bool down) { says.push_back(three(0x90, kTouch + number - 1, down ? 127 : 0)); }
  void turn(int pot, int value) { says.push_back(three(0xB0, 15 + pot, value)); }
  void press(int note) {
    says.push_back(three(0x90, note, 127));
    says.push_back(three(0x90, note, 0));
  }
  std::string cell(int column, int line) const { return Surface::cell(line, column - 1); }
};

constexpr int kTop = 15935;  // of an X-Touch's fader

struct World {
  explicit World(MidiSetup setup = {}) : rig({.inputs = 20, .returns = 4, .buses = 6}, std::move(setup)) {
    rig.plug(x, "X-Touch");
    rig.run(2'000);
  }
  void press(int note) {
    x.press(note);
    rig.run(600);  // as long as a motor and a full repaint of the displays need
  }
  /// Whether fader n stands where this parameter is: within one of 1,023 steps.
  bool at(int fader, const std::string& address) {
    return std::abs(x.fader[static_cast<std::size_t>(fader - 1)] - rig.place(address) * kTop) <= kTop / 1023.0 + 1;
  }
  Rig rig;
  Mackie x;
};

}  // namespace

TEST_CASE("banks and single channels move the view, to the ends and not beyond", "[midi][view]") {
  World w;
  for (int i = 1; i <= 20; ++i) w.rig.set("/ch/" + std::to_string(i) + "/fader", static_cast<float>(-2 * i));
  w.rig.run(600);
  CHECK(w.at(1, "/ch/1/fader"));
  w.press(kBankRight);
  for (int i = 1; i <= 8; ++i) CHECK(w.at(i, "/ch/" + std::to_string(8 + i) + "/fader"));
  w.press(kBankRight);  // 20 channels: the last eight are 13 to 20
  for (int i = 1; i <= 8; ++i) CHECK(w.at(i, "/ch/" + std::to_string(12 + i) + "/fader"));
  w.press(kBankRight);
  CHECK(w.at(8, "/ch/20/fader"));
  w.press(kChannelLeft);
  CHECK(w.at(1, "/ch/12/fader"));
  CHECK(w.x.cell(1, 0) == "ch 12");
  w.press(kBankLeft);
  w.press(kBankLeft);
  w.press(kChannelLeft);
  CHECK(w.at(1, "/ch/1/fader"));
  w.press(kChannelRight);
  w.x.move(1, kTop);
  w.rig.run(100);
  CHECK(w.rig.real("/ch/2/fader") == 10.0f);
  CHECK(w.rig.real("/ch/1/fader") == -2.0f);
}

TEST_CASE("a bank change under a hand changes nothing on the desk, and the fader waits for the hand", "[midi][view]") {
  World w;
  w.rig.set("/ch/1/fader", 0.0f);
  w.rig.set("/ch/9/fader", -20.0f);
  w.rig.run(600);
  w.x.touch(1, true);
  w.rig.run(50);
  const auto before = w.x.count({0xE0});
  w.press(kBankRight);
  CHECK(w.rig.real("/ch/1/fader") == 0.0f);
  CHECK(w.rig.real("/ch/9/fader") == -20.0f);
  CHECK(w.x.count({0xE0}) == before);  // nothing under the hand
  CHECK(!w.at(1, "/ch/9/fader"));      // not under the hand
  w.x.touch(1, false);
  w.rig.run(600);
  CHECK(w.at(1, "/ch/9/fader"));
}

TEST_CASE("mute LEDs follow the desk, whoever changes it", "[midi][view]") {
  World w;
  CHECK(!w.x.lit(kMute));
  w.press(kMute);
  CHECK(w.rig.whole("/ch/1/mute") == 1);
  CHECK(w.x.lit(kMute));
  w.rig.set("/ch/1/mute", std::int32_t{0});
  w.rig.set("/ch/3/mute", std::int32_t{1});
  w.rig.run(200);
  CHECK(!w.x.lit(kMute));
  CHECK(w.x.lit(kMute + 2));
  w.press(kMute + 2);
  CHECK(w.rig.whole("/ch/3/mute") == 0);
}

TEST_CASE("V-pots are pan, and what is assigned: EQ by bands, dynamics, sends; pages; a push is the default",
          "[midi][view]") {
  World w;
  w.x.turn(2, 3);  // three ticks up: 3/96 of 200
  w.rig.run(100);
  CHECK(w.rig.real("/ch/2/pan") == Approx(200 * 3 / 96.0));
  w.x.turn(2, 0x41);  // one down
  w.rig.run(100);
  CHECK(w.rig.real("/ch/2/pan") == Approx(200 * 2 / 96.0));
  w.press(kPush + 1);
  CHECK(w.rig.real("/ch/2/pan") == 0.0f);
  CHECK((w.x.rings[1] & 0x40) != 0);  // the LED in the middle
  w.press(kSelect + 2);
  CHECK(w.x.lit(kSelect + 2));
  CHECK(!w.x.lit(kSelect));
  w.press(kAssignEq);
  CHECK(w.x.lit(kAssignEq));
  CHECK(!w.x.lit(kAssignPan));
  // Two bands on a page: type, frequency, gain, Q.
  CHECK(w.x.cell(1, 0) == "1type");
  CHECK(w.x.cell(6, 0) == "2freq");
  CHECK(w.x.cell(6, 1) == "500Hz");
  w.x.turn(3, 1);
  w.rig.run(100);
  CHECK(w.rig.real("/ch/3/eq/1/gain") == Approx(30 / 96.0));
  w.press(kCursorRight);
  w.x.turn(3, 1);
  w.rig.run(100);
  CHECK(w.rig.real("/ch/3/eq/3/gain") == Approx(30 / 96.0));
  w.press(kCursorRight);  // the switch of the whole equaliser comes last
  CHECK(w.x.cell(1, 0) == "on");
  w.x.turn(1, 0x41);
  w.rig.run(100);
  CHECK(w.rig.whole("/ch/3/eq/on") == 0);
  w.press(kAssignPlugIn);
  w.x.turn(1, 1);
  w.rig.run(100);
  CHECK(w.rig.whole("/ch/3/gate/on") == 1);
  w.rig.set("/bus/2/name", std::string("Wedge 2"));
  w.press(kAssignSend);
  CHECK(w.x.cell(2, 0) == "Wedge");
  w.x.turn(2, 1);
  w.rig.run(100);
  // From off: the fader law's first segment, 480 dB a turn (docs/X32.md, "The fader").
  CHECK(w.rig.real("/ch/3/send/2/level") == Approx(-90 + 480 / 96.0));
  w.x.says.push_back({0x90, kShift, 127});
  w.x.turn(2, 1);
  w.rig.run(100);
  CHECK(w.rig.real("/ch/3/send/2/level") == Approx(-90 + 480 / 96.0 * 1.1));
}

TEST_CASE("flip: faders and V-pots change places, and no value changes by it", "[midi][view]") {
  World w;
  w.rig.set("/ch/1/fader", -10.0f);
  w.rig.set("/ch/1/pan", 50.0f);
  w.rig.run(600);
  w.press(kFlip);
  CHECK(w.x.lit(kFlip));
  CHECK(w.at(1, "/ch/1/pan"));
  CHECK(w.rig.real("/ch/1/fader") == -10.0f);
  CHECK(w.rig.real("/ch/1/pan") == 50.0f);
  w.x.move(1, 0);
  w.rig.run(600);
  CHECK(w.rig.real("/ch/1/pan") == -100.0f);
  w.x.turn(1, 1);
  w.rig.run(600);
  CHECK(w.rig.place("/ch/1/fader") == Approx(0.5 + 1 / 96.0));
  w.press(kFlip);
  CHECK(w.at(1, "/ch/1/fader"));
}

TEST_CASE("sends on faders: of all strips to the selected bus, or of the selected strip to all buses", "[midi][view]") {
  World w;
  w.rig.set("/ch/2/send/3/level", -10.0f);
  w.rig.set("/ch/5/send/3/level", -30.0f);
  w.press(kViewBuses);
  w.press(kSelect + 2);  // bus 3
  w.press(kViewInputs);
  w.press(kZoom);
  CHECK(w.at(2, "/ch/2/send/3/level"));
  CHECK(w.at(5, "/ch/5/send/3/level"));
  CHECK(w.x.digits[10] == '3');  // the small display tells which bus
  w.x.move(1, kTop / 2);
  w.rig.run(600);
  CHECK(w.rig.place("/ch/1/send/3/level") == Approx(0.5).margin(1 / 1023.0));
  CHECK(w.rig.real("/ch/1/fader") == kLevelOffDb);
  w.press(kZoom);
  w.press(kSelect + 1);  // channel 2
  w.press(kZoom);        // the faders are buses now
  CHECK(w.at(3, "/ch/2/send/3/level"));
  w.x.move(4, kTop);
  w.rig.run(600);
  CHECK(w.rig.real("/ch/2/send/4/level") == 10.0f);
  w.press(kZoom);
  CHECK(w.at(2, "/ch/2/fader"));
}

TEST_CASE("spill shows who is heard in the selected bus, and gives the view back", "[midi][view]") {
  World w;
  w.rig.set("/ch/4/send/2/level", -10.0f);
  w.rig.set("/ch/11/send/2/level", -20.0f);
  w.rig.set("/ch/12/send/2/level", -20.0f);
  w.rig.set("/ch/12/send/2/on", std::int32_t{0});
  w.rig.set("/ch/11/fader", -5.0f);
  w.press(kViewBuses);
  w.press(kSelect + 1);
  w.press(kViewInputs);
  w.press(kBankRight);
  w.press(kGroup);
  CHECK(w.x.lit(kGroup));
  CHECK(w.x.cell(1, 0) == "ch 4");
  CHECK(w.x.cell(2, 0) == "ch 11");
  CHECK(w.x.cell(3, 0).empty());
  CHECK(w.at(2, "/ch/11/fader"));
  CHECK(w.x.fader[2] == 0);  // nobody there
  w.press(kGroup);
  CHECK(w.x.cell(1, 0) == "ch 9");
  CHECK(w.rig.hub.spill({"/ch/2", "/bus/[1-2]", "/main", "/ch/99"}).empty());
  w.rig.run(600);
  CHECK(w.x.cell(1, 0) == "ch 2");
  CHECK(w.x.cell(3, 0) == "bus 2");
  CHECK(w.x.cell(4, 0) == "main");
  CHECK(w.rig.hub.spill({"/nobody"}).find("fader") != std::string::npos);
}

TEST_CASE("layers are the engineer's own strips; what a desk lacks is left out", "[midi][view]") {
  MidiSetup setup;
  setup.layers = {{"band", {"/bus/2", "/ch/[7-8]", "/ch/77", "/fxrtn/1", "/main"}}};
  World w(setup);
  w.press(kF1);
  CHECK(w.x.lit(kF1));
  const std::vector<std::string> expected = {"bus 2", "ch 7", "ch 8", "fxrt 1", "main", ""};
  for (int i = 1; i <= 6; ++i) CHECK(w.x.cell(i, 0) == expected[static_cast<std::size_t>(i - 1)]);
  w.press(kF1 + 1);  // there is no second one
  CHECK(w.x.cell(1, 0) == "bus 2");
  w.press(kViewAll);
  CHECK(w.x.cell(1, 0) == "ch 1");
  CHECK(!w.x.lit(kF1));
  CHECK(w.x.lit(kViewAll));
}

TEST_CASE("displays: names and colours, a moved value for a second, the time and the load, meters", "[midi][view]") {
  World w;
  w.rig.set("/ch/1/name", std::string("Kick"));
  w.rig.set("/ch/1/color", std::string("red"));
  w.rig.set("/ch/2/name", std::string("Überlang"));
  w.rig.run(300);
  CHECK(w.x.cell(1, 0) == "Kick");
  CHECK(w.x.cell(2, 0) == "?berla");
  REQUIRE(w.x.colors.size() == 8);
  CHECK(w.x.colors[0] == 1);
  CHECK(w.x.colors[2] == 7);  // off would hide the name
  w.x.move(1, kTop);
  w.rig.run(200);
  CHECK(w.x.cell(1, 1) == "10.0dB");
  w.rig.run(1'200);
  CHECK(w.x.cell(1, 1) == "0.0");  // its pan
  w.press(kNameValue);
  CHECK(w.x.cell(1, 1) == "10.0dB");
  CHECK(w.x.cell(2, 1) == "off");
  w.rig.status.load_percent = 42;
  w.rig.run(300);
  CHECK(w.x.digits[0] == '2');  // right to left
  CHECK(w.x.digits[1] == '4');
  CHECK(w.x.digits[2] == ' ');
  CHECK(w.x.digits[3] == '0');           // seconds of the rig's midnight
  CHECK(w.x.digits[5] == ('0' | 0x40));  // the dot behind the minutes
  w.rig.status.xruns = 7;
  w.press(kSmpteBeats);
  CHECK(w.x.digits[0] == '7');
  CHECK(w.x.digits[9] == ('E' - 64));
  MeterFrame frame(w.rig.desk.geometry());
  frame.strips[0].pre_peak = 0.5f;    // -6.02 dB: from -8 dB
  frame.strips[1].pre_peak = 0.001f;  // -60 dB
  w.rig.run(200, [&] { w.rig.hub.meters(frame); });
  CHECK(w.x.meters[0] == 8);
  CHECK(w.x.meters[1] == 1);
}

TEST_CASE("an extender and a main unit are one surface, whichever comes first", "[midi][view]") {
  MidiSetup setup;
  setup.surfaces = {{"FOH", {"x-touch-extender", "x-touch"}}};
  const bool extender_first = GENERATE(true, false);
  Rig rig({.inputs = 40, .buses = 4}, setup);
  for (int i = 1; i <= 40; ++i) rig.set("/ch/" + std::to_string(i) + "/name", "n" + std::to_string(i));
  Mackie main, extender(0x15);
  MidiUnitId extender_id = 0;
  if (extender_first) extender_id = rig.plug(extender, "X-Touch-Ext");
  rig.plug(main, "X-Touch");
  if (!extender_first) extender_id = rig.plug(extender, "X-Touch-Ext");
  rig.run(2'000);
  CHECK(extender.cell(1, 0) == "n1");
  CHECK(main.cell(1, 0) == "n9");
  main.press(kBankRight);
  rig.run(600);
  CHECK(extender.cell(1, 0) == "n17");
  CHECK(main.cell(8, 0) == "n32");
  extender.press(kSelect);
  rig.run(600);
  CHECK(extender.lit(kSelect));
  rig.unplug(extender_id);
  main.press(kChannelRight);
  rig.run(600);
  Mackie again(0x15);
  rig.plug(again, "X-Touch-Ext");
  rig.run(1'000);
  CHECK(again.cell(1, 0) == "n18");
  CHECK(main.cell(1, 0) == "n26");
}

TEST_CASE("two equal devices are told apart and have a bank each", "[midi][view]") {
  Rig rig({.inputs = 32, .buses = 4});
  Mackie one, two;
  rig.plug(one, "X-Touch", 1);
  rig.plug(two, "X-Touch", 2);
  rig.run(2'000);
  two.press(kBankRight);
  rig.run(600);
  CHECK(one.cell(1, 0) == "ch 1");
  CHECK(two.cell(1, 0) == "ch 9");
  std::string error;
  CHECK(!rig.hub.list_controls("x-touch#2", error).empty());
}

}  // namespace fohd
