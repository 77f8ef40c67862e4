#include "control/rights/rights.h"

#include <catch2/catch.hpp>
#include <regex>

#include "control/commands/commands.h"
#include "control/desk/desk.h"

using namespace fohd;

namespace {

struct FixedGate : Gate {
  Rights rights;
  std::vector<std::string> refusals;
  Rights rights_of(const Origin&) const override { return rights; }
  void refused(const Origin&, std::string_view address) override { refusals.emplace_back(address); }
};

/// A value that differs from the present one.
Value another(const Desk& desk, ParameterId id) {
  const ParameterRow& row = *desk.table()[id].row;
  const Value now = desk.get(id);
  if (std::holds_alternative<std::string>(now)) return std::string("other");
  const double number = *number_in(now);
  const double next =
      number == static_cast<double>(row.max) ? static_cast<double>(row.min) : static_cast<double>(row.max);
  if (std::holds_alternative<float>(now)) return static_cast<float>(next);
  return static_cast<std::int32_t>(next);
}

}  // namespace

TEST_CASE("rights: a monitor changes its buses' sound and the sends to them, of the whole table", "[control][access]") {
  Desk desk({});
  FixedGate gate;
  desk.set_gate(&gate);
  gate.rights = *parse_rights("monitor 3 5");
  // Written from the words, as addresses; may_change() knows strip kinds and rows.
  const std::regex own("/bus/(3|5)/.*|.*/send/(3|5)/.*"), not_own("/bus/[0-9]+/(main/on|out/.*|link)");
  int allowed = 0;
  for (ParameterId id = 0; id < desk.table().size(); ++id) {
    const std::string& address = desk.table()[id].address;
    INFO(address);
    const bool may = std::regex_match(address, own) && !std::regex_match(address, not_own);
    const Value before = desk.get(id);
    std::string error;
    const Change change{id, another(desk, id)};
    CHECK(desk.apply({Origin::Side::osc, 7}, {&change, 1}, error) == may);
    CHECK((desk.get(id) == before) != may);
    CHECK(error == (may ? "" : address + ": you may change the sound of bus 3 5 and what is sent to it, nothing else"));
    if (may) ++allowed;
  }
  CHECK(gate.refusals.size() == desk.table().size() - static_cast<std::size_t>(allowed));
  // 2 buses of 16, and their sends from 32 channels and 8 returns.
  CHECK(allowed > 2 * 40);
}

TEST_CASE("rights: a viewer changes nothing of the whole table, an engineer everything", "[control][access]") {
  Desk desk({.inputs = 4, .buses = 2});
  FixedGate gate;
  desk.set_gate(&gate);
  for (const Role role : {Role::viewer, Role::refused, Role::engineer}) {
    gate.rights = {role};
    for (ParameterId id = 0; id < desk.table().size(); ++id) {
      INFO(desk.table()[id].address);
      const Change change{id, another(desk, id)};
      std::string error;
      CHECK(desk.apply({Origin::Side::osc, 1}, {&change, 1}, error) == (role == Role::engineer));
    }
  }
}

TEST_CASE("rights: one change that is not allowed keeps all others of its packet away", "[control][access]") {
  Desk desk({.inputs = 4, .buses = 2});
  FixedGate gate;
  desk.set_gate(&gate);
  gate.rights = *parse_rights("monitor 1");
  const auto fader = *desk.table().find("/bus/1/fader"), main = *desk.table().find("/main/fader");
  std::string error;
  const std::vector<Change> changes = {{fader, -20.0f}, {main, 0.0f}};
  CHECK_FALSE(desk.apply({Origin::Side::osc, 1}, changes, error));
  CHECK(desk.get(fader) == Value(0.0f));
  CHECK(desk.get(main) == Value(kLevelOffDb));
}

TEST_CASE("rights: no link brings a monitor's bus into main", "[control][access]") {
  Desk desk({.inputs = 4, .buses = 4});
  FixedGate gate;
  desk.set_gate(&gate);
  const auto id = [&](const char* address) { return *desk.table().find(address); };
  std::string error;
  const Change open{id("/bus/1/main/on"), 1}, link{id("/bus/1/link"), 1};
  REQUIRE(desk.apply({}, {&open, 1}, error));
  gate.rights = *parse_rights("monitor 1 2");
  CHECK_FALSE(desk.apply({Origin::Side::osc, 1}, {&link, 1}, error));
  CHECK(desk.get(id("/bus/2/main/on")) == Value(0));
}

TEST_CASE("rights: commands are for engineers, but for those that ask to be let in", "[control][access]") {
  for (const CommandRow& row : command_rows()) {
    INFO(row.path);
    const bool all = row.path == "/login" || row.path == "/logout";
    CHECK(may_run({Role::viewer}, {row.command}) == all);
    CHECK(may_run({Role::monitor, 1}, {row.command}) == all);
    CHECK(may_run({Role::engineer}, {row.command}));
    CHECK_FALSE(may_run({Role::refused}, {row.command}));
  }
}

TEST_CASE("rights: their text reads back, and what is none is refused", "[control][access]") {
  for (const char* text : {"engineer", "viewer", "refused", "monitor 1", "monitor 1 2 64"}) {
    REQUIRE(parse_rights(text));
    CHECK(to_text(*parse_rights(text)) == text);
  }
  CHECK(to_text(*parse_rights("  monitor 2,1")) == "monitor 1 2");
  for (const char* text :
       {"", "boss", "monitor", "monitor 0", "monitor 65", "monitor x", "viewer 1", "monitor 1x", "engineer 3"}) {
    INFO(text);
    CHECK_FALSE(parse_rights(text));
  }
}
