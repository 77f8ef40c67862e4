#include "daemon/store/state_choice.h"

#include <catch2/catch.hpp>

#include "tests/temporary_folder.h"

using namespace fohd;
using fohd::test::TemporaryFolder;
using fohd::test::write_text;

namespace {

constexpr const char* kGood = R"({ "values": { "/ch/1/fader": -6 } })";

/// A folder with one whole generation, and room for files beside it.
struct Place {
  TemporaryFolder root;
  std::string kept = (root / "sd").string(), file = (root / "mix.json").string();
  Place() {
    std::filesystem::create_directory(kept);
    write_text(kept + "/state-000001.json", kGood);
    write_text(kept + "/state-000001.log", "");
  }
};

}  // namespace

TEST_CASE("state choice: a damaged file that was named stops the start, whatever the folder holds", "[daemon][store]") {
  Place place;
  for (const char* text : {"", "{ \"values\": { \"/ch/1/fa", "[1]", "{}"}) {
    CAPTURE(text);
    write_text(place.file, text);
    for (const std::string& folder : {place.kept, std::string()}) {
      const StateChoice choice = choose_state(place.file, folder, "unused");
      CHECK_THAT(choice.refusal, Catch::Contains(place.file) && Catch::Contains("does not start"));
      CHECK_FALSE(choice.stored.found);
      CHECK(choice.keep.empty());
    }
  }
  CHECK_FALSE(choose_state("/dev/zero", place.kept, "").refusal.empty());
}

TEST_CASE("state choice: a file is what the mix begins with, the folder is where it is kept", "[daemon][store]") {
  Place place;
  write_text(place.file, R"({ "values": { "/ch/1/fader": -20 } })");
  StateChoice choice = choose_state(place.file, place.kept, "unused");
  CHECK(choice.refusal.empty());
  CHECK(choice.stored.source == place.file);
  CHECK(choice.keep == place.kept);
  choice = choose_state(place.file, "", "unused");
  CHECK(choice.stored.source == place.file);
  CHECK(choice.keep.empty());
}

TEST_CASE("state choice: a folder beside --state-dir is begun with too, and must hold a mix", "[daemon][store]") {
  Place place;
  const std::string other = (place.root / "new").string();
  const StateChoice choice = choose_state(place.kept, other, "unused");
  CHECK(choice.refusal.empty());
  CHECK(choice.stored.source == place.kept + "/state-000001.json");
  CHECK(choice.keep == other);
  CHECK_THAT(choose_state(other, place.kept, "").refusal, Catch::Contains("there is no such state"));
  std::filesystem::create_directory(other);
  CHECK_THAT(choose_state(other, place.kept, "").refusal, Catch::Contains(other + " holds none"));
  CHECK_THAT(choose_state("", place.file = place.kept + "/state-000001.json", "").refusal,
             Catch::Contains("needs a folder"));
}

TEST_CASE("state choice: a folder that is not there yet is a first start, a file that is not there is an error",
          "[daemon][store]") {
  Place place;
  const std::string fresh = (place.root / "fresh").string();
  for (const StateChoice& choice :
       {choose_state(fresh, "", ""), choose_state("", fresh, ""), choose_state("", "", fresh)}) {
    CHECK(choice.refusal.empty());
    CHECK_FALSE(choice.stored.found);
    CHECK(choice.keep == fresh);
  }
  CHECK_THAT(choose_state(fresh + ".json", "", "").refusal, Catch::Contains("there is no such state"));
  CHECK(choose_state("", "", place.kept).stored.found);
}
