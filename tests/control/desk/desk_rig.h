// A desk whose values tests read by their addresses.
#pragma once

#include <catch2/catch.hpp>
#include <string>
#include <variant>

#include "control/desk/desk.h"

namespace fohd::test {

struct DeskRig {
  explicit DeskRig(const Geometry& geometry) : desk(geometry) {}
  Value value(const std::string& address) const {
    const auto id = desk.table().find(address);
    REQUIRE(id);
    return desk.get(*id);
  }
  float real(const std::string& address) const { return std::get<float>(value(address)); }
  std::int32_t whole(const std::string& address) const { return std::get<std::int32_t>(value(address)); }

  Desk desk;
};

}  // namespace fohd::test
