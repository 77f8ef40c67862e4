// A state folder with files that no desk wrote, a disk that stands still, memory that runs out: the mix is kept, or it
// is said that it is not.
#include <sys/stat.h>

#include <atomic>
#include <catch2/catch.hpp>
#include <condition_variable>
#include <filesystem>
#include <mutex>
#include <new>

#include "daemon/store/state_load.h"
#include "daemon/store/state_writer.h"
#include "daemon/store/store.h"
#include "tests/temporary_folder.h"

using namespace fohd;
using Catch::Contains;
using test::TemporaryFolder;
using test::write_text;
namespace fs = std::filesystem;

namespace {

/// A StateWriter over a folder, with what it says.
struct Kept {
  explicit Kept(const fs::path& folder, FileSystem& disk)
      : writer(disk, folder.string(), StateMeta(), {{"/ch/1/fader", -90.0f}},
               [this](const std::string& text) { said.push_back(text); }, {}) {}
  void set(float level_db) { writer.change({{"/ch/1/fader", level_db}}); }
  std::vector<std::string> said;
  StateWriter writer;
};

Value fader(const StoredState& state) {
  for (const auto& [address, value] : state.values) {
    if (address == "/ch/1/fader") return value;
  }
  return std::string("missing");
}

std::size_t bytes_in(const fs::path& folder) {
  std::size_t bytes = 0;
  for (const auto& entry : fs::directory_iterator(folder)) {
    if (entry.is_regular_file()) bytes += entry.file_size();
  }
  return bytes;
}

const std::vector<std::string> kAbsurd = {"18446744073709551615", "18446744073709551614", "9223372036854775807",
                                          "1000000000000000", std::string(60, '9')};

}  // namespace

TEST_CASE("store: an absurd number in a name is ignored with a warning, and the desk goes on from the sane ones",
          "[daemon][store]") {
  for (const std::string& number : kAbsurd) {
    for (const char* suffix : {".json", ".log", ".json.part"}) {
      CAPTURE(number, suffix);
      TemporaryFolder folder;
      FileSystem disk;
      write_text(folder / ("state-" + number + suffix), "{}");
      float level_db = -1;
      for (int start = 1; start <= 4; ++start, level_db -= 1) {
        const StoredState before = load_state(folder.path().string());
        CHECK(before.found == (start > 1));
        if (start > 1) CHECK(fader(before) == Value(level_db + 1));
        const bool is_part = std::string(suffix) == ".json.part";
        if (!is_part) {
          REQUIRE(before.warnings.size() == 1);
          CHECK_THAT(before.warnings[0], Contains("state-" + number + suffix) && Contains("ignored"));
        }
        Kept desk(folder.path(), disk);
        for (int second = 0; second < 5; ++second) {
          desk.set(level_db);
          desk.writer.turn(second);
        }
        desk.writer.finish(6);
        CHECK(desk.said.empty());
      }
      CHECK(bytes_in(folder.path()) < 10'000);  // a few generations of one value, not a flood of them
    }
  }
}

TEST_CASE("store: where no number is left the mix is not kept in silence", "[daemon][store]") {
  TemporaryFolder folder;
  FileSystem disk;
  write_text(folder / "state-999999999999999.json", R"({"values": {"/ch/1/fader": -6.0}})");
  Kept desk(folder.path(), disk);
  desk.writer.turn(0);
  CHECK(desk.writer.failing());
  REQUIRE(desk.said.size() == 1);
  CHECK_THAT(desk.said[0], Contains("no number is left") && Contains(folder.path().string()));
  fs::remove(folder / "state-999999999999999.json");
  desk.writer.turn(10);
  CHECK_FALSE(desk.writer.failing());
  CHECK(fader(load_state(folder.path().string())) == Value(-90.0f));
}

TEST_CASE("store: whatever lies where a file will be written, the mix is kept in the end", "[daemon][store]") {
  for (const char* name : {"state-000001.json.part", "state-000001.log", "state-000001.json"}) {
    for (const char* kind : {"pipe", "folder", "full folder", "device", "link to itself"}) {
      CAPTURE(name, kind);
      TemporaryFolder folder;
      FileSystem disk;
      const std::string what = kind;
      const fs::path path = folder / name;
      if (what == "pipe") ::mkfifo(path.c_str(), 0644);
      if (what.ends_with("folder")) fs::create_directory(path);
      if (what == "full folder") write_text(path / "a", "x");
      if (what == "device") fs::create_symlink("/dev/zero", path);
      if (what == "link to itself") fs::create_symlink(path.filename(), path);
      Kept desk(folder.path(), disk);
      desk.set(-3);
      for (int second = 0; second < 3; ++second) desk.writer.turn(second);
      CHECK_FALSE(desk.writer.failing());
      desk.set(-4);
      desk.writer.turn(10);
      CHECK(fader(load_state(folder.path().string())) == Value(-4.0f));
    }
  }
}

TEST_CASE("store: memory that runs out is said, forgets no change, and its end is said too", "[daemon][store]") {
  class PoorDisk : public FileSystem {
   public:
    std::atomic<bool> poor{false};
    std::string write(const std::string& path, std::string_view text) override {
      if (poor) throw std::bad_alloc();
      return FileSystem::write(path, text);
    }
    std::string append(const std::string& path, std::uint64_t offset, std::string_view text) override {
      if (poor) throw std::bad_alloc();
      return FileSystem::append(path, offset, text);
    }
  };
  TemporaryFolder folder;
  PoorDisk disk;
  disk.poor = true;
  std::mutex mutex;
  std::condition_variable heard;
  std::vector<std::string> said;
  const auto wait_for = [&](std::size_t count) {
    std::unique_lock lock(mutex);
    heard.wait(lock, [&] { return said.size() >= count; });
    return said[count - 1];
  };
  {
    Store store(
        folder.path().string(), StateMeta(), {{"/ch/1/fader", -90.0f}},
        [&](const std::string& text) {
          const std::lock_guard lock(mutex);
          said.push_back(text);
          heard.notify_all();
        },
        {}, &disk);
    CHECK_THAT(wait_for(1), Contains("not enough memory") && Contains("not being saved"));
    CHECK(store.failing());
    store.submit(std::vector<AddressedValue>{{"/ch/1/fader", -12.0f}});
    disk.poor = false;
    CHECK_THAT(wait_for(2), Contains("being saved again"));
  }
  CHECK(said.size() == 2);
  CHECK(fader(load_state(folder.path().string())) == Value(-12.0f));
}

TEST_CASE("store: of changes that memory was short for, the rest is noted at the next turn", "[daemon][store]") {
  TemporaryFolder folder;
  FileSystem disk;
  Kept desk(folder.path(), disk);
  desk.writer.stumbled(0, "there is not enough memory");
  desk.writer.stumbled(1, "there is not enough memory");
  CHECK(desk.said.size() == 1);  // once a minute
  CHECK(desk.writer.failing());
  desk.writer.stumbled(61, "there is not enough memory");
  CHECK(desk.said.size() == 2);
  desk.writer.works_again();
  CHECK(desk.said.size() == 3);
  desk.writer.works_again();
  CHECK(desk.said.size() == 3);
  std::vector<AddressedValue> changes = {{"/ch/1/fader", -1.0f}, {"/ch/2/fader", -2.0f}};
  desk.writer.change(std::move(changes));
  CHECK(changes.empty());  // NOLINT(bugprone-use-after-move): what is left is what was not noted
}

TEST_CASE("store: a disk that stands still does not keep the desk from ending", "[daemon][store]") {
  /// Writes nothing until it is let go.
  class StuckDisk : public FileSystem {
   public:
    std::string write(const std::string& path, std::string_view text) override {
      {
        std::unique_lock lock(mutex_);
        reached_ = true;
        changed_.notify_all();
        changed_.wait(lock, [this] { return free_; });
      }
      return FileSystem::write(path, text);
    }
    void unlock() override {
      FileSystem::unlock();
      const std::lock_guard lock(mutex_);
      ended_ = true;
      changed_.notify_all();
    }
    void wait_until_reached() {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [this] { return reached_; });
    }
    void let_go_and_wait() {
      std::unique_lock lock(mutex_);
      free_ = true;
      ended_ = false;
      changed_.notify_all();
      changed_.wait(lock, [this] { return ended_; });
    }

   private:
    std::mutex mutex_;
    std::condition_variable changed_;
    bool reached_ = false, free_ = false, ended_ = false;
  };
  TemporaryFolder folder;
  static StuckDisk disk;  // the thread that is left behind uses it to its end
  {
    Store store(folder.path().string(), StateMeta(), {{"/ch/1/fader", -5.0f}}, nullptr, {}, &disk);
    disk.wait_until_reached();
    CHECK_FALSE(store.finish(std::chrono::milliseconds(20)));
    CHECK(store.finish(std::chrono::milliseconds(20)));  // it is not waited for twice
  }
  disk.let_go_and_wait();
  CHECK(fader(load_state(folder.path().string())) == Value(-5.0f));
}
