#include "control/parameters/taper.h"

#include <catch2/catch.hpp>

#include <cmath>
#include <random>
#include <set>

#include "control/parameters/table.h"

using namespace fohd;

namespace {

struct Turnable {
  ParameterId id = 0;
  const ParameterRow* row = nullptr;
};

/// Every row that a knob can turn, once, with one parameter of it.
std::vector<Turnable> turnable_rows(const ParameterTable& table) {
  std::vector<Turnable> all;
  std::set<const ParameterRow*> seen;
  for (ParameterId id = 0; id < table.size(); ++id) {
    const ParameterRow& row = *table[id].row;
    if (has_taper(row) && seen.insert(&row).second) all.push_back({id, &row});
  }
  return all;
}

double number_of(const Value& value) { return number_in(value).value(); }

double span_of(const ParameterRow& row) { return static_cast<double>(row.max) - static_cast<double>(row.min); }

const ParameterTable& whole_table() {
  static const ParameterTable table{Geometry{}};
  return table;
}

constexpr TaperRange kRanges[] = {{0, 1}, {1, 0}, {0.2, 0.8}, {0.8, 0.2}, {0, 0.01}, {1, 0.7}};

}  // namespace

TEST_CASE("taper: both ends of every dial are the row's own, to the bit", "[midi][taper]") {
  const auto rows = turnable_rows(whole_table());
  CHECK(rows.size() > 100);
  for (const auto& [id, row] : rows) {
    CAPTURE(whole_table()[id].address);
    const double min = static_cast<double>(row->min), max = static_cast<double>(row->max);
    CHECK(taper_number(*row, 0) == min);
    CHECK(taper_number(*row, 1) == max);
    CHECK(taper_position(*row, min) == 0);
    CHECK(taper_position(*row, max) == 1);
    CHECK(number_of(taper_value(*row, 0, {})) == min);
    CHECK(number_of(taper_value(*row, 1, {})) == max);
    // Beyond the ends is the end.
    CHECK(taper_number(*row, -0.5) == min);
    CHECK(taper_number(*row, 1.5) == max);
    CHECK(taper_position(*row, min - 1) == 0);
    CHECK(taper_position(*row, max + 1) == 1);
  }
}

TEST_CASE("taper: a place becomes a number and the same place again, and more is never less", "[midi][taper]") {
  for (const auto& [id, row] : turnable_rows(whole_table())) {
    if (is_stepped(*row)) continue;
    CAPTURE(whole_table()[id].address);
    double before = -1e300, worst = 0;
    bool rising = true;
    for (int i = 0; i <= 4096; ++i) {
      const double place = i / 4096.0, number = taper_number(*row, place);
      // Every law is strictly rising, and a 4096th is far above a double's last bit.
      rising = rising && number > before;
      before = number;
      worst = std::max(worst, std::abs(taper_position(*row, number) - place));
    }
    CHECK(rising);
    CHECK(worst < 1e-13);  // some roundings of 1e-16, times ln(20000/20) = 7 in pow() and times 480/40 in the fader
  }
}

TEST_CASE("taper: a linear dial is straight, the middle of a logarithmic one is the geometric mean", "[midi][taper]") {
  int linear = 0, logarithmic = 0;
  for (const auto& [id, row] : turnable_rows(whole_table())) {
    if (is_stepped(*row)) continue;
    CAPTURE(whole_table()[id].address);
    const double min = static_cast<double>(row->min), max = static_cast<double>(row->max);
    if (row->taper == Taper::logarithmic) {
      ++logarithmic;
      REQUIRE(min > 0);  // else it has no logarithm
      for (const auto& [place, mean] : {std::pair(0.5, std::sqrt(min * max)),
                                        {0.25, std::sqrt(min * std::sqrt(min * max))},
                                        {0.75, std::sqrt(max * std::sqrt(min * max))}}) {
        CHECK(std::abs(taper_number(*row, place) / mean - 1) < 1e-14);  // sqrt and pow each round once or twice
      }
    } else if (row->taper == Taper::linear) {
      ++linear;
      for (const double place : {0.125, 0.5, 0.875}) {
        CHECK(std::abs(taper_number(*row, place) - (min * (1 - place) + max * place)) <= 1e-15 * span_of(*row) * 4);
      }
    }
  }
  CHECK(linear > 10);
  CHECK(logarithmic > 10);
}

TEST_CASE("taper: faders have the console's law", "[midi][taper]") {
  // docs/X32.md, "The fader"; every corner is a dyadic fraction, so no rounding.
  const double corners[][2] = {{0, -90}, {0.0625, -60}, {0.25, -30}, {0.5, -10}, {0.75, 0}, {1, 10}};
  int faders = 0;
  for (const auto& [id, row] : turnable_rows(whole_table())) {
    if (row->taper != Taper::fader) continue;
    ++faders;
    CAPTURE(whole_table()[id].address);
    for (const auto& [place, level_db] : corners) {
      CHECK(taper_number(*row, place) == level_db);
      CHECK(taper_position(*row, level_db) == place);
    }
    CHECK(whole_table().format(id, taper_value(*row, 0, {})) == "off");
    // Straight between the corners.
    for (std::size_t i = 0; i + 1 < std::size(corners); ++i) {
      const double middle = (corners[i][0] + corners[i + 1][0]) / 2;
      CHECK(taper_number(*row, middle) == (corners[i][1] + corners[i + 1][1]) / 2);
    }
  }
  CHECK(faders >= 3);
}

TEST_CASE("taper: every step of a stepped row has its place and its even share of the dial", "[midi][taper]") {
  for (const auto& [id, row] : turnable_rows(whole_table())) {
    if (!is_stepped(*row)) continue;
    CAPTURE(whole_table()[id].address);
    const auto first = static_cast<int>(row->min), last = static_cast<int>(row->max);
    REQUIRE(last > first);
    for (int step = first; step <= last; ++step) {
      const double place = taper_position(*row, static_cast<double>(step));
      REQUIRE(std::abs(place - static_cast<double>(step - first) / (last - first)) < 1e-15);
      REQUIRE(std::get<std::int32_t>(taper_value(*row, place, {})) == step);
      // A hair less than half a step away it is still this one.
      const double half = 0.499 / (last - first);
      REQUIRE(taper_number(*row, place - half) == step);
      REQUIRE(taper_number(*row, place + half) == step);
    }
  }
}

TEST_CASE("taper: a part of a dial begins and ends where it says, whichever way round", "[midi][taper]") {
  for (const auto& [id, row] : turnable_rows(whole_table())) {
    CAPTURE(whole_table()[id].address);
    for (const TaperRange range : kRanges) {
      CAPTURE(range.low, range.high);
      CHECK((taper_value(*row, 0, range) == taper_value(*row, range.low, {})));
      const double end = number_of(taper_value(*row, 1, range)), whole = taper_number(*row, range.high);
      // low + 1 * (high - low) need not be high to the last bit: a float's step is allowed for.
      CHECK(std::abs(end - whole) <= 1.2e-7 * std::max(std::abs(whole), span_of(*row) * 1e-7));
      double before = number_of(taper_value(*row, 0, range));
      bool one_way = true;
      for (int i = 1; i <= 500; ++i) {
        const double now = number_of(taper_value(*row, i / 500.0, range));
        one_way = one_way && (range.high > range.low ? now >= before : now <= before);
        before = now;
      }
      CHECK(one_way);
    }
  }
}

TEST_CASE("taper: turned round, a dial's places are 1 less those of the dial", "[midi][taper]") {
  for (const auto& [id, row] : turnable_rows(whole_table())) {
    CAPTURE(whole_table()[id].address);
    for (int i = 0; i <= 64; ++i) {
      // 64ths, so that 1 - place is exact; the middle between two steps belongs to either.
      const double place = i / 64.0;
      const double steps = place * span_of(*row);
      if (is_stepped(*row) && std::abs(steps - std::floor(steps) - 0.5) < 1e-9) continue;
      REQUIRE((taper_value(*row, place, {1, 0}) == taper_value(*row, 1 - place, {0, 1})));
    }
  }
}

TEST_CASE("taper: a value within a part of the dial comes back from its place as it was", "[midi][taper]") {
  std::mt19937 random(7);
  for (const auto& [id, row] : turnable_rows(whole_table())) {
    CAPTURE(whole_table()[id].address);
    for (const TaperRange range : kRanges) {
      CAPTURE(range.low, range.high);
      for (int i = 0; i < 50; ++i) {
        const double place = std::uniform_real_distribution<double>(0, 1)(random);
        const Value value = taper_value(*row, place, range);
        const Value again = taper_value(*row, taper_position(*row, value, range), range);
        const double whole = taper_position(*row, number_of(value));
        // A step whose own place lies outside the part is shown at its end.
        const bool inside = whole >= std::min(range.low, range.high) && whole <= std::max(range.low, range.high);
        if (!inside) continue;
        // Reals: a float's rounding, relative to where the dial's arithmetic happens.
        const double size = std::max(std::abs(number_of(value)), 1e-6 * span_of(*row));
        REQUIRE(std::abs(number_of(again) - number_of(value)) <= (is_stepped(*row) ? 0.0 : 1.2e-7 * size));
      }
    }
  }
}

TEST_CASE("taper: a value outside the part that a control covers stands at the nearer end", "[midi][taper]") {
  const ParameterRow row{.min = 0, .max = 100};
  CHECK(taper_position(row, Value(10.0f), {0.25, 0.75}) == 0);
  CHECK(taper_position(row, Value(90.0f), {0.25, 0.75}) == 1);
  CHECK(taper_position(row, Value(10.0f), {0.75, 0.25}) == 1);
  CHECK(taper_position(row, Value(90.0f), {0.75, 0.25}) == 0);
  CHECK(taper_position(row, Value(50.0f), {0.75, 0.25}) == 0.5);
  // A part without width divides by nothing, and gives its one value.
  CHECK(taper_position(row, Value(90.0f), {0.5, 0.5}) == 0);
  CHECK((taper_value(row, 0.9, {0.5, 0.5}) == Value(50.0f)));
}

TEST_CASE("taper: whatever a knob says, the desk takes the value unchanged", "[midi][taper]") {
  const ParameterTable& table = whole_table();
  std::mt19937 random(11);
  for (ParameterId id = 0; id < table.size(); ++id) {
    const ParameterRow& row = *table[id].row;
    if (!has_taper(row)) continue;
    CAPTURE(table[id].address);
    const double places[] = {0, 1, random() / 4294967295.0};
    for (const double place : places) {
      const TaperRange range = kRanges[random() % std::size(kRanges)];
      const Value value = taper_value(row, place, range);
      std::string error;
      const auto taken = table.coerce(id, value, error);
      if (!taken || *taken != value) {
        CAPTURE(place, range.low, range.high, number_of(value), error);
        REQUIRE((taken && *taken == value));
      }
    }
  }
}

TEST_CASE("taper: text and bit masks are no dials, all else is", "[midi][taper]") {
  for (const Kind kind : {Kind::real, Kind::integer, Kind::boolean, Kind::enumeration, Kind::bitmask, Kind::text}) {
    const ParameterRow row{.kind = kind};
    CHECK(has_taper(row) == (kind != Kind::text && kind != Kind::bitmask));
    CHECK(is_stepped(row) == (kind != Kind::real));
  }
}
