#include "control/desk/desk.h"

#include <catch2/catch.hpp>

#include <limits>
#include <random>

#include "tests/control/desk/random_changes.h"

using namespace fohd;

namespace {

Geometry small() { return {.inputs = 5, .buses = 4}; }

float real(const Desk& desk, const std::string& address) {
  return std::get<float>(desk.get(desk.table().find(address).value()));
}

}  // namespace

TEST_CASE("desk: a refused change names the address, what came and what is allowed, and nothing changes",
          "[control][desk]") {
  Desk desk(small());
  Observer observer;
  desk.attach(observer);
  const ParameterId fader = desk.table().find("/ch/1/fader").value(), mute = desk.table().find("/ch/1/mute").value();
  std::string error;
  const Change changes[] = {{mute, std::int32_t{1}}, {fader, std::string("loud")}};
  CHECK_FALSE(desk.apply({}, changes, error));
  CHECK(error == "/ch/1/fader: expected dB from -90 to 10 (or -inf for off), got text \"loud\"");
  CHECK(std::get<std::int32_t>(desk.get(mute)) == 0);
  CHECK(observer.dirty.empty());
}

TEST_CASE("desk: linking a pair copies odd to even, and unlinking pans hard", "[control][desk]") {
  Desk desk(small());
  REQUIRE(set(desk, "/ch/1/fader", -3.0f));
  REQUIRE(set(desk, "/ch/2/fader", -20.0f));
  REQUIRE(set(desk, "/ch/2/trim", 5.0f));
  REQUIRE(set(desk, "/ch/1/pan", -100.0f));
  REQUIRE(set(desk, "/ch/2/pan", 100.0f));
  REQUIRE(set(desk, "/ch/2/link", 1));
  CHECK(real(desk, "/ch/2/fader") == -3.0f);
  CHECK(real(desk, "/ch/2/trim") == 5.0f);
  CHECK(real(desk, "/ch/1/trim") == 0.0f);
  CHECK(real(desk, "/ch/1/pan") == 0.0f);
  CHECK(real(desk, "/ch/2/pan") == 0.0f);
  REQUIRE(set(desk, "/ch/2/fader", -7.0f));
  CHECK(real(desk, "/ch/1/fader") == -7.0f);
  REQUIRE(set(desk, "/ch/1/link", 0));
  CHECK(real(desk, "/ch/1/pan") == -100.0f);
  CHECK(real(desk, "/ch/2/pan") == 100.0f);
}
