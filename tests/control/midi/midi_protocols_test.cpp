// Who greets whom, and how a HUI speaks.
#include <algorithm>

#include "tests/control/midi/midi_rig.h"

namespace fohd {
namespace {

using namespace midi_test;

/// Keeps all it hears with the time, and says what it is told to; answers as it is told to.
class Recorder : public Device {
 public:
  void hear(MidiBytes m, std::int64_t now_ms) override {
    heard.emplace_back(now_ms, Bytes(m.begin(), m.end()));
    if (on_message) on_message(heard.back().second);
  }
  void step(std::int64_t, std::vector<Bytes>& out) override {
    out.insert(out.end(), says.begin(), says.end());
    says.clear();
  }
  int count(const Bytes& message) const {
    return static_cast<int>(
        std::count_if(heard.begin(), heard.end(), [&](const auto& h) { return h.second == message; }));
  }
  /// Messages that begin like this.
  std::vector<std::pair<std::int64_t, Bytes>> all(const Bytes& beginning) const {
    std::vector<std::pair<std::int64_t, Bytes>> found;
    for (const auto& h : heard) {
      const std::size_t n = beginning.size();
      if (h.second.size() >= n && std::equal(beginning.begin(), beginning.end(), h.second.begin())) found.push_back(h);
    }
    return found;
  }
  std::vector<std::pair<std::int64_t, Bytes>> heard;
  std::vector<Bytes> says;
  std::function<void(const Bytes&)> on_message;
};

const Bytes kQuery = {0xF0, 0, 0, 0x66, 0x14, 0x00, 0xF7};

Bytes connection_query(std::uint8_t id) {
  return {0xF0, 0, 0, 0x66, id, 0x01, 1, 2, 3, 4, 5, 6, 7, 0x11, 0x22, 0x33, 0x44, 0xF7};
}

}  // namespace

TEST_CASE("MCU: asked after a tenth of a second; one that never answers is painted within a second",
          "[midi][handshake]") {
  Rig rig;
  Recorder device;
  rig.plug(device, "BCF2000");
  const std::int64_t from = rig.now_ms;
  rig.run(1'000);
  const auto queries = device.all(kQuery);
  REQUIRE(queries.size() == 1);
  CHECK(queries[0].first - from >= 100);
  for (int fader = 0; fader < 8; ++fader) CHECK(device.all({static_cast<std::uint8_t>(0xE0 | fader)}).size() == 1);
}

TEST_CASE("MCU: painting is staggered and never faster than the device takes it", "[midi][handshake]") {
  Rig rig;
  Recorder device;
  rig.plug(device, "X-Touch");
  for (int i = 1; i <= 8; ++i) rig.set("/ch/" + std::to_string(i) + "/fader", 0.0f);
  rig.run(2'000);
  std::map<int, std::int64_t> first;
  std::map<std::int64_t, std::size_t> bytes_at;
  for (const auto& [at, m] : device.heard) {
    bytes_at[at] += m.size();
    if (m[0] >> 4 == 0xE) first.try_emplace(m[0] & 0x0F, at);
  }
  REQUIRE(first.size() == 9);
  for (int i = 1; i < 9; ++i) CHECK(first[i] - first[i - 1] >= 20);  // kStaggerMs, on the grid of turns
  for (const auto& [at, bytes] : bytes_at) CHECK(bytes <= MidiUnit::kBytesPerTurn + 70);  // and one display line
}

TEST_CASE("MCU: the device's own id is used; only a Logic Control has its riddle answered", "[midi][handshake]") {
  for (const std::uint8_t id : {0x10, 0x11, 0x14, 0x15}) {
    Rig rig;
    Recorder device;
    device.on_message = [&](const Bytes& m) {
      if (m == kQuery) device.says.push_back(connection_query(id));
    };
    rig.plug(device, "X-Touch");
    rig.run(2'000);
    const auto answers = device.all({0xF0, 0, 0, 0x66, id, 0x02});
    if (id >= 0x14) {
      CHECK(answers.empty());
      CHECK(!device.all({0xF0, 0, 0, 0x66, id, 0x12}).empty());  // its display
      continue;
    }
    REQUIRE(answers.size() == 1);
    // A Logic Control's riddle, with the shift by c3 modulo 32: c = 11 22 33 44.
    const int c0 = 0x11, c1 = 0x22, c2 = 0x33, c3 = 0x44;
    const Bytes expected = {0xF0,
                            0,
                            0,
                            0x66,
                            id,
                            0x02,
                            1,
                            2,
                            3,
                            4,
                            5,
                            6,
                            7,
                            static_cast<std::uint8_t>(0x7F & (c0 + (c1 ^ 0x0A) - c3)),
                            static_cast<std::uint8_t>(0x7F & ((c2 >> (c3 % 32)) ^ (c0 + c3))),
                            static_cast<std::uint8_t>(0x7F & ((c3 - (c2 << 2)) ^ (c0 | c1))),
                            static_cast<std::uint8_t>(0x7F & (c1 - c2 + (0xF0 ^ (c3 << 4)))),
                            0xF7};
    CHECK(answers[0].second == expected);
  }
}

TEST_CASE("MCU: a device that was switched off and on is painted again; a silent one is asked", "[midi][handshake]") {
  Rig rig;
  Recorder device;
  bool there = true;
  device.on_message = [&](const Bytes& m) {
    if (there && m == kQuery) device.says.push_back(connection_query(0x14));
  };
  rig.plug(device, "X-Touch");
  rig.run(3'000);
  device.heard.clear();
  rig.run(5'000);
  CHECK(device.all({0xE0}).empty());              // nothing is repeated
  device.says.push_back(connection_query(0x14));  // nobody asked: it was just switched on
  rig.run(1'000);
  CHECK(device.all({0xE0}).size() == 1);
  CHECK(!device.all({0xF0, 0, 0, 0x66, 0x14, 0x12}).empty());
  device.heard.clear();
  there = false;
  rig.run(25'000);
  CHECK(device.count(kQuery) >= 1);
  CHECK(device.count(kQuery) <= 3);
  device.heard.clear();
  there = true;
  rig.set("/ch/1/fader", -10.0f);
  rig.run(12'000);
  CHECK(device.all({0xE0}).size() == 1);  // it answers again, so it is painted
}

TEST_CASE("a nanoKONTROL2 is put into native mode, and out of it at the end", "[midi][handshake]") {
  Rig rig;
  Recorder device;
  rig.plug(device, "nanoKONTROL2");
  rig.run(500);
  CHECK(device.count({0xF0, 0x42, 0x40, 0x00, 0x01, 0x13, 0x00, 0x00, 0x00, 0x01, 0xF7}) == 1);
  rig.hub.say_goodbye();
  rig.run(100);
  CHECK(device.count({0xF0, 0x42, 0x40, 0x00, 0x01, 0x13, 0x00, 0x00, 0x00, 0x00, 0xF7}) == 1);
}

TEST_CASE("HUI: pinged every second, painted when it answers, off-line after two seconds of silence", "[midi][hui]") {
  Rig rig;
  Recorder hui;
  bool answers = false;
  hui.on_message = [&](const Bytes& m) {
    if (answers && m == Bytes{0x90, 0, 0}) hui.says.push_back({0x90, 0, 0x7F});
  };
  const MidiUnitId id = rig.plug(hui, "HUI");
  rig.run(3'000);
  CHECK(hui.count({0x90, 0, 0}) == 3);
  CHECK(hui.heard.size() == 3);  // nothing else for who is not there
  CHECK(!rig.hub.unit(id)->online());
  answers = true;
  rig.run(2'000);
  CHECK(rig.hub.unit(id)->online());
  CHECK(hui.all({0xB0, 0x00}).size() == 1);  // fader 1, upper half
  CHECK(hui.all({0xB0, 0x20}).size() == 1);  // and lower
  answers = false;
  rig.run(4'000);
  CHECK(!rig.hub.unit(id)->online());
  hui.heard.clear();
  rig.set("/ch/1/fader", -10.0f);
  rig.run(500);
  CHECK(hui.all({0xB0, 0x00}).empty());
  answers = true;
  rig.run(2'000);
  // -10 dB is half of its top, 16352.
  REQUIRE(!hui.all({0xB0, 0x00}).empty());
  const int upper = hui.all({0xB0, 0x00}).back().second[2], lower = hui.all({0xB0, 0x20}).back().second[2];
  CHECK(std::abs((upper << 7 | lower) - 8176) <= 32);
}

TEST_CASE("HUI: faders, touch, switches, LEDs, V-pots, rings, meters and texts", "[midi][hui]") {
  Rig rig;
  Recorder hui;
  hui.on_message = [&](const Bytes& m) {
    if (m == Bytes{0x90, 0, 0}) hui.says.push_back({0x90, 0, 0x7F});
  };
  rig.plug(hui, "HUI");
  rig.set("/ch/2/name", std::string("Snare"));
  rig.run(2'000);
  CHECK(!hui.all({0xF0, 0, 0, 0x66, 0x05, 0x00, 0x10, 1, 'S', 'n', 'a', 'r', 0xF7}).empty());
  const auto press = [&](std::uint8_t zone, std::uint8_t port, bool down) {
    hui.says.push_back({0xB0, 0x0F, zone});
    hui.says.push_back({0xB0, 0x2F, static_cast<std::uint8_t>((down ? 0x40 : 0) | port)});
  };
  SECTION("a fader under a hand, zone 1 port 0") {
    press(1, 0, true);
    hui.says.push_back({0xB0, 0x01, 0x60});
    hui.says.push_back({0xB0, 0x21, 0x00});
    rig.run(100);
    // Nine bits: its top is 16352.
    CHECK(rig.place("/ch/2/fader") == Approx(0x60 * 128 / 16352.0).margin(1e-5));
    hui.heard.clear();
    rig.set("/ch/2/fader", -40.0f);
    rig.run(500);
    CHECK(hui.all({0xB0, 0x01}).empty());
    press(1, 0, false);
    rig.run(500);
    CHECK(!hui.all({0xB0, 0x01}).empty());
  }
  SECTION("mute, port 2, and its LED, whoever changes it") {
    hui.heard.clear();
    press(0, 2, true);
    press(0, 2, false);
    rig.run(100);
    CHECK(rig.whole("/ch/1/mute") == 1);
    const auto led = hui.all({0xB0, 0x2C, 0x42});
    REQUIRE(led.size() == 1);
    rig.set("/ch/1/mute", std::int32_t{0});
    rig.run(200);
    CHECK(hui.all({0xB0, 0x2C, 0x02}).size() == 1);
  }
  SECTION("V-pots: bit 6 is clockwise; rings count from 1 to 11") {
    hui.heard.clear();
    hui.says.push_back({0xB0, 0x42, 0x43});  // three up
    rig.run(100);
    CHECK(rig.real("/ch/3/pan") == Approx(200 * 3 / 96.0));
    hui.says.push_back({0xB0, 0x42, 0x01});
    rig.run(600);
    CHECK(rig.real("/ch/3/pan") == Approx(200 * 2 / 96.0));
    REQUIRE(!hui.all({0xB0, 0x12}).empty());
    for (const auto& [at, m] : hui.all({0xB0, 0x12})) CHECK(((m[2] & 0x0F) >= 1 && (m[2] & 0x0F) <= 11));
  }
  SECTION("banks, zone 10") {
    press(10, 3, true);
    press(10, 3, false);
    rig.run(500);
    hui.says.push_back({0xB0, 0x00, 0x7F});
    hui.says.push_back({0xB0, 0x20, 0x7F});
    rig.run(100);
    CHECK(rig.real("/ch/9/fader") == 10.0f);
  }
  SECTION("meters, both sides") {
    MeterFrame frame(rig.desk.geometry());
    frame.strips[2].pre_peak = 1.0f;
    rig.run(300, [&] { rig.hub.meters(frame); });
    CHECK(!hui.all({0xA0, 2, 0x0C}).empty());
    CHECK(!hui.all({0xA0, 2, 0x1C}).empty());
  }
}

TEST_CASE("every shipped profile is whole: what it says exists on some desk, and all patterns are told apart",
          "[midi][profiles]") {
  Desk desk({.inputs = 128, .returns = 16, .buses = 64});
  const auto& profiles = shipped_profiles();
  CHECK(profiles.size() >= 16);
  for (const MidiProfile& profile : profiles) {
    INFO(profile.id);
    CHECK(!profile.device.empty());
    CHECK(!profile.confirmed.empty());
    CHECK(!profile.documents.empty());
    CHECK(!profile.controls.empty());
    for (const MidiControlSpec& control : profile.controls) {
      INFO(control.name << ": " << to_string(control.does));
      CHECK((!control.motor || control.echo != MidiEcho::never));
      const MidiTarget& does = control.does;
      const bool of_column = does.what >= MidiTarget::What::fader && does.what <= MidiTarget::What::strip;
      if (of_column) CHECK(control.column < profile.columns);
      const auto exists = [&](const std::string& path) {
        return !desk.table().match("/*/*/" + path).empty() || !desk.table().match("/*/" + path).empty();
      };
      if (does.what == MidiTarget::What::address) CHECK((desk.table().find(does.path) || find_command(does.path)));
      const bool by_path = does.what == MidiTarget::What::strip || does.what == MidiTarget::What::selected ||
                           does.what == MidiTarget::What::rotary_strip;
      if (by_path && does.path != "solo") CHECK(exists(does.path));  // solo joins the table later
      for (const std::string& prefix : does.prefixes) {
        CHECK((exists(prefix) || exists(prefix + "/*") || exists(prefix + "/*/*")));
      }
    }
  }
}

}  // namespace fohd
