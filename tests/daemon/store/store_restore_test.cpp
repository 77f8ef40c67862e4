#include "daemon/store/restore.h"

#include <catch2/catch.hpp>
#include <random>

#include "daemon/store/state_format.h"

using namespace fohd;

namespace {

constexpr Geometry kSmall = {.inputs = 4, .aux = 0, .returns = 0, .buses = 2, .matrices = 0};

StoredState state_of(std::vector<AddressedValue> values) {
  StoredState state;
  state.found = true;
  state.values = std::move(values);
  return state;
}

StoredState through_text(const Desk& desk) {
  Mix mix;
  for (auto& [address, value] : Snapshot::take(desk).values()) mix.emplace(address, value);
  return state_of(parse_generation(generation_text(StateMeta(), 1, "", mix)).values);
}

bool same(const Desk& a, const Desk& b) {
  for (ParameterId id = 0; id < a.table().size(); ++id) {
    if (a.table()[id].row->persistence != Persistence::momentary && a.get(id) != b.get(id)) return false;
  }
  return true;
}

}  // namespace

TEST_CASE("restore: any mix, links included, is the same mix after a restart", "[daemon][store]") {
  for (unsigned seed = 1; seed <= 20; ++seed) {
    CAPTURE(seed);
    std::mt19937 random(seed);
    Desk desk(kSmall);
    for (int i = 0; i < 500; ++i) {
      const auto id = static_cast<ParameterId>(random() % desk.table().size());
      const ParameterRow& row = *desk.table()[id].row;
      Value value = row.min + (row.max - row.min) * static_cast<float>(random() % 1000) / 999.0f;
      if (row.kind != Kind::real) value = static_cast<std::int32_t>(std::get<float>(value));
      if (row.kind == Kind::text) value = "name " + std::to_string(random() % 100);
      std::string error;
      const std::vector<Change> change = {{id, value}};
      CAPTURE(desk.table()[id].address);
      REQUIRE(desk.apply(Origin(), change, error));
    }
    Desk restarted(kSmall);
    const Restored result = restore(restarted, through_text(desk));
    CHECK(result.warnings.empty());
    CHECK(result.foreign.empty());
    CHECK(same(desk, restarted));
  }
}

TEST_CASE("restore: what this desk does not have is kept aside and said", "[daemon][store]") {
  Desk large(Geometry{.inputs = 8, .aux = 0, .returns = 0, .buses = 2, .matrices = 0}), small(kSmall);
  const Restored result = restore(small, through_text(large));
  REQUIRE(result.warnings.size() == 1);
  CHECK_THAT(result.warnings[0], Catch::Contains("/ch/5/") && Catch::Contains("more"));
  CHECK(result.foreign.size() + Snapshot::take(small).values().size() == Snapshot::take(large).values().size());
}

TEST_CASE("restore: a value that does not fit costs itself only", "[daemon][store]") {
  Desk desk(kSmall);
  const Restored result =
      restore(desk, state_of({{"/ch/1/fader", std::string("loud")}, {"/ch/1/mute", 1}, {"/ch/2/fader", 99.0f}}));
  REQUIRE(result.warnings.size() == 1);
  CHECK_THAT(result.warnings[0], Catch::Contains("/ch/1/fader") && Catch::Contains("left out"));
  CHECK(desk.settings().channels[0].mute);
  CHECK(desk.settings().channels[1].fader_db == 10);  // clamped
}

TEST_CASE("restore: only what changed is handed to the store, choices by their names", "[daemon][store]") {
  Desk desk(kSmall);
  Observer observer;
  desk.attach(observer);
  std::string error;
  const std::vector<Change> changes = {{*desk.table().find("/ch/1/fader"), -3.0f},
                                       {*desk.table().find("/ch/1/lowcut/slope"), std::string("24dB")},
                                       {*desk.table().find("/ch/1/lowcut/slope"), std::string("12dB")}};
  REQUIRE(desk.apply(Origin(), changes, error));
  CHECK(take_changes(desk, observer) ==
        std::vector<AddressedValue>{{"/ch/1/fader", -3.0f}, {"/ch/1/lowcut/slope", std::string("12dB")}});
  CHECK(take_changes(desk, observer).empty());
  desk.detach(observer);
}
