#include "control/midi/surface_display.h"

#include <catch2/catch.hpp>

#include <charconv>
#include <cmath>
#include <random>

using namespace fohd;

namespace {

using Bytes = std::vector<std::uint8_t>;
constexpr std::size_t kNoLimit = 100'000;

Bytes message(const MidiOut& out, std::size_t i) { return {out.message(i).begin(), out.message(i).end()}; }

std::vector<Bytes> sent(SurfaceDisplay& display, std::int64_t now_ms = 0, std::size_t most_bytes = kNoLimit) {
  MidiOut out;
  display.send(out, most_bytes, now_ms);
  std::vector<Bytes> all;
  std::size_t bytes = 0;
  for (std::size_t i = 0; i < out.messages(); ++i) {
    all.push_back(message(out, i));
    bytes += all.back().size();
  }
  CHECK(bytes == out.size_bytes());  // every message was closed
  return all;
}

bool begins_with(const Bytes& bytes, const Bytes& head) {
  return bytes.size() > head.size() && std::equal(head.begin(), head.end(), bytes.begin());
}

/// A Mackie Control's displays.
struct Mackie {
  void take(const Bytes& m) {
    if (begins_with(m, {0xF0, 0x00, 0x00, 0x66, 0x14, 0x12})) {
      REQUIRE(m.back() == 0xF7);
      const std::string chars(m.begin() + 7, m.end() - 1);
      const std::size_t at = m[6];
      REQUIRE(at + chars.size() <= text.size());
      // Nothing is sent that stands there: a run begins and ends with a change.
      if (known) CHECK((text[at] != chars.front() && text[at + chars.size() - 1] != chars.back()));
      for (const char c : chars) CHECK((c >= 0x20 && c < 0x7F));
      text.replace(at, chars.size(), chars);
    } else if (begins_with(m, {0xF0, 0x00, 0x00, 0x66, 0x14, 0x72})) {
      REQUIRE(m.size() == 15);
      colors.assign(m.begin() + 6, m.end() - 1);
    } else if (m[0] == 0xB0) {
      REQUIRE((m[1] >= 0x40 && m[1] <= 0x4B));
      if (known) CHECK(digits[m[1] - 0x40u] != m[2]);
      digits[m[1] - 0x40u] = m[2];
    } else {
      FAIL("no display has " << static_cast<int>(m[0]));
    }
  }
  void take(const std::vector<Bytes>& all) {
    for (const Bytes& m : all) take(m);
  }

  std::string text = std::string(112, '#');
  Bytes colors;
  std::array<int, 12> digits{};
  bool known = false;
};

struct Text {
  std::string utf8;
  std::string shown;  ///< a '?' for every character that is not printable ASCII
};

Text random_text(std::mt19937& random) {
  Text text;
  for (unsigned n = random() % 12; n > 0; --n) {
    const char* const others[] = {"\xC3\xA4", "\xE2\x82\xAC", "\xF0\x9F\x8E\xB8", "\n", "\x7F"};
    if (random() % 8 == 0) {
      text.utf8 += others[random() % std::size(others)];
      text.shown += '?';
    } else {
      const char c = static_cast<char>(0x20 + random() % 95);
      text.utf8 += c;
      text.shown += c;
    }
  }
  return text;
}

std::string padded(const std::string& text, std::size_t letters, std::size_t width) {
  std::string cell = text.substr(0, letters);
  cell.resize(width, ' ');
  return cell;
}

}  // namespace

TEST_CASE("surface display: the texts stand where they belong, whatever was there", "[midi][display]") {
  std::mt19937 random(1);
  SurfaceDisplay display({.kind = DisplayKind::mcu}, 8);
  Mackie device;
  std::string wanted(112, ' ');
  for (int run = 0; run < 1000; ++run) {
    for (unsigned n = random() % 4; n > 0; --n) {
      const int column = static_cast<int>(random() % 8), line = static_cast<int>(random() % 2);
      const Text text = random_text(random);
      display.text(column, line, text.utf8);
      // Seven characters a strip: six, and a gap.
      wanted.replace(static_cast<std::size_t>(56 * line + 7 * column), 7, padded(text.shown, 6, 7));
    }
    if (random() % 50 == 0) display.repaint(), device = {};
    device.take(sent(display));
    device.known = true;
    REQUIRE(device.text == wanted);
    REQUIRE(sent(display).empty());
  }
}

TEST_CASE("surface display: what does not fit into a turn comes in the next ones", "[midi][display]") {
  SurfaceDisplay display({.kind = DisplayKind::mcu, .colors = true, .clock = true}, 8);
  for (int column = 0; column < 8; ++column) {
    display.text(column, 0, "abcdef");
    display.text(column, 1, "ghijkl");
  }
  display.digits("0123456789", "AB");
  Mackie device;
  int turns = 0;
  for (; turns < 10; ++turns) {
    const auto all = sent(display, 0, 1);
    if (all.empty()) break;
    CHECK((all.size() == 1 || all[0][0] == 0xB0));  // one thing at a time; the digits are one
    device.take(all);
  }
  CHECK(turns == 4);
  std::string wanted;
  for (int i = 0; i < 8; ++i) wanted += "abcdef ";
  for (int i = 0; i < 8; ++i) wanted += "ghijkl ";
  CHECK(device.text == wanted);
  CHECK(device.colors.size() == 8);
}

TEST_CASE("surface display: columns that it has not are not written", "[midi][display]") {
  SurfaceDisplay display({.kind = DisplayKind::mcu, .colors = true, .meters = true}, 3);
  Mackie device;
  device.take(sent(display));
  sent(display, 1000);  // the lamps of the three that it has are put out
  for (const int column : {-1, 3, 8, 1000}) {
    display.text(column, 0, "no");
    display.color(column, 1);
    display.level(column, 1, true);
  }
  CHECK(sent(display, 2000).empty());
}

TEST_CASE("surface display: eight colours in one message, once", "[midi][display]") {
  SurfaceDisplay display({.kind = DisplayKind::mcu, .colors = true}, 8);
  for (int column = 0; column < 8; ++column) display.color(column, column);
  Mackie device;
  device.take(sent(display));
  CHECK(device.colors == Bytes{7, 1, 2, 3, 4, 5, 6, 7});  // off would hide the name: white
  CHECK(sent(display).empty());
  display.color(3, 3);
  CHECK(sent(display).empty());
  display.color(3, 1);
  CHECK(sent(display) == std::vector<Bytes>{{0xF0, 0, 0, 0x66, 0x14, 0x72, 7, 1, 2, 1, 4, 5, 6, 7, 0xF7}});
  display.repaint();
  device.colors.clear();
  device.take(sent(display));
  CHECK(device.colors == Bytes{7, 1, 2, 1, 4, 5, 6, 7});
  // The id that the device called itself by; a display without colours is told none.
  display.set_sysex_id(0x15);
  display.color(0, 2);
  CHECK(sent(display).at(0)[4] == 0x15);
  SurfaceDisplay plain({.kind = DisplayKind::mcu}, 8);
  plain.color(0, 2);
  for (const Bytes& m : sent(plain)) CHECK(m[5] == 0x12);
}

TEST_CASE("surface display: seven segments from the right, a dot behind its digit", "[midi][display]") {
  std::mt19937 random(2);
  SurfaceDisplay display({.clock = true}, 8);
  Mackie device;
  for (int run = 0; run < 2000; ++run) {
    std::array<int, 12> wanted{};
    wanted.fill(0x20);
    // Fills `count` digits whose rightmost is number `first`.
    const auto make = [&](std::size_t first, std::size_t count) {
      std::string text;
      const std::size_t length = random() % (count + 1);
      for (std::size_t i = 0; i < length; ++i) {
        const char c = static_cast<char>(0x20 + random() % 95);
        if (c == '.') continue;
        text += c;
      }
      for (std::size_t i = 0; i < text.size(); ++i) {
        // ASCII 40 to 5F less 40, 20 to 3F as they are. It has no small letters.
        const int upper = text[i] >= 'a' && text[i] <= 'z' ? text[i] - 32 : text[i];
        wanted[first + count - 1 - i] = upper < 0x40 ? upper : upper < 0x60 ? upper - 0x40 : 0x20;
      }
      std::string with_dots;
      for (std::size_t i = 0; i < text.size(); ++i) {
        with_dots += text[i];
        if (random() % 4 != 0) continue;
        with_dots += '.';
        wanted[first + count - 1 - i] |= 0x40;
      }
      return with_dots;
    };
    const std::string ten = make(0, 10), two = make(10, 2);
    display.digits(ten, two);
    if (random() % 50 == 0) display.repaint(), device = {};
    device.take(sent(display));
    device.known = true;
    CAPTURE(ten, two);
    REQUIRE(device.digits == wanted);
    REQUIRE(sent(display).empty());
  }
  display.repaint();
  CHECK(sent(display).size() == 12);
}

TEST_CASE("surface display: a meter's steps", "[midi][display]") {
  const double from_db[] = {-60, -50, -40, -30, -20, -14, -10, -8, -6, -4, -2, 0};  // a Mackie Control's
  for (int step = 1; step <= 12; ++step) {
    CAPTURE(step);
    // A float near 60 has steps of 4e-6, so a thousandth of a dB is to one side for sure.
    CHECK(meter_step(static_cast<float>(std::pow(10, (from_db[step - 1] + 0.001) / 20))) == step);
    CHECK(meter_step(static_cast<float>(std::pow(10, (from_db[step - 1] - 0.001) / 20))) == step - 1);
  }
  CHECK(meter_step(1) == 12);
  CHECK(meter_step(1000) == 12);
  CHECK(meter_step(INFINITY) == 12);
  for (const float nothing : {0.0f, -1.0f, NAN, 1e-40f}) CHECK(meter_step(nothing) == 0);
}

TEST_CASE("surface display: meters are repeated while there is a signal, an overload is set and cleared once",
          "[midi][display]") {
  SurfaceDisplay display({.kind = DisplayKind::none, .meters = true}, 8);
  std::int64_t now = 1000;
  const auto first = sent(display, now);  // nobody knows which lamps are lit
  CHECK(first.size() == 8);
  for (const Bytes& message : first) CHECK((message[1] & 0x0F) == 0x0F);
  CHECK(sent(display, now += 100).empty());  // silence
  display.level(5, 1, false);
  display.level(5, 0.01f, false);  // the largest until it is sent
  CHECK(sent(display, now += 100) == std::vector<Bytes>{{0xD0, 0x5C}});
  CHECK(sent(display, now += 100) == std::vector<Bytes>{{0xD0, 0x50}});  // gone
  CHECK(sent(display, now += 100).empty());
  // A device lets a step fall about every 300 ms: a steady level must come at least as often, though not every turn.
  int messages = 0;
  std::int64_t last = now;
  for (const std::int64_t end = now + 3000; now < end; now += 20) {
    display.level(2, 0.5f, false);
    const auto all = sent(display, now);
    if (all.empty()) continue;
    CHECK(all == std::vector<Bytes>{{0xD0, 0x28}});  // 0.5 is -6.02 dB, which is from -8
    CHECK(now - last <= 300);
    last = now;
    ++messages;
  }
  CHECK(messages <= 31);
  const auto clips = [&](bool clipped) {
    int set = 0, clear = 0;
    for (int i = 0; i < 10; ++i) {
      display.level(7, 0.5f, clipped);
      for (const Bytes& m : sent(display, now += 100)) {
        if (m[1] == 0x7E) ++set;
        if (m[1] == 0x7F) ++clear;
      }
    }
    return std::pair(set, clear);
  };
  CHECK(clips(true) == std::pair(1, 0));
  CHECK(clips(false) == std::pair(0, 1));
  CHECK(clips(false) == std::pair(0, 0));
}

TEST_CASE("surface display: an overload that ended while the device was away is cleared on it", "[midi][display]") {
  SurfaceDisplay display({.kind = DisplayKind::mcu, .meters = true}, 8);
  display.level(3, 1, true);
  sent(display, 1000);
  display.repaint();  // nothing is known of what it shows: its lamp may be lit
  bool cleared = false;
  for (int i = 1; i <= 5; ++i) {
    display.level(3, 0, false);
    for (const Bytes& m : sent(display, 1000 + 100 * i)) cleared = cleared || m == Bytes{0xD0, 0x3F};
  }
  CHECK(cleared);
}

TEST_CASE("surface display: a HUI has scribble strips of four and a main display in zones of ten", "[midi][display]") {
  std::mt19937 random(3);
  SurfaceDisplay display({.kind = DisplayKind::hui, .sysex_id = 0x05}, 8);
  std::string scribbles(32, '#'), zones(80, '#'), wanted_scribbles(32, ' '), wanted_zones(80, ' ');
  for (int run = 0; run < 500; ++run) {
    for (unsigned n = random() % 4; n > 0; --n) {
      const auto column = static_cast<std::size_t>(random() % 8), line = static_cast<std::size_t>(random() % 2);
      const Text text = random_text(random);
      display.text(static_cast<int>(column), static_cast<int>(line), text.utf8);
      if (line == 0) wanted_scribbles.replace(4 * column, 4, padded(text.shown, 4, 4));
      wanted_zones.replace(40 * line + 5 * column, 5, padded(text.shown, 4, 5));  // a zone is two columns
    }
    if (random() % 50 == 0) {
      display.repaint();
      scribbles.assign(32, '#');
      zones.assign(80, '#');
    }
    const std::size_t most = random() % 2 == 0 ? kNoLimit : 1 + random() % 40;
    for (int turns = 0; turns < 20; ++turns) {
      const auto all = sent(display, 0, most);
      if (all.empty()) break;
      for (const Bytes& m : all) {
        if (begins_with(m, {0xF0, 0, 0, 0x66, 0x05, 0x00, 0x10})) {
          REQUIRE((m.size() == 13 && m[7] < 8 && m.back() == 0xF7));
          scribbles.replace(m[7] * 4u, 4, std::string(m.begin() + 8, m.end() - 1));
        } else {
          REQUIRE(begins_with(m, {0xF0, 0, 0, 0x66, 0x05, 0x00, 0x12}));
          REQUIRE((m.size() == 19 && m[7] < 8 && m.back() == 0xF7));
          zones.replace(m[7] * 10u, 10, std::string(m.begin() + 8, m.end() - 1));
        }
      }
    }
    REQUIRE(scribbles == wanted_scribbles);
    REQUIRE(zones == wanted_zones);
    REQUIRE(sent(display).empty());
  }
}

TEST_CASE("surface display: a HUI's meters have two sides", "[midi][display]") {
  SurfaceDisplay display({.kind = DisplayKind::hui, .sysex_id = 0x05, .meters = true}, 8);
  sent(display, 1000);
  display.level(6, 1, false);
  CHECK(sent(display, 1100) == std::vector<Bytes>{{0xA0, 6, 0x0C}, {0xA0, 6, 0x1C}});  // A0 ch, side, 0 to C
}

namespace {

/// What a person reads: "2.50k" is 2500.
double read_number(const std::string& text) {
  double number = NAN;
  const auto end = std::from_chars(text.data(), text.data() + text.size(), number);
  return end.ptr != text.data() + text.size() && *end.ptr == 'k' ? number * 1000 : number;
}

}  // namespace

TEST_CASE("short number: never wider than its place", "[midi][display]") {
  std::mt19937 random(4);
  const auto fits = [](float number) {
    for (const std::string_view unit : {"", "dB", "Hz", "ms", "s", "%"}) {
      for (std::size_t width = 0; width <= 12; ++width) {
        if (short_number(number, unit, width).size() > width) return false;
      }
    }
    return true;
  };
  for (const float number : {0.0f, -0.0f, 9.95f, -9.95f, 99.95f, -99.95f, 999.5f, -999.5f, 9999.5f, -9999.5f, 1e30f,
                             -1e38f, 1e-30f, INFINITY, -INFINITY, NAN}) {
    CAPTURE(number);
    CHECK(fits(number));
  }
  for (int i = 0; i < 20'000; ++i) {
    const double size = std::pow(10, std::uniform_real_distribution<double>(-6, 12)(random));
    if (!fits(static_cast<float>(random() % 2 == 0 ? size : -size))) FAIL(size);
  }
  CHECK(short_number(-6, "dB", 6) == "-6.0dB");
  CHECK(short_number(-0.01f, "dB", 6) == "0.0dB");
}

TEST_CASE("short number: what a strip shows is the number, as far as it shows digits", "[midi][display]") {
  // 6 characters on a Mackie Control, 4 on a HUI; a desk's numbers lie between -100 dB and 20 kHz.
  for (const std::size_t width : {6u, 4u}) {
    int wrong = 0;
    std::string example;
    for (int i = -1000; i <= 200'000; ++i) {
      const double number = i * 0.1;
      const std::string text = short_number(static_cast<float>(number), "", width);
      // Cut, not rounded, where it is too long: less than one of the last digit that a sign, a point and k leave.
      if (std::abs(read_number(text) - number) <= std::max(1.0, std::abs(number) * 0.1)) continue;
      if (++wrong == 1) example = std::to_string(number) + " is \"" + text + "\"";
    }
    CAPTURE(width, example);
    CHECK(wrong == 0);
  }
}
