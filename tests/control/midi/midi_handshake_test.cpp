// Devices that never answer, answer late, fall silent: what a Mackie Control's kin are sent then.
#include "tests/control/midi/midi_wire.h"

namespace fohd {
namespace {

using namespace midi_test;

const Bytes kQuery = {0xF0, 0, 0, 0x66, 0x14, 0x00, 0xF7};

Bytes exclusive(int id, const Bytes& rest) {
  Bytes all = {0xF0, 0, 0, 0x66, byte_of(id)};
  all.insert(all.end(), rest.begin(), rest.end());
  all.push_back(0xF7);
  return all;
}

std::int64_t first_of(const Surface& surface, const Bytes& head) {
  for (const auto& [at_ms, bytes] : surface.log) {
    if (begins_with(bytes, head)) return at_ms;
  }
  return -1;
}

}  // namespace

TEST_CASE("a device without handshake follows the desk for ever, moved or not", "[midi][handshake]") {
  const bool moved = GENERATE(false, true);
  const std::string device = GENERATE("BCF2000", "X-Touch");
  CAPTURE(moved, device);
  Rig rig;
  Surface surface(0x14, false);
  const MidiUnitId id = rig.plug(surface, device);
  rig.run(2'000);
  if (moved) surface.says.push_back(bend(3, 8'000));  // it is alive, though it never answered a query
  rig.run(60'000);
  CHECK(rig.hub.unit(id)->online());
  rig.set("/ch/2/fader", 0.0f);
  rig.run(1'000);
  stands_at(rig, surface, 1, "/ch/2/fader", device == "X-Touch" ? 15935 : 16383);
  CHECK(surface.count(kQuery) >= 2);
}

TEST_CASE("an X-Touch Compact says 06 instead of 01: painted once, and again when it was switched on",
          "[midi][handshake]") {
  Rig rig;
  Surface compact(0x14, false);
  rig.plug(compact, "X-Touch Compact");
  const std::int64_t from_ms = rig.now_ms;
  rig.run(150);
  CHECK(compact.count(kQuery) == 1);
  CHECK(compact.count({0xE0}) == 0);
  compact.says.push_back(exclusive(0x14, {0x06}));
  rig.run(1'000);
  CHECK(compact.count({0xE0}) == 1);
  CHECK(first_of(compact, {0xE0}) - from_ms < 250);  // it did not wait for longer than the answer
  rig.run(3'000);
  CHECK(compact.count({0xE0}) == 1);
  compact.log.clear();
  compact.says.push_back(exclusive(0x14, {0x06}));
  rig.run(1'000);
  CHECK(compact.count({0xE0}) == 1);
  CHECK(compact.count({0xF0}) == 0);  // it has no display
  CHECK(compact.count({0xD0}) == 0);
}

TEST_CASE("an answer under another id: all that a display was sent is sent again to that one", "[midi][handshake]") {
  Rig rig;
  Surface surface(0x15, false);  // what goes to 14 it does not see
  rig.plug(surface, "X-Touch");
  rig.run(2'000);
  CHECK(surface.cell(0, 0).find("ch 1") == std::string::npos);
  surface.says.push_back(exclusive(0x15, {0x01, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}));
  rig.run(1'000);
  CHECK(surface.names() == "ch 1,ch 2,ch 3,ch 4,ch 5,ch 6,ch 7,ch 8");
  CHECK(surface.colors == Bytes(8, 7));
  CHECK(surface.count(exclusive(0x15, {0x02}).size() > 0 ? Bytes{0xF0, 0, 0, 0x66, 0x15, 0x02} : Bytes{}) == 0);
}

TEST_CASE("a Logic Control that accepted the answer (03) is painted", "[midi][handshake]") {
  Rig rig;
  Surface logic(0x10, false);
  rig.plug(logic, "Mackie Control");
  rig.run(200);
  logic.says.push_back(exclusive(0x10, {0x01, 1, 2, 3, 4, 5, 6, 7, 0x01, 0x02, 0x03, 0x04}));
  rig.run(300);
  // r0 = 01 + (02 xor 0A) - 04, r1 = (03 >> 4) xor (01 + 04), r2 = (04 - (03 << 2)) xor (01 or 02),
  // r3 = 02 - 03 + (F0 xor (04 << 4)); each of seven bits.
  CHECK(logic.count(exclusive(0x10, {0x02, 1, 2, 3, 4, 5, 6, 7, 0x05, 0x05, 0x7B, 0x2F})) == 1);
  logic.forget();
  logic.log.clear();
  logic.says.push_back(exclusive(0x10, {0x03, 1, 2, 3, 4, 5, 6, 7}));
  rig.run(1'000);
  CHECK(logic.names() == "ch 1,ch 2,ch 3,ch 4,ch 5,ch 6,ch 7,ch 8");
  CHECK(logic.count({0xE0}) == 1);
}

TEST_CASE("exclusives that are broken, of others or cut short paint nothing", "[midi][handshake]") {
  Rig rig;
  Surface surface;
  rig.plug(surface, "X-Touch");
  rig.run(3'000);
  surface.log.clear();
  for (const Bytes& bytes : {Bytes{0xF0, 0xF7}, Bytes{0xF0, 0x7E, 0x7F, 0x06, 0x01, 0xF7}, exclusive(0x14, {}),
                             Bytes{0xF0, 0x00, 0x20, 0x32, 0x14, 0x01, 0xF7}, Bytes{0xF0, 0x00, 0x00, 0x66, 0xF7}}) {
    surface.says.push_back(bytes);
  }
  rig.run(500);
  CHECK(surface.count({0xE0}) == 0);
  CHECK(surface.count({0xF0}) == 0);
}

TEST_CASE("a repaint starts its motors one behind the other, in order", "[midi][handshake]") {
  Rig rig;
  Surface surface;
  for (int i = 1; i <= 8; ++i) rig.set("/ch/" + std::to_string(i) + "/fader", 0.0f);
  rig.plug(surface, "X-Touch");
  rig.run(2'000);
  std::int64_t before_ms = 0;
  const std::int64_t begin_ms = first_of(surface, {0xE0});
  for (int fader = 0; fader < 9; ++fader) {
    const std::int64_t at_ms = first_of(surface, {byte_of(0xE0 | fader)});
    CAPTURE(fader);
    CHECK(at_ms > before_ms);
    CHECK(at_ms - begin_ms >= fader * MidiUnit::kStaggerMs - 20);  // by the grid of turns
    CHECK(at_ms - begin_ms <= fader * MidiUnit::kStaggerMs + 60);
    before_ms = at_ms;
  }
  // So many bytes in a turn and one message more, whatever happens.
  std::map<std::int64_t, std::size_t> bytes_at;
  constexpr std::size_t kLongest = 7 + 56 + 1;
  for (int note = 40; note < 46; ++note) tap(rig, surface, note);
  for (int i = 0; i < 20; ++i) {
    MeterFrame frame(rig.desk.geometry());
    for (auto& strip : frame.strips) strip.pre_peak = 1;
    rig.hub.meters(frame);
    tap(rig, surface, i % 2 == 0 ? kBankRight : kBankLeft);
  }
  for (const auto& [at_ms, bytes] : surface.log) bytes_at[at_ms] += bytes.size();
  for (const auto& [at_ms, bytes] : bytes_at) CHECK(bytes <= MidiUnit::kBytesPerTurn + kLongest);
}

TEST_CASE("pulled in the middle of a query and back: asked and painted as on the first day", "[midi][handshake]") {
  Rig rig;
  for (const std::int64_t ms : {50, 110, 130, 300, 700}) {
    CAPTURE(ms);
    Surface surface;
    const MidiUnitId id = rig.plug(surface, "X-Touch");
    rig.run(ms);
    rig.unplug(id);
    surface.log.clear();
    surface.forget();
    const MidiUnitId again = rig.plug(surface, "X-Touch");
    rig.run(1'500);
    CHECK(rig.hub.unit(again)->online());
    CHECK(surface.names() == "ch 1,ch 2,ch 3,ch 4,ch 5,ch 6,ch 7,ch 8");
    CHECK(surface.count({0xE0}) >= 1);
    rig.unplug(again);
  }
}

}  // namespace fohd
