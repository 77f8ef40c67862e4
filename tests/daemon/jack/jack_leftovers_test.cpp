// On a /dev/shm and a /proc of paper.
#include "daemon/jack/jack_leftovers.h"

#include <catch2/catch.hpp>
#include <cstring>
#include <filesystem>

#include "tests/temporary_folder.h"

using namespace fohd;
using Texts = std::vector<std::string>;

namespace {

constexpr uid_t kAda = 1000, kBob = 1001;

class PaperMachine {
 public:
  PaperMachine() { system.root = folder_.path().string(); }

  void put(const std::string& path, const std::string& text) const {
    const std::filesystem::path file = system.root + path;
    std::filesystem::create_directories(file.parent_path());
    test::write_text(file, text);
  }
  void add_process(int id, const std::string& name, uid_t user, const std::string& state = "S (sleeping)") const {
    const std::string proc = "/proc/" + std::to_string(id), number = std::to_string(user);
    put(proc + "/comm", name + "\n");
    put(proc + "/cmdline", name + '\0' + "-n" + '\0' + "stage" + '\0');
    put(proc + "/status", "Name:\t" + name + "\nState:\t" + state + "\nUid:\t" + number + "\t" + number + "\n");
  }
  void add_database(uid_t user) const { put(database(user) + "/__db.001", "locked"); }
  bool has_database(uid_t user) const { return std::filesystem::exists(system.root + database(user)); }
  static std::string database(uid_t user) { return "/dev/shm/jack_db-" + std::to_string(user); }

  /// jackd2's registry, byte by byte: a head of 24, then eight places of 264, each a process and a name.
  struct Place {
    std::int32_t process;
    std::string name;
  };
  void put_registry(const std::vector<Place>& places, std::uint32_t magic = 0x4a41434b) const {
    std::string bytes(70744, '\0');
    const auto number = [&](std::size_t at, std::uint32_t value) { std::memcpy(bytes.data() + at, &value, 4); };
    number(0, magic), number(8, 1), number(12, 70744), number(16, 2136), number(20, 268);
    for (std::size_t i = 0; i < places.size(); ++i) {
      number(24 + i * 264, static_cast<std::uint32_t>(places[i].process));
      places[i].name.copy(bytes.data() + 24 + i * 264 + 4, places[i].name.size());
    }
    put("/dev/shm/jack-shm-registry", bytes);
  }
  std::string registry() const { return machine::read(system, "/dev/shm/jack-shm-registry"); }
  std::string clear(uid_t user, Texts& removed) const { return clear_jack_leftovers(system, user, removed); }

  machine::SystemFiles system;

 private:
  test::TemporaryFolder folder_;
};

}  // namespace

TEST_CASE("jack leftovers: the database of a dead server is removed, another user's is not", "[daemon][jack]") {
  const PaperMachine paper;
  paper.add_database(kAda);
  paper.add_database(kBob);
  paper.add_process(70, "jackd", kBob);
  CHECK(jack_leftovers(paper.system, kAda).database == PaperMachine::database(kAda));
  CHECK(paper.has_database(kAda));  // looking changes nothing
  Texts removed;
  CHECK(paper.clear(kAda, removed).empty());
  CHECK(removed.size() == 1);
  CHECK_FALSE(paper.has_database(kAda));
  CHECK(paper.has_database(kBob));
  removed.clear();
  CHECK(paper.clear(kAda, removed).empty());
  CHECK(removed.empty());  // nothing left to do
}

TEST_CASE("jack leftovers: while a server of the user runs nothing is touched", "[daemon][jack]") {
  for (const char* name : {"jackd", "jackdmp", "jackdbus"}) {
    CAPTURE(name);
    const PaperMachine paper;
    paper.add_database(kAda);
    paper.put_registry({{4711, "jack-1000:dead:"}});
    paper.add_process(70, name, kAda);
    CHECK(jack_leftovers(paper.system, kAda).database.empty());
    Texts removed;
    CHECK(paper.clear(kAda, removed).empty());
    CHECK(removed.empty());
    CHECK(paper.has_database(kAda));
    CHECK(jack_leftovers(paper.system, kAda).places == Texts{"1000:dead"});
    // One that was killed and that its parent has not fetched yet is none.
    paper.add_process(70, name, kAda, "Z (zombie)");
    CHECK(paper.clear(kAda, removed).empty());
    CHECK_FALSE(paper.has_database(kAda));
  }
}

TEST_CASE("jack leftovers: a server with another /dev/shm, in a container, is none of ours", "[daemon][jack]") {
  const PaperMachine paper;
  paper.add_database(kAda);
  paper.add_process(70, "jackd", kAda);
  paper.put("/proc/70/root/dev/shm/jack_db-1000/__db.001", "its own");
  CHECK(jack_leftovers(paper.system, kAda).database == PaperMachine::database(kAda));
  const PaperMachine same;
  same.add_database(kAda);
  same.add_process(70, "jackd", kAda);
  std::filesystem::create_directory_symlink(same.system.root, same.system.root + "/proc/70/root");
  CHECK(jack_leftovers(same.system, kAda).database.empty());
}

TEST_CASE("jack leftovers: a server inside of another program is known by its place", "[daemon][jack]") {
  const PaperMachine paper;
  paper.add_database(kAda);
  paper.put_registry({{80, "jack-1000:inside:"}});
  paper.add_process(80, "ardour", kAda);
  Texts removed;
  CHECK(paper.clear(kAda, removed).empty());
  CHECK(paper.has_database(kAda));
  CHECK(paper.clear(kBob, removed).empty());  // whose there is nothing of
  CHECK(removed.empty());
}

TEST_CASE("jack leftovers: places of dead servers become free, those of living ones stay", "[daemon][jack]") {
  const PaperMachine paper;
  std::vector<PaperMachine::Place> places;
  for (int i = 0; i < 8; ++i) places.push_back({900 + i, "jack-1000:show" + std::to_string(i) + ":"});
  places[3] = {70, "jack-1001:bobs:"};
  paper.put_registry(places);
  paper.add_process(70, "jackd", kBob);
  CHECK(jack_leftovers(paper.system, kAda).places.size() == 7);
  CHECK(jack_leftovers(paper.system, kAda).no_place_left);
  Texts removed;
  CHECK(paper.clear(kAda, removed).empty());
  CHECK(removed.size() == 7);
  CHECK(jack_leftovers(paper.system, kAda).places.empty());
  CHECK_FALSE(jack_leftovers(paper.system, kAda).no_place_left);
  const PaperMachine expected;
  expected.put_registry({{0, ""}, {0, ""}, {0, ""}, {70, "jack-1001:bobs:"}});
  CHECK(paper.registry() == expected.registry());
}

TEST_CASE("jack leftovers: a registry of another form is left alone", "[daemon][jack]") {
  const PaperMachine paper;
  paper.put_registry({{4711, "jack-1000:dead:"}}, 0x12345678);
  const std::string before = paper.registry();
  Texts removed;
  CHECK(paper.clear(kAda, removed).empty());
  CHECK(removed.empty());
  CHECK(paper.registry() == before);
  paper.put("/dev/shm/jack-shm-registry", "short");
  CHECK(paper.clear(kAda, removed).empty());
  CHECK(jack_leftovers(paper.system, kAda).places.empty());
}

TEST_CASE("jack leftovers: a server is known by its name and its user", "[daemon][jack]") {
  const PaperMachine paper;
  paper.add_process(70, "jackd", kBob);
  CHECK(jack_server_called(paper.system, "stage", kBob).id == 70);
  CHECK(jack_server_called(paper.system, "stage", kAda).id == 0);
  CHECK(jack_server_called(paper.system, "default", kBob).id == 0);
  CHECK(jack_server_name("jackd -d alsa -n 3") == "default");
  CHECK(jack_server_name("jackd --name=a -d dummy") == "a");
}
