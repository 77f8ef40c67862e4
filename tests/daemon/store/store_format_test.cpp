#include "daemon/store/state_format.h"

#include <bit>
#include <catch2/catch.hpp>
#include <cmath>
#include <random>

#include "daemon/store/crc32.h"

using namespace fohd;

namespace {

StateMeta some_meta() {
  StateMeta meta;
  meta.geometry = {.inputs = 8, .aux = 0, .returns = 0, .buses = 4, .matrices = 0};
  meta.geometry_counts = kAllCounts;
  meta.rate_hz = 48000;
  meta.device = "hw:USB \"X\"";
  meta.boot_id = "6f9c";
  meta.program_version = "0.1.0";
  return meta;
}

bool same_bits(const Value& a, const Value& b) {
  const float* x = std::get_if<float>(&a);
  const float* y = std::get_if<float>(&b);
  if (x != nullptr && y != nullptr) return std::bit_cast<std::uint32_t>(*x) == std::bit_cast<std::uint32_t>(*y);
  return a.index() == b.index() && a == b;
}

Value random_value(std::mt19937& random) {
  switch (random() % 3) {
    case 0: {
      float value = 0;
      do value = std::bit_cast<float>(static_cast<std::uint32_t>(random()));
      while (!std::isfinite(value));
      return value;
    }
    case 1:
      return static_cast<std::int32_t>(random());
    default:
      break;
  }
  // Everything that JSON has to escape, and every length of UTF-8.
  static const std::string pieces[] = {"a",    " ", "\"", "\\", "/", "\n", "\t", std::string(1, '\0'),
                                       "\x7f", "ä", "€",  "🎤"};
  std::string text;
  for (auto left = random() % 12; left > 0; --left) text += pieces[random() % std::size(pieces)];
  return text;
}

}  // namespace

TEST_CASE("crc32: has zlib's check value and finds every single flipped bit of a line", "[daemon][store]") {
  CHECK(crc32("123456789") == 0xCBF43926u);  // the check value in every catalogue of CRCs
  CHECK(crc32("") == 0);
  CHECK(crc32_text("123456789") == "cbf43926");
  std::string line = " \"/ch/1/fader\": -6.0";
  const std::uint32_t sum = crc32(line);
  for (std::size_t bit = 0; bit < line.size() * 8; ++bit) {
    line[bit / 8] = static_cast<char>(line[bit / 8] ^ (1 << bit % 8));
    CHECK(crc32(line) != sum);
    line[bit / 8] = static_cast<char>(line[bit / 8] ^ (1 << bit % 8));
  }
}

TEST_CASE("state: any values come back from a generation and from a log bit for bit", "[daemon][store]") {
  const unsigned seed = 20261122;
  CAPTURE(seed);
  std::mt19937 random(seed);
  Mix mix;
  for (int i = 0; i < 20'000; ++i) mix["/ch/" + std::to_string(i) + "/x"] = random_value(random);
  mix["/edge/zero"] = 0.0f;
  mix["/edge/minus_zero"] = -0.0f;
  mix["/edge/denormal"] = std::numeric_limits<float>::denorm_min();
  mix["/edge/largest"] = std::numeric_limits<float>::max();
  mix["/edge/lowest"] = std::numeric_limits<std::int32_t>::min();

  const ParsedGeneration parsed = parse_generation(generation_text(some_meta(), 7, "2026-11-22T10:15:00Z", mix));
  REQUIRE(parsed.error.empty());
  CHECK(parsed.notes.empty());
  CHECK(parsed.checksummed);
  REQUIRE(parsed.values.size() == mix.size());
  std::size_t different = 0;
  for (const auto& [address, value] : parsed.values) different += !same_bits(value, mix.at(address));
  CHECK(different == 0);

  const std::vector<AddressedValue> change(mix.begin(), mix.end());
  const ParsedLog log = parse_log(log_text(change));
  CHECK(log.notes.empty());
  REQUIRE(log.values.size() == change.size());
  different = 0;
  for (std::size_t i = 0; i < change.size(); ++i) {
    different += log.values[i].first != change[i].first || !same_bits(log.values[i].second, change[i].second);
  }
  CHECK(different == 0);
}

TEST_CASE("state: what was true when it was written comes back", "[daemon][store]") {
  StateMeta meta = some_meta();
  meta.clean_exit = true;
  meta.rate_hz = 44100.5;
  const ParsedGeneration parsed = parse_generation(generation_text(meta, 7, "2026-11-22T10:15:00Z", {{"/a", 1}}));
  REQUIRE(parsed.error.empty());
  CHECK(parsed.written_utc == "2026-11-22T10:15:00Z");
  CHECK(parsed.meta.geometry_counts == kAllCounts);
  CHECK(parsed.meta.geometry == meta.geometry);
  CHECK(parsed.meta.rate_hz == meta.rate_hz);
  CHECK(parsed.meta.device == meta.device);
  CHECK(parsed.meta.boot_id == meta.boot_id);
  CHECK(parsed.meta.program_version == meta.program_version);
  CHECK(parsed.meta.clean_exit);
}

TEST_CASE("state: one address per line, sorted, floats with a point, so that diff shows a change", "[daemon][store]") {
  const Mix mix = {
      {"/ch/2/mute", 1}, {"/ch/1/fader", -6.0f}, {"/ch/1/name", std::string("Kick \"in\"")}, {"/ch/1/eq/2/freq", 0.1f}};
  const std::string text = generation_text(some_meta(), 1, "", mix);
  CHECK(text.find("{\n\"/ch/1/eq/2/freq\": 0.1,\n\"/ch/1/fader\": -6.0,\n\"/ch/1/name\": \"Kick \\\"in\\\"\",\n"
                  "\"/ch/2/mute\": 1\n}") != std::string::npos);
  CHECK(log_text(std::vector<AddressedValue>{{"/ch/1/fader", -6.0f}}).substr(8) == " \"/ch/1/fader\": -6.0\n");
}

TEST_CASE("state: a name that is not UTF-8 is taken as Latin-1 instead of spoiling the file", "[daemon][store]") {
  const auto back = [](const std::string& name) {
    const ParsedGeneration parsed = parse_generation(generation_text(some_meta(), 1, "", {{"/ch/1/name", name}}));
    CHECK(parsed.error.empty());
    return std::get<std::string>(parsed.values.at(0).second);
  };
  CHECK(back("Fl\xF6te") == "Flöte");
  CHECK(back("\xC0\x80") == "\xC3\x80\xC2\x80");  // an overlong form is not UTF-8
  CHECK(back("\xED\xA0\x80").size() == 6);        // nor is half a surrogate pair
  CHECK(back("cut \xE2\x82") == "cut \xC3\xA2\xC2\x82");
}

TEST_CASE("state: NaN and infinity, which the desk never holds, leave no line", "[daemon][store]") {
  CHECK(state_line("/a", std::nanf("")).empty());
  CHECK(state_line("/a", -std::numeric_limits<float>::infinity()).empty());
  const std::vector<AddressedValue> change = {{"/a", 1}, {"/b", std::nanf("")}};
  CHECK(parse_log(log_text(change)).values.size() == 1);
  CHECK(parse_log(log_text(change)).notes.empty());  // the line before it is the end of its change
}

TEST_CASE("state: a file says which counts of the desk it knows", "[daemon][store]") {
  const ParsedGeneration parsed =
      parse_generation(R"({ "geometry": { "inputs": 12, "buses": 3 }, "values": { "/ch/1/mute": 1 } })");
  REQUIRE(parsed.error.empty());
  CHECK(parsed.meta.geometry.inputs == 12);
  CHECK(parsed.meta.geometry.buses == 3);
  CHECK(parsed.meta.geometry_counts == 0b1001);  // inputs, aux, returns, buses, matrices
}

TEST_CASE("state: a file written by hand needs no checksum, no head and no order", "[daemon][store]") {
  const ParsedGeneration parsed = parse_generation(
      R"({ "values": { "/ch/2/mute": true, "/ch/1/fader": -6, "/ch/1/pan": 1e1, "/ch/2/mute": false } })");
  REQUIRE(parsed.error.empty());
  CHECK_FALSE(parsed.checksummed);
  CHECK(parsed.meta.geometry_counts == 0);
  REQUIRE(parsed.values.size() == 3);
  CHECK(parsed.values[0] == AddressedValue("/ch/1/fader", -6));
  CHECK(parsed.values[1] == AddressedValue("/ch/1/pan", 10.0f));
  CHECK(parsed.values[2] == AddressedValue("/ch/2/mute", 0));
  REQUIRE(parsed.notes.size() == 1);
  CHECK_THAT(parsed.notes[0], Catch::Contains("/ch/2/mute is there more than once"));

  const ParsedLog log = parse_log("\"/ch/1/fader\": -3.0,\n\n\"/ch/1/mute\": 1");
  CHECK(log.values.size() == 2);
  REQUIRE(log.notes.size() == 1);
  CHECK_THAT(log.notes[0], Catch::Contains("2 lines have no checksum"));
}

TEST_CASE("state: a value that makes no sense costs itself only, and its line is named", "[daemon][store]") {
  const ParsedGeneration parsed = parse_generation(
      "{ \"values\": {\n\"/ch/1/fader\": -6,\n\"/ch/2/fader\": null,\n\"/ch/3/fader\": 1e999,\n"
      "\"/ch/4/fader\": [1, {\"/ch/9/fader\": [2, null, true, \"x\", 1.5]}],\n\"/ch/5/fader\": {\"a\": {}},\n"
      "\"/ch/6/fader\": -1e9999,\n\"/ch/7/fader\": 3000000000,\n\"/ch/8/fader\": 1e39,\n\"/main/fader\": 0 } }");
  CHECK(parsed.error.empty());
  REQUIRE(parsed.values.size() == 2);
  CHECK(parsed.values[0] == AddressedValue("/ch/1/fader", -6));
  CHECK(parsed.values[1] == AddressedValue("/main/fader", 0));
  REQUIRE(parsed.notes.size() == 7);
  for (int i = 0; i < 7; ++i) {
    const std::string place = "line " + std::to_string(i + 3) + ": /ch/" + std::to_string(i + 2) + "/fader ";
    CHECK_THAT(parsed.notes[static_cast<std::size_t>(i)], Catch::StartsWith(place) && Catch::Contains("left out"));
  }
  CHECK_THAT(parsed.notes[1], Catch::Contains("too large"));
  CHECK_FALSE(parse_generation(R"({"rate_hz": 1e999, "values": {"/a": 1}})").error.empty());
  std::string many = "{\"values\": {\"/a\": 1";
  for (int i = 0; i < 1000; ++i) many += ", \"/b\": 1e999";
  CHECK_FALSE(parse_generation(many + "}}").error.empty());  // refused, not a thousand passes over it
}

TEST_CASE("state: of very many values that make no sense the first are named and the others counted",
          "[daemon][store]") {
  std::string text = "{\"values\": {\"/a\": 1";
  for (int i = 0; i < 30'000; ++i) text += ",\n\"/b/" + std::to_string(i) + "\": null";
  const ParsedGeneration generation = parse_generation(text + "}}");
  CHECK(generation.error.empty());
  CHECK(generation.values.size() == 1);
  REQUIRE(generation.notes.size() == 101);
  CHECK_THAT(generation.notes[99], Catch::Contains("line 101: /b/99 "));
  CHECK(generation.notes[100] == "29900 more values are left out");
}

TEST_CASE("state: what cannot be used is refused with the place and the reason", "[daemon][store]") {
  const auto error = [](const std::string& text) { return parse_generation(text).error; };
  CHECK_THAT(error(""), Catch::Contains("not JSON"));
  CHECK_THAT(error("{\n\"values\": {\n\"/a\": 1,,\n"), Catch::Contains("line 3"));
  CHECK_THAT(error("[1]"), Catch::Contains("one JSON object"));
  CHECK_THAT(error("7"), Catch::Contains("one JSON object"));
  CHECK_THAT(error(std::string(100'000, '[')), Catch::Contains("one JSON object"));
  CHECK_THAT(error("{}"), Catch::Contains("no values"));
  CHECK_THAT(error(R"({"valeus": {}})"), Catch::Contains("\"valeus\""));
  CHECK_THAT(error(R"({"format": "a scene", "values": {"/a": 1}})"), Catch::Contains("fohd state"));
  CHECK_THAT(error(R"({"version": 2, "values": {"/a": 1}})"), Catch::Contains("format 2"));
  CHECK_THAT(error(R"({"values": {"ch/1": 1}})"), Catch::Contains("must begin with /"));
  CHECK_THAT(error(R"({"values": {"/a": null}})"), Catch::Contains("/a must be a number"));
  CHECK_THAT(error(R"({"values": {"/a": [1]}})"), Catch::Contains("/a must be a number"));
  CHECK_THAT(error(R"({"values": {"/a": 3000000000}})"), Catch::Contains("/a is too large"));
  CHECK_THAT(error(R"({"values": {"/a": 1e39}})"), Catch::Contains("/a is too large"));
  CHECK_THAT(error(R"({"geometry": {"inputs": 0}, "values": {"/a": 1}})"), Catch::Contains("geometry"));
  CHECK_THAT(error(R"({"geometry": {"inputs": 99999999999}, "values": {"/a": 1}})"), Catch::Contains("geometry"));
  CHECK_THAT(error("{\"values\": {\"/a\": 1},\n\"checksum\": \"00000000\"\n}\n"), Catch::Contains("checksum"));
}

TEST_CASE("state: no flipped bit of a generation goes unseen", "[daemon][store]") {
  const Mix mix = {{"/ch/1/fader", -6.5f}, {"/ch/1/mute", 0}, {"/ch/1/name", std::string("Kick")}};
  std::string text = generation_text(some_meta(), 12, "2026-11-22T10:15:00Z", mix);
  for (std::size_t bit = 0; bit < text.size() * 8; ++bit) {
    text[bit / 8] = static_cast<char>(text[bit / 8] ^ (1 << bit % 8));
    CAPTURE(bit);
    REQUIRE_FALSE(parse_generation(text).error.empty());
    text[bit / 8] = static_cast<char>(text[bit / 8] ^ (1 << bit % 8));
  }
  for (std::size_t size = 0; size + 1 < text.size(); ++size) {  // without the last line end it is still whole
    CAPTURE(size);
    REQUIRE_FALSE(parse_generation(text.substr(0, size)).error.empty());
  }
  CHECK(parse_generation(text).error.empty());
}

TEST_CASE("state: a log cut at any byte keeps every whole change and drops only the one that is cut",
          "[daemon][store]") {
  std::string text;
  std::vector<std::size_t> ends;    // byte at which change i is complete (its line end may be missing)
  std::vector<std::size_t> counts;  // values after it
  std::size_t count = 0;
  for (int i = 1; i <= 12; ++i) {
    std::vector<AddressedValue> change;
    for (int j = 0; j < i % 4 + 1; ++j)
      change.emplace_back("/ch/" + std::to_string(j) + "/fader", static_cast<float>(i));
    text += log_text(change);
    count += change.size();
    ends.push_back(text.size() - 1);
    counts.push_back(count);
  }
  for (std::size_t size = 0; size <= text.size(); ++size) {
    std::size_t expected = 0;
    bool whole = size == 0;
    for (std::size_t i = 0; i < ends.size(); ++i) {
      if (size >= ends[i]) expected = counts[i];
      whole = whole || size == ends[i] || size == ends[i] + 1;
    }
    const ParsedLog log = parse_log(std::string_view(text).substr(0, size));
    CAPTURE(size);
    REQUIRE(log.values.size() == expected);
    REQUIRE(log.notes.empty() == whole);
    if (!whole) REQUIRE_THAT(log.notes[0], Catch::Contains("cut off"));
  }
}

TEST_CASE("state: a flipped bit in a log costs its line at most, and is said", "[daemon][store]") {
  std::string text;
  for (int i = 0; i < 5; ++i) {
    text += log_text(std::vector<AddressedValue>{{"/ch/" + std::to_string(i) + "/fader", static_cast<float>(-i)}});
  }
  const auto original = parse_log(text).values;
  for (std::size_t bit = 0; bit < text.size() * 8; ++bit) {
    text[bit / 8] = static_cast<char>(text[bit / 8] ^ (1 << bit % 8));
    const ParsedLog log = parse_log(text);
    CAPTURE(bit);
    // A line end that became something else joins two lines; a byte that became one cuts a line in two.
    REQUIRE(log.values.size() >= 3);
    for (const auto& value : log.values) {
      REQUIRE(std::find(original.begin(), original.end(), value) != original.end());
    }
    REQUIRE((log.values.size() == 5 || !log.notes.empty()));
    text[bit / 8] = static_cast<char>(text[bit / 8] ^ (1 << bit % 8));
  }
}

namespace {

/// Changes of 1 to 5 values; every value is there once in all.
std::vector<std::vector<AddressedValue>> some_changes(int count) {
  std::vector<std::vector<AddressedValue>> changes;
  std::int32_t next = 0;
  for (int i = 0; i < count; ++i) {
    std::vector<AddressedValue> change;
    for (int j = 0; j <= i % 5; ++j, ++next) change.emplace_back("/ch/" + std::to_string(next) + "/x", next);
    changes.push_back(std::move(change));
  }
  return changes;
}

std::string log_of(const std::vector<std::vector<AddressedValue>>& changes) {
  std::string text;
  for (const auto& change : changes) text += log_text(change);
  return text;
}

/// As fohd wrote them before: '+' where more of the change follows.
std::string old_log_of(const std::vector<std::vector<AddressedValue>>& changes) {
  std::string text;
  for (const auto& change : changes) {
    for (std::size_t i = 0; i < change.size(); ++i) {
      const std::string marked = (i + 1 < change.size() ? "+" : " ") + state_line(change[i].first, change[i].second);
      text += crc32_text(marked) + marked + "\n";
    }
  }
  return text;
}

/// How many changes are there whole; -1: one is there in part, twice, or none of these.
int whole_changes(const std::vector<std::vector<AddressedValue>>& changes, const std::vector<AddressedValue>& values) {
  int whole = 0;
  std::size_t at = 0;
  for (const auto& change : changes) {
    if (at >= values.size() || values[at] != change.front()) continue;
    if (values.size() - at < change.size()) return -1;
    if (!std::equal(change.begin(), change.end(), values.begin() + static_cast<std::ptrdiff_t>(at))) return -1;
    at += change.size();
    ++whole;
  }
  return at == values.size() ? whole : -1;
}

}  // namespace

TEST_CASE("state: whatever is damaged in a log, a change is restored whole or not at all", "[daemon][store]") {
  const auto changes = some_changes(12);
  const int all = static_cast<int>(changes.size());
  const bool is_old = GENERATE(false, true);
  const std::string text = is_old ? old_log_of(changes) : log_of(changes);
  CAPTURE(is_old);
  REQUIRE(whole_changes(changes, parse_log(text).values) == all);
  REQUIRE(parse_log(text).notes.empty());
  const auto check = [&](const std::string& damaged, int least) {
    const ParsedLog log = parse_log(damaged);
    const int whole = whole_changes(changes, log.values);
    REQUIRE(whole >= least);
    REQUIRE((whole == all || !log.notes.empty()));
  };
  for (std::size_t at = 0; at < text.size(); ++at) {
    CAPTURE(at);
    std::string damaged = text;
    for (int bit = 0; bit < 8; ++bit) {
      damaged[at] = static_cast<char>(text[at] ^ (1 << bit));
      check(damaged, all - (is_old ? 3 : 2));  // the change, or two where it was a line's end
    }
    for (const char c : {'\n', '\0', ' ', '+', '@', '"'}) {
      damaged[at] = c;
      check(damaged, all - (is_old ? 3 : 2));
    }
  }
  // A block that was lost: from any byte on, of any size.
  for (std::size_t at = 0; at < text.size(); at += 7) {
    for (const std::size_t size : {1u, 2u, 20u, 50u, 120u, 500u}) {
      CAPTURE(at, size);
      const std::size_t block = std::min(size, text.size() - at);
      check(std::string(text).replace(at, block, block, '\0'), 0);
      // Where whole lines are gone, logs of earlier versions do not say so, and whole changes are gone without a trace.
      if (!is_old) REQUIRE(whole_changes(changes, parse_log(std::string(text).erase(at, block)).values) >= 0);
      check(std::string(text).insert(at, block, 'x'), all - (is_old ? 3 : 2));
    }
  }
}

TEST_CASE("state: lines of a log that are missing, doubled or in another order are no change", "[daemon][store]") {
  const auto changes = some_changes(8);
  const std::string text = log_of(changes);
  std::vector<std::string> lines;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = text.find('\n', at) + 1;
    lines.push_back(text.substr(at, end - at));
    at = end;
  }
  std::mt19937 random(7);
  for (int round = 0; round < 2000; ++round) {
    CAPTURE(round);
    std::vector<std::string> other = lines;
    const std::size_t a = random() % other.size(), b = random() % other.size();
    if (round % 3 == 0) other.erase(other.begin() + static_cast<std::ptrdiff_t>(a));
    if (round % 3 == 1 && lines[a] != lines[b]) std::swap(other[a], other[b]);
    if (round % 3 == 2)
      other.erase(other.begin() + static_cast<std::ptrdiff_t>(std::min(a, b)),
                  other.begin() + static_cast<std::ptrdiff_t>(std::max(a, b)));
    std::string joined;
    for (const std::string& line : other) joined += line;
    // Each change that is there is whole: its values stand together, in their order.
    const std::vector<AddressedValue> values = parse_log(joined).values;
    for (std::size_t i = 0; i < values.size();) {
      const auto change =
          std::find_if(changes.begin(), changes.end(), [&](const auto& c) { return c.front() == values[i]; });
      REQUIRE(change != changes.end());
      REQUIRE(values.size() - i >= change->size());
      REQUIRE(std::equal(change->begin(), change->end(), values.begin() + static_cast<std::ptrdiff_t>(i)));
      i += change->size();
    }
  }
}

TEST_CASE("state: a log tells which line is damaged and that its change is left out as a whole", "[daemon][store]") {
  const std::vector<AddressedValue> pair = {{"/ch/1/link", 1}, {"/ch/2/link", 1}, {"/ch/3/link", 1}};
  std::string text = log_text(std::vector<AddressedValue>{{"/main/fader", -1.0f}}) + log_text(pair) +
                     log_text(std::vector<AddressedValue>{{"/main/fader", -2.0f}});
  text[text.find("/ch/2/link")] = '!';
  const ParsedLog log = parse_log(text);
  REQUIRE(log.values.size() == 2);
  CHECK(log.values[0] == AddressedValue("/main/fader", -1.0f));
  CHECK(log.values[1] == AddressedValue("/main/fader", -2.0f));
  REQUIRE(log.notes.size() == 1);
  CHECK_THAT(log.notes[0], Catch::Contains("line 3 is damaged") && Catch::Contains("as a whole"));
}

TEST_CASE("state: a log of garbage, or of zeros after a power cut, gives nothing and says so", "[daemon][store]") {
  std::mt19937 random(3);
  std::string garbage(20'000, '\0');
  CHECK(parse_log(garbage).values.empty());
  CHECK_FALSE(parse_log(garbage).notes.empty());
  for (char& c : garbage) c = static_cast<char>(random());
  CHECK(parse_log(garbage).values.empty());
  CHECK_FALSE(parse_log(garbage).notes.empty());
  CHECK_FALSE(parse_generation(garbage).error.empty());
}
