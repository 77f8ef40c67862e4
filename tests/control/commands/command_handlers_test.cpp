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

/// Programs can be told lines, surfaces not.
struct Programs final : Answers {
  bool can_tell(const Origin& client) const override { return client.side != Origin::Side::midi; }
  bool tell(const Origin&, const std::string&, std::span<const Value>) override { return true; }
};
const Programs kPrograms;

}  // namespace

TEST_CASE("commands: each row has one part of the desk that carries it out, and what has none is named",
          "[control][commands]") {
  Desk desk(Geometry{.inputs = 1, .returns = 0, .buses = 0});
  CommandHandlers handlers(desk, kPrograms);
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
  CommandHandlers handlers(desk, kPrograms);
  bool reached = false;
  handlers.add({Command::start_release},
               [&](const CommandCall&, const Origin&, std::span<const Value>, std::string&) { return reached = true; });
  std::string error;
  CHECK_FALSE(handlers.execute({Command::start_release}, {}, {}, error));
  CHECK_FALSE(reached);
  CHECK(gate.told == "/start/release");
  CHECK_FALSE(error.empty());
}

TEST_CASE(
    "commands: one that answers is refused from where no line can be shown, and a text that is too long from anywhere",
    "[control][commands]") {
  Desk desk(Geometry{.inputs = 1, .returns = 0, .buses = 0});
  CommandHandlers handlers(desk, kPrograms);
  int carried_out = 0;
  const auto count = [&](const CommandCall&, const Origin&, std::span<const Value>, std::string&) {
    ++carried_out;
    return true;
  };
  for (const CommandRow& row : command_rows()) handlers.add({row.command}, count);
  int quiet = 0;
  for (const CommandRow& row : command_rows()) {
    CAPTURE(row.path);
    std::string error;
    CHECK(handlers.execute({row.command}, {Origin::Side::midi, 1}, {}, error) == !row.answers);
    CHECK(error.empty() == !row.answers);
    quiet += row.answers ? 0 : 1;
    for (const Origin::Side side : {Origin::Side::osc, Origin::Side::x32, Origin::Side::web}) {
      CHECK(handlers.execute({row.command}, {side, 1}, {}, error));
    }
  }
  const int programs = 3 * static_cast<int>(command_rows().size());
  CHECK(carried_out == programs + quiet);
  std::string error;
  const Value longest(std::string(kMostTextBytes, 'a')), longer(std::string(kMostTextBytes + 1, 'a'));
  CHECK(handlers.execute({Command::midi_spill}, {Origin::Side::osc, 1}, {&longest, 1}, error));
  CHECK_FALSE(handlers.execute({Command::midi_spill}, {Origin::Side::osc, 1}, {&longer, 1}, error));
  CHECK(error == "takes at most 256 bytes of text");
  CHECK(carried_out == programs + quiet + 1);
}
