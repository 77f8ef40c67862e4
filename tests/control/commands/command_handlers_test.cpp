#include "control/commands/command_handlers.h"

#include <catch2/catch.hpp>
#include <stdexcept>

using namespace fohd;

namespace {

struct Viewers final : Gate {
  Rights rights_of(const Origin&) const override { return {Role::viewer}; }
  void refused(const Origin&, std::string_view address) override { told = address; }
  std::string told;
};

}  // namespace

TEST_CASE("commands: each row has one part of the desk that carries it out, and what has none is named",
          "[control][commands]") {
  Desk desk(Geometry{.inputs = 1, .returns = 0, .buses = 0});
  CommandHandlers handlers(desk);
  CHECK(handlers.missing().size() == command_rows().size());
  std::vector<Command> carried_out;
  const auto note = [&](const CommandCall& call, const Origin&, std::span<const Value>, std::string&) {
    carried_out.push_back(call.command);
    return true;
  };
  std::string error;
  CHECK_FALSE(handlers.execute({Command::clips_clear}, {}, {}, error));
  CHECK(error == "nothing here carries out /clips/clear");
  for (const CommandRow& row : command_rows()) handlers.add({row.command}, note);
  CHECK(handlers.missing().empty());
  CHECK_THROWS_AS(handlers.add({Command::login}, note), std::logic_error);
  for (const CommandRow& row : command_rows()) CHECK(handlers.execute({row.command}, {}, {}, error));
  CHECK(carried_out.size() == command_rows().size());
  CHECK(carried_out.back() == command_rows().back().command);
}

TEST_CASE("commands: what a role may not do reaches no handler, and is noted", "[control][commands]") {
  Desk desk(Geometry{.inputs = 1, .returns = 0, .buses = 0});
  Viewers gate;
  desk.set_gate(&gate);
  CommandHandlers handlers(desk);
  bool reached = false;
  handlers.add({Command::start_release},
               [&](const CommandCall&, const Origin&, std::span<const Value>, std::string&) { return reached = true; });
  std::string error;
  CHECK_FALSE(handlers.execute({Command::start_release}, {}, {}, error));
  CHECK_FALSE(reached);
  CHECK(gate.told == "/start/release");
  CHECK_FALSE(error.empty());
}
