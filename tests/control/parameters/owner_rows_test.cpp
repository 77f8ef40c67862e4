#include "control/parameters/owner_rows.h"

#include <catch2/catch.hpp>
#include <set>

#include "control/desk/desk.h"
#include "control/parameters/strip_names.h"

using namespace fohd;

namespace {

const Geometry kDesks[] = {{},
                           {.inputs = 1, .returns = 0, .buses = 0},
                           {.inputs = 20, .aux = 3, .returns = 4, .buses = 9},
                           {.inputs = 128, .aux = 8, .returns = 16, .buses = 64, .matrices = 16}};

template <class Fn>
void for_each_owner(const Geometry& geometry, Fn fn) {
  for (std::size_t k = 0; k < kOwnerRows.size(); ++k) {
    const auto kind = static_cast<OwnerKind>(k);
    for (int owner = 0; owner < owner_count(kind, geometry); ++owner) fn(StripRef{kind, owner}, kOwnerRows[k]);
  }
}

}  // namespace

TEST_CASE("owners: every kind of strip of the engine is a kind of owner, once", "[control][owners]") {
  std::multiset<StripKind> kinds;
  for (const OwnerRow& row : kOwnerRows) {
    CHECK(row.count != nullptr);
    CHECK(row.rows.size > 0);
    CHECK((row.mute == nullptr || row.identity != nullptr));  // what is muted is told by its name
    if (row.strip) kinds.insert(*row.strip);
  }
  for (std::size_t k = 0; k < kStripRows.size(); ++k) CHECK(kinds.count(static_cast<StripKind>(k)) == 1);
}

TEST_CASE("owners: no lane has two owners, and each knows its own", "[control][owners]") {
  for (const Geometry& geometry : kDesks) {
    std::set<int> taken;
    for_each_owner(geometry, [&](StripRef strip, const OwnerRow& row) {
      const auto first = lane_of(strip, geometry);
      REQUIRE(first.has_value() == row.strip.has_value());
      if (!first) return;
      CHECK(geometry.count(*row.strip) == owner_count(strip.owner_kind, geometry));
      for (int lane = 0; lane < lanes_of(strip.owner_kind); ++lane) {
        CHECK(taken.insert(*first + lane).second);
        const auto owner = owner_of_lane(*first + lane, geometry);
        REQUIRE(owner);
        CHECK(owner->strip == strip);
        CHECK(owner->lane == lane);
      }
    });
    for (int lane = 0; lane < geometry.strips(); ++lane) {
      CHECK(owner_of_lane(lane, geometry).has_value() == (taken.count(lane) == 1));
    }
    CHECK_FALSE(lane_of({OwnerKind::channel, geometry.inputs}, geometry));
    CHECK_FALSE(lane_of({OwnerKind::channel, -1}, geometry));
    CHECK_FALSE(lane_of({OwnerKind::global, 0}, geometry));
  }
}

TEST_CASE("owners: an output plays the lane of its owner, main first", "[control][owners]") {
  for (const Geometry& geometry : kDesks) {
    REQUIRE(geometry.outputs() == 2 + geometry.buses);
    for (int output = 0; output < geometry.outputs(); ++output) {
      const LaneOwner owner = owner_of_output(output, geometry);
      CHECK(lane_of(owner.strip, geometry).value() + owner.lane == geometry.output_strip(output));
      CHECK(row_of(owner.strip.owner_kind).has_outputs());
      const std::string expected = output == 0   ? "main_l"
                                   : output == 1 ? "main_r"
                                                 : "bus_" + std::to_string(output - 1);
      CHECK(lane_word(owner, "_") == expected);
    }
  }
}

TEST_CASE("owners: what a row points at is what its parameters write", "[control][owners]") {
  const Geometry geometry{.inputs = 4, .returns = 4, .buses = 4};  // even: the last of an odd number cannot be linked
  for_each_owner(geometry, [&](StripRef strip, const OwnerRow& row) {
    Desk desk(geometry);
    std::string error;
    const std::string prefix = owner_prefix(strip.owner_kind, std::to_string(strip.owner + 1));
    CAPTURE(prefix);
    const auto set = [&](const char* path, const Value& value) {
      const auto id = desk.table().find(prefix + path);
      if (!id) return false;
      const Change change{*id, value};
      return desk.apply({}, {&change, 1}, error);
    };
    CHECK(set("mute", 1) == (row.mute != nullptr));
    if (row.mute != nullptr) CHECK(*row.mute(desk.settings(), strip.owner));
    CHECK(set("name", std::string("Drums")) == (row.identity != nullptr));
    if (row.identity != nullptr) CHECK(row.identity(desk.settings(), strip.owner)->name == "Drums");
    CHECK(set("link", 1) == (row.link != nullptr));
    if (row.link != nullptr) CHECK(*row.link(desk.settings(), strip.owner));
    CHECK(desk.table().find(prefix + "send/1/level").has_value() == row.has_sends);
  });
}

TEST_CASE("owners: in a list of strips each has the name of its address, and its place is for ever",
          "[control][owners]") {
  const auto check = [](const auto& list) {
    for (int i = 1; i < static_cast<int>(list.names.size()); ++i) {
      REQUIRE(list.at(i));
      CHECK(list.names[static_cast<std::size_t>(i)] == lane_word({*list.at(i), 0}, "_"));
    }
    CHECK_FALSE(list.at(0));
    CHECK_FALSE(list.at(-1));
    CHECK_FALSE(list.at(static_cast<int>(list.names.size())));
  };
  check(kKeySources);
  check(kBusNames);
  CHECK(kKeySources.names[0] == "self");
  CHECK(kKeySources.names[1] == "ch_1");
  CHECK(kKeySources.names[128] == "ch_128");
  CHECK(kKeySources.names[129] == "bus_1");
  CHECK(kBusNames.names[64] == "bus_64");
}

TEST_CASE("owners: a desk is told by what it has", "[control][owners]") {
  CHECK(counts_text({}) == "32 channels, 16 buses, 4 effects, 8 effect returns");
  CHECK(counts_text({.inputs = 1, .returns = 0, .buses = 1}) == "1 channel, 1 bus");
  CHECK(counts_text({.inputs = 2, .returns = 2, .buses = 0}) == "2 channels, 1 effect, 2 effect returns");
}
