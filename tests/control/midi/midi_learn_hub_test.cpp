// MIDI learn and the monitor through the whole hub: an engineer moves a control, and from then on it does what was
// asked for, until it is forgotten; saved, it is the same after the next start.
#include "control/targets/target_designer.h"
#include "engine/crossing/latest.h"
#include "tests/control/midi/midi_wire.h"

namespace fohd {
namespace {

using namespace midi_test;

constexpr Origin kClient = {Origin::Side::osc, 7};

Bytes cc(int number, int value, int channel = 0) { return three(0xB0 | channel, number, value); }

/// What a desk has after the next start: one's own profiles, then the shipped ones.
MidiSetup next_start(std::vector<MidiProfileText> texts) {
  std::vector<ConfigError> errors;
  MidiSetup setup;
  texts.insert(texts.end(), shipped_profile_texts().begin(), shipped_profile_texts().end());
  setup.profiles = parse_midi_profiles(texts, errors);
  for (const ConfigError& error : errors) UNSCOPED_INFO(error.to_string());
  REQUIRE(errors.empty());
  return setup;
}

/// Asks for `target`, says `messages` 20 ms apart, and returns the notes.
template <class Speaker>
std::vector<MidiNote> learn(Rig& rig, Speaker& device, const std::string& target, const std::vector<Bytes>& messages) {
  REQUIRE(rig.hub.learn(target, kClient, rig.now_ms).empty());
  const auto before = everything(rig);
  for (const Bytes& message : messages) {
    device.says.push_back(message);
    rig.run(20);
  }
  rig.run(500);
  CHECK(changed(rig, before).empty());  // while it learns nothing moves
  return rig.hub.take_notes();
}

template <class Speaker>
void say(Rig& rig, Speaker& device, const std::vector<Bytes>& messages) {
  for (const Bytes& message : messages) {
    device.says.push_back(message);
    rig.run(300);
  }
}

std::vector<Bytes> sweep(int from, int to, int step, const std::function<Bytes(int)>& message) {
  std::vector<Bytes> all;
  for (int value = from; value <= to; value += step) all.push_back(message(value));
  return all;
}

void told(const std::vector<MidiNote>& notes, const std::string& text) {
  REQUIRE(notes.size() == 1);
  CHECK(notes[0].client == kClient);
  CHECK(notes[0].address == "/midi/learn");
  CHECK(notes[0].text == text);
}

}  // namespace

TEST_CASE("learned on a device that nobody knows: knob, button, encoder, 14 bits, NRPN, pitch bend", "[midi][learn]") {
  Rig rig;
  Puppet box;
  rig.plug(box, "Magic Box");
  rig.run(100);
  SECTION("a knob takes over where the value is") {
    told(learn(rig, box, "/ch/2/fader", sweep(0, 40, 4, [](int v) { return cc(21, v, 2); })),
         "/ch/2/fader is cc 21 ch 3 of Magic Box");
    rig.set("/ch/2/fader", 0.0f);
    say(rig, box, {cc(21, 10, 2)});
    CHECK(rig.real("/ch/2/fader") == 0.0f);
    say(rig, box, {cc(21, 127, 2)});
    CHECK(rig.real("/ch/2/fader") == 10.0f);
    say(rig, box, {cc(21, 0, 2), cc(21, 0, 3)});
    CHECK(rig.real("/ch/2/fader") == kLevelOffDb);
  }
  SECTION("a button") {
    told(learn(rig, box, "/ch/2/mute", {three(0x90, 60, 127), three(0x80, 60, 0)}),
         "/ch/2/mute is note 60 ch 1 of Magic Box");
    box.heard.clear();
    say(rig, box, {three(0x90, 60, 100), three(0x90, 60, 0)});
    CHECK(rig.whole("/ch/2/mute") == 1);
    CHECK(box.heard == std::vector<Bytes>{three(0x90, 60, 127)});  // its LED
    say(rig, box, {three(0x90, 60, 100), three(0x80, 60, 64)});
    CHECK(rig.whole("/ch/2/mute") == 0);
  }
  SECTION("an encoder") {
    told(learn(rig, box, "/ch/2/pan", {cc(30, 1), cc(30, 1), cc(30, 1), cc(30, 127), cc(30, 127)}),
         "/ch/2/pan is cc 30 ch 1 of Magic Box");
    say(rig, box, {cc(30, 1)});
    CHECK(rig.real("/ch/2/pan") == Approx(200 * EncoderSpeed::kTick));
    say(rig, box, {cc(30, 127), cc(30, 127)});
    CHECK(rig.real("/ch/2/pan") == Approx(-200 * EncoderSpeed::kTick));
  }
  SECTION("a controller of 14 bits") {
    std::vector<Bytes> messages;
    for (int value = 0; value < 4'000; value += 300) {
      messages.push_back(cc(7, value / 128));
      messages.push_back(cc(39, value % 128));
    }
    told(learn(rig, box, "/ch/2/fader", messages), "/ch/2/fader is cc14 7 ch 1 of Magic Box");
    say(rig, box, {cc(7, 0), cc(39, 0), cc(7, 127), cc(39, 127), cc(7, 64), cc(39, 0)});
    CHECK(rig.place("/ch/2/fader") == Approx(8'192 / 16'383.0).margin(1e-5));
    say(rig, box, {cc(39, 1)});  // one of 16384
    CHECK(rig.place("/ch/2/fader") == Approx(8'193 / 16'383.0).margin(1e-6));
  }
  SECTION("NRPN") {
    std::vector<Bytes> messages = {cc(99, 3), cc(98, 23)};
    for (int value = 0; value < 60; value += 10) {
      messages.push_back(cc(6, value));
      messages.push_back(cc(38, 0));
    }
    told(learn(rig, box, "/main/fader", messages), "/main/fader is nrpn 3/23 ch 1 of Magic Box");
    say(rig, box, {cc(99, 3), cc(98, 23), cc(6, 0), cc(38, 0), cc(6, 127), cc(38, 127)});
    CHECK(rig.real("/main/fader") == 10.0f);
    const auto before = everything(rig);
    say(rig, box, {cc(99, 3), cc(98, 24), cc(6, 5), cc(38, 0)});  // another parameter
    CHECK(changed(rig, before).empty());
  }
  SECTION("pitch bend") {
    told(learn(rig, box, "/bus/1/fader", sweep(0, 16'000, 1'000, [](int v) { return bend(4, v); })),
         "/bus/1/fader is pitch_bend ch 5 of Magic Box");
    say(rig, box, {bend(4, 16'383), bend(4, 0), bend(4, 8'192)});
    CHECK(rig.place("/bus/1/fader") == Approx(8'192 / 16'383.0).margin(1e-5));
  }
  SECTION("what the surface itself does") {
    told(learn(rig, box, "bank right", {cc(40, 127), cc(40, 0)}), "bank right is cc 40 ch 1 of Magic Box");
    const auto before = everything(rig);
    say(rig, box, {cc(40, 127), cc(40, 0)});
    CHECK(changed(rig, before).empty());
  }
  SECTION("a command, once for each press") {
    told(learn(rig, box, "/clips/clear", {cc(41, 127), cc(41, 0)}), "/clips/clear is cc 41 ch 1 of Magic Box");
    say(rig, box, {cc(41, 127), cc(41, 0)});
    CHECK(rig.commands.calls == std::vector<CommandCall>{{Command::clips_clear}});
  }
}

TEST_CASE("learned on a device with a profile: what was its control does the other thing now", "[midi][learn]") {
  Rig rig;
  Surface surface;
  rig.plug(surface, "X-Touch");
  settle(rig);
  SECTION("its fader, and never the touch of it") {
    rig.set("/bus/2/fader", -20.0f);
    std::vector<Bytes> messages = {three(0x90, kTouch + 2, 127)};
    for (int value = 0; value < 5'000; value += 500) messages.push_back(bend(2, value));
    messages.push_back(three(0x90, kTouch + 2, 0));
    told(learn(rig, surface, "/bus/2/fader", messages), "/bus/2/fader is fader 3 (pitch_bend ch 3) of x-touch");
    settle(rig);
    stands_at(rig, surface, 2, "/bus/2/fader");  // its motor goes where the new value is
    surface.says = {three(0x90, kTouch + 2, 127), bend(2, 15'935), three(0x90, kTouch + 2, 0)};
    settle(rig);
    CHECK(rig.real("/bus/2/fader") == 10.0f);
    CHECK(rig.real("/ch/3/fader") == kLevelOffDb);
    tap(rig, surface, kBankRight);  // an address stays under every bank
    settle(rig);
    stands_at(rig, surface, 2, "/bus/2/fader");
    CHECK(rig.hub.forget("/bus/2/fader").empty());
    settle(rig);
    stands_at(rig, surface, 2, "/ch/11/fader");
    surface.says = {three(0x90, kTouch + 2, 127), bend(2, 0), three(0x90, kTouch + 2, 0)};
    settle(rig);
    CHECK(rig.real("/bus/2/fader") == 10.0f);
  }
  SECTION("its encoder") {
    told(learn(rig, surface, "/ch/9/pan", {cc(16, 1), cc(16, 1), cc(16, 1)}),
         "/ch/9/pan is v-pot 1 (cc 16 ch 1) of x-touch");
    say(rig, surface, {cc(16, 0x42)});
    CHECK(rig.real("/ch/9/pan") == Approx(-2 * 200 * EncoderSpeed::kTick));
    CHECK(rig.real("/ch/1/pan") == 0.0f);
    CHECK(rig.hub.forget("cc 16 ch 1").empty());
    say(rig, surface, {cc(16, 0x42)});
    CHECK(rig.real("/ch/1/pan") == Approx(-2 * 200 * EncoderSpeed::kTick));
  }
  SECTION("its free button, with the LED") {
    told(learn(rig, surface, "/main/mute", {three(0x90, 94, 127), three(0x90, 94, 0)}),
         "/main/mute is play (note 94 ch 1) of x-touch");
    CHECK_FALSE(surface.lit(94));
    tap(rig, surface, 94);
    CHECK(rig.whole("/main/mute") == 1);
    CHECK(surface.lit(94));
    CHECK(rig.hub.forget("all").empty());
    settle(rig);
    CHECK_FALSE(surface.lit(94));
    tap(rig, surface, 94);
    CHECK(rig.whole("/main/mute") == 1);
    CHECK_FALSE(rig.hub.forget("all").empty());
  }
  SECTION("the last thing learned counts") {
    learn(rig, surface, "/main/mute", {three(0x90, 94, 127), three(0x90, 94, 0)});
    learn(rig, surface, "/ch/3/mute", {three(0x90, 94, 127), three(0x90, 94, 0)});
    tap(rig, surface, 94);
    CHECK(rig.whole("/main/mute") == 0);
    CHECK(rig.whole("/ch/3/mute") == 1);
    CHECK_FALSE(rig.hub.forget("/main/mute").empty());
    CHECK(rig.hub.forget("/ch/3/mute").empty());
  }
  SECTION("an equal device has learned it, too, and one that comes later") {
    Surface second;
    rig.plug(second, "X-Touch", 2);
    settle(rig);
    learn(rig, surface, "/main/mute", {three(0x90, 94, 127), three(0x90, 94, 0)});
    Surface third;
    rig.plug(third, "X-Touch", 3);
    settle(rig);
    tap(rig, second, 94);
    CHECK(rig.whole("/main/mute") == 1);
    tap(rig, third, 94);
    CHECK(rig.whole("/main/mute") == 0);
  }
}

TEST_CASE("a fader without touch stands where the desk is after it was learned", "[midi][learn]") {
  Rig rig;
  Surface bcf(0x14, false);
  rig.plug(bcf, "BCF2000");
  rig.run(1'500);
  // Both are off, so that the new value is the old one; the hand left it half way up.
  learn(rig, bcf, "/ch/9/fader", sweep(0, 8'000, 500, [](int v) { return bend(2, v); }));
  settle(rig);
  stands_at(rig, bcf, 2, "/ch/9/fader", 16'383);
}

TEST_CASE("nobody moves anything: told after half a minute, and all works as before", "[midi][learn]") {
  Rig rig;
  Surface surface;
  rig.plug(surface, "X-Touch");
  settle(rig);
  CHECK(rig.hub.learn("/ch/1/mute", kClient, rig.now_ms).empty());
  surface.says = {three(0x90, kTouch, 127), three(0x90, kTouch, 0)};  // a hand that only rests there
  rig.run(29'000);
  CHECK(rig.hub.take_notes().empty());
  rig.run(1'100);
  told(rig.hub.take_notes(), "nothing was moved; /ch/1/mute was not learned");
  tap(rig, surface, kMute + 4);
  CHECK(rig.whole("/ch/5/mute") == 1);
  CHECK(rig.hub.take_notes().empty());
}

TEST_CASE("what cannot be learned is refused at once, with the reason", "[midi][learn]") {
  Rig rig;
  CHECK_FALSE(rig.hub.learn("/ch/1/mute", kClient, rig.now_ms).empty());  // there is no device
  Surface surface;
  rig.plug(surface, "X-Touch");
  settle(rig);
  for (const std::string target : {"", "/ch/99/mute", "/ch/1/name", "dance", "layer 0", "/ch/*/mute", "strip"}) {
    CAPTURE(target);
    CHECK_FALSE(rig.hub.learn(target, kClient, rig.now_ms).empty());
  }
  tap(rig, surface, kMute);
  CHECK(rig.whole("/ch/1/mute") == 1);  // nothing is being learned
  CHECK_FALSE(rig.hub.forget("/ch/1/mute").empty());
  MidiHub::Saved saved;
  CHECK_FALSE(rig.hub.saved("", saved).empty());
  CHECK_FALSE(rig.hub.saved("x-touch", saved).empty());
  CHECK_FALSE(rig.hub.saved("nobody", saved).empty());
}

TEST_CASE("a device that is pulled while it is learned does not leave the desk learning for ever", "[midi][learn]") {
  Rig rig;
  Surface first, second;
  const MidiUnitId id = rig.plug(first, "X-Touch", 1);
  rig.plug(second, "X-Touch", 2);
  settle(rig);
  CHECK(rig.hub.learn("/ch/9/mute", kClient, rig.now_ms).empty());
  first.says.push_back(three(0x90, 94, 127));
  rig.run(100);
  rig.unplug(id);
  rig.run(1'000);
  tap(rig, second, 95);
  rig.run(600);
  told(rig.hub.take_notes(), "/ch/9/mute is record (note 95 ch 1) of x-touch#2");
}

TEST_CASE("what was saved is the same after the next start", "[midi][learn]") {
  const std::string device = GENERATE("X-Touch", "Magic \"Box\" \\1");
  CAPTURE(device);
  std::vector<MidiProfileText> own;
  std::vector<std::string> learned;
  {
    Rig rig;
    Puppet box;
    rig.plug(box, device);
    rig.run(1'500);
    const std::vector<std::pair<std::string, std::vector<Bytes>>> all = {
        {"/ch/3/pan", {cc(16, 1), cc(16, 1), cc(16, 1)}},
        {"/main/mute", {three(0x90, 94, 127), three(0x90, 94, 0)}},
        {"bank right", {three(0x90, 5, 127), three(0x90, 5, 0)}},
        {"/ch/9/fader", sweep(0, 5'000, 500, [](int v) { return bend(1, v); })},
        {"/ch/8/fader", sweep(0, 60, 5, [](int v) { return cc(70, v, 6); })},
        {"rotary selected gate comp", {cc(71, 127, 6), cc(71, 0, 6)}},
        {"/bus/2/fader", {cc(99, 3), cc(98, 23), cc(6, 1), cc(38, 0), cc(6, 2), cc(38, 0)}}};
    for (const auto& [target, messages] : all) REQUIRE(learn(rig, box, target, messages).size() == 1);
    for (const std::string& line : rig.hub.list()) {
      if (line.starts_with("learned on ")) learned.push_back(line.substr(line.find(": ") + 2));
    }
    REQUIRE(learned.size() == all.size());
    MidiHub::Saved saved;
    REQUIRE(rig.hub.saved("", saved).empty());
    CHECK(saved.device == device);
    own.push_back({"mine", "mine.toml", midi_profile_text(saved)});
  }
  const MidiSetup setup = next_start(own);
  Rig rig({.inputs = 16, .buses = 8}, setup);
  Puppet box;
  const MidiUnitId id = rig.plug(box, device);
  rig.run(1'500);
  const MidiProfile& profile = rig.hub.unit(id)->profile();
  CHECK(profile.id == "mine");
  for (const std::string& line : learned) {
    CAPTURE(line);
    CHECK(std::count_if(profile.controls.begin(), profile.controls.end(), [&](const MidiControlSpec& spec) {
            return to_string(spec.message) + " " + to_string(spec.does) == line;
          }) == 1);
  }
  say(rig, box, {three(0x90, 94, 127), three(0x90, 94, 0)});
  CHECK(rig.whole("/main/mute") == 1);
  say(rig, box, {cc(16, 1)});
  CHECK(rig.real("/ch/3/pan") == Approx(200 * EncoderSpeed::kTick));
  say(rig, box, {cc(70, 0, 6), cc(70, 127, 6)});
  CHECK(rig.real("/ch/8/fader") == 10.0f);
  say(rig, box, {bend(1, 0), bend(1, 16'383)});
  CHECK(rig.real("/ch/9/fader") == 10.0f);
  say(rig, box, {cc(99, 3), cc(98, 23), cc(6, 0), cc(38, 0), cc(6, 127), cc(38, 127)});
  CHECK(rig.real("/bus/2/fader") == 10.0f);
}

TEST_CASE("learning goes on after the next start: what was saved first and what was saved then are both there",
          "[midi][learn]") {
  std::vector<MidiProfileText> own;
  // Every evening something more, under a new name; names in and against the order of the alphabet.
  const bool forwards = GENERATE(true, false);
  CAPTURE(forwards);
  constexpr int kEvenings = 5;
  for (int evening = 0; evening <= kEvenings; ++evening) {
    CAPTURE(evening);
    const MidiSetup setup = next_start(own);
    Rig rig({.inputs = 16, .buses = 8}, setup);
    Surface surface;
    rig.plug(surface, "X-Touch");
    settle(rig);
    for (int known = 0; known < evening; ++known) {
      tap(rig, surface, 91 + known);
      CHECK(rig.whole("/ch/" + std::to_string(known + 1) + "/mute") == 1);
    }
    if (evening == kEvenings) break;
    REQUIRE(rig.hub.learn("/ch/" + std::to_string(evening + 1) + "/mute", kClient, rig.now_ms).empty());
    tap(rig, surface, 91 + evening);
    rig.run(500);
    MidiHub::Saved saved;
    REQUIRE(rig.hub.saved("", saved).empty());
    const std::string name = "evening-" + std::to_string(forwards ? evening : 9 - evening);
    own.push_back({name, name + ".toml", midi_profile_text(saved)});
    std::sort(own.begin(), own.end(), [](const auto& a, const auto& b) { return a.id < b.id; });  // as a folder's are
  }
}

TEST_CASE("the monitor names device, message, what it did, what went out; and it ends", "[midi][monitor]") {
  Rig rig;
  Surface surface;
  rig.plug(surface, "X-Touch");
  settle(rig);
  rig.hub.monitor(kClient, 5, rig.now_ms);
  tap(rig, surface, kMute + 1);
  std::vector<std::string> lines;
  for (const MidiNote& note : rig.hub.take_notes()) {
    CHECK(note.client == kClient);
    CHECK(note.address == "/midi/monitor");
    lines.push_back(note.text);
  }
  const auto has = [&](const std::string& line) { return std::find(lines.begin(), lines.end(), line) != lines.end(); };
  for (const std::string& line : lines) UNSCOPED_INFO(line);
  CHECK(has("x-touch in  90 11 7F"));
  CHECK(has("x-touch     mute 2: /ch/2/mute on"));
  CHECK(has("x-touch in  90 11 00"));
  CHECK(has("x-touch out 90 11 7F"));
  surface.says.push_back(three(0x95, 3, 127));
  rig.run(100);
  lines.clear();
  for (const MidiNote& note : rig.hub.take_notes()) lines.push_back(note.text);
  CHECK(has("x-touch     note 3 ch 6 is not mapped"));
  SECTION("by itself") { rig.run(5'000); }
  SECTION("when asked to") { rig.hub.monitor(kClient, 0, rig.now_ms); }
  rig.hub.take_notes();
  tap(rig, surface, kMute + 1);
  CHECK(rig.hub.take_notes().empty());
}

TEST_CASE("nobody takes the notes: they do not grow without end", "[midi][monitor]") {
  Rig rig;
  Surface surface;
  rig.plug(surface, "X-Touch");
  settle(rig);
  for (std::uint64_t client = 1; client <= 40; ++client) rig.hub.monitor({Origin::Side::osc, client}, 60, rig.now_ms);
  for (int i = 0; i < 2'000; ++i) surface.says.push_back(bend(0, i * 7));
  rig.run(100);
  CHECK(rig.hub.take_notes().size() <= 1'000);
}

TEST_CASE("learned: a button is panic, and the outputs shut with its press", "[midi][learn][panic]") {
  Rig rig;
  Puppet box;
  rig.plug(box, "Magic Box");
  rig.run(100);
  learn(rig, box, "/panic", {three(0x90, 61, 127), three(0x80, 61, 0)});
  TargetDesigner designer(rig.desk, 48'000);
  Latest<DeskTargets> targets{DeskTargets(rig.desk.geometry())};
  Engine engine(rig.desk.geometry(), 48'000);
  const auto shutter = [&] {
    designer.update();
    designer.publish(engine, targets);
    return targets.read().shutter;
  };
  CHECK(shutter().open);
  box.says.push_back(three(0x90, 61, 127));
  rig.run(Rig::kDelayMs + 1);  // the cable's, and a step
  CHECK(rig.whole("/panic") == 1);
  CHECK_FALSE(shutter().open);
  CHECK(shutter().close_ramp_frames == 960);  // 20 ms
}

}  // namespace fohd
