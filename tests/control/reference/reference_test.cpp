#include "control/reference/reference.h"

#include <catch2/catch.hpp>

#include <cstdlib>
#include <fstream>
#include <iterator>

using namespace fohd;

TEST_CASE("reference: docs/PARAMETERS.md is what the table says", "[control][reference]") {
  const std::string path = std::string(FOHD_SOURCE_DIR) + "/docs/PARAMETERS.md";
  const std::string expected = parameters_markdown(ParameterTable(Geometry{}));
  // A change of rows is written down with: FOHD_WRITE_PARAMETERS=1 build/debug/bin/test_control '[reference]'
  if (std::getenv("FOHD_WRITE_PARAMETERS") != nullptr) std::ofstream(path) << expected;
  std::ifstream file(path);
  REQUIRE(file.is_open());
  const std::string found{std::istreambuf_iterator<char>(file), {}};
  CHECK(found == expected);
}

TEST_CASE("reference: the JSON names every row once and its brackets close", "[control][reference]") {
  const ParameterTable table{Geometry{}};
  const std::string json = parameters_json(table);
  for (const char* address : {"/ch/N/eq/B/freq", "/ch/N/send/M/tap", "/bus/N/out/ears", "/main/out/left/level",
                              "/panic", "/ch/N/muted", "/start/release"}) {
    CAPTURE(address);
    const std::string member = "{\"address\": \"" + std::string(address) + "\",";
    const std::size_t at = json.find(member);
    REQUIRE(at != std::string::npos);
    CHECK(json.find(member, at + 1) == std::string::npos);
  }
  int depth = 0;
  bool in_text = false;
  for (std::size_t i = 0; i < json.size(); ++i) {
    if (in_text && json[i] == '\\') {
      ++i;
    } else if (json[i] == '"') {
      in_text = !in_text;
    } else if (!in_text) {
      depth += json[i] == '{' || json[i] == '[' ? 1 : json[i] == '}' || json[i] == ']' ? -1 : 0;
      REQUIRE(depth >= 0);
    }
  }
  CHECK(depth == 0);
  CHECK_FALSE(in_text);
}
