// Bytes of three surfaces at once.
//
// An input is a row of chunks: a byte for the surface and the time that passes, a byte of length, the bytes.
#include <algorithm>
#include <string>
#include <vector>

#include "tests/fuzz/fuzz_midi.h"

namespace {

using namespace fohd;
using namespace fohd::fuzz;

MidiControlSpec control(std::string name, ControlType type, MidiSource message, const char* does, int column) {
  MidiControlSpec spec;
  std::string error;
  spec.name = std::move(name);
  spec.type = type;
  spec.message = message;
  spec.does = *parse_midi_target(does, 1, error);
  spec.full_scale = max_value(message.kind);
  spec.column = column;
  return spec;
}

/// One of each kind of control, in each protocol.
MidiProfile profile(MidiProtocol protocol, const std::string& id) {
  MidiProfile made;
  made.id = id;
  made.ports = {id};
  made.protocol = protocol;
  made.columns = 4;
  made.display = {protocol == MidiProtocol::hui ? DisplayKind::hui : DisplayKind::mcu, {}, true, true, true};
  const bool hui = protocol == MidiProtocol::hui;
  std::uint16_t number = 0;
  for (const char* does :
       {"strip mute", "select", "flip", "sends on faders", "spill", "bank right", "bank left", "rotary selected eq",
        "rotary strip pan", "page right", "view all", "layer 1", "fine", "rotary push", "/clips/clear", "/ch/1/clip"}) {
    made.controls.push_back(
        control(does, ControlType::button, {hui ? MidiKind::hui_switch : MidiKind::note, 0, number}, does, number % 4));
    ++number;
  }
  for (std::uint16_t i = 0; i < 4; ++i) {
    MidiControlSpec fader =
        control("fader", ControlType::fader, {MidiKind::pitch_bend, static_cast<std::uint8_t>(i), 0}, "fader", i);
    if (hui) fader.message = {MidiKind::hui_fader, 0, i};
    fader.motor = protocol != MidiProtocol::midi;
    fader.echo = fader.motor ? MidiEcho::required : MidiEcho::never;
    if (fader.motor) fader.touch = MidiSource{MidiKind::note, 0, static_cast<std::uint16_t>(104 + i)};
    made.controls.push_back(fader);
    made.controls.push_back(control("knob", ControlType::knob, {MidiKind::control_change_14, 0, i}, "strip trim", i));
    made.controls.push_back(control("pot", ControlType::encoder,
                                    {MidiKind::control_change, 0, static_cast<std::uint16_t>(64 + i)}, "rotary", i));
    made.controls.push_back(control("nrpn", ControlType::fader, {MidiKind::nrpn, 1, i}, "/bus/1/fader", i));
  }
  return made;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const Geometry geometry{.inputs = 6, .returns = 2, .buses = 2};
  Desk desk(geometry);
  DeskStatus status(geometry);
  NoCommands sink;
  MidiSetup setup;
  setup.profiles = {profile(MidiProtocol::midi, "a"), profile(MidiProtocol::mcu, "b"), profile(MidiProtocol::hui, "c")};
  setup.layers = {{"one", {"/ch/2", "/bus/*"}}};
  MidiHub hub(desk, status, sink, setup);
  std::int64_t now_ms = 1000;
  for (MidiUnitId id = 1; id <= 3; ++id) hub.connect(id, std::string(1, static_cast<char>('a' + id - 1)), 1, now_ms);
  hub.monitor({Origin::Side::osc, 1}, 60, now_ms);
  for (std::span<const std::uint8_t> rest(data, size); rest.size() >= 2;) {
    const MidiUnitId id = 1 + rest[0] % 3;
    now_ms += rest[0] / 3;
    if (rest[0] == 255) hub.learn("/ch/3/fader", {Origin::Side::osc, 1}, now_ms);
    const std::size_t length = std::min<std::size_t>(rest[1], rest.size() - 2);
    // Its own block of memory, so that one byte read too many is seen.
    const auto chunk = rest.subspan(2, length);
    const std::vector<std::uint8_t> copy(chunk.begin(), chunk.end());
    hub.receive(id, copy, now_ms);
    hub.turn(now_ms, {12, 34, 56});
    drain(hub);
    hub.take_notes();
    rest = rest.subspan(2 + length);
  }
  check_values(desk);
  return 0;
}
