// The files in a state folder over a desk's life: what is written when, in which order, and what a damaged one costs.
#include "daemon/store/store.h"

#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>
#include <thread>

#include "daemon/store/state_load.h"
#include "daemon/store/state_writer.h"

using namespace fohd;
namespace fs = std::filesystem;

namespace {

class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string pattern = (fs::temp_directory_path() / "fohd-store-XXXXXX").string();
    if (::mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("no temporary folder");
    path_ = pattern;
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  ~TemporaryFolder() {
    std::error_code ignored;
    fs::permissions(path_, fs::perms::owner_all, ignored);
    fs::remove_all(path_, ignored);
  }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

/// A disk that can be full, and a count of what was asked of it.
class TestDisk : public FileSystem {
 public:
  bool full = false, log_full = false;
  int appends = 0, generations = 0;

  std::string write(const std::string& path, std::string_view text) override {
    if (full) {
      static_cast<void>(FileSystem::write(path, text.substr(0, text.size() / 2)));  // as a full disk leaves it
      return "cannot write " + path + ": No space left on device";
    }
    return FileSystem::write(path, text);
  }
  std::string append(const std::string& path, std::uint64_t offset, std::string_view text) override {
    ++appends;
    if (full || log_full) {
      static_cast<void>(FileSystem::append(path, offset, text.substr(0, text.size() / 2)));
      return "cannot write " + path + ": No space left on device";
    }
    return FileSystem::append(path, offset, text);
  }
  std::string rename(const std::string& from, const std::string& to) override {
    ++generations;
    return FileSystem::rename(from, to);
  }
};

/// A StateWriter with what it says, and its own idea of time.
struct StoredDesk {
  explicit StoredDesk(const std::string& folder, const StoreOptions& options = {})
      : writer(
            disk, folder, StateMeta(), {{"/ch/1/fader", -90.0f}, {"/ch/2/fader", -90.0f}},
            [this](const std::string& text) { said.push_back(text); }, options) {}
  void set(const std::string& address, Value value) { writer.change({{address, std::move(value)}}); }

  TestDisk disk;
  std::vector<std::string> said;
  StateWriter writer;
};

std::map<std::string, Value> values(const StoredState& state) { return {state.values.begin(), state.values.end()}; }

std::string text_of(const std::string& path) {
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

void put(const std::string& path, const std::string& text) { std::ofstream(path) << text; }

std::vector<std::string> names_in(const std::string& folder) {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(folder)) names.push_back(entry.path().filename().string());
  std::sort(names.begin(), names.end());
  return names;
}

/// Three generations with a log each; /ch/1/fader is -10 N at the end of generation N's log.
void make_three_generations(const std::string& folder) {
  StoreOptions options;
  options.generation_interval_s = 10;
  StoredDesk desk(folder, options);
  desk.writer.turn(0);
  for (int number = 1; number <= 3; ++number) {
    desk.set("/ch/1/fader", -10.0f * static_cast<float>(number));
    desk.writer.turn(number * 10 - 5);  // logged
    if (number < 3) desk.writer.turn(number * 10);
  }
  REQUIRE(desk.said.empty());
}

}  // namespace

TEST_CASE("store: the first change is on disk at once, later ones within a second, each address once",
          "[daemon][store]") {
  TemporaryFolder folder;
  StoredDesk desk(folder.path());
  desk.writer.turn(0);
  CHECK(values(load_state(folder.path())).at("/ch/1/fader") == Value(-90.0f));

  desk.set("/ch/1/fader", -10.0f);
  const double next_s = desk.writer.turn(100);
  CHECK(values(load_state(folder.path())).at("/ch/1/fader") == Value(-10.0f));
  CHECK(next_s > 101);

  for (int i = 1; i < 10; ++i) {  // a fader ride of 0.9 s
    desk.set("/ch/1/fader", -10.0f + static_cast<float>(i));
    CHECK(desk.writer.turn(100 + i * 0.1) == Approx(101));
  }
  desk.set("/ch/2/fader", 3.0f);
  CHECK(desk.disk.appends == 1);
  desk.writer.turn(101);
  CHECK(desk.disk.appends == 2);
  const auto loaded = values(load_state(folder.path()));
  CHECK(loaded.at("/ch/1/fader") == Value(-1.0f));
  CHECK(loaded.at("/ch/2/fader") == Value(3.0f));
  const std::string log = text_of(log_path(folder.path(), 1));
  CHECK(std::count(log.begin(), log.end(), '\n') == 3);
}

TEST_CASE("store: a generation is written every 5 minutes, but not when nothing changed", "[daemon][store]") {
  TemporaryFolder folder;
  StoredDesk desk(folder.path());
  desk.writer.turn(0);
  CHECK(desk.disk.generations == 1);
  desk.writer.turn(1000);
  CHECK(desk.disk.generations == 1);
  desk.set("/ch/1/fader", -1.0f);
  desk.writer.turn(1001);
  CHECK(desk.disk.generations == 2);
  desk.set("/ch/1/fader", -2.0f);
  CHECK(desk.writer.turn(1100) == Approx(1301));  // 5 minutes after the last one
  CHECK(desk.disk.generations == 2);
  desk.writer.turn(1301);
  CHECK(desk.disk.generations == 3);
  CHECK(text_of(log_path(folder.path(), 3)).empty());
  CHECK(load_state(folder.path()).warnings.empty());
}

TEST_CASE("store: a log of 1 MB becomes a generation", "[daemon][store]") {
  TemporaryFolder folder;
  StoredDesk desk(folder.path());
  desk.writer.turn(0);
  std::size_t logged = 0;
  double now_s = 0;
  while (desk.disk.generations == 1) {
    logged = fs::file_size(log_path(folder.path(), 1));
    REQUIRE(logged < (1u << 20));
    for (int i = 0; i < 5000; ++i) desk.set("/ch/" + std::to_string(i) + "/fader", static_cast<float>(now_s));
    desk.writer.turn(now_s += 1);
  }
  CHECK(logged > (1u << 20) - 400'000);  // one more batch of about 200 kB would have passed the limit
  CHECK(now_s < 300);
  CHECK(values(load_state(folder.path())).at("/ch/4999/fader") == Value(static_cast<float>(now_s - 1)));
}

TEST_CASE("store: three generations are kept, older ones and leftovers of a power cut go", "[daemon][store]") {
  TemporaryFolder folder;
  put(folder.path() + "/state-000009.json.part", "half a");
  put(folder.path() + "/state-7.json", "not ours: another number of digits");
  for (int start = 0; start < 5; ++start) {
    StoredDesk desk(folder.path());
    desk.set("/ch/1/fader", static_cast<float>(start));
    desk.writer.turn(0);
    desk.set("/ch/2/fader", static_cast<float>(start));
    desk.writer.finish(1);
  }
  CHECK(names_in(folder.path()) == std::vector<std::string>{"lock", "state-000008.json", "state-000008.log",
                                                            "state-000009.json", "state-000009.log",
                                                            "state-000010.json", "state-000010.log", "state-7.json"});
}

TEST_CASE("store: a desk that is only switched on and off writes nothing and keeps its history", "[daemon][store]") {
  TemporaryFolder folder;
  make_three_generations(folder.path());
  const std::vector<AddressedValue> mix = load_state(folder.path()).values;
  const auto start = [&](const StateMeta& meta, TestDisk& disk) {
    StateWriter writer(disk, folder.path(), meta, Mix(mix.begin(), mix.end()), nullptr, {});
    writer.turn(0);
    writer.change_meta(meta);  // as when the audio device opens
    writer.turn(1);
    writer.finish(2);
  };
  TestDisk disk;
  start(StateMeta(), disk);  // generation 3 has a log: it becomes generation 4
  CHECK(disk.generations == 1);
  const std::vector<std::string> before = names_in(folder.path());
  for (int i = 0; i < 5; ++i) start(StateMeta(), disk);
  CHECK(disk.generations == 1);
  CHECK(names_in(folder.path()) == before);

  // Another boot each time is written, but pushes out its own copies, not the older mixes.
  StateMeta meta;
  for (int boot = 1; boot <= 5; ++boot) {
    meta.boot_id = std::to_string(boot);
    start(meta, disk);
    CHECK(load_state(folder.path()).meta.boot_id == meta.boot_id);
    CHECK(fs::exists(generation_path(folder.path(), 2)));
    CHECK(fs::exists(generation_path(folder.path(), 3)));
    CHECK(load_state(folder.path()).values == mix);
    CHECK(load_state(folder.path()).warnings.empty());
  }
  // Every one of these is a way back to the mix, should the newest prove damaged.
  put(load_state(folder.path()).source, "{");
  CHECK(load_state(folder.path()).values == mix);
}

TEST_CASE("store: damaged generations are neither counted nor removed, nor is what they logged", "[daemon][store]") {
  TemporaryFolder folder;
  make_three_generations(folder.path());
  put(generation_path(folder.path(), 2), "{ damaged");
  put(generation_path(folder.path(), 3), "");
  for (int start = 0; start < 6; ++start) {
    StoredDesk desk(folder.path());
    desk.set("/ch/1/fader", static_cast<float>(start));
    desk.writer.turn(0);
    CHECK(fs::exists(generation_path(folder.path(), 1)) == (start < 2));  // whole: one of three as long as it can be
    CHECK(fs::exists(log_path(folder.path(), 3)));
    CHECK(text_of(generation_path(folder.path(), 2)) == "{ damaged");
    CHECK(fs::exists(generation_path(folder.path(), 3)));
    desk.writer.finish(1);
    CHECK(values(load_state(folder.path())).at("/ch/1/fader") == Value(static_cast<float>(start)));
    CHECK(load_state(folder.path()).warnings.empty());
  }
  StateFiles present;
  FileSystem files;
  REQUIRE(list_state_files(folder.path(), files, present).empty());
  CHECK(present.generations.size() == 5);  // three whole ones and the two damaged
}

TEST_CASE("store: an orderly end is marked as one, and the next start takes the mark away", "[daemon][store]") {
  TemporaryFolder folder;
  {
    StoredDesk desk(folder.path());
    desk.writer.turn(0);
    CHECK_FALSE(load_state(folder.path()).meta.clean_exit);
    desk.set("/ch/1/fader", -4.0f);
    desk.writer.finish(1);
  }
  StoredState state = load_state(folder.path());
  CHECK(state.meta.clean_exit);
  CHECK(values(state).at("/ch/1/fader") == Value(-4.0f));
  StoredDesk again(folder.path());
  again.writer.turn(0);
  CHECK_FALSE(load_state(folder.path()).meta.clean_exit);
}

TEST_CASE("store: a damaged generation is replaced by the one before it and all logs, and nothing is lost",
          "[daemon][store]") {
  TemporaryFolder folder;
  make_three_generations(folder.path());
  const std::string newest = generation_path(folder.path(), 3), older = generation_path(folder.path(), 2);
  const std::string whole = text_of(newest);
  CHECK(values(load_state(folder.path())).at("/ch/1/fader") == Value(-30.0f));
  CHECK(load_state(folder.path()).warnings.empty());

  const auto check_fallback = [&] {
    const StoredState state = load_state(folder.path());
    CHECK(state.found);
    CHECK(state.source == older);
    CHECK(values(state).at("/ch/1/fader") == Value(-30.0f));  // from generation 3's own log
    CHECK(values(state).at("/ch/2/fader") == Value(-90.0f));
    REQUIRE(state.warnings.size() == 1);
    CHECK_THAT(state.warnings[0], Catch::Contains(newest + " is damaged") && Catch::Contains(older));
  };
  SECTION("any flipped byte") {
    for (std::size_t at = 0; at < whole.size(); at += 7) {
      std::string damaged = whole;
      damaged[at] = static_cast<char>(damaged[at] ^ 0x10);
      put(newest, damaged);
      CAPTURE(at);
      check_fallback();
    }
  }
  SECTION("cut off") {
    put(newest, whole.substr(0, whole.size() / 2));
    check_fallback();
  }
  SECTION("empty") {
    put(newest, "");
    check_fallback();
  }
  SECTION("a folder in its place") {
    fs::remove(newest);
    fs::create_directory(newest);
    check_fallback();
  }
  SECTION("a pipe in its place does not stop the start") {
    fs::remove(newest);
    REQUIRE(::mkfifo(newest.c_str(), 0600) == 0);
    check_fallback();
  }
  SECTION("a link to nowhere") {
    fs::remove(newest);
    fs::create_symlink("/nonexistent/file", newest);
    check_fallback();
  }
}

TEST_CASE("store: every generation damaged means the defaults, said plainly", "[daemon][store]") {
  TemporaryFolder folder;
  make_three_generations(folder.path());
  for (std::uint64_t number = 1; number <= 3; ++number) put(generation_path(folder.path(), number), "{");
  const StoredState state = load_state(folder.path());
  CHECK_FALSE(state.found);
  CHECK(state.values.empty());
  REQUIRE(state.warnings.size() == 1);
  CHECK_THAT(state.warnings[0], Catch::Contains("no state was loaded"));

  // The next start does not overwrite the evidence.
  StoredDesk desk(folder.path());
  desk.writer.turn(0);
  CHECK(load_state(folder.path()).source == generation_path(folder.path(), 4));
}

TEST_CASE("store: a damaged log gives its whole lines and a sentence", "[daemon][store]") {
  TemporaryFolder folder;
  make_three_generations(folder.path());
  const std::string log = log_path(folder.path(), 3);
  put(log, text_of(log) + "0123abcd \"/ch/1/fad");
  StoredState state = load_state(folder.path());
  CHECK(values(state).at("/ch/1/fader") == Value(-30.0f));
  REQUIRE(state.warnings.size() == 1);
  CHECK_THAT(state.warnings[0], Catch::Contains(log) && Catch::Contains("cut off"));

  fs::remove(log);
  fs::create_directory(log);
  state = load_state(folder.path());
  CHECK(values(state).at("/ch/1/fader") == Value(-20.0f));  // what generation 3 itself says
  REQUIRE(state.warnings.size() == 1);
  CHECK_THAT(state.warnings[0], Catch::Contains("is a folder"));
}

TEST_CASE("store: what is no state is refused in words and nothing is thrown", "[daemon][store]") {
  TemporaryFolder folder;
  CHECK_FALSE(load_state(folder.path()).found);  // a first start: nothing to say
  CHECK(load_state(folder.path()).warnings.empty());
  CHECK(load_state(folder.path() + "/not/yet/made").warnings.empty());

  const std::string file = folder.path() + "/mix.json";
  CHECK_THAT(load_state(file).warnings.at(0), Catch::Contains("there is no"));
  put(file, "hello");
  CHECK_THAT(load_state(file).warnings.at(0), Catch::Contains("not JSON"));
  CHECK_THAT(load_state(file + "/below").warnings.at(0), Catch::Contains("Not a directory"));
  CHECK_THAT(load_state("/dev/zero").warnings.at(0), Catch::Contains("not a regular file"));
  CHECK_THAT(load_state(std::string(5000, 'x')).warnings.at(0), Catch::Contains("cannot read"));
  put(file, R"({"values": {"/ch/1/fader": -6.0, "/no/such/thing": 1}})");
  const StoredState state = load_state(file);
  CHECK(state.found);
  CHECK(state.values.size() == 2);  // whether an address exists is for the desk to say
  CHECK_THAT(state.warnings.at(0), Catch::Contains("no checksum"));

  if (::geteuid() != 0) {  // root reads everything
    fs::permissions(file, fs::perms::none);
    CHECK_THAT(load_state(file).warnings.at(0), Catch::Contains("Permission denied"));
  }
}

TEST_CASE("store: a full disk is reported once, tried again, and costs nothing when it has room again",
          "[daemon][store]") {
  TemporaryFolder folder;
  StoredDesk desk(folder.path());
  desk.writer.turn(0);
  desk.set("/ch/1/fader", -1.0f);
  desk.writer.turn(1);
  desk.disk.full = true;
  desk.set("/ch/1/fader", -2.0f);
  double now_s = 2;
  for (; now_s < 30; now_s += 1) {
    const double next_s = desk.writer.turn(now_s);
    CHECK(next_s > now_s);
    CHECK(next_s <= now_s + 1);
    CHECK(desk.writer.failing());
    const StoredState state = load_state(folder.path());
    CHECK(values(state).at("/ch/1/fader") == Value(-1.0f));  // the half-written line does no harm
  }
  CHECK(desk.said.size() == 2);  // the log and the generation, once each
  CHECK_THAT(desk.said.at(0), Catch::Contains("No space left") && Catch::Contains("the desk goes on"));
  CHECK(names_in(folder.path()) == std::vector<std::string>{"lock", "state-000001.json", "state-000001.log"});

  desk.disk.full = false;
  desk.writer.turn(now_s);
  CHECK_FALSE(desk.writer.failing());
  CHECK_THAT(desk.said.back(), Catch::Contains("saved again"));
  const StoredState state = load_state(folder.path());
  CHECK(values(state).at("/ch/1/fader") == Value(-2.0f));
  CHECK(state.warnings.empty());
}

TEST_CASE("store: a log that cannot be written is replaced by a generation", "[daemon][store]") {
  TemporaryFolder folder;
  StoredDesk desk(folder.path());
  desk.writer.turn(0);
  SECTION("no room in it") { desk.disk.log_full = true; }
  SECTION("deleted by somebody") { fs::remove(log_path(folder.path(), 1)); }
  SECTION("cut by somebody") {
    desk.set("/ch/1/fader", -1.0f);
    desk.writer.turn(1);
    put(log_path(folder.path(), 1), "");
  }
  SECTION("the whole folder deleted by somebody") {
    fs::remove_all(folder.path());
    fs::create_directory(folder.path());
  }
  desk.set("/ch/2/fader", -2.0f);
  desk.writer.turn(2);
  CHECK_FALSE(desk.writer.failing());
  CHECK_FALSE(desk.said.empty());
  CHECK(values(load_state(folder.path())).at("/ch/2/fader") == Value(-2.0f));
}

TEST_CASE("store: where no folder can be made the desk goes on, and saves all as soon as it can", "[daemon][store]") {
  TemporaryFolder folder;
  const std::string place = folder.path() + "/show/state";
  put(folder.path() + "/show", "a file where a folder should be");
  StoredDesk desk(place);
  CHECK(desk.writer.turn(0) == Approx(1));
  CHECK(desk.writer.failing());
  desk.set("/ch/1/fader", -5.0f);
  CHECK(desk.writer.turn(1) == Approx(2));
  CHECK(desk.said.size() == 1);
  fs::remove(folder.path() + "/show");
  desk.writer.turn(2);
  CHECK_FALSE(desk.writer.failing());
  CHECK(values(load_state(place)).at("/ch/1/fader") == Value(-5.0f));
}

TEST_CASE("store: two desks never write into one folder", "[daemon][store]") {
  TemporaryFolder folder;
  StoredDesk first(folder.path());
  first.writer.turn(0);
  StoredDesk second(folder.path());
  second.set("/ch/1/fader", -77.0f);
  second.writer.turn(0);
  CHECK(second.writer.failing());
  CHECK_THAT(second.said.at(0), Catch::Contains("in use by another fohd"));
  CHECK(values(load_state(folder.path())).at("/ch/1/fader") == Value(-90.0f));
  first.writer.finish(1);
  second.writer.turn(1);
  CHECK_FALSE(second.writer.failing());
  CHECK(values(load_state(folder.path())).at("/ch/1/fader") == Value(-77.0f));
}

TEST_CASE("store: a change of rate or device is written as a generation", "[daemon][store]") {
  TemporaryFolder folder;
  StoredDesk desk(folder.path());
  desk.writer.turn(0);
  StateMeta meta;
  meta.rate_hz = 96000;
  desk.writer.change_meta(meta);
  desk.writer.turn(1);
  CHECK(load_state(folder.path()).meta.rate_hz == 96000);
}

TEST_CASE("store: through its own thread every change of many arrives, the last of all at the end", "[daemon][store]") {
  TemporaryFolder folder;
  std::vector<AddressedValue> initial;
  for (int i = 0; i < 100; ++i) initial.emplace_back("/ch/" + std::to_string(i) + "/fader", -90.0f);
  {
    Store store(folder.path(), StateMeta(), initial, nullptr);
    for (int turn = 1; turn <= 20'000; ++turn) {  // far more than the queue takes
      const std::vector<AddressedValue> change = {
          {"/ch/" + std::to_string(turn % 100) + "/fader", static_cast<float>(turn)}};
      store.submit(change);
    }
    StateMeta meta;
    meta.rate_hz = 44100;
    store.submit_meta(meta);
  }
  const StoredState state = load_state(folder.path());
  CHECK(state.warnings.empty());
  // Not state.meta.clean_exit: where the thread saved the last change just before the end, the end writes no
  // generation.
  CHECK(state.meta.rate_hz == 44100);
  REQUIRE(state.values.size() == 100);
  for (const auto& [address, value] : state.values) CHECK(std::get<float>(value) > 19'900);
}

TEST_CASE("store: a report that throws and a disk that fails never reach the desk", "[daemon][store]") {
  TemporaryFolder folder;
  put(folder.path() + "/file", "");
  Store store(folder.path() + "/file/state", StateMeta(), {{"/ch/1/fader", 0.0f}},
              [](const std::string&) { throw std::runtime_error("a log that is gone"); });
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (!store.failing() && std::chrono::steady_clock::now() < deadline) std::this_thread::yield();
  CHECK(store.failing());
  store.submit(std::vector<AddressedValue>{{"/ch/1/fader", -1.0f}});
}

TEST_CASE("store: a document beside the mix is there whole, the newest of a name, and disturbs no mix",
          "[daemon][store]") {
  const TemporaryFolder folder;
  StoredDesk desk(folder.path());
  desk.writer.change_document("doc-kept.json", "one");
  desk.writer.change_document("doc-kept.json", "two");
  desk.writer.turn(0);
  desk.writer.change_document("doc-scenes-1.json", "three");
  desk.set("/ch/1/fader", -5.0f);
  desk.writer.turn(1);
  std::string text;
  REQUIRE(load_document(desk.disk, folder.path(), "doc-kept.json", text).empty());
  CHECK(text == "two");
  REQUIRE(load_document(desk.disk, folder.path(), "doc-scenes-1.json", text).empty());
  CHECK(text == "three");
  desk.writer.finish(2);
  const StoredState state = load_state(folder.path());
  CHECK(state.warnings.empty());
  CHECK(values(state).at("/ch/1/fader") == Value(-5.0f));
  CHECK(desk.said.empty());
  CHECK_FALSE(load_document(desk.disk, folder.path(), "doc-other.json", text).empty());
}

TEST_CASE("store: a document that a full disk does not take leaves the one before, is told once and tried again",
          "[daemon][store]") {
  const TemporaryFolder folder;
  StoredDesk desk(folder.path());
  desk.writer.change_document("doc-kept.json", "before");
  desk.writer.turn(0);
  desk.disk.full = true;
  desk.writer.change_document("doc-kept.json", "after");
  double next_s = desk.writer.turn(10);
  CHECK(next_s <= 11);
  CHECK(desk.writer.failing());
  for (int i = 0; i < 5; ++i) next_s = desk.writer.turn(next_s);
  REQUIRE(desk.said.size() == 1);
  CHECK_THAT(desk.said[0], Catch::Contains("doc-kept.json"));
  std::string text;
  REQUIRE(load_document(desk.disk, folder.path(), "doc-kept.json", text).empty());
  CHECK(text == "before");
  desk.disk.full = false;
  desk.writer.turn(next_s);
  CHECK_FALSE(desk.writer.failing());
  REQUIRE(load_document(desk.disk, folder.path(), "doc-kept.json", text).empty());
  CHECK(text == "after");
  REQUIRE(desk.said.size() == 2);
  CHECK_THAT(desk.said[1], Catch::Contains("Documents are being saved again"));
}

TEST_CASE("store: a document has a plain name, and not that of the mix", "[daemon][store]") {
  for (const char* name : {"doc-kept.json", "doc-scenes-12.json", "doc-a.json"}) CHECK(is_document_name(name));
  for (const char* name : {"", ".json", "doc-.json", "doc-kept", "doc-Kept.json", "doc-../kept.json", "doc-a/b.json",
                           "kept.json", "approvals.json", "state-000001.json", "doc-kept.json.part",
                           "doc-k\xC3\xA4se.json", "doc-kept .json", "doc.json"}) {
    CHECK_FALSE(is_document_name(name));
  }
  CHECK_FALSE(is_document_name("doc-" + std::string(65, 'a') + ".json"));
}

TEST_CASE("store: documents of a desk at work reach the disk with its thread", "[daemon][store]") {
  const TemporaryFolder folder;
  {
    Store store(folder.path(), StateMeta(), {{"/ch/1/fader", -90.0f}}, [](const std::string&) {});
    CHECK(store.submit_document("doc-kept.json", "one"));
    CHECK_FALSE(store.submit_document("../kept.json", "one"));
  }
  CHECK(text_of(folder.path() + "/doc-kept.json") == "one");
}

TEST_CASE("store: a document that cannot be written holds up no other", "[daemon][store]") {
  const TemporaryFolder folder;
  StoredDesk desk(folder.path());
  desk.writer.turn(0);
  fs::create_directories(folder.path() + "/doc-a.json/in-the-way");
  desk.writer.change_document("doc-a.json", "a");
  desk.writer.change_document("doc-b.json", "b");
  desk.writer.turn(1);
  CHECK(text_of(folder.path() + "/doc-b.json") == "b");
  CHECK(desk.writer.failing());
  fs::remove_all(folder.path() + "/doc-a.json");
  desk.writer.turn(10);
  CHECK(text_of(folder.path() + "/doc-a.json") == "a");
  CHECK_FALSE(desk.writer.failing());
}
