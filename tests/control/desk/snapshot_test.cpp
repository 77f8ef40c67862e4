#include "control/desk/snapshot.h"

#include <catch2/catch.hpp>
#include <random>

#include "tests/control/desk/random_changes.h"

using namespace fohd;

namespace {

const Geometry kDesk{.inputs = 5, .returns = 2, .buses = 4};

void shake(Desk& desk, unsigned seed, int changes) {
  std::mt19937 random(seed);
  std::string error;
  for (int i = 0; i < changes; ++i) {
    const Change change = random_change(desk.table(), random);
    REQUIRE(desk.apply({}, {&change, 1}, error));
  }
}

}  // namespace

TEST_CASE("snapshot: any mix comes back exactly, links included, as one step that can be undone",
          "[control][snapshot]") {
  for (unsigned seed = 1; seed <= 20; ++seed) {
    CAPTURE(seed);
    Desk desk(kDesk);
    shake(desk, seed, 300);
    const Snapshot first = Snapshot::take(desk);
    shake(desk, seed + 100, 300);
    const auto undoable = [](const Parameter& parameter) {
      return is_remembered(parameter) && is_undoable(*parameter.row);
    };
    const Snapshot second = Snapshot::take(desk, undoable);
    const Unapplied unapplied = first.apply(desk, {});
    CHECK(unapplied.notes.empty());
    CHECK(unapplied.foreign.empty());
    CHECK(Snapshot::take(desk).values() == first.values());
    std::string error;
    REQUIRE(desk.undo({}, error));
    CHECK(Snapshot::take(desk, undoable).values() == second.values());
  }
}

TEST_CASE("snapshot: comparing names what differs, and only that", "[control][snapshot]") {
  Desk desk(kDesk);
  const Snapshot before = Snapshot::take(desk);
  REQUIRE(set(desk, "/ch/2/fader", -7.0f));
  REQUIRE(set(desk, "/ch/1/lowcut/slope", std::string("24dB")));
  const auto differences = Snapshot::take(desk).compare(before);
  REQUIRE(differences.size() == 2);
  CHECK(differences[0].address == "/ch/1/lowcut/slope");
  CHECK(differences[0].here == Value(std::string("24dB")));
  CHECK(differences[1].address == "/ch/2/fader");
  CHECK(differences[1].here == Value(-7.0f));
  const auto aside = Snapshot({{"/a", 1}, {"/b", 2}}).compare(Snapshot({{"/b", 2}, {"/c", 3}}));
  REQUIRE(aside.size() == 2);
  CHECK(aside[0].there == std::nullopt);
  CHECK(aside[1].here == std::nullopt);
  CHECK(before.compare(before).empty());
}

TEST_CASE("snapshot: a filter takes and applies its part only; nothing momentary ever", "[control][snapshot]") {
  Desk desk(kDesk);
  const auto faders = [](const Parameter& parameter) { return parameter.row->path == "fader"; };
  const Snapshot part = Snapshot::take(desk, faders);
  CHECK(part.values().size() == 5 + 2 + 4 + 1);
  shake(desk, 3, 300);
  const Snapshot mixed = Snapshot::take(desk);
  Desk other(kDesk);
  CHECK(mixed.apply(other, {}, faders).notes.empty());
  for (const auto& difference : Snapshot::take(other).compare(Snapshot::take(Desk(kDesk)))) {
    CHECK(difference.address.ends_with("/fader"));
  }
  const Snapshot momentary({{"/ch/1/gate/key/listen", 1}});
  Desk fresh(kDesk);
  const Unapplied unapplied = momentary.apply(fresh, {}, [](const Parameter&) { return true; });
  REQUIRE(unapplied.notes.size() == 1);
  CHECK_FALSE(fresh.settings().channels[0].gate.key_listen);
}

TEST_CASE("snapshot: of an address that is there twice, the last counts", "[control][snapshot]") {
  const Snapshot snapshot({{"/b", 1}, {"/a", 2}, {"/b", 3}});
  CHECK(snapshot.values() == std::vector<AddressedValue>{{"/a", 2}, {"/b", 3}});
}
