// Device profiles on the disk: whose folder counts, and what may lie in it.
#include "daemon/config/midi_profiles.h"

#include <catch2/catch.hpp>

#include "tests/temporary_folder.h"

namespace fohd {

TEST_CASE("a folder that is named like a profile is told, and those beside it load", "[midi][profiles]") {
  test::TemporaryFolder folder;
  std::filesystem::create_directory(folder / "a.toml");
  test::write_text(folder / "box.toml", "device = \"Box\"\nports = [\"Box*\"]\n");
  std::vector<ConfigError> errors;
  CHECK(load_midi_profiles({folder.path()}, errors).size() == 1);
  REQUIRE(errors.size() == 1);
  CHECK_THAT(errors[0].to_string(), Catch::Contains("a.toml: this is a folder"));
}

TEST_CASE("an engineer's own folder goes before the shipped one", "[midi][profiles]") {
  test::TemporaryFolder own, shipped;
  test::write_text(own / "box.toml", "device = \"Mine\"\nports = [\"Box\"]\n");
  test::write_text(shipped / "box.toml", "device = \"Theirs\"\nports = [\"Box\"]\n");
  test::write_text(shipped / "like.toml", "device = \"Like\"\nports = [\"Box\"]\n");
  std::vector<ConfigError> errors;
  const auto profiles = load_midi_profiles({own.path(), shipped.path()}, errors);
  CHECK(errors.empty());
  REQUIRE(profiles.size() == 2);
  REQUIRE(find_profile(profiles, "box") != nullptr);
  CHECK(find_profile(profiles, "box")->device == "Mine");
}

TEST_CASE("a folder of profiles that is not there is an empty one", "[midi][profiles]") {
  std::vector<ConfigError> errors;
  CHECK(load_midi_profiles({"/there is no such folder"}, errors).empty());
  CHECK(errors.empty());
}

TEST_CASE("a saved profile goes into its folder, under a name that is a name, and not over its base",
          "[midi][profiles]") {
  test::TemporaryFolder folder;
  MidiHub::Saved saved{"base", "Box", {}};
  test::write_text(folder / "base.toml", "device = \"Box\"\nports = [\"Box\"]\n");
  CHECK(save_midi_profile(folder.path(), "mine", saved).empty());
  for (const std::string name : {"../mine", "", "base", "a/b", "a.b", "a b"}) {
    CAPTURE(name);
    CHECK_FALSE(save_midi_profile(folder.path(), name, saved).empty());
  }
  std::vector<ConfigError> errors;
  CHECK(load_midi_profiles({folder.path()}, errors).size() == 2);
  CHECK(errors.empty());
}

}  // namespace fohd
