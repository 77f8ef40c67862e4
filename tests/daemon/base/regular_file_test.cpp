// What is opened to be read or written is a regular file of a sane size, or the reason is told; nothing waits.
#include "daemon/base/regular_file.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <catch2/catch.hpp>

#include "daemon/base/file_system.h"
#include "daemon/base/numbered_file.h"
#include "tests/broken_files.h"
#include "tests/temporary_folder.h"

namespace fohd {
namespace {

using Catch::Contains;
namespace fs = std::filesystem;

std::string why(const fs::path& path) {
  std::string text = "left";
  const std::string reason = read_regular_file(path.string(), kConfigurationFile, text);
  CHECK(text.empty());
  return reason;
}

}  // namespace

TEST_CASE("regular file: it is read whole, byte for byte, up to its limit", "[daemon][base]") {
  test::TemporaryFolder folder;
  std::string bytes(200'000, '\0');
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<char>(i * 7);
  test::write_bytes(folder / "a", bytes);
  std::string text;
  CHECK(read_regular_file((folder / "a").string(), kConfigurationFile, text).empty());
  CHECK(text == bytes);
  const FileKind exact{"thing", 200'000}, less{"thing", 199'999};
  CHECK(read_regular_file((folder / "a").string(), exact, text).empty());
  CHECK(read_regular_file((folder / "a").string(), less, text) == "this is larger than 199 kB, so it is no thing");
  CHECK(text.empty());
}

TEST_CASE("regular file: everything else is refused in words that say what it is and what is wanted",
          "[daemon][base]") {
  test::TemporaryFolder folder;
  test::BrokenFiles all;
  test::add_what_is_no_file(all);
  for (std::size_t i = 0; i < all.size(); ++i) {
    CAPTURE(all[i].name);
    const fs::path path = folder / std::to_string(i);
    all[i].put(path);
    const std::string reason = why(path);
    const std::string& name = all[i].name;
    const char* const expected = name.find("pipe") != std::string::npos ? "this is a pipe"
                                 : name.starts_with("a folder") || name.ends_with(" /proc") || name.ends_with(" .")
                                     ? "this is a folder"
                                 : name == "a socket"                      ? "this is a socket"
                                 : name.find("/dev/") != std::string::npos ? "this is a device"
                                 : name.ends_with("itself")                ? "cannot read it: Too many levels"
                                 : name.ends_with("through a file")        ? "cannot read it: Not a directory"
                                 : name.ends_with("at/all")                ? "there is no such configuration file"
                                 : name.starts_with("5 GB") ? "this is larger than 1 MB, so it is no configuration"
                                                            : "cannot read it: Permission denied";
    CHECK_THAT(reason, Contains(expected));
    if (reason.starts_with("this is a ")) CHECK_THAT(reason, Contains("not a regular file"));
  }
  CHECK_THAT(why(folder / std::string(5000, 'x')), Contains("cannot read it: File name too long"));
  CHECK(why(folder / "none") == "there is no such configuration file");
}

TEST_CASE("regular file: what is no file is neither written nor waited for, and stays as it is", "[daemon][base]") {
  test::TemporaryFolder folder;
  FileSystem disk;
  ::mkfifo((folder / "pipe").c_str(), 0644);
  fs::create_directory(folder / "folder");
  fs::create_symlink("/dev/zero", folder / "device");
  for (const char* name : {"pipe", "folder", "device"}) {
    CAPTURE(name);
    const std::string path = (folder / name).string();
    CHECK_THAT(disk.write(path, "x"), Contains(path) && Contains("not a regular file"));
    CHECK_THAT(disk.append(path, 0, "x"), Contains(path) && Contains("not a regular file"));
    CHECK(fs::exists(fs::symlink_status(path)));
  }
  fs::rename(folder / "pipe", folder / "lock");
  CHECK_THAT(disk.lock(folder.path().string()), Contains("lock") && Contains("this is a pipe"));
  const std::string file = (folder / "file").string();
  CHECK(disk.write(file, "a longer text").empty());
  CHECK(disk.write(file, "short").empty());
  CHECK(disk.append(file, 5, "er").empty());
  std::string text;
  CHECK(disk.read(file, text).empty());
  CHECK(text == "shorter");
}

TEST_CASE("numbered files: a name is its number's, or it is none", "[daemon][base]") {
  constexpr NumberedName kKind{"mix-", 4, ".json"};
  std::vector<std::string> absurd;
  for (const std::uint64_t number : {1ull, 42ull, 9999ull, 10'000ull, 123'456'789ull, 999'999'999'999'999ull}) {
    CHECK(number_in_name(kKind, numbered_name(kKind, number), absurd) == number);
  }
  CHECK(numbered_name(kKind, 42) == "mix-0042.json");
  for (const char* name : {"mix-42.json", "mix-00042.json", "mix-.json", "mix-0000.json", "mix-0x10.json",
                           "mix--001.json", "mix-+001.json", "mix-0001.json.part", "mix-0001", "a mix-0001.json",
                           "mix- 001.json", "", "mix-000\xc3\xa9.json", "mix-1e10.json"}) {
    CAPTURE(name);
    CHECK(number_in_name(kKind, name, absurd) == 0);
  }
  CHECK(absurd.empty());
}

TEST_CASE("numbered files: absurd numbers are none, and are told", "[daemon][base]") {
  constexpr NumberedName kKind{"mix-", 4, ".json"};
  std::vector<std::string> absurd;
  const std::vector<std::string> names = {"mix-18446744073709551615.json", "mix-18446744073709551616.json",
                                          "mix-9223372036854775807.json", "mix-1000000000000000.json",
                                          "mix-" + std::string(200, '9') + ".json"};
  for (const std::string& name : names) CHECK(number_in_name(kKind, name, absurd) == 0);
  CHECK(absurd == names);
  CHECK(absurd_names_text("f", {}).empty());
  CHECK_THAT(absurd_names_text("f", {names[0]}), Contains("f/mix-18446744073709551615.json has a number"));
  CHECK_THAT(absurd_names_text("f", absurd), Contains("f/mix-18446744073709551615.json and 4 more have a number"));
}

}  // namespace fohd
