// Taps and sources come and go while audio runs: for the thread sanitizer.
#include <atomic>
#include <catch2/catch.hpp>
#include <memory>
#include <thread>

#include "engine/engine.h"

using namespace fohd;

namespace {

constexpr Geometry kDesk{.inputs = 4, .returns = 0, .buses = 1};
constexpr int kRounds = 2000, kFrames = 64;

/// Plain numbers on purpose: whose turn it is to read them is what is tested.
struct Listener final : TapConsumer {
  void take(std::span<const float* const> points, int frames) noexcept override {
    ++calls;
    good = good && points.size() == 1 && frames == kFrames && points[0][0] == points[0][frames - 1];
  }
  int calls = 0;
  bool good = true;
};
struct Feeder final : SourceProvider {
  void feed(std::span<const float*> sources, int) noexcept override {
    ++calls;
    sources[kDesk.inputs] = sound.data();
  }
  std::vector<float> sound = std::vector<float>(kFrames, 0.25f);
  int calls = 0;
};

}  // namespace

TEST_CASE("taps and sources: lists change while audio runs, and what came back is not touched any more",
          "[engine][taps]") {
  Engine engine(kDesk, 48000);
  DeskTargets targets(kDesk);
  targets.lanes[0].revision = 1;
  targets.lanes[0].source = kDesk.inputs;
  engine.set_targets(targets);
  engine.settle();
  std::atomic<bool> ended{false};
  std::thread audio([&] {
    std::vector<const float*> inputs(kDesk.inputs);
    std::vector<float*> outputs(static_cast<std::size_t>(kDesk.outputs()));
    while (!ended.load()) {
      engine.process(inputs.data(), outputs.data(), kFrames);
      if (TapSet* const taps = engine.taps()) taps->deliver(kFrames);
    }
  });
  // Who was offered last, and who before: the latter may be gone when its set has come back.
  std::unique_ptr<Listener> listener, old_listener;
  std::unique_ptr<Feeder> feeder, old_feeder;
  int heard = 0, fed = 0;
  bool good = true;
  for (int round = 0; round < kRounds; ++round) {
    auto next_listener = std::make_unique<Listener>();
    auto next_feeder = std::make_unique<Feeder>();
    const TapRequest request{next_listener.get(), {{TapPoint::Where::strip, 0, Tap::input}}};
    // An offer that was not taken comes back at once: nothing has read it.
    const bool untaken_taps =
        engine.tap_swap().offer(std::make_unique<TapSet>(kDesk, std::vector{request}, kFrames)) != nullptr;
    const bool untaken_sources =
        engine.source_swap().offer(std::make_unique<SourceSet>(SourceSet{{next_feeder.get()}})) != nullptr;
    if (!untaken_taps) {
      while (old_listener && !engine.tap_swap().collect()) std::this_thread::yield();
      if (old_listener) heard += old_listener->calls, good = good && old_listener->good;
      old_listener = std::move(listener);
    }
    if (!untaken_sources) {
      while (old_feeder && !engine.source_swap().collect()) std::this_thread::yield();
      if (old_feeder) fed += old_feeder->calls;
      old_feeder = std::move(feeder);
    }
    listener = std::move(next_listener);
    feeder = std::move(next_feeder);
    if (round % 8 == 0) std::this_thread::yield();
  }
  ended.store(true);
  audio.join();
  CHECK(good);
  CHECK(heard > 0);
  CHECK(fed > 0);
}
