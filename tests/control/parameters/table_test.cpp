#include "control/parameters/table.h"

#include <algorithm>
#include <catch2/catch.hpp>

#include <cmath>
#include <limits>
#include <random>
#include <set>
#include <string>

#include "control/parameters/settings.h"
#include "control/parameters/text.h"

using namespace fohd;

namespace {

const ParameterTable& table() {
  static const ParameterTable the_table{Geometry{}};
  return the_table;
}

/// Runs `check` on every parameter of the default desk.
template <class Check>
void for_all(Check check) {
  for (ParameterId id = 0; id < table().size(); ++id) check(id, table()[id], *table()[id].row);
}

std::optional<Value> coerced(ParameterId id, const Value& value) {
  std::string error;
  const std::optional<Value> result = table().coerce(id, value, error);
  // A refusal names the address and what is allowed; anything else says nothing.
  if (!result) REQUIRE(error.starts_with(table()[id].address + ": expected "));
  if (result) REQUIRE(error.empty());
  return result;
}

bool whole(const ParameterRow& row) { return row.kind != Kind::real && row.kind != Kind::text; }

std::vector<std::string> segments(std::string_view address) {
  std::vector<std::string> parts;
  for (std::size_t at = 1; at <= address.size();) {
    const std::size_t end = std::min(address.find('/', at), address.size());
    parts.emplace_back(address.substr(at, end - at));
    at = end + 1;
  }
  return parts;
}

}  // namespace

TEST_CASE("table: every address is one of its own and finds its id", "[control][table]") {
  std::set<std::string> seen;
  for_all([&](ParameterId id, const Parameter& p, const ParameterRow&) {
    REQUIRE(seen.insert(p.address).second);
    REQUIRE(table().find(p.address) == id);
    REQUIRE(p.address.find_first_of("#?*[]{}, ") == std::string::npos);
  });
  for (const char* nobody :
       {"", "/", "/ch", "/ch/0/fader", "/ch/33/fader", "/ch/1/fader/", "ch/1/fader", "/ch/1/eq/5/q"}) {
    CAPTURE(nobody);
    CHECK_FALSE(table().find(nobody));
  }
}

TEST_CASE("table: the addresses that others script against exist", "[control][table]") {
  for (const char* address : {"/ch/1/name",
                              "/ch/32/color",
                              "/ch/1/icon",
                              "/ch/1/source",
                              "/ch/1/trim",
                              "/ch/1/polarity",
                              "/ch/1/mute",
                              "/ch/1/fader",
                              "/ch/1/pan",
                              "/ch/1/link",
                              "/ch/1/main/on",
                              "/ch/1/lowcut/on",
                              "/ch/1/lowcut/freq",
                              "/ch/1/lowcut/slope",
                              "/ch/1/eq/on",
                              "/ch/1/eq/4/type",
                              "/ch/1/eq/4/freq",
                              "/ch/1/eq/4/gain",
                              "/ch/1/eq/4/q",
                              "/ch/1/send/16/on",
                              "/ch/1/send/16/level",
                              "/ch/1/send/16/pan",
                              "/ch/1/send/16/tap",
                              "/bus/16/name",
                              "/bus/1/eq/6/freq",
                              "/bus/1/mute",
                              "/bus/1/fader",
                              "/bus/1/pan",
                              "/bus/1/link",
                              "/bus/1/main/on",
                              "/bus/1/out/delay/time",
                              "/bus/1/out/limiter/ceiling",
                              "/bus/1/out/ears",
                              "/main/name",
                              "/main/eq/6/gain",
                              "/main/mute",
                              "/main/fader",
                              "/main/pan",
                              "/main/out/left/level",
                              "/main/out/right/polarity",
                              "/config/mute_pre_sends",
                              "/panic"}) {
    CAPTURE(address);
    CHECK(table().find(address));
  }
}

TEST_CASE("table: every default is legal, and a new desk reads it back", "[control][table]") {
  for_all([](ParameterId id, const Parameter& p, const ParameterRow&) {
    CAPTURE(p.address);
    REQUIRE(coerced(id, table().default_value(id)) == table().default_value(id));
  });
  const auto real = [](const char* address) { return std::get<float>(table().default_value(*table().find(address))); };
  const auto text = [](const char* address) {
    const ParameterId id = *table().find(address);
    return table().format(id, table().default_value(id));
  };
  CHECK(real("/ch/1/fader") == -90);
  CHECK(real("/bus/1/fader") == 0);
  CHECK(real("/main/fader") == -90);
  CHECK(real("/ch/7/eq/3/freq") == 2000);
  CHECK(real("/bus/1/eq/6/freq") == 10000);
  CHECK(text("/ch/1/eq/4/type") == "high_shelf");
  CHECK(text("/main/eq/1/type") == "low_shelf");
  CHECK(text("/ch/1/lowcut/slope") == "18dB");
  CHECK(text("/ch/1/lowcut/freq") == "100 Hz");
  CHECK(text("/ch/17/source") == "17");
  CHECK(text("/ch/1/send/12/tap") == "pre_fader");
  CHECK(text("/ch/1/send/13/tap") == "post_fader");
  CHECK(text("/ch/1/send/16/level") == "off");
  CHECK(text("/ch/1/main/on") == "on");
  CHECK(text("/bus/1/main/on") == "off");
  CHECK(text("/config/mute_pre_sends") == "on");
}

TEST_CASE("table: numbers inside the range stay as they are, numbers beyond it are clamped", "[control][table]") {
  for_all([](ParameterId id, const Parameter& p, const ParameterRow& row) {
    CAPTURE(p.address);
    if (row.kind == Kind::real) {
      for (const float inside : {row.min, row.max, std::lerp(row.min, row.max, 0.3f)}) {
        REQUIRE(coerced(id, inside) == Value(inside));
      }
      REQUIRE(coerced(id, row.max + 1) == Value(row.max));
      REQUIRE(coerced(id, row.min - 1) == Value(row.min));
      REQUIRE(coerced(id, std::numeric_limits<float>::max()) == Value(row.max));
      REQUIRE(coerced(id, std::numeric_limits<std::int32_t>::min()) == Value(row.min));
    } else if (whole(row) && row.kind != Kind::enumeration) {
      const auto min = static_cast<std::int32_t>(row.min), max = static_cast<std::int32_t>(row.max);
      for (const std::int32_t inside : {min, max}) {
        REQUIRE(coerced(id, inside) == Value(inside));
        REQUIRE(coerced(id, static_cast<float>(inside)) == Value(inside));
      }
      REQUIRE(coerced(id, max + 1) == Value(max));
      REQUIRE(coerced(id, min - 1) == Value(min));
      REQUIRE(coerced(id, 3e38f) == Value(max));
      REQUIRE(coerced(id, -3e38f) == Value(min));
      REQUIRE_FALSE(coerced(id, 0.5f));
    }
  });
}

TEST_CASE("table: what is not a number, or of the wrong type, is refused by every row", "[control][table]") {
  static constexpr float kInfinity = std::numeric_limits<float>::infinity();
  for_all([](ParameterId id, const Parameter& p, const ParameterRow& row) {
    CAPTURE(p.address);
    REQUIRE_FALSE(coerced(id, std::numeric_limits<float>::quiet_NaN()));
    REQUIRE_FALSE(coerced(id, kInfinity));
    if (row.taper == Taper::fader) {
      REQUIRE(coerced(id, -kInfinity) == Value(kLevelOffDb));
    } else {
      REQUIRE_FALSE(coerced(id, -kInfinity));
    }
    if (row.kind == Kind::text) {
      REQUIRE_FALSE(coerced(id, 1.0f));
      REQUIRE_FALSE(coerced(id, std::int32_t{1}));
    } else {
      REQUIRE_FALSE(coerced(id, std::string("loud")));
      REQUIRE_FALSE(coerced(id, std::string("1")));
      REQUIRE_FALSE(coerced(id, std::string()));
    }
  });
}

TEST_CASE("table: an enumeration takes each of its names and indices, and nothing beyond them", "[control][table]") {
  for_all([](ParameterId id, const Parameter& p, const ParameterRow& row) {
    if (row.kind != Kind::enumeration) return;
    CAPTURE(p.address);
    for (std::int32_t i = 0; i < static_cast<std::int32_t>(row.names.size()); ++i) {
      REQUIRE(coerced(id, i) == Value(i));
      REQUIRE(coerced(id, std::string(row.names[static_cast<std::size_t>(i)])) == Value(i));
      REQUIRE(coerced(id, table().format(id, i)) == Value(i));
      // Else nobody could tell a name from an index.
      REQUIRE(row.names[static_cast<std::size_t>(i)].find_first_not_of("0123456789.-") != std::string_view::npos);
    }
    REQUIRE_FALSE(coerced(id, static_cast<std::int32_t>(row.names.size())));
    REQUIRE_FALSE(coerced(id, std::int32_t{-1}));
  });
  std::string error;
  CHECK_FALSE(table().coerce(*table().find("/ch/1/lowcut/slope"), std::string("6dB"), error));
  CHECK(error == "/ch/1/lowcut/slope: expected one of 12dB, 18dB, 24dB (or its index from 0 to 2), got text \"6dB\"");
}

TEST_CASE("table: names are cut to 32 bytes at a character's edge and hold nothing that breaks a file",
          "[control][table]") {
  CHECK(clean_text("Kick in") == "Kick in");
  CHECK(clean_text(std::string(40, 'x')) == std::string(32, 'x'));
  CHECK(clean_text(std::string(31, 'x') + "\xC3\xA9") == std::string(31, 'x'));  // e acute has two bytes
  CHECK(clean_text(std::string(30, 'x') + "\xC3\xA9") == std::string(30, 'x') + "\xC3\xA9");
  CHECK(clean_text(std::string(29, 'x') + "\xF0\x9F\x8E\xB8") == std::string(29, 'x'));  // a guitar has four
  CHECK(clean_text("a\nb\x7F"
                   "c") == "a b c");
  CHECK(clean_text(std::string("a\0b", 3)) == "a b");
  // C1 (a terminal takes U+009B for the start of a sequence), and what turns the text behind it round.
  CHECK(clean_text("a\xC2\x80z\xC2\x9B"
                   "31m\xC2\x9Fz") == "a z 31m z");
  CHECK(clean_text("a\xE2\x80\xAAz\xE2\x80\xAEz\xE2\x81\xA6z\xE2\x81\xA9z") == "a z z z z");
  // Their neighbours stay: no-break space, line dots, narrow space, medium space, invisible separator.
  for (const char* text : {"\xC2\xA0", "\xE2\x80\xA6", "\xE2\x80\xAF", "\xE2\x81\x9F", "\xE2\x81\xA3"}) {
    CHECK(clean_text(text) == text);
  }
  // Latin-1, a lone continuation, overlong, a surrogate, beyond Unicode, cut short.
  CHECK(clean_text("G\xE9rard") == "G?rard");
  CHECK(clean_text("\x80") == "?");
  CHECK(clean_text("\xC0\xAF") == "??");
  CHECK(clean_text("\xED\xA0\x80") == "???");
  CHECK(clean_text("\xF4\x90\x80\x80") == "????");
  CHECK(clean_text("\xE2\x82") == "??");
}

TEST_CASE("table: texts of values carry their unit", "[control][table]") {
  const auto text = [](const char* address, const Value& value) {
    return table().format(*table().find(address), value);
  };
  CHECK(text("/ch/1/fader", -6.0f) == "-6.0 dB");
  CHECK(text("/ch/1/fader", -90.0f) == "off");
  CHECK(text("/ch/1/trim", -0.01f) == "0.0 dB");
  CHECK(text("/ch/1/eq/1/freq", 2500.0f) == "2500 Hz");
  CHECK(text("/ch/1/eq/1/type", 2) == "bell");
  CHECK(text("/ch/1/mute", 1) == "on");
  CHECK(text("/ch/1/pan", -12.5f) == "-12.5");
  CHECK(text("/main/out/left/delay/time", 12.3f) == "12.3 ms");
  CHECK(text("/ch/1/name", std::string("Kick")) == "Kick");
}

TEST_CASE("table: what is written is read back, and nothing else changes", "[control][table]") {
  DeskSettings settings{Geometry{}};
  for (ParameterId id = 0; id < table().size(); ++id) table().write(settings, id, table().default_value(id));
  std::mt19937 random(1);
  for (int i = 0; i < 300; ++i) {
    const auto id = static_cast<ParameterId>(random() % table().size());
    const ParameterRow& row = *table()[id].row;
    Value value = std::string("new");
    if (row.kind == Kind::real) value = row.max;
    if (whole(row)) value = static_cast<std::int32_t>(row.max);
    table().write(settings, id, value);
    for (ParameterId other = 0; other < table().size(); ++other) {
      const Value expected = other == id ? value : table().default_value(other);
      if (table().read(settings, other) != expected) FAIL(table()[id].address << " changed " << table()[other].address);
    }
    table().write(settings, id, table().default_value(id));
  }
}

TEST_CASE("table: a partner is the same parameter of the other strip of the pair, both ways", "[control][table]") {
  const ParameterTable odd{Geometry{.inputs = 5, .buses = 3}};
  for (ParameterId id = 0; id < odd.size(); ++id) {
    const Parameter& p = odd[id];
    CAPTURE(p.address);
    REQUIRE(odd[p.partner].partner == id);
    REQUIRE(odd[p.send_partner].send_partner == id);
    std::vector<std::string> expected = segments(p.address), expected_bus = expected;
    const auto flip = [](std::string& number, int count) {
      const int n = std::stoi(number), other = n % 2 == 1 ? n + 1 : n - 1;
      if (other <= count) number = std::to_string(other);
    };
    if (expected[0] == "ch") flip(expected[1], 5);
    if (expected[0] == "bus") flip(expected[1], 3);
    if (expected[0] == "fxrtn") flip(expected[1], 8);
    if (expected.size() > 2 && expected[2] == "send") flip(expected_bus[3], 3);
    REQUIRE(segments(odd[p.partner].address) == expected);
    REQUIRE(segments(odd[p.send_partner].address) == expected_bus);
  }
  std::string error;
  CHECK(odd.coerce(*odd.find("/ch/5/link"), 1, error) == Value(0));
  CHECK(odd.coerce(*odd.find("/ch/4/link"), 1, error) == Value(1));
}

TEST_CASE("table: a pattern finds what matching every address segment by segment finds", "[control][table]") {
  std::mt19937 random(1);
  const auto roughen = [&](const std::string& segment) -> std::string {
    switch (random() % 8) {
      case 0:
        return "*";
      case 1:
        return segment.substr(0, 1) + "*";
      case 2:
        return "?" + segment.substr(1);
      case 3:
        return "{" + segment + ",on,2}";
      case 4:
        return "[!x]" + segment.substr(1);
      case 5:
        return "[a-z0-3]*";
      default:
        return segment;
    }
  };
  std::size_t found = 0;
  for (int i = 0; i < 300; ++i) {
    std::string pattern;
    std::vector<std::string> wanted = segments(table()[static_cast<ParameterId>(random() % table().size())].address);
    for (std::string& segment : wanted) pattern += "/" + (segment = roughen(segment));
    CAPTURE(pattern);
    std::vector<ParameterId> expected;
    for_all([&](ParameterId id, const Parameter& p, const ParameterRow&) {
      const std::vector<std::string> parts = segments(p.address);
      bool all = parts.size() == wanted.size();
      for (std::size_t s = 0; all && s < parts.size(); ++s) all = segment_matches(wanted[s], parts[s]);
      if (all) expected.push_back(id);
    });
    REQUIRE(table().match(pattern) == expected);
    found += expected.size();
  }
  CHECK(found > 3000);
}

TEST_CASE("table: the smallest and the largest desk have all their parameters", "[control][table]") {
  const ParameterTable smallest{Geometry{.inputs = 1, .buses = 0}};
  CHECK(smallest.find("/ch/1/fader"));
  CHECK_FALSE(smallest.find("/ch/1/send/1/on"));
  CHECK_FALSE(smallest.find("/bus/1/fader"));
  const ParameterTable largest{Geometry{.inputs = 128, .buses = 64}};
  CHECK(largest.find("/ch/128/send/64/tap"));
  CHECK(largest.find("/bus/64/out/ears"));
  CHECK(largest.match("/ch/*/send/*/level").size() == 128u * 64);
}

TEST_CASE(
    "parameters: sends into a bus that feeds an effect by default are post fader, all others pre fader, on every desk",
    "[control][parameters]") {
  for (int buses = 0; buses <= 20; ++buses) {
    for (int effects = 0; effects <= 8; ++effects) {
      const Geometry desk{.inputs = 1, .returns = 2 * effects, .buses = buses};
      const ParameterTable table(desk);
      CAPTURE(buses, effects);
      std::vector<bool> feeds(static_cast<std::size_t>(buses));
      for (int slot = 1; slot <= effects; ++slot) {
        const auto source = table.find("/fx/" + std::to_string(slot) + "/source/left").value();
        const float bus = table[source].def;
        CHECK(bus <= static_cast<float>(buses));
        if (bus >= 1) feeds[static_cast<std::size_t>(bus) - 1] = true;
      }
      CHECK(std::count(feeds.begin(), feeds.end(), true) == std::min({buses, effects, 4}));
      for (int bus = 1; bus <= buses; ++bus) {
        const auto tap = table.find("/ch/1/send/" + std::to_string(bus) + "/tap").value();
        const bool post = table[tap].def == static_cast<float>(SendTap::post_fader);
        CAPTURE(bus);
        CHECK(post == feeds[static_cast<std::size_t>(bus) - 1]);
      }
    }
  }
}
