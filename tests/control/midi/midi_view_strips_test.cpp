// Which strips a surface shows: strip kinds, layers, spill; what it shows of them: names, colours, values, meters,
// clock; and several devices as one surface. From the bytes of an X-Touch to the desk and back.
#include "tests/control/midi/midi_wire.h"

namespace fohd {
namespace {

using namespace midi_test;

constexpr Geometry kDesk{.inputs = 20, .returns = 4, .buses = 8};

struct One {
  explicit One(Geometry geometry = kDesk, MidiSetup setup = {}) : rig(geometry, std::move(setup)) {
    rig.plug(surface, "X-Touch");
    settle(rig);
  }
  void press(int note) { tap(rig, surface, note); }
  Rig rig;
  Surface surface;
};

constexpr const char* kFirstEight = "ch 1,ch 2,ch 3,ch 4,ch 5,ch 6,ch 7,ch 8";

}  // namespace

TEST_CASE("views: channels, buses, returns, all; the lit button says which", "[midi][view]") {
  One one;
  const auto before = everything(one.rig);
  const int buttons[] = {kViewInputs, kViewBuses, kViewAux, kViewAll};
  const auto only = [&](int note) {
    for (const int other : buttons) CHECK(one.surface.lit(other) == (other == note));
  };
  only(kViewInputs);
  one.press(kViewBuses);
  CHECK(one.surface.names() == "bus 1,bus 2,bus 3,bus 4,bus 5,bus 6,bus 7,bus 8");
  only(kViewBuses);
  one.press(kViewAux);
  CHECK(one.surface.names() == "fxrt 1,fxrt 2,fxrt 3,fxrt 4,,,," + std::string());
  only(kViewAux);
  one.press(kViewAll);
  CHECK(one.surface.names() == kFirstEight);
  only(kViewAll);
  for (int i = 0; i < 10; ++i) one.press(kBankRight);
  // 20 channels, 8 buses, main and 4 returns: the last eight.
  CHECK(one.surface.names().starts_with("bus 6,bus 7,bus 8,main,"));
  settle(one.rig);
  stands_at(one.rig, one.surface, 0, "/bus/6/fader");
  stands_at(one.rig, one.surface, 3, "/main/fader");
  stands_at(one.rig, one.surface, 7, "/fxrtn/4/fader");
  one.press(kViewInputs);
  CHECK(one.surface.names() == kFirstEight);
  CHECK(changed(one.rig, before).empty());
}

TEST_CASE("effect returns can be told apart by their names", "[midi][view]") {
  One one;
  one.press(kViewAux);
  CHECK(one.surface.cell(0, 0) != one.surface.cell(0, 1));
}

TEST_CASE("a view of what the desk has none of changes nothing", "[midi][view]") {
  One one({.inputs = 8, .returns = 0, .buses = 0});
  for (const int note : {kViewAux, kViewBuses}) {
    one.press(note);
    CHECK(one.surface.names() == kFirstEight);
    CHECK(one.surface.lit(kViewInputs));
    CHECK_FALSE(one.surface.lit(note));
  }
}

TEST_CASE("layers show the strips that somebody chose, in that order, without what the desk lacks", "[midi][view]") {
  MidiSetup setup;
  setup.layers = {{"band", {"/ch/9", "/bus/[2-3]", "/ch/99", "/main", "/ch/9", "/fxrtn/1", "/config"}},
                  {"not ours", {"/ch/99", "/bus/64"}},
                  {"many", {"/ch/*"}}};
  One one(kDesk, setup);
  one.rig.set("/main/fader", -12.0f);
  one.press(kBankRight);
  const auto before = everything(one.rig);
  one.press(kF1);
  settle(one.rig);
  CHECK(one.surface.names().starts_with("ch 9,bus 2,bus 3,main,fxrt"));
  CHECK(one.surface.names().ends_with(",,,"));
  CHECK(one.surface.lit(kF1));
  CHECK_FALSE(one.surface.lit(kViewInputs));
  stands_at(one.rig, one.surface, 3, "/main/fader");
  stands_at(one.rig, one.surface, 8, "/main/fader");
  for (const int note : {kF1 + 1, kF1 + 3, kF1 + 7}) {  // none of it is here; there is no such layer
    one.press(note);
    CHECK(one.surface.cell(0, 3) == "main");
    CHECK_FALSE(one.surface.lit(note));
    CHECK(one.surface.lit(kF1));
  }
  one.press(kF1 + 2);
  CHECK(one.surface.names() == kFirstEight);
  one.press(kBankRight);
  CHECK(one.surface.cell(0, 0) == "ch 9");
  one.press(kViewInputs);
  CHECK_FALSE(one.surface.lit(kF1 + 2));
  CHECK(changed(one.rig, before).empty());
}

TEST_CASE("spill shows who is heard in the selected bus, and then the bank as it was", "[midi][view]") {
  One one;
  one.rig.set("/ch/3/send/2/level", -10.0f);
  one.rig.set("/ch/5/send/2/level", -10.0f);
  one.rig.set("/ch/5/send/2/on", std::int32_t{0});
  one.rig.set("/ch/7/send/2/tap", static_cast<std::int32_t>(SendTap::subgroup));
  one.rig.set("/ch/8/send/1/level", -10.0f);
  one.rig.set("/ch/19/send/2/level", -60.0f);
  one.rig.set("/fxrtn/1/send/2/level", -3.0f);
  one.press(kViewBuses);
  one.press(kSelect + 1);
  one.press(kViewInputs);
  one.press(kBankRight);
  const auto before = everything(one.rig);
  one.press(kGroup);
  settle(one.rig);
  CHECK(one.surface.lit(kGroup));
  CHECK_FALSE(one.surface.lit(kViewInputs));
  CHECK(one.surface.names().starts_with("ch 3,ch 7,ch 19,fxrt"));  // and its other half: returns are linked
  CHECK(one.surface.names().ends_with(",,,"));
  CHECK_FALSE(one.surface.names().ends_with(",,,,"));
  stands_at(one.rig, one.surface, 1, "/ch/7/fader");
  SECTION("pressed again") { one.press(kGroup); }
  SECTION("after another spill in between") {
    CHECK(one.rig.hub.spill({"/ch/1", "/main"}).empty());
    one.rig.run(200);
    CHECK(one.surface.names() == "ch 1,main,,,,,,");
    one.press(kGroup);
  }
  CHECK(one.surface.names() == "ch 9,ch 10,ch 11,ch 12,ch 13,ch 14,ch 15,ch 16");
  CHECK_FALSE(one.surface.lit(kGroup));
  CHECK(one.surface.lit(kViewInputs));
  CHECK(changed(one.rig, before).empty());
}

TEST_CASE("spill of main shows what goes to main; a view ends a spill", "[midi][view]") {
  MidiSetup setup;
  setup.layers = {{"main", {"/main"}}};
  One one(kDesk, setup);
  for (int i = 3; i <= 20; ++i) one.rig.set("/ch/" + std::to_string(i) + "/main/on", std::int32_t{0});
  for (int i = 1; i <= 4; ++i) one.rig.set("/fxrtn/" + std::to_string(i) + "/main/on", std::int32_t{0});
  one.rig.set("/bus/4/main/on", std::int32_t{1});
  one.press(kF1);
  one.press(kSelect);
  one.press(kGroup);
  CHECK(one.surface.names() == "ch 1,ch 2,bus 4,,,,,");
  one.press(kViewInputs);
  CHECK(one.surface.names() == kFirstEight);
  CHECK_FALSE(one.surface.lit(kGroup));
  CHECK(one.surface.lit(kViewInputs));
}

TEST_CASE("a spill of nobody leaves the columns, and its button dark", "[midi][view]") {
  One one;
  one.press(kGroup);  // a channel is selected: nobody is heard in it
  CHECK(one.surface.names() == kFirstEight);
  CHECK_FALSE(one.surface.lit(kGroup));
  one.press(kViewBuses);
  one.press(kSelect + 4);  // nobody sends there
  one.press(kGroup);
  CHECK(one.surface.names().starts_with("bus 1,"));
  CHECK_FALSE(one.surface.lit(kGroup));
}

TEST_CASE("the spill command shows just these strips on all surfaces", "[midi][view]") {
  One one;
  Surface second;
  one.rig.plug(second, "X-Touch", 2);
  settle(one.rig);
  CHECK(one.rig.hub.spill({"/ch/17", "/bus/[1-2]", "/nothing"}).empty());
  one.rig.run(300);
  CHECK(one.surface.names() == "ch 17,bus 1,bus 2,,,,,");
  CHECK(second.names() == one.surface.names());
  CHECK(one.surface.lit(kGroup));
  const std::string why = one.rig.hub.spill({"/nothing", "/config"});
  CHECK(why.find("/ch/1") != std::string::npos);
  one.rig.run(300);
  CHECK(one.surface.names() == "ch 17,bus 1,bus 2,,,,,");
  tap(one.rig, second, kGroup);
  CHECK(second.names() == kFirstEight);
  CHECK(one.surface.cell(0, 0) == "ch 17");
  Rig nobody;
  CHECK_FALSE(nobody.hub.spill({"/ch/1"}).empty());
}

TEST_CASE("the spill command is seen while a channel's sends are on the faders, too", "[midi][view]") {
  One one;
  one.press(kZoom);
  CHECK(one.surface.cell(0, 0) == "bus 1");
  CHECK(one.rig.hub.spill({"/ch/17"}).empty());
  one.rig.run(300);
  CHECK(one.surface.names() == "ch 17,,,,,,,");
}

TEST_CASE("the mute LED is the desk's state, whoever changes it", "[midi][view]") {
  One one;
  Surface other;
  one.rig.plug(other, "X-Touch", 2);
  settle(one.rig);
  const auto both = [&](bool on) {
    one.rig.run(100);
    CHECK(one.surface.lit(kMute + 1) == on);
    CHECK(other.lit(kMute + 1) == on);
    CHECK(one.rig.whole("/ch/2/mute") == (on ? 1 : 0));
  };
  both(false);
  tap(one.rig, one.surface, kMute + 1);
  both(true);
  tap(one.rig, other, kMute + 1);
  both(false);
  one.rig.set("/ch/2/mute", std::int32_t{1});
  both(true);
  one.rig.set("/ch/1/link", std::int32_t{1});  // channel 2 takes what 1 has
  one.rig.set("/ch/1/mute", std::int32_t{1});
  both(true);
  one.rig.set("/ch/1/mute", std::int32_t{0});
  both(false);
  tap(one.rig, one.surface, kMute);
  both(true);
  one.press(kBankRight);
  CHECK_FALSE(one.surface.lit(kMute + 1));
  one.press(kBankLeft);
  CHECK(one.surface.lit(kMute + 1));
}

TEST_CASE("names and colours follow the desk; a moved value stands there for a second", "[midi][view]") {
  One one;
  CHECK(one.surface.colors == Bytes(8, 7));
  one.rig.set("/ch/2/name", std::string("Kick in"));
  one.rig.set("/ch/3/name", std::string("Flöte"));
  one.rig.set("/ch/2/color", std::int32_t{1});
  one.rig.set("/ch/3/color", std::int32_t{12});  // blue_inverted
  one.rig.set("/ch/4/color", std::int32_t{0});   // off: its name stays readable
  one.rig.run(200);
  CHECK(one.surface.names() == "ch 1,Kick i,Fl?te,ch 4,ch 5,ch 6,ch 7,ch 8");
  CHECK(one.surface.colors == Bytes{7, 1, 4, 7, 7, 7, 7, 7});
  one.press(kChannelRight);
  CHECK(one.surface.cell(0, 0) == "Kick i");
  CHECK(one.surface.colors == Bytes{1, 4, 7, 7, 7, 7, 7, 7});
  one.rig.set("/ch/2/name", std::string());
  one.rig.run(200);
  CHECK(one.surface.cell(0, 0) == "ch 2");
  // The rotary's value below; a fader's while it moves and a second longer.
  CHECK(one.surface.cell(1, 0) == "0.0");
  one.surface.says = {three(0x90, kTouch, 127), bend(0, 15'935), three(0x90, kTouch, 0)};
  one.rig.run(300);
  CHECK(one.surface.cell(1, 0) == "10.0dB");
  one.rig.run(500);
  CHECK(one.surface.cell(1, 0) == "10.0dB");
  one.rig.run(500);
  CHECK(one.surface.cell(1, 0) == "0.0");
  one.press(kNameValue);
  CHECK(one.surface.lit(kNameValue));
  CHECK(one.surface.cell(1, 0) == "10.0dB");
  CHECK(one.surface.cell(1, 1) == "off");
  one.press(kNameValue);
  CHECK(one.surface.cell(1, 1) == "0.0");
}

TEST_CASE("the clock, the load and the xruns on the time display", "[midi][view]") {
  One one;
  const auto turn = [&](const SurfaceClock& clock) {
    for (int i = 0; i < 10; ++i) {
      one.rig.now_ms += 20;
      one.rig.hub.turn(one.rig.now_ms, clock);
      one.rig.hub.drain([&](MidiUnitId, MidiBytes bytes) {
        one.surface.hear(bytes, one.rig.now_ms);
        return true;
      });
    }
    std::string text;  // from the left; a lower-case letter would be a digit with its dot
    for (int i = 9; i >= 0; --i) {
      const int code = one.surface.digits[static_cast<std::size_t>(i)], c = code & 0x3F;
      text += static_cast<char>(c < 0x20 ? c + 0x40 : c);
      if ((code & 0x40) != 0) text += '.';
    }
    return text;
  };
  one.rig.status.load_percent = 7.4f;
  CHECK(turn({12, 34, 56}) == " 12.34.56  7");
  one.rig.status.load_percent = 250;
  CHECK(turn({0, 5, 9}) == " 00.05.09250");
  CHECK(one.surface.digits[11] == 'P' - 0x40);  // pan
  CHECK(one.surface.digits[10] == 'A' - 0x40);
  one.surface.log.clear();
  turn({0, 5, 9});
  CHECK(one.surface.log.empty());  // only what differs is sent
  turn({0, 5, 8});
  CHECK(one.surface.log.size() == 1);
  one.rig.status.xruns = 42;
  one.press(kSmpteBeats);
  CHECK(one.surface.lit(kSmpteBeats));
  CHECK(turn({0, 5, 9}) == "ER      42");
  one.rig.status.xruns = 43;
  CHECK(turn({0, 5, 9}) == "ER      43");
}

TEST_CASE("meters: a channel before its fader, a mix behind it, the overload lamp", "[midi][view]") {
  One one;
  one.rig.run(200);
  MeterFrame frame(one.rig.desk.geometry());
  const auto db = [](double level) { return static_cast<float>(std::pow(10.0, level / 20)); };
  frame.strips[1].pre_peak = db(-5.9);
  frame.strips[1].post_peak = db(0);
  frame.strips[2].pre_peak = db(-61);
  frame.strips[3].pre_peak = db(1);
  frame.strips[static_cast<std::size_t>(kDesk.first_bus_strip())].post_peak = db(-19);
  frame.strips[static_cast<std::size_t>(kDesk.first_return_strip())].post_peak = db(-40);
  one.rig.hub.meters(frame);
  one.rig.run(200);
  // Nothing happens where nothing was; a level is sent once in 100 ms and then falls by itself.
  CHECK(one.surface.count({0xD0, 0x19}) == 1);
  CHECK(one.surface.count({0xD0, 0x3C}) == 1);
  CHECK(one.surface.count({0xD0, 0x21}) == 0);
  CHECK(one.surface.meters[1] == 0);
  CHECK_FALSE(one.surface.overload[3]);
  one.rig.status.input_clipped[3] = true;
  one.rig.hub.meters(frame);
  one.rig.run(200);
  CHECK(one.surface.overload[3]);
  CHECK_FALSE(one.surface.overload[2]);
  one.rig.status.input_clipped[3] = false;
  one.rig.hub.meters(frame);
  one.rig.run(200);
  CHECK_FALSE(one.surface.overload[3]);
  one.press(kViewBuses);
  one.surface.log.clear();
  one.rig.hub.meters(frame);
  one.rig.run(200);
  CHECK(one.surface.count({0xD0, 0x05}) == 1);
  one.press(kViewAux);
  one.surface.log.clear();
  one.rig.hub.meters(frame);
  one.rig.run(200);
  CHECK(one.surface.count({0xD0, 0x03}) == 1);
}

TEST_CASE("a lit overload lamp does not stay on a column that then has another strip or none", "[midi][view]") {
  One one({.inputs = 20, .returns = 2, .buses = 4});
  MeterFrame frame(one.rig.desk.geometry());
  const auto look = [&] {
    one.rig.hub.meters(frame);
    one.rig.run(200);
  };
  one.rig.status.input_clipped[6] = true;
  look();
  CHECK(one.surface.overload[6]);
  SECTION("another strip") {
    one.press(kBankRight);
    look();
    CHECK_FALSE(one.surface.overload[6]);
  }
  SECTION("none") {
    one.press(kViewBuses);
    look();
    CHECK_FALSE(one.surface.overload[6]);
  }
}

TEST_CASE("a bank change under a hand moves nothing but what the hand moves", "[midi][view]") {
  One one;
  one.rig.set("/ch/1/fader", -5.0f);
  one.rig.set("/ch/9/fader", -30.0f);
  one.rig.set("/ch/10/fader", -30.0f);
  settle(one.rig);
  one.surface.says.push_back(three(0x90, kTouch, 127));
  one.surface.says.push_back(bend(0, 8'000));
  one.rig.run(100);
  CHECK(one.rig.place("/ch/1/fader") == Approx(8'000 / 15'935.0).margin(1e-6));
  const auto before = everything(one.rig);
  one.surface.log.clear();
  one.press(kBankRight);
  settle(one.rig);
  CHECK(one.surface.count({0xE0}) == 0);  // a hand is on it
  CHECK(one.surface.count({0xE1}) > 0);
  CHECK(changed(one.rig, before).empty());
  SECTION("let go without a move: it goes where channel 9 is") {
    one.surface.says.push_back(three(0x90, kTouch, 0));
    settle(one.rig);
    stands_at(one.rig, one.surface, 0, "/ch/9/fader");
    CHECK(changed(one.rig, before).empty());
  }
  SECTION("moved: never channel 1, which nobody sees any more") {
    one.surface.says.push_back(bend(0, 8'100));
    settle(one.rig);
    for (const std::string& address : changed(one.rig, before)) CHECK(address == "/ch/9/fader");
  }
}

TEST_CASE("a bank change under a hand: the next hair's breadth is no jump of the new channel", "[midi][view]") {
  One one;
  one.rig.set("/ch/9/fader", -30.0f);
  settle(one.rig);
  one.surface.says = {three(0x90, kTouch, 127), bend(0, 15'000)};
  one.rig.run(100);
  one.press(kBankRight);
  one.surface.says.push_back(bend(0, 15'016));  // one of 1024 positions
  one.rig.run(100);
  CHECK(one.rig.real("/ch/9/fader") == -30.0f);  // the hand must come to the value first
}

}  // namespace fohd
