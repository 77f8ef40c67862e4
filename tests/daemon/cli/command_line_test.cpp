#include "daemon/cli/command_line.h"

#include <CLI/CLI.hpp>
#include <catch2/catch.hpp>

using namespace fohd;

TEST_CASE("command line: not-a-number is refused where a number is wanted, before anything starts", "[daemon][cli]") {
  for (const char* seconds : {"nan", "-nan", "NaN", "inf", "-1", "soon"}) {
    CAPTURE(seconds);
    CLI::App app;
    int exit_code = -1;
    add_run_command(app, exit_code);
    CHECK_THROWS_AS(app.parse("run --seconds " + std::string(seconds)), CLI::ParseError);
    CHECK(exit_code == -1);
  }
  CHECK(refuse_nan("12.5").empty());
}
