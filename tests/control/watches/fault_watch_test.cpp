#include "control/watches/fault_watch.h"

#include <catch2/catch.hpp>

#include "control/desk/desk.h"

using namespace fohd;

namespace {

struct Watched {
  std::vector<FaultWatch::Line> at(std::int64_t now_ms) { return watch.take(frame, desk.settings(), now_ms); }
  Geometry geometry{.inputs = 8, .aux = 2, .buses = 4};
  Desk desk{geometry};
  MeterFrame frame{geometry};
  FaultWatch watch{geometry};
};

bool says(const FaultWatch::Line& line, const char* text) { return line.text.find(text) != std::string::npos; }

}  // namespace

TEST_CASE("fault watch: a sound desk is not talked about", "[control][faults]") {
  Watched w;
  for (std::int64_t ms = 0; ms < 30'000; ms += 10) CHECK(w.at(ms).empty());
}

TEST_CASE("fault watch: the first fault of a strip is told at once, with its name and how many samples",
          "[control][faults]") {
  Watched w;
  std::string error;
  REQUIRE(w.desk.apply({}, std::vector<Change>{{*w.desk.table().find("/ch/3/name"), std::string("Vox")}}, error));
  w.frame.faults[2] = 5;
  const auto lines = w.at(0);
  REQUIRE(lines.size() == 1);
  CHECK(lines[0].alarm);
  CHECK(says(lines[0], "channel 3 (Vox)"));
  CHECK(says(lines[0], "samples: 5"));
}

TEST_CASE("fault watch: a strip that faults all the time has a line every 10 s, and none of its samples is left out",
          "[control][faults]") {
  Watched w;
  std::vector<FaultWatch::Line> lines;
  for (std::int64_t ms = 0; ms <= 20'000; ms += 10) {
    w.frame.faults[0] += 7;
    for (auto& line : w.at(ms)) lines.push_back(std::move(line));
  }
  REQUIRE(lines.size() == 3);
  CHECK(says(lines[0], "samples: 7)"));
  CHECK(says(lines[1], "samples: 7000)"));
  CHECK(says(lines[2], "samples: 7000)"));
}

TEST_CASE("fault watch: strips that fault one after the other share a line a second", "[control][faults]") {
  Watched w;
  std::vector<FaultWatch::Line> lines;
  for (std::int64_t ms = 0; ms < 3000; ms += 10) {
    if (ms < 80) ++w.frame.faults[static_cast<std::size_t>(ms / 10)];
    for (auto& line : w.at(ms)) lines.push_back(std::move(line));
  }
  REQUIRE(lines.size() == 2);
  CHECK(says(lines[0], "of channel 1;"));
  CHECK(says(lines[1], "channel 2, channel 3, channel 4, channel 5, channel 6 and 2 more"));
}

TEST_CASE("fault watch: a counter that wraps counts on", "[control][faults]") {
  Watched w;
  w.frame.faults[0] = 0xffff'fffe;
  w.at(0);
  w.frame.faults[0] = 3;
  const auto lines = w.at(20'000);
  REQUIRE(lines.size() == 1);
  CHECK(says(lines[0], "samples: 5)"));
}

TEST_CASE("fault watch: a safety mute is told once, and once when it is over", "[control][faults]") {
  Watched w;
  const auto bus = static_cast<std::size_t>(w.geometry.first_bus_strip() + 1);
  const auto right = static_cast<std::size_t>(w.geometry.main_strip() + 1);
  for (const std::size_t strip : {std::size_t{4}, bus, right}) w.frame.safety_mutes[strip] = 1;
  auto lines = w.at(0);
  REQUIRE(lines.size() == 1);
  CHECK(lines[0].alarm);
  CHECK(says(lines[0], "channel 5, bus 2, main right"));
  CHECK(says(lines[0], "/safety_mutes/clear"));
  CHECK(w.at(5000).empty());
  for (const std::size_t strip : {std::size_t{4}, bus, right}) w.frame.safety_mutes[strip] = 0;
  lines = w.at(5010);
  REQUIRE(lines.size() == 1);
  CHECK_FALSE(lines[0].alarm);
  CHECK(says(lines[0], "channel 5, bus 2, main right"));
}

TEST_CASE("fault watch: muting and clearing a hundred times a second is two lines a second, and the last word is right",
          "[control][faults]") {
  Watched w;
  int lines = 0;
  bool told = false;
  for (std::int64_t ms = 0; ms < 10'000; ms += 10) {
    w.frame.safety_mutes[0] ^= 1;
    for (const auto& line : w.at(ms)) ++lines, told = line.alarm;
  }
  CHECK(lines <= 20);
  w.frame.safety_mutes[0] = 1;
  for (std::int64_t ms = 10'000; ms < 12'000; ms += 10) {
    for (const auto& line : w.at(ms)) told = line.alarm;
  }
  CHECK(told);
}

TEST_CASE("fault watch: a new engine begins without old faults, and without the mutes, which is told",
          "[control][faults]") {
  Watched w;
  w.frame.faults[0] = 100;
  w.frame.safety_mutes[0] = 1;
  w.at(0);
  w.watch.new_engine();
  w.frame.faults[0] = 2;
  w.frame.safety_mutes[0] = 0;
  const auto lines = w.at(20'000);
  REQUIRE(lines.size() == 2);
  CHECK(says(lines[0], "samples: 2)"));
  CHECK(says(lines[1], "off again: channel 1"));
}

TEST_CASE("fault watch: every lane has a name; a frame of another desk is ignored", "[control][faults]") {
  const Geometry g = Watched().geometry;
  const std::pair<int, const char*> lanes[] = {{g.first_return_strip() + 1, "effect return 2"},
                                               {g.first_effect_strip() + 2, "input of effect 2"},
                                               {g.main_strip(), "main left"},
                                               {g.main_strip() + 1, "main right"},
                                               {g.main_strip() + 2, "lane "}};  // no strip's: the centre is to come
  for (const auto& [lane, name] : lanes) {
    Watched one;
    one.frame.faults[static_cast<std::size_t>(lane)] = 1;
    CHECK(says(one.at(0).at(0), name));
  }
  Watched w;
  MeterFrame other(Geometry{.inputs = 64, .buses = 4});
  other.faults[0] = 1;
  other.safety_mutes[0] = 1;
  CHECK(w.watch.take(other, w.desk.settings(), 20'000).empty());
}
