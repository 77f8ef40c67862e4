#include "control/readouts/readouts.h"

#include <catch2/catch.hpp>

#include "control/commands/commands.h"

using namespace fohd;

TEST_CASE("read-outs: a strip says which of its mutes is on", "[control][readouts]") {
  const Geometry geometry{.inputs = 3, .buses = 2};
  const ReadoutTable readouts(geometry);
  DeskSettings settings(geometry);
  DeskStatus status(geometry);
  const auto read = [&](const char* address) {
    return readouts.read(settings, status, readouts.find(address).value());
  };
  CHECK(read("/ch/2/muted") == Value(0));
  settings.channels[1].mute = true;
  CHECK(read("/ch/2/muted") == Value(kMutedOwn));
  status.safety_muted[1] = true;  // a channel's lane is its number
  CHECK(read("/ch/2/muted") == Value(kMutedOwn | kMutedSafety));
  CHECK(read("/ch/1/muted") == Value(0));
  settings.buses[1].mute = settings.main.mute = true;
  CHECK(read("/bus/2/muted") == Value(kMutedOwn));
  CHECK(read("/main/muted") == Value(kMutedOwn));
  status.safety_muted[static_cast<std::size_t>(geometry.main_strip() + 1)] = true;  // one side of it is enough
  CHECK(read("/main/muted") == Value(kMutedOwn | kMutedSafety));
  status.output_clipped[3] = true;  // main left, main right, bus 1, bus 2
  CHECK(read("/bus/2/out/clip") == Value(1));
  CHECK(read("/bus/1/out/clip") == Value(0));
  status.held = true;
  CHECK(read("/start/held") == Value(1));
  CHECK(readouts.match("/ch/*/muted").size() == 3);
}

TEST_CASE("read-outs and commands: no address has two meanings", "[control][readouts]") {
  const Geometry geometry{};
  const ParameterTable table(geometry);
  const ReadoutTable readouts(geometry);
  for (ReadoutId id = 0; id < readouts.size(); ++id) {
    CAPTURE(readouts[id].address);
    CHECK(readouts.find(readouts[id].address) == id);
    CHECK_FALSE(table.find(readouts[id].address));
    CHECK_FALSE(find_command(readouts[id].address));
  }
  for (const CommandRow& row : command_rows()) {
    const CommandCall call{row.command, row.path.find('#') == std::string_view::npos ? 0 : 11};
    const std::string address = address_of(call);
    CHECK(find_command(address) == call);
    CHECK_FALSE(table.find(address));
  }
  CHECK(address_of({Command::effect_kill, 11}) == "/fx/12/kill");
  for (const char* none : {"/start/*", "/fx/kill", "/fx//kill", "/fx/#/kill", "/fx/*/kill", "/fx/0/kill", "/fx/01/kill",
                           "/fx/-1/kill", "/fx/+1/kill", "/fx/1", "/fx/1/kil", "/fx/1/kill/", "/fx/99999999999/kill"}) {
    CAPTURE(none);
    CHECK_FALSE(find_command(none));
  }
}
