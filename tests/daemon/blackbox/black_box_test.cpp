// The black box: what is told comes back whole and in order, whatever happens to the disk, and never more than allowed.
#include "daemon/blackbox/black_box.h"

#include <sys/stat.h>

#include <algorithm>
#include <atomic>
#include <catch2/catch.hpp>
#include <chrono>
#include <filesystem>
#include <mutex>
#include <random>
#include <thread>

#include "daemon/base/file_system.h"
#include "tests/temporary_folder.h"

using namespace fohd;
using namespace std::chrono_literals;
namespace fs = std::filesystem;
using test::TemporaryFolder;

namespace {

Event event_of(int number, EventKind kind = EventKind::load) {
  return {1'795'774'500'123 + number, 4'711'250 + number, kind, EventLevel::info, "event " + std::to_string(number)};
}

std::string lines_of(int first, int count) {
  std::string text;
  for (int i = first; i < first + count; ++i) text += to_line(event_of(i)) + "\n";
  return text;
}

std::vector<fs::path> box_files(const fs::path& folder) {
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(folder)) {
    if (entry.path().extension() == ".log") files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

std::vector<Event> read_all(const fs::path& folder, std::size_t* damaged = nullptr) {
  FileSystem disk;
  return read_box(disk, folder.string(), SIZE_MAX, damaged);
}

/// A disk that can be full: then it takes half of what it is given, as a real one does.
class TestDisk : public FileSystem {
 public:
  std::atomic<bool> full{false};
  std::string append(const std::string& path, std::uint64_t offset, std::string_view text) override {
    if (!full) return FileSystem::append(path, offset, text);
    static_cast<void>(FileSystem::append(path, offset, text.substr(0, text.size() / 2)));
    return "cannot write " + path + ": No space left on device";
  }
};

BlackBoxOptions quick() {
  BlackBoxOptions options;
  options.write_interval = options.alarm_interval = 5ms;
  options.read = [] { return MachineReading{}; };
  return options;
}

template <class Condition>
bool soon(Condition condition) {
  const auto deadline = std::chrono::steady_clock::now() + 10s;
  while (!condition() && std::chrono::steady_clock::now() < deadline) std::this_thread::sleep_for(2ms);
  return condition();
}

struct Troubles {
  std::mutex mutex;
  std::vector<std::string> said;
  std::function<void(EventLevel, const std::string&)> hear() {
    return [this](EventLevel, const std::string& text) {
      const std::lock_guard lock(mutex);
      said.push_back(text);
    };
  }
  bool has(const std::string& part) {
    const std::lock_guard lock(mutex);
    return std::any_of(said.begin(), said.end(), [&](const auto& text) { return text.find(part) != text.npos; });
  }
};

std::vector<std::string> texts(const std::vector<Event>& events, EventKind kind) {
  std::vector<std::string> texts;
  for (const Event& event : events) {
    if (event.kind == kind) texts.push_back(event.text);
  }
  return texts;
}

}  // namespace

TEST_CASE("black box: a line says what the event was, and only a whole line is one", "[daemon][blackbox]") {
  const Event event{1'795'774'500'007, 4'711'050, EventKind::xrun, EventLevel::warn, "2 xruns, 3  blanks \xc3\xa4"};
  CHECK(to_line(event) == "2026-11-27T10:15:00.007Z 4711.050 warn xrun 2 xruns, 3  blanks \xc3\xa4");
  CHECK(parse_event(to_line(event)) == event);
  for (int kind = 0; kind < kEventKinds; ++kind) {
    const Event each = event_of(kind, static_cast<EventKind>(kind));
    CAPTURE(to_line(each));
    CHECK(parse_event(to_line(each)) == each);
  }
  const std::string head = "2026-11-27T10:15:00.007Z 4711.050 warn xrun ";
  for (const std::string& bad :
       {std::string(), head.substr(0, 30), std::string("2026-02-31T10:15:00.007Z 4711.050 warn xrun x"),
        std::string("2026-11-27 10:15:00.007Z 4711.050 warn xrun x"), "x" + head, head + std::string(1, '\0'),
        head + "\x1b[2J", std::string("2026-11-27T10:15:00.007Z 4711.50 warn xrun x"),
        std::string("2026-11-27T10:15:00.007Z -4711.050 warn xrun x"), head + std::string(kMaxEventBytes + 1, 'x'),
        std::string("2026-11-27T10:15:00.007Z 4711.050 loud xrun x"),
        std::string("2026-11-27T10:15:00.007Z 4711.050 warn yrun x")}) {
    CAPTURE(bad);
    CHECK_FALSE(parse_event(bad));
  }
  CHECK(make_event(EventKind::midi, EventLevel::info, "a\nb\x1b[2Jc").text == "a b [2Jc");
  const Event cut = make_event(EventKind::midi, EventLevel::info, std::string(399, 'x') + "\xc3\xa4 and more");
  CHECK(cut.text == std::string(399, 'x'));
  CHECK(parse_event(to_line(cut)) == cut);
}

TEST_CASE(
    "black box: however much is told, files never hold more than allowed, and what is left is the newest, in order",
    "[daemon][blackbox]") {
  const TemporaryFolder folder;
  FileSystem disk;
  const BoxLimits limits{4096, 3};
  int number = 0;
  for (int life = 0; life < 4; ++life) {  // restarts go on where the one before ended
    FileSystem own;
    BoxFiles files(own, folder.path().string(), limits);
    REQUIRE(files.open().empty());
    for (int i = 0; i < 60; ++i) {
      const int count = 1 + (number * 7) % 25;
      REQUIRE(files.append(lines_of(number, count)).empty());
      number += count;
      const auto there = box_files(folder.path());
      REQUIRE(there.size() <= 3);
      for (const auto& file : there) REQUIRE(fs::file_size(file) <= 4096);
    }
  }
  std::size_t damaged = 0;
  const std::vector<Event> events = read_all(folder.path(), &damaged);
  CHECK(damaged == 0);
  REQUIRE(events.size() > 2 * 4096 / 75 - 50);  // two files are full but for less than a chunk
  for (std::size_t i = 0; i < events.size(); ++i) {
    CHECK(events[i] == event_of(number - static_cast<int>(events.size() - i)));
  }
  CHECK(read_box(disk, folder.path().string(), 7, nullptr) == std::vector<Event>(events.end() - 7, events.end()));
}

TEST_CASE("black box: a file that ends anywhere loses nothing but its last line, and goes on after that",
          "[daemon][blackbox]") {
  const std::string whole = lines_of(0, 6);
  for (std::size_t size = 0; size <= whole.size(); ++size) {
    CAPTURE(size);
    const TemporaryFolder folder;
    test::write_text(folder / "events-00000001.log", whole.substr(0, size));
    const auto kept =
        static_cast<std::size_t>(std::count(whole.begin(), whole.begin() + static_cast<long>(size), '\n'));
    CHECK(read_all(folder.path()).size() == kept);
    FileSystem disk;
    BoxFiles files(disk, folder.path().string());
    REQUIRE(files.open().empty());
    REQUIRE(files.append(lines_of(100, 2)).empty());
    std::size_t damaged = 0;
    const auto events = read_all(folder.path(), &damaged);
    CHECK(damaged == 0);  // the rest of the broken line was cut off
    REQUIRE(events.size() == kept + 2);
    CHECK(events.back() == event_of(101));
  }
}

TEST_CASE("black box: what a dying disk overwrote is left out, the rest is read", "[daemon][blackbox]") {
  const TemporaryFolder folder;
  const unsigned seed = 20261127;
  CAPTURE(seed);
  std::mt19937 random(seed);
  for (int round = 0; round < 50; ++round) {
    std::string text = lines_of(0, 200);
    const std::size_t at = random() % text.size(), size = std::min<std::size_t>(1 + random() % 3000, text.size() - at);
    for (std::size_t i = at; i < at + size; ++i) text[i] = round % 2 == 0 ? '\0' : static_cast<char>(random());
    test::write_text(folder / "events-00000007.log", text);
    std::size_t damaged = 0;
    const auto events = read_all(folder.path(), &damaged);
    CHECK(damaged > 0);
    CHECK(events.size() >= 200 - size / 50 - 3);
    CHECK(events.size() < 200);
    for (const Event& event : events) {
      if (event.kind == EventKind::load) CHECK(event.text.starts_with("ev"));
    }
  }
  // Somebody else's files, folders and a pipe of our name hold nobody up.
  test::write_text(folder / "notes.txt", "mine");
  test::write_text(folder / "events-x.log", lines_of(0, 3));
  fs::create_directory(folder / "events-00000008.log");
  CHECK(read_all(folder.path()).size() > 100);
}

TEST_CASE("black box: a file with an absurd number, or one that is no file, is left alone, told, and holds nobody up",
          "[daemon][blackbox]") {
  test::TemporaryFolder folder;
  test::write_text(folder / "events-00000003.log", lines_of(0, 3));
  const std::string absurd = "events-18446744073709551615.log";
  test::write_text(folder / absurd, lines_of(50, 3));
  ::mkfifo((folder / "events-00000004.log").c_str(), 0644);
  FileSystem disk;
  BoxFiles files(disk, folder.path().string(), BoxLimits{10'000, 8});
  REQUIRE(files.open().empty());
  CHECK_THAT(files.warning(), Catch::Contains(absurd) && Catch::Contains("ignored"));
  for (int i = 3; i < 6; ++i) CHECK(files.append(lines_of(i, 1)).empty());
  CHECK(fs::exists(folder / "events-00000005.log"));
  CHECK_FALSE(fs::exists(folder / "events-00000000.log"));  // what would follow the largest number of all
  std::size_t damaged = 0;
  const std::vector<Event> events = read_all(folder.path(), &damaged);
  REQUIRE(events.size() == 6);
  for (int i = 0; i < 6; ++i) CHECK(events[static_cast<std::size_t>(i)] == event_of(i));
  CHECK(damaged == 1);  // the pipe
}

TEST_CASE("black box: where no number is left that is an error, not the number 0", "[daemon][blackbox]") {
  test::TemporaryFolder folder;
  test::write_text(folder / "events-999999999999999.log", lines_of(0, 3));
  FileSystem disk;
  BoxFiles files(disk, folder.path().string(), BoxLimits{10, 8});
  REQUIRE(files.open().empty());
  CHECK_THAT(files.append(lines_of(3, 1)), Catch::Contains("no number is left"));
  CHECK(box_files(folder.path()).size() == 1);
}

TEST_CASE("black box: in memory there are the newest events, numbered without gaps", "[daemon][blackbox]") {
  BlackBoxOptions options = quick();
  options.events = 100;
  BlackBox box(options);
  for (int i = 0; i < 1000; ++i) box.note(EventKind::load, EventLevel::info, "event " + std::to_string(i));
  const BlackBox::Page all = box.page(0, 1000);
  REQUIRE(all.lines.size() == 100);
  CHECK(all.first == all.oldest);
  CHECK(all.end - all.oldest == 100);
  CHECK(parse_event(all.lines.front())->text == "event 900");
  const BlackBox::Page some = box.page(all.end - 10, 3);
  REQUIRE(some.lines.size() == 3);
  CHECK(parse_event(some.lines.front())->text == "event 990");
  CHECK(box.page(all.end, 10).lines.empty());
  CHECK(box.page(INT32_MAX, 10).lines.empty());
  CHECK(box.page(INT32_MIN, INT32_MIN).lines.empty());
  CHECK(box.lost() == 0);  // nobody was to write it
}

TEST_CASE("black box: what was told is on the disk, once and in order, and the next life knows it",
          "[daemon][blackbox]") {
  const TemporaryFolder folder;
  const std::string place = (folder / "blackbox").string();
  Troubles troubles;
  {
    BlackBox box(quick());
    box.note(EventKind::start, EventLevel::info, "before the folder is known");
    box.keep_in(place, troubles.hear());
    for (int i = 0; i < 3000; ++i) box.note(EventKind::load, EventLevel::info, "event " + std::to_string(i));
  }
  std::vector<Event> events = read_all(place);
  REQUIRE(events.size() == 3002);
  CHECK(events.front().text == "before the folder is known");
  CHECK(events.back().kind == EventKind::end);
  for (int i = 0; i < 3000; ++i) CHECK(events[static_cast<std::size_t>(i) + 1].text == "event " + std::to_string(i));
  CHECK(troubles.said.empty());

  BlackBox next(quick());
  next.note(EventKind::start, EventLevel::info, "the next life");
  next.keep_in(place, troubles.hear());
  REQUIRE(soon([&] { return next.page(0, 0).end - next.page(0, 0).oldest == 3003; }));
  CHECK(parse_event(next.page(0, 1).lines.front())->text == "before the folder is known");
  CHECK(parse_event(next.page(next.page(0, 0).end - 1, 1).lines.front())->text == "the next life");
  CHECK(troubles.said.empty());
}

TEST_CASE("black box: a desk that was killed is told of by the next", "[daemon][blackbox]") {
  const TemporaryFolder folder;
  test::write_text(folder / "events-00000001.log", lines_of(0, 3) + "2026-11-27T10:15:00.1");
  Troubles troubles;
  {
    BlackBox box(quick());
    box.keep_in(folder.path().string(), troubles.hear());
  }
  CHECK(troubles.has("did not end in good order"));
  CHECK(troubles.has("event 2"));
  CHECK(read_all(folder.path()).size() == 4);
}

TEST_CASE("black box: a disk that is full for a while costs nothing that fits the memory", "[daemon][blackbox]") {
  const TemporaryFolder folder;
  TestDisk disk;
  Troubles troubles;
  {
    BlackBox box(quick());
    box.keep_in(folder.path().string(), troubles.hear(), &disk);
    box.note(EventKind::load, EventLevel::warn, "event 0");
    REQUIRE(soon([&] { return read_all(folder.path()).size() == 1; }));
    disk.full = true;
    for (int i = 1; i < 200; ++i) box.note(EventKind::load, EventLevel::warn, "event " + std::to_string(i));
    REQUIRE(soon([&] { return troubles.has("No space left"); }));
    disk.full = false;
    REQUIRE(soon([&] { return troubles.has("is written again"); }));
  }
  const auto told = texts(read_all(folder.path()), EventKind::load);
  REQUIRE(told.size() == 200);
  for (std::size_t i = 0; i < told.size(); ++i) CHECK(told[i] == "event " + std::to_string(i));
}

TEST_CASE("black box: what gave way before the disk took it is counted, and the file says so", "[daemon][blackbox]") {
  const TemporaryFolder folder;
  TestDisk disk;
  Troubles troubles;
  BlackBoxOptions options = quick();
  options.events = 50;
  BlackBox box(options);
  box.keep_in(folder.path().string(), troubles.hear(), &disk);
  box.note(EventKind::load, EventLevel::warn, "first");
  REQUIRE(soon([&] { return read_all(folder.path()).size() == 1; }));
  disk.full = true;
  for (int i = 0; i < 500; ++i) box.note(EventKind::load, EventLevel::info, "event " + std::to_string(i));
  REQUIRE(soon([&] { return troubles.has("No space left"); }));
  disk.full = false;
  box.note(EventKind::load, EventLevel::warn, "last");
  REQUIRE(soon([&] { return texts(read_all(folder.path()), EventKind::store).size() == 1; }));
  REQUIRE(
      soon([&] { return texts(read_all(folder.path()), EventKind::load).back() == "last"; }));  // a write of its own
  const auto events = read_all(folder.path());
  CHECK(texts(events, EventKind::store).front().find("events before these are lost") != std::string::npos);
  // All that was told is written or counted.
  CHECK(box.lost() + texts(events, EventKind::load).size() == 502);
}

TEST_CASE("black box: files that somebody removes or cuts are begun anew", "[daemon][blackbox]") {
  const TemporaryFolder folder;
  FileSystem disk;
  BoxFiles files(disk, folder.path().string());
  REQUIRE(files.open().empty());
  REQUIRE(files.append(lines_of(0, 10)).empty());
  fs::resize_file(folder / "events-00000001.log", 100);
  CHECK_FALSE(files.append(lines_of(10, 5)).empty());
  REQUIRE(files.append(lines_of(10, 5)).empty());
  CHECK(read_all(folder.path()).size() == 6);
  fs::remove(folder / "events-00000001.log");
  CHECK_FALSE(files.append(lines_of(15, 5)).empty());
  REQUIRE(files.append(lines_of(15, 5)).empty());
  CHECK(read_all(folder.path()).size() == 5);
  fs::remove_all(folder.path());
  CHECK_FALSE(files.append(lines_of(20, 5)).empty());
  REQUIRE(files.append(lines_of(20, 5)).empty());
  CHECK(read_all(folder.path()).size() == 5);
}

TEST_CASE("black box: two desks with one folder do not write into each other's lines", "[daemon][blackbox]") {
  const TemporaryFolder folder;
  Troubles first_troubles, second_troubles;
  BlackBox first(quick());
  first.keep_in(folder.path().string(), first_troubles.hear());
  first.note(EventKind::load, EventLevel::warn, "mine");
  REQUIRE(soon([&] { return read_all(folder.path()).size() == 1; }));
  BlackBox second(quick());
  second.keep_in(folder.path().string(), second_troubles.hear());
  second.note(EventKind::load, EventLevel::warn, "yours");
  REQUIRE(soon([&] { return second_troubles.has("in use by another fohd"); }));
  CHECK_FALSE(second_troubles.has("good order"));  // the other has not ended at all
  second.end();
  CHECK(texts(read_all(folder.path()), EventKind::load) == std::vector<std::string>{"mine"});
  CHECK(first_troubles.said.empty());
}

TEST_CASE("black box: many threads at once, each one's events stay in order", "[daemon][blackbox]") {
  const TemporaryFolder folder;
  Troubles troubles;
  {
    BlackBox box(quick());
    box.keep_in(folder.path().string(), troubles.hear());
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t) {
      threads.emplace_back([&box, t] {
        const auto kind = static_cast<EventKind>(static_cast<int>(EventKind::jack) + t);
        for (int i = 0; i < 500; ++i) box.note(kind, EventLevel::info, std::to_string(i));
      });
    }
    for (int i = 0; i < 200; ++i) static_cast<void>(box.page(i, 100)), static_cast<void>(box.machine());
    for (std::thread& thread : threads) thread.join();
  }
  const auto events = read_all(folder.path());
  CHECK(events.size() == 2001);
  for (int t = 0; t < 4; ++t) {
    const auto told = texts(events, static_cast<EventKind>(static_cast<int>(EventKind::jack) + t));
    REQUIRE(told.size() == 500);
    for (std::size_t i = 0; i < told.size(); ++i) CHECK(told[i] == std::to_string(i));
  }
}

TEST_CASE("black box: a disk that stands still keeps neither who tells nor the end of the desk", "[daemon][blackbox]") {
  class StuckDisk : public FileSystem {
   public:
    std::atomic<bool> stuck{true}, inside{false};
    std::string write(const std::string& path, std::string_view text) override {
      inside = true;
      while (stuck) std::this_thread::sleep_for(1ms);
      return FileSystem::write(path, text);
    }
  };
  const TemporaryFolder folder;
  StuckDisk disk;
  Troubles troubles;
  const auto begin = std::chrono::steady_clock::now();
  {
    BlackBox box(quick());
    box.keep_in(folder.path().string(), troubles.hear(), &disk);
    box.note(EventKind::load, EventLevel::warn, "event");
    REQUIRE(soon([&] { return disk.inside.load(); }));
    const auto before = std::chrono::steady_clock::now();
    for (int i = 0; i < 1000; ++i) box.note(EventKind::load, EventLevel::warn, "event");
    CHECK(std::chrono::steady_clock::now() - before < 1s);  // microseconds, and what a busy machine adds
  }
  CHECK(std::chrono::steady_clock::now() - begin < 8s);  // 2 s, and the same
  disk.stuck = false;
  // The thread that was left behind ends by itself: its last line is there.
  REQUIRE(
      soon([&] { return !read_all(folder.path()).empty() && read_all(folder.path()).back().kind == EventKind::end; }));
  std::this_thread::sleep_for(50ms);  // and it lets go of the disk, which is ours
}
