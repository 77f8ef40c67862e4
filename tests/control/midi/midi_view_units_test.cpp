// Several devices as one surface, and several alike beside each other.
#include "tests/control/midi/midi_wire.h"

namespace fohd {
namespace {

using namespace midi_test;

constexpr Geometry kLarge{.inputs = 48, .returns = 4, .buses = 8};

std::string channels_from(int first) {
  std::string all;
  for (int i = 0; i < 8; ++i) all += (i == 0 ? "ch " : ",ch ") + std::to_string(first + i);
  return all;
}

MidiSetup pair_of(const std::string& left, const std::string& right) {
  MidiSetup setup;
  setup.surfaces = {{"foh", {left, right}}};
  return setup;
}

}  // namespace

TEST_CASE("two units are one surface: columns go on, banks are sixteen, whoever comes first", "[midi][view]") {
  Rig rig(kLarge, pair_of("x-touch-extender", "x-touch"));
  Surface left(0x15), right(0x14);
  const bool left_first = GENERATE(true, false);
  if (!left_first) rig.plug(right, "X-Touch");
  MidiUnitId left_id = rig.plug(left, "X-Touch-Ext");
  if (left_first) rig.plug(right, "X-Touch");
  settle(rig);
  const auto show = [&](int first) {
    CHECK(left.names() == channels_from(first));
    CHECK(right.names() == channels_from(first + 8));
  };
  show(1);
  for (int i = 1; i <= 48; ++i) rig.set("/ch/" + std::to_string(i) + "/fader", static_cast<float>(-i));
  tap(rig, right, kBankRight);
  settle(rig);
  show(17);
  stands_at(rig, left, 2, "/ch/19/fader");
  stands_at(rig, right, 2, "/ch/27/fader");
  stands_at(rig, right, 8, "/main/fader");
  tap(rig, right, kChannelRight);
  show(18);
  tap(rig, right, kBankRight);
  show(33);  // 48 channels end with 33 to 48
  tap(rig, right, kBankLeft);
  show(17);
  tap(rig, left, kSelect + 3);
  CHECK(left.lit(kSelect + 3));
  tap(rig, right, kSelect + 5);
  CHECK_FALSE(left.lit(kSelect + 3));
  CHECK(right.lit(kSelect + 5));
  tap(rig, left, kMute + 1);
  CHECK(rig.whole("/ch/18/mute") == 1);
  tap(rig, right, kMute + 1);
  CHECK(rig.whole("/ch/26/mute") == 1);
  const auto before = everything(rig);
  SECTION("one goes and returns: nothing of the other moves, its bank is as it was") {
    rig.unplug(left_id);
    left.forget();
    right.log.clear();
    rig.run(1'000);
    CHECK(right.count({0xE0}) == 0);
    CHECK(right.names() == channels_from(25));
    left_id = rig.plug(left, "X-Touch-Ext");
    settle(rig);
    show(17);
  }
  SECTION("it is bank 33 when it returns, if somebody went there meanwhile") {
    rig.unplug(left_id);
    left.forget();
    tap(rig, right, kBankRight);
    CHECK(right.names() == channels_from(41));
    left_id = rig.plug(left, "X-Touch-Ext");
    settle(rig);
    show(33);
  }
  SECTION("the selected strip's parameters go on from the one to the other") {
    tap(rig, right, kAssignEq);
    CHECK(left.cell(0, 7) == "2q");
    CHECK(right.cell(0, 0) == "3type");
    CHECK(right.cell(0, 7) == "4q");
    tap(rig, right, kCursorRight);
    CHECK(left.names() == "on,,,,,,,");
    CHECK(right.names() == ",,,,,,,");
  }
  CHECK(changed(rig, before).empty());
}

TEST_CASE("two equal devices are two surfaces, told apart by their ordinals", "[midi][view]") {
  Rig rig(kLarge);
  Surface first, second;
  const MidiUnitId id = rig.plug(first, "X-Touch", 1);
  const MidiUnitId other = rig.plug(second, "X-Touch", 2);
  settle(rig);
  CHECK(rig.hub.unit(id)->name() == "x-touch");
  CHECK(rig.hub.unit(other)->name() == "x-touch#2");
  tap(rig, second, kBankRight);
  CHECK(first.names() == channels_from(1));
  CHECK(second.names() == channels_from(9));
  const std::vector<std::string> lines = rig.hub.list();
  REQUIRE(lines.size() == 2);
  CHECK(lines[0].starts_with("x-touch: Behringer X-Touch"));
  CHECK(lines[1].starts_with("x-touch#2: Behringer X-Touch"));
  std::string error;
  CHECK(rig.hub.list_controls("x-touch#2", error).size() == rig.hub.list_controls("x-touch", error).size());
  SECTION("the second one returns and finds its bank; the first one keeps its own") {
    rig.unplug(other);
    second.forget();
    rig.run(500);
    rig.plug(second, "X-Touch", 2);
    settle(rig);
    CHECK(first.names() == channels_from(1));
    CHECK(second.names() == channels_from(9));
  }
}

TEST_CASE("equal devices as one surface lie as their numbers say, whoever comes first", "[midi][view]") {
  const bool swapped = GENERATE(false, true), second_first = GENERATE(false, true);
  CAPTURE(swapped, second_first);
  Rig rig(kLarge, swapped ? pair_of("x-touch#2", "x-touch") : pair_of("x-touch", "x-touch#2"));
  Surface first, second;
  if (second_first) rig.plug(second, "X-Touch", 2);
  rig.plug(first, "X-Touch", 1);
  if (!second_first) rig.plug(second, "X-Touch", 2);
  settle(rig);
  CHECK(first.names() == channels_from(swapped ? 9 : 1));
  CHECK(second.names() == channels_from(swapped ? 1 : 9));
  tap(rig, first, kBankRight);
  CHECK(first.names() == channels_from(swapped ? 25 : 17));
  CHECK(second.names() == channels_from(swapped ? 17 : 25));
}

TEST_CASE("equal devices as one surface, each with its number", "[midi][view]") {
  const bool second_first = GENERATE(false, true);
  CAPTURE(second_first);
  Rig rig(kLarge, pair_of("x-touch#1", "x-touch#2"));
  Surface first, second;
  if (second_first) rig.plug(second, "X-Touch", 2);
  rig.plug(first, "X-Touch", 1);
  if (!second_first) rig.plug(second, "X-Touch", 2);
  settle(rig);
  CHECK(first.names() == channels_from(1));
  CHECK(second.names() == channels_from(9));
}

TEST_CASE("a device that no surface names is one of its own beside them", "[midi][view]") {
  Rig rig(kLarge, pair_of("x-touch-extender", "x-touch"));
  Surface left(0x15), right(0x14), third(0x14);
  rig.plug(left, "X-Touch-Ext");
  rig.plug(right, "X-Touch");
  rig.plug(third, "X-Touch", 2);  // both places are taken
  settle(rig);
  CHECK(third.names() == channels_from(1));
  tap(rig, third, kBankRight);
  CHECK(third.names() == channels_from(9));
  CHECK(left.names() == channels_from(1));
}

TEST_CASE("a profile chosen by hand wins over the profiles' own patterns", "[midi][view]") {
  MidiSetup setup;
  setup.devices = {{"Strange*", "x-touch"}, {"X-Touch", "nobody"}};
  Rig rig(kLarge, setup);
  Surface strange, usual;
  rig.plug(strange, "Strange Thing");
  rig.plug(usual, "X-Touch");  // an id that no profile has: its own pattern counts
  settle(rig);
  CHECK(strange.names() == channels_from(1));
  CHECK(usual.names() == channels_from(1));
  tap(rig, strange, kBankRight);
  CHECK(strange.names() == channels_from(9));
  CHECK(usual.names() == channels_from(1));
  REQUIRE(rig.hub.profile_of("strange thing") != nullptr);
  CHECK(rig.hub.profile_of("strange thing")->id == "x-touch");
  CHECK(rig.hub.profile_of("Unheard of") == nullptr);
}

}  // namespace fohd
