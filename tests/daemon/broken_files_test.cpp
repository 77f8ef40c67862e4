// Hundreds of broken files, and files with absurd names, in every folder that the desk reads: each loader comes back
// (one that waited would be ended by the test's time limit), names the file, and the good one beside it is still good.
#include <catch2/catch.hpp>
#include <cmath>

#include "daemon/access/approvals_file.h"
#include "daemon/base/file_system.h"
#include "daemon/config/config.h"
#include "daemon/config/midi_profiles.h"
#include "daemon/disk/channel_files.h"
#include "daemon/store/state_load.h"
#include "daemon/store/state_writer.h"
#include "tests/broken_files.h"
#include "tests/daemon/disk/audio_rig.h"

using namespace fohd;
using namespace fohd::test;
using Catch::Contains;
namespace fs = std::filesystem;

namespace {

constexpr std::size_t kLeastKinds = 200;

std::string bytes_of(const fs::path& path) {
  std::string bytes;
  REQUIRE(read_regular_file(path.string(), kStateFile, bytes).empty());
  return bytes;
}

std::string all_of(const std::vector<std::string>& sentences) {
  std::string text;
  for (const std::string& sentence : sentences) text += sentence + "\n";
  return text;
}

std::string all_of(const std::vector<ConfigError>& errors) {
  std::string text;
  for (const ConfigError& error : errors) text += error.to_string() + "\n";
  return text;
}

/// Calls `look` with a folder for each kind, where `name` is broken and `prepare` has put what is good.
template <class Prepare, class Look>
void for_each(const BrokenFiles& kinds, const std::string& name, Prepare prepare, Look look) {
  REQUIRE(kinds.size() >= kLeastKinds);
  for (const BrokenFile& kind : kinds) {
    CAPTURE(kind.name);
    const TemporaryFolder folder;
    prepare(folder.path());
    kind.put(folder / name);
    look(folder.path(), kind);
  }
}

const Mix kGoodMix = {{"/ch/1/fader", -6.5f}, {"/ch/1/mute", 0}, {"/ch/1/name", std::string("Kick")}};

std::string good_state() {
  StateMeta meta;
  meta.geometry_counts = kAllCounts;
  return generation_text(meta, 1, "2026-11-30T10:15:00Z", kGoodMix);
}

std::string good_log() {
  const std::vector<AddressedValue> change = {
      {"/ch/2/fader", -1.0f}, {"/ch/2/mute", 1}, {"/ch/2/name", std::string("Snare")}};
  return log_text(change) + log_text(std::vector<AddressedValue>{{"/ch/3/fader", -2.0f}});
}

const std::vector<std::pair<std::string, std::string>> kOddStates = {
    {"a list", "[1, 2]"},
    {"values as a list", R"({"values": [1]})"},
    {"values as a text", R"({"values": "/ch/1/fader"})"},
    {"no values", R"({"values": {}})"},
    {"a value of another kind", R"({"values": {"/a": {"b": [null]}}})"},
    {"another format", R"({"format": "a scene", "values": {"/a": 1}})"},
    {"a later version", R"({"version": 1e9, "values": {"/a": 1}})"},
    {"a huge version", R"({"version": 18446744073709551616, "values": {"/a": 1}})"},
    {"a huge geometry", R"({"geometry": {"inputs": 1e300}, "values": {"/a": 1}})"},
    {"a negative geometry", R"({"geometry": {"inputs": -2147483649}, "values": {"/a": 1}})"},
    {"a huge number alone", R"({"values": {"/a": 1e999}})"},
    {"an address without /", R"({"values": {"a": 1}})"},
    {"a checksum that is wrong", "{\"values\": {\"/a\": 1},\n\"checksum\": \"ffffffff\"\n}\n"},
    {"a comment", "// a mix\n{\"values\": {\"/a\": 1}}"},
};

bool has_good_mix(const StoredState& state) {
  const Mix values(state.values.begin(), state.values.end());
  return std::all_of(kGoodMix.begin(), kGoodMix.end(),
                     [&](const auto& one) { return values.contains(one.first) && values.at(one.first) == one.second; });
}

const std::vector<std::string> kAbsurdNames = {"state-18446744073709551615.json",
                                               "state-18446744073709551616.json",
                                               "state-18446744073709551615.log",
                                               "state-99999999999999999999999999.json",
                                               "state--000001.json",
                                               "state-.json",
                                               "state-000000.json",
                                               "state-1e5.json",
                                               "state-000002.json ",
                                               "state-000002.json\n",
                                               "state-000002.JSON",
                                               "state-0x0002.json",
                                               "state-\xff\xfe.json",
                                               ".json",
                                               "state-000002.json.part",
                                               "..json",
                                               "-",
                                               "*",
                                               "state-000002",
                                               "doc-.json",
                                               "doc-a.json.part",
                                               "state-\xd9\xa3.json",
                                               std::string(255, 'a'),
                                               "state-" + std::string(244, '9') + ".json",
                                               "a\tb.toml",
                                               ".toml",
                                               "\xff.toml",
                                               "%s%n.toml",
                                               "$(reboot).toml",
                                               "99999999999999999999 a.wav",
                                               "-1 a.wav",
                                               "0 a.wav",
                                               "%n.wav",
                                               "\xff.wav",
                                               ".wav",
                                               " .wav",
                                               "3.wav.",
                                               "\n.wav",
                                               "1e9 x.flac",
                                               "events-18446744073709551615.log",
                                               "approvals.json.part"};

}  // namespace

TEST_CASE("broken files: a state folder with a broken newest generation gives the one before it", "[daemon][broken]") {
  const BrokenFiles kinds = broken_files(good_state(), kOddStates);
  int number = 0;
  for_each(
      kinds, "state-000002.json",
      [](const fs::path& folder) {
        write_bytes(folder / "state-000001.json", good_state());
        write_bytes(folder / "state-000001.log", "");
      },
      [&](const fs::path& folder, const BrokenFile& kind) {
        const StoredState state = load_state(folder.string());
        REQUIRE(state.found);
        CHECK(has_good_mix(state));
        const bool is_used = state.source == folder / "state-000002.json";
        CHECK_FALSE((kind.is_certain && is_used));
        if (!is_used) CHECK_THAT(all_of(state.warnings), Contains("state-000002.json"));
        const fs::path broken = folder / "state-000002.json";
        std::error_code ignored;
        if (!fs::is_directory(broken, ignored)) CHECK(load_state(broken.string()).found == is_used);
        if (++number % 8 != 1) return;  // each write waits for the disk
        FileSystem disk;
        std::vector<std::string> said;
        StateWriter writer(disk, folder.string(), state.meta, Mix(state.values.begin(), state.values.end()),
                           [&](const std::string& text) { said.push_back(text); }, {});
        for (int second = 0; second < 3; ++second) writer.turn(second);
        writer.change({{"/ch/1/name", std::string("Kick")}});
        writer.finish(4);
        CHECK(said.empty());
        CHECK(has_good_mix(load_state(folder.string())));
        CHECK(bytes_of(folder / "state-000001.json") == good_state());
      });
}

TEST_CASE("broken files: a state folder with a broken log gives its generation", "[daemon][broken]") {
  for_each(
      broken_files(good_log(), {{"a bare value", "7"}, {"half an object", "\"/a\": {"}}), "state-000001.log",
      [](const fs::path& folder) { write_bytes(folder / "state-000001.json", good_state()); },
      [](const fs::path& folder, const BrokenFile& kind) {
        const StoredState state = load_state(folder.string());
        REQUIRE(state.found);
        CHECK(has_good_mix(state));
        if (kind.is_certain) CHECK_THAT(all_of(state.warnings), Contains("state-000001.log"));
        // Of the change of three values all are there or none.
        const auto of_change = std::count_if(state.values.begin(), state.values.end(),
                                             [](const auto& one) { return one.first.starts_with("/ch/2/"); });
        CHECK((of_change == 0 || of_change == 3));
      });
}

TEST_CASE("broken files: a profile that is broken is named, and those beside it load", "[daemon][broken]") {
  const std::string good = "device = \"Box\"\nports = [\"Box*\"]\n";
  for_each(
      broken_files(good,
                   {{"a wrong type", "device = 5\nports = [\"Box*\"]\n"},
                    {"a list of numbers", "device = \"Box\"\nports = [1, 2]\n"},
                    {"a huge whole number", "device = \"Box\"\nports = [\"Box*\"]\ncolumns = 99999999999999999999\n"},
                    {"a key that is not known", "device = \"Box\"\nports = [\"Box*\"]\nx = 1\n"},
                    {"a base that is not there", "device = \"Box\"\nextends = \"none\"\nports = [\"Box*\"]\n"},
                    {"itself as its base", "device = \"Box\"\nextends = \"b\"\nports = [\"Box*\"]\n"}}),
      "b.toml", [&](const fs::path& folder) { write_bytes(folder / "a.toml", good); },
      [&](const fs::path& folder, const BrokenFile& kind) {
        std::vector<ConfigError> errors;
        const auto profiles = load_midi_profiles({folder}, errors);
        CHECK(std::count_if(profiles.begin(), profiles.end(), [](const auto& profile) { return profile.id == "a"; }) ==
              1);
        if (kind.is_certain) CHECK(profiles.size() == 1);
        if (profiles.size() == 1) CHECK_THAT(all_of(errors), Contains("b.toml"));
        CHECK(bytes_of(folder / "a.toml") == good);
      });
}

TEST_CASE("broken files: approvals that are broken let nobody in, and say so", "[daemon][broken]") {
  const std::string good = "{\n  \"192.168.1.20\": \"engineer\",\n  \"192.168.1.21\": \"viewer\"\n}\n";
  std::string many = "{";
  for (int i = 0; i < 10'000; ++i) many += (i == 0 ? "\"" : ",\"") + std::to_string(i) + "\": 1";
  for_each(
      broken_files(good, {{"a list", "[]"},
                          {"a number as role", R"({"192.168.1.20": 7})"},
                          {"a role that is none", R"({"192.168.1.20": "king"})"},
                          {"a network", R"({"192.168.0.0/16": "engineer"})"},
                          {"no address", R"({"0x7f": "engineer"})"},
                          {"an address too long", R"({"192.168.1.20.9": "engineer"})"},
                          {"a huge address", R"({"99999999999.1.1.1": "engineer"})"},
                          {"refused as a role", R"({"192.168.1.20": "refused"})"},
                          {"very many", many + "}"}}),
      "approvals.json", [](const fs::path&) {},
      [](const fs::path& folder, const BrokenFile& kind) {
        FileSystem disk;
        std::vector<std::string> warnings;
        const std::vector<Approval> approvals = load_approvals(folder.string(), disk, warnings);
        const bool is_nothing = kind.name == "a link to /nowhere/at/all";  // as if there were no file
        if (kind.is_certain) CHECK(approvals.empty());
        if (kind.is_certain && !is_nothing) CHECK_THAT(all_of(warnings), Contains("approvals.json"));
        CHECK(warnings.size() < 100);
        // Whoever is let in is one of those that the good file names, or the file says so.
        for (const Approval& approval : approvals) CHECK(approval.rights.role != Role::refused);
      });
}

TEST_CASE("broken files: a configuration that is broken is refused by its name", "[daemon][broken]") {
  const std::string good =
      "[desk]\nname = \"Hall\"\n[osc]\nport = 9000\n[[midi.device]]\nport = \"Box*\"\nprofile = \"box\"\n";
  for_each(
      broken_files(good, {{"a wrong type", "[osc]\nport = \"9000\""},
                          {"a huge number", "[osc]\nport = 99999999999999999999"},
                          {"a number out of range", "[osc]\nport = 65536"},
                          {"not a number", "[main]\nlimiter_look_ahead_ms = nan"},
                          {"a table as a value", "osc = 5"},
                          {"a table twice", "[osc]\n[osc]"},
                          {"a key twice", "[osc]\nport = 1\nport = 2"},
                          {"a letter in a bare key", "[osc]\np\xc3\xb6rt = 1"},
                          {"a quote in a number", "[osc]\nport = 0x\"\xc3\xb6\""},
                          {"a date", "[osc]\nport = 1979-05-27"},
                          {"a NUL in a text", "[desk]\nname = \"a\\u0000b\""}}),
      "fohd.toml", [](const fs::path&) {},
      [](const fs::path& folder, const BrokenFile& kind) {
        const fs::path file = folder / "fohd.toml";
        const ConfigResult result = load_config(file);
        if (kind.is_certain) CHECK_FALSE(result.errors.empty());
        for (const ConfigError& error : result.errors)
          CHECK_THAT(error.to_string(), Catch::StartsWith(file.string() + ":"));
      });
}

TEST_CASE("broken files: a broken stem is refused by its name, and the others play without it", "[daemon][broken]") {
  const TemporaryFolder studio;
  write_audio(studio / "good.wav", 48000, 1, 300, [](auto frame, int) { return 0.001 * static_cast<double>(frame); });
  const std::string good = bytes_of(studio / "good.wav");
  const auto read_all = [](const fs::path& path) {
    AudioFileReader reader(path, 44100, ResampleQuality::live);
    std::vector<float> block(4096);
    std::int64_t frames = 0;
    bool finite = true;
    while (const std::int64_t got = reader.read(block)) {
      frames += got;
      for (const float x : block) finite = finite && std::abs(x) <= 31.6f;
      if (frames > 1'000'000) break;  // a header may claim any length
    }
    CHECK(finite);
  };
  for_each(
      broken_files(good, {{"half a header of Ogg", "OggS"},
                          {"half a header of FLAC", "fLaC"},
                          {"AIFF's", "FORM"},
                          {"RF64's", "RF64"}}),
      "02 broken.wav", [&](const fs::path& folder) { write_bytes(folder / "01 good.wav", good); },
      [&](const fs::path& folder, const BrokenFile& kind) {
        const std::string message = message_of([&] {
          for (const ChannelFile& file : scan_channel_files(folder, 8)) read_all(file.path);
        });
        if (kind.is_certain) CHECK_FALSE(message.empty());
        if (!message.empty()) CHECK_THAT(message, Contains("02 broken.wav"));
        fs::remove_all(folder / "02 broken.wav");
        CHECK(scan_channel_files(folder, 8).size() == 1);
        read_all(folder / "01 good.wav");
      });
}

TEST_CASE("broken files: absurd names in a folder hide nothing that is good", "[daemon][broken]") {
  for (const std::string& name : kAbsurdNames) {
    CAPTURE(name);
    for (const bool is_folder : {false, true}) {
      const TemporaryFolder folder;
      write_bytes(folder / "state-000001.json", good_state());
      write_bytes(folder / "good.toml", "device = \"Box\"\nports = [\"Box*\"]\n");
      write_audio(folder / "01 good.wav", 48000, 1, 30, [](auto, int) { return 0.5; });
      is_folder ? static_cast<void>(fs::create_directory(folder / name)) : write_bytes(folder / name, "{}");
      const StoredState state = load_state(folder.path().string());
      CHECK(state.found);
      CHECK(has_good_mix(state));
      std::vector<ConfigError> errors;
      const auto profiles = load_midi_profiles({folder.path()}, errors);
      CHECK(std::count_if(profiles.begin(), profiles.end(), [](const auto& one) { return one.id == "good"; }) == 1);
      const std::string message = message_of([&] { scan_channel_files(folder.path(), 8); });
      if (!message.empty()) CHECK_THAT(message, Contains(name));
      FileSystem disk;
      std::vector<std::string> said;
      StateWriter writer(disk, folder.path().string(), StateMeta(), kGoodMix,
                         [&](const std::string& text) { said.push_back(text); }, {});
      for (int second = 0; second < 3; ++second) writer.turn(second);
      writer.finish(4);
      CHECK(said.empty());
      CHECK(has_good_mix(load_state(folder.path().string())));
    }
  }
}
