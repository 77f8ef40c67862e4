#include "daemon/audio/audio_core.h"

#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <catch2/catch.hpp>
#include <cmath>
#include <csignal>
#include <limits>
#include <memory>
#include <mutex>
#include <random>
#include <thread>

#include "control/desk/desk.h"
#include "control/targets/target_designer.h"
#include "daemon/audio/realtime_guard.h"

using namespace fohd;

namespace {

constexpr double kRate = 48000;
const Geometry kDesk{.inputs = 2, .buses = 1};

/// A core with a desk above it: input 1 to main at unity, panned hard left.
struct Rig {
  explicit Rig(SourceProvider* source = nullptr, TapConsumer* tap = nullptr) : core(kDesk, kRate) {
    if (source != nullptr) core.engine().source_swap().offer(std::make_unique<SourceSet>(SourceSet{{source}}));
    if (tap != nullptr) {
      const TapRequest main{tap, {TapPoint::of_output(0), TapPoint::of_output(1)}};
      core.engine().tap_swap().offer(std::make_unique<TapSet>(kDesk, std::vector{main}, kMaxTapFrames));
    }
    set("/ch/1/fader", 0.0f);
    set("/ch/1/pan", -100.0f);
    set("/main/fader", 0.0f);
    publish();
  }
  void set(const std::string& address, Value value) {
    const auto id = desk.table().find(address);
    REQUIRE(id.has_value());
    std::string error;
    REQUIRE(desk.apply({}, std::vector<Change>{{*id, std::move(value)}}, error));
  }
  void publish() {
    designer.update();
    designer.publish(core.engine(), core.targets());
  }
  /// Runs `frames` with input 1 at `level`; the last block is in `left`.
  void run(int frames, float level) {
    input.assign(static_cast<std::size_t>(frames), level);
    left.assign(static_cast<std::size_t>(frames), 9);
    right = bus = left;
    const float* inputs[] = {input.data(), nullptr};
    float* outputs[] = {left.data(), right.data(), bus.data()};
    core.process(inputs, outputs, frames);
  }
  Desk desk{kDesk};
  AudioCore core;
  TargetDesigner designer{desk, kRate};
  std::vector<float> input, left, right, bus;
};

struct Replace : SourceProvider {
  void feed(std::span<const float*> inputs, int frames) noexcept override {
    longest = std::max(longest, frames);
    inputs[0] = buffer.data();
  }
  std::vector<float> buffer = std::vector<float>(kMaxTapFrames, 0.25f);
  int longest = 0;
};

struct Listen : TapConsumer {
  void take(std::span<const float* const> outputs, int frames) noexcept override {
    last = outputs[0][frames - 1];
    total += frames;
  }
  float last = 0;
  int total = 0;
};

}  // namespace

TEST_CASE("audio core: a signal reaches main at the gain of the desk once the start ramp is over", "[daemon][audio]") {
  Rig rig;
  rig.run(48000, 0.5f);
  CHECK(rig.left.front() == Approx(0).margin(0.01));  // the shutter opens in 200 ms
  rig.run(256, 0.5f);
  CHECK(rig.left.back() == Approx(0.5).epsilon(1e-4));
  CHECK(rig.right.back() == Approx(0).margin(1e-6));
}

TEST_CASE("audio core: the shutdown flag shuts the outputs in 20 ms and says when a whole callback was silent",
          "[daemon][audio]") {
  Rig rig;
  rig.run(48000, 0.5f);
  REQUIRE(rig.left.back() != 0);
  CHECK_FALSE(rig.core.is_shut());
  CHECK_FALSE(AudioCore::in_callback());
  rig.core.shutdown().raise();
  rig.run(961, 0.5f);  // 20 ms at 48 kHz, and what rounding leaves
  CHECK(rig.left.front() != 0);
  CHECK(rig.left.back() == 0);
  CHECK_FALSE(rig.core.is_shut());  // the end of the ramp is still on its way to the converter
  rig.run(64, 0.5f);
  CHECK(rig.core.is_shut());
  CHECK_FALSE(rig.core.panic().raised());
}

TEST_CASE("audio core: the panic flag shuts the outputs without the control thread, and opens them slowly",
          "[daemon][audio]") {
  Rig rig;
  rig.run(48000, 0.5f);
  rig.core.panic().raise();
  rig.run(960, 0.5f);  // 20 ms
  CHECK(rig.left[480] == Approx(0.25).epsilon(0.01));
  CHECK(rig.left.back() == Approx(0).margin(1e-4));
  for (std::size_t n = 1; n < rig.left.size(); ++n) CHECK(std::abs(rig.left[n] - rig.left[n - 1]) < 0.5 / 900);
  rig.run(4800, 0.5f);
  CHECK(rig.left.back() == 0);
  rig.core.panic().lower();
  rig.run(12000, 0.5f);  // half of 500 ms
  CHECK(rig.left.back() == Approx(0.25).epsilon(0.01));
  rig.run(12001, 0.5f);
  CHECK(rig.left.back() == Approx(0.5).epsilon(1e-3));
}

TEST_CASE("audio core: a source can take the place of an input, a tap of an output hears what leaves",
          "[daemon][audio]") {
  Replace player;
  Listen recorder;
  Rig rig(&player, &recorder);
  rig.run(48000, 0.9f);
  CHECK(player.longest == kMaxTapFrames);
  CHECK(recorder.total == 48000);
  CHECK(recorder.last == Approx(0.25).epsilon(1e-4));
}

TEST_CASE("audio core: a tap hears main even where the caller wants no output", "[daemon][audio]") {
  Listen recorder;
  Rig rig(nullptr, &recorder);
  const std::vector<float> input(48000, 0.5f);
  const float* inputs[] = {input.data(), nullptr};
  float* outputs[] = {nullptr, nullptr, nullptr};
  rig.core.process(inputs, outputs, 48000);
  CHECK(recorder.last == Approx(0.5).epsilon(1e-4));
}

TEST_CASE("audio core: any split of the same input gives the same bits", "[daemon][audio]") {
  const auto render = [](int block) {
    Rig rig;
    std::vector<float> out;
    for (int done = 0; done < 14000; done += block) {
      rig.run(std::min(block, 14000 - done), 0.7f);
      out.insert(out.end(), rig.left.begin(), rig.left.end());
    }
    return out;
  };
  const auto whole = render(14000);
  for (int block : {1, 7, 64, 100, 1024, 4096}) {
    CAPTURE(block);
    CHECK(render(block) == whole);
  }
}

TEST_CASE("audio core: a peak between two looks at the meters is not lost", "[daemon][audio]") {
  Rig rig;
  rig.run(48000, 0.1f);
  rig.core.meters().read();
  rig.run(64, 0.1f);
  rig.run(64, 0.8f);
  rig.run(64, 0.1f);
  CHECK(rig.core.meters().read().strips[0].pre_peak == Approx(0.8).epsilon(1e-3));
  rig.run(64, 0.1f);
  rig.run(64, 0.1f);
  CHECK(rig.core.meters().read().strips[0].pre_peak == Approx(0.1).epsilon(1e-3));
}

TEST_CASE("audio core: a peak anywhere in a long period is not lost either", "[daemon][audio]") {
  // The reader takes a frame before each of two periods and looks again after both.
  Rig rig;
  rig.run(48000, 0.1f);
  rig.core.meters().read();
  std::vector<float> in(4 * kMaxTapFrames, 0.1f), out(in.size());
  in[10] = 0.8f;  // in the first of the parts that a long period is cut into
  const float* inputs[] = {in.data(), nullptr};
  float* outputs[] = {out.data(), nullptr, nullptr};
  rig.core.process(inputs, outputs, static_cast<int>(in.size()));
  rig.run(64, 0.1f);
  CHECK(rig.core.meters().read().strips[0].pre_peak == Approx(0.8).epsilon(1e-3));
}

TEST_CASE("audio core: a strip that was muted for safety comes back when the flag asks for it", "[daemon][audio]") {
  Rig rig;
  rig.run(48000, 0.5f);
  for (int times = 0; times < 3; ++times) {  // within a second
    rig.run(64, std::numeric_limits<float>::quiet_NaN());
    rig.run(64, 0.5f);
  }
  rig.run(2000, 0.5f);  // longer than the 20 ms after which a strip returns
  REQUIRE(rig.left.back() == 0);
  REQUIRE(rig.core.meters().read().safety_mutes[0] == 1);
  rig.core.safety_mutes_clear().raise();
  rig.run(2000, 0.5f);
  CHECK(rig.left.back() == Approx(0.5).epsilon(1e-4));
  CHECK(rig.core.meters().read().safety_mutes[0] == 0);
  CHECK_FALSE(rig.core.safety_mutes_clear().raised());
}

TEST_CASE("audio core: callbacks, frames and the load histogram are counted", "[daemon][audio]") {
  Rig rig;
  for (int i = 0; i < 10; ++i) rig.run(64, 0);
  const AudioCounters& counters = rig.core.counters().read();
  CHECK(counters.callbacks == 10);
  CHECK(counters.frames == 640);
  CHECK(counters.period_frames == 64);
  std::uint64_t total = 0;
  for (auto n : counters.load_histogram) total += n;
  CHECK(total == 10);
  CHECK(counters.block_ns_max > 0);
}

TEST_CASE("audio core: a callback that begins a period late has missed its deadline, except in freewheel",
          "[daemon][audio]") {
  Rig rig;
  const float* inputs[] = {nullptr, nullptr};
  float* outputs[] = {nullptr, nullptr, nullptr};
  constexpr std::uint64_t kLateNs = 2'000'000;  // 64 frames last 1.33 ms
  rig.core.process(inputs, outputs, 64, kLateNs);
  CHECK(rig.core.counters().read().deadline_misses == 1);
  rig.core.freewheel().raise();
  rig.core.process(inputs, outputs, 64, kLateNs);
  CHECK(rig.core.counters().read().deadline_misses == 1);
}

TEST_CASE("audio core: subnormal numbers are zero inside the callback", "[daemon][audio]") {
  struct Measure : TapConsumer {
    void take(std::span<const float* const>, int) noexcept override {
      volatile float small = std::numeric_limits<float>::min();
      volatile float half = 0.5f;
      flushed = small * half == 0.0f;
    }
    bool flushed = false;
  } measure;
  Rig rig(nullptr, &measure);
  rig.run(64, 0);
  CHECK(measure.flushed);
}

#if FOHD_REALTIME_GUARD
namespace {

/// The signal that ends a child which does `work`; 0 if none.
template <class Work>
int signal_of(Work work) {
  const pid_t child = ::fork();
  if (child == 0) {
    std::signal(SIGABRT, SIG_DFL);  // Catch2 listens to it
    ::close(STDERR_FILENO);
    work();
    ::_exit(0);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

}  // namespace

TEST_CASE("realtime guard: allocating, freeing or locking inside the callback aborts a debug build",
          "[daemon][audio]") {
  int* volatile outside = new int(1);
  std::mutex mutex;
  CHECK(signal_of([] {
          const RealtimeSection section;
          int* volatile inside = new int(2);
          delete inside;
        }) == SIGABRT);
  CHECK(signal_of([&] {
          const RealtimeSection section;
          delete outside;
        }) == SIGABRT);
  CHECK(signal_of([&] {
          const RealtimeSection section;
          const std::lock_guard lock(mutex);
        }) == SIGABRT);
  CHECK(signal_of([&] {
          { const RealtimeSection section; }
          const std::lock_guard lock(mutex);
          delete outside;
        }) == 0);
  delete outside;
}
#endif

TEST_CASE("audio core: a callback that does not end can be told from one that is not called", "[daemon][audio]") {
  struct Look : TapConsumer {
    void take(std::span<const float* const>, int) noexcept override { busy = core->is_busy(); }
    AudioCore* core = nullptr;
    bool busy = false;
  } look;
  Rig rig(nullptr, &look);
  look.core = &rig.core;
  CHECK_FALSE(rig.core.is_busy());
  rig.run(64, 0.1f);
  CHECK(look.busy);
  CHECK_FALSE(rig.core.is_busy());
}

TEST_CASE("audio core: effects come, are turned, killed and go while the audio thread runs", "[daemon][effect]") {
  Rig rig;
  rig.set("/ch/1/send/1/level", 0.0f);
  for (const char* side : {"left", "right"}) rig.set(std::string("/fx/1/source/") + side, std::string("bus_1"));
  rig.set("/fx/1/reverb/decay", 0.3f);
  rig.publish();
  std::atomic<bool> done{false};
  std::atomic<int> blocks{0};
  bool finite = true, silent = true;
  std::thread audio([&] {
    std::mt19937 random(1);
    std::uniform_real_distribution<float> noise(-0.1f, 0.1f);
    std::vector<float> in(64), left(64), right(64), bus(64);
    while (!done) {
      for (float& x : in) x = noise(random);
      const float* inputs[] = {in.data(), nullptr};
      float* outputs[] = {left.data(), right.data(), bus.data()};
      rig.core.process(inputs, outputs, 64);
      for (const float x : right) finite &= std::isfinite(x), silent &= x == 0;  // the channel itself is hard left
      ++blocks;
    }
  });
  for (int turn = 0; turn < 300; ++turn) {
    const int before = blocks;
    rig.set("/fx/1/type", std::string(turn % 3 == 2 ? "none" : "reverb"));
    rig.set("/fx/1/reverb/size", static_cast<float>(2 + turn % 90));
    if (turn % 3 == 1) rig.set("/fx/1/type", std::string("none")), rig.set("/fx/1/type", std::string("reverb"));
    if (turn % 5 == 0) rig.designer.kill_effect(0);
    rig.publish();
    while (blocks < before + turn % 7) std::this_thread::yield();  // some changes overtake others
    rig.designer.collect(rig.core.engine());
  }
  done = true;
  audio.join();
  CHECK(finite);
  CHECK_FALSE(silent);
}
