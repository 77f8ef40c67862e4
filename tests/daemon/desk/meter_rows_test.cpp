#include "daemon/desk/meter_rows.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <set>

using namespace fohd;

namespace {

std::vector<MeterCell> desk(int inputs, int buses, int named) {
  std::vector<MeterCell> cells;
  for (int i = 1; i <= inputs; ++i) {
    cells.push_back({"ch " + std::to_string(i), i <= named ? "Größe " + std::to_string(i) : "", -200, -200, i % 3 == 0,
                     i <= named});
  }
  for (int i = 1; i <= buses; ++i) cells.push_back({"bus " + std::to_string(i), "", -20, -10, false, i == buses});
  return cells;
}

/// Columns of the terminal, without the sequences that make text dim.
int width_of(const std::string& line) {
  int columns = 0;
  for (std::size_t i = 0; i < line.size(); ++i) {
    if (line[i] == '\033')
      i = line.find('m', i);
    else if ((static_cast<unsigned char>(line[i]) & 0xC0) != 0x80)
      ++columns;
  }
  return columns;
}

std::string joined(const std::vector<std::string>& lines) {
  std::string text;
  for (const std::string& line : lines) text += line + "\n";
  return text;
}

}  // namespace

TEST_CASE("meter rows: no line is wider and no screen is higher than the terminal, and what is missing is said",
          "[daemon][meters]") {
  for (int width : {40, 79, 100, 119, 200}) {
    for (int rows : {1, 5, 14, 15, 30, 60}) {
      for (int named : {0, 16, 32}) {
        CAPTURE(width, rows, named);
        const auto cells = desk(32, 16, named);
        const auto lines = meter_rows(cells, width, rows);
        CHECK(static_cast<int>(lines.size()) <= rows);
        for (const std::string& line : lines) CHECK(width_of(line) <= width);
        const std::string text = joined(lines);
        const auto shown = std::count_if(cells.begin(), cells.end(), [&](const MeterCell& cell) {
          return text.find(fit_text(cell.label, 6) + " ") != std::string::npos;
        });
        const bool all = shown == 48;
        CHECK(all == (text.find(" more") == std::string::npos));
        if (!all) CHECK(text.find(std::to_string(48 - shown) + " more") != std::string::npos);
      }
    }
  }
}

TEST_CASE("meter rows: at 80x24 the strips that sound or have a name are all there, each with its own label",
          "[daemon][meters]") {
  const std::string text = joined(meter_rows(desk(32, 16, 24), 79, 14));
  for (int i = 1; i <= 24; ++i) CHECK_THAT(text, Catch::Contains("ch " + std::to_string(i) + " "));
  CHECK_THAT(text, Catch::Contains("bus 16 ") && Catch::Contains("more, without name or sound"));
  const std::string large = joined(meter_rows(desk(32, 16, 24), 119, 30));
  for (int i = 1; i <= 16; ++i) CHECK_THAT(large, Catch::Contains("bus " + std::to_string(i) + " "));
  CHECK_THAT(large, !Catch::Contains("more"));
}

TEST_CASE("meter rows: silence is -inf, a bar ends where its peak is, a name brings no control characters",
          "[daemon][meters]") {
  CHECK(level_text(-200) == " -inf");
  CHECK(level_text(-6.04) == " -6.0");
  CHECK(level_bar(-30, -15, 20) == "##########    >     ");
  CHECK(level_bar(-200, -200, 4) == "    ");
  CHECK(fit_text("a\033[2Jb", 6) == "a[2Jb ");
  CHECK(fit_text("Größe", 3) == "Grö");
}

TEST_CASE("meter rows: a long name is whole where there is room for it, and the bar beside it stays one",
          "[daemon][meters]") {
  const std::string name = "Overheads stage left";
  std::vector<MeterCell> cells = {{"ch 1", name, -20, -10, false, true}, {"ch 2", "", -20, -10, false, true}};
  for (const int width : {60, 100, 119, 200}) {
    CAPTURE(width);
    const auto lines = meter_rows(cells, width, 10);
    CHECK_THAT(lines[0], Catch::Contains(name));
    CHECK(std::count(lines[0].begin(), lines[0].end(), '#') >= 4);  // two thirds of 8
  }
  // In a narrow cell the bar comes first.
  CHECK_THAT(meter_rows(cells, 30, 10)[0], !Catch::Contains(name) && Catch::Contains("Over"));
}

TEST_CASE("meter rows: what is muted does not look as if it were heard", "[daemon][meters]") {
  CHECK(level_bar(-30, -15, 20, true) == "..........          ");
  const std::string text = meter_cell({"ch 1", "Kick", -20, -10, true, true}, 38, 9);
  CHECK_THAT(text, Catch::Contains(" mute") && !Catch::Contains("#") && !Catch::Contains(">"));
}

TEST_CASE("meter rows: a line of the log is broken between words, and nothing of it is lost", "[daemon][meters]") {
  const std::string text = "No OSC: UDP 0.0.0.0 port 9000 is in use by another program. It is tried again every second";
  for (const int width : {24, 40, 79, 200}) {
    CAPTURE(width);
    std::string again;
    for (const std::string& line : wrap_text(text, width)) {
      CHECK(width_of(line) <= width);
      again += (again.empty() ? "" : " ") + line.substr(again.empty() ? 0 : 2);
    }
    CHECK(again == text);
  }
  CHECK(wrap_text("a-word-that-is-longer-than-the-line", 10) ==
        std::vector<std::string>{"a-word-that-is-longer-than-the-line"});  // its caller cuts it
  CHECK(wrap_text("", 10).empty());
}
