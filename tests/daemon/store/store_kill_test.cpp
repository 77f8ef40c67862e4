// kill -9 in the middle of changes. The children run the real store with its real interval of one second.
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <catch2/catch.hpp>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <random>
#include <thread>

#include "daemon/store/store.h"

using namespace fohd;

namespace {

constexpr int kChildren = 20, kRounds = 6, kAddresses = 10, kLongest = 20'000;
constexpr auto kTurn = std::chrono::milliseconds(2);
// Children live for as long as kLife, so a store that forgets more than a second and its disk time would show.
// Measured: 1.0 s, with three compilers beside it.
constexpr double kLife_s = 3, kOldestAllowed_s = 2;

double now_s() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

/// What one child has asked for, in memory that outlives it.
struct Diary {
  std::atomic<int> submitted{0};            // changes 1..n
  std::array<double, kLongest + 1> when_s;  // of each
};

std::string address(int change) { return "/ch/" + std::to_string(change % kAddresses + 1) + "/fader"; }

/// Change n sets one address to n and, in the same submit, "/twin" to n: they must never be seen apart.
[[noreturn]] void ride_faders(const std::string& folder, Diary& diary) {
  std::vector<AddressedValue> initial = {{"/twin", 0}};
  for (int i = 0; i < kAddresses; ++i) initial.emplace_back(address(i), 0);
  StoreOptions options;
  options.generation_interval_s = 0.05;  // so that kills fall into generations too
  Store store(folder, StateMeta(), initial, nullptr, options);
  for (int change = 1; change <= kLongest; ++change) {
    diary.when_s[static_cast<std::size_t>(change)] = now_s();
    store.submit(std::vector<AddressedValue>{{address(change), change}, {"/twin", change}});
    diary.submitted.store(change, std::memory_order_release);
    std::this_thread::sleep_for(kTurn);
  }
  ::_exit(1);
}

}  // namespace

TEST_CASE("store: after kill -9 at any moment the mix loads whole, at most a second and its disk time old",
          "[daemon][store][kill]") {
  const unsigned seed = 20261122;
  CAPTURE(seed);
  std::mt19937 random(seed);
  const auto root = std::filesystem::temp_directory_path() / ("fohd-kill-" + std::to_string(::getpid()));
  void* memory = ::mmap(nullptr, sizeof(Diary) * kChildren, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  REQUIRE(memory != MAP_FAILED);
  auto* diaries = static_cast<Diary*>(memory);
  double oldest_s = 0;
  int kills = 0, with_changes = 0;

  for (int round = 0; round < kRounds; ++round) {
    struct Child {
      pid_t pid;
      double end_s;
      std::string folder;
    };
    std::vector<Child> children;
    for (int i = 0; i < kChildren; ++i) {
      const std::string folder = (root / (std::to_string(round) + "-" + std::to_string(i))).string();
      Diary* diary = new (diaries + i) Diary;
      const pid_t pid = ::fork();
      if (pid == 0) ride_faders(folder, *diary);
      REQUIRE(pid > 0);
      children.push_back({pid, now_s() + kLife_s * static_cast<double>(random()) / 4294967296.0, folder});
    }
    for (int i = 0; i < kChildren; ++i) {
      // In order of fork, not of time: a child lives at least as long as it should.
      Child& child = children[static_cast<std::size_t>(i)];
      std::this_thread::sleep_for(std::chrono::duration<double>(std::max(0.0, child.end_s - now_s())));
      ::kill(child.pid, SIGKILL);
      const double killed_s = now_s();
      int status = 0;
      REQUIRE(::waitpid(child.pid, &status, 0) == child.pid);
      REQUIRE(WIFSIGNALED(status));
      ++kills;

      const StoredState state = load_state(child.folder);
      CAPTURE(child.folder);
      if (!state.found) {  // killed before the first generation had its name
        CHECK(diaries[i].when_s[1] + 1 > killed_s);
        continue;
      }
      int newest = 0, twin = -1;
      for (const auto& [name, value] : state.values) {
        if (name == "/twin")
          twin = std::get<std::int32_t>(value);
        else
          newest = std::max(newest, std::get<std::int32_t>(value));
      }
      CHECK(twin == newest);
      const int submitted = diaries[i].submitted.load(std::memory_order_acquire);
      CHECK(newest <= submitted + 1);
      int missing = 0;  // every change up to the newest is there: nothing in the middle is lost
      for (const auto& [name, value] : state.values) {
        if (name != "/twin" && newest > kAddresses) missing += std::get<std::int32_t>(value) <= newest - kAddresses;
      }
      CHECK(missing == 0);
      if (newest > 0) ++with_changes;
      if (newest < submitted) {
        oldest_s = std::max(oldest_s, killed_s - diaries[i].when_s[static_cast<std::size_t>(newest + 1)]);
      }
    }
  }
  std::filesystem::remove_all(root);
  ::munmap(memory, sizeof(Diary) * kChildren);
  CHECK(with_changes > kills / 2);
  CHECK(oldest_s < kOldestAllowed_s);
  std::printf("store: %d kills, %d with changes on disk; the oldest change lost was %.3f s old\n", kills, with_changes,
              oldest_s);
}
