#include "engine/stages/tap_set.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>

#include "engine/engine_rig.h"
#include "engine/stages/source_set.h"
#include "tests/allocation_guard.h"

using namespace fohd;
using namespace fohd::test;

namespace {

constexpr Geometry kDesk{.inputs = 20, .returns = 2, .buses = 3};

/// Keeps what it is given.
struct Collect final : TapConsumer {
  explicit Collect(std::size_t points) : heard(points) {
    for (auto& signal : heard) signal.reserve(100'000);
  }
  void take(std::span<const float* const> points, int frames) noexcept override {
    for (std::size_t i = 0; i < points.size(); ++i) heard[i].insert(heard[i].end(), points[i], points[i] + frames);
  }
  Audio heard;
};

/// Plays `in` in calls of `frames`, and delivers after each.
Audio play_with_taps(Engine& engine, const Audio& in, int frames) {
  Audio out(static_cast<std::size_t>(engine.geometry().outputs()), std::vector<float>(in[0].size()));
  for (std::size_t at = 0; at < in[0].size(); at += static_cast<std::size_t>(frames)) {
    std::vector<const float*> inputs;
    std::vector<float*> outputs;
    for (const auto& port : in) inputs.push_back(port.data() + at);
    for (auto& port : out) outputs.push_back(port.data() + at);
    const int count = std::min(frames, static_cast<int>(in[0].size() - at));
    engine.process(inputs.data(), outputs.data(), count);
    if (TapSet* const taps = engine.taps()) taps->deliver(count);
  }
  return out;
}

std::unique_ptr<TapSet> one_set(TapConsumer& consumer, std::vector<TapPoint> points, int most = 4096) {
  return std::make_unique<TapSet>(kDesk, std::vector{TapRequest{&consumer, std::move(points)}}, most);
}

}  // namespace

TEST_CASE("taps: what is copied of the strips, mixed in double, is what the buses get", "[engine][taps]") {
  Rig rig(kDesk, 21);
  rig.with_dynamics = true;
  rig.randomise(0);
  const Audio in = rig.noise(kDesk.inputs, 3000);
  std::vector<TapPoint> points;
  for (int channel = 0; channel < kDesk.inputs; ++channel) {
    for (int tap = 0; tap < kTaps; ++tap) points.push_back({TapPoint::Where::strip, channel, static_cast<Tap>(tap)});
  }
  for (int bus = 0; bus < kDesk.buses; ++bus) {
    points.push_back({TapPoint::Where::strip, kDesk.first_bus_strip() + bus, Tap::input});
  }
  for (int output = 0; output < kDesk.outputs(); ++output) points.push_back(TapPoint::of_output(output));
  Collect collect(points.size());
  Engine engine(kDesk, kRateHz);
  engine.tap_swap().offer(one_set(collect, points));
  engine.set_targets(rig.targets);
  engine.settle();
  const Audio out = play_with_taps(engine, in, 200);

  const std::size_t strips = static_cast<std::size_t>(kDesk.inputs * kTaps);
  for (int bus = 0; bus < kDesk.buses; ++bus) {
    const std::vector<float>& heard = collect.heard[strips + static_cast<std::size_t>(bus)];
    REQUIRE(heard.size() == in[0].size());
    double loudest = 0;
    for (std::size_t i = 0; i < heard.size(); ++i) {
      double sum = 0;
      for (int row = 0; row < kDesk.inputs * kTaps; ++row) {
        sum += static_cast<double>(rig.targets.gain(row, kDesk.bus_column(bus))) *
               static_cast<double>(collect.heard[static_cast<std::size_t>(row)][i]);
      }
      loudest = std::max(loudest, std::abs(sum));
      REQUIRE(std::abs(static_cast<double>(heard[i]) - sum) < 1e-4);  // 80 sums in float, each below 16: 80 x 2^-21
    }
    CHECK(loudest > 0.01);
  }
  for (int output = 0; output < kDesk.outputs(); ++output) {
    CHECK(collect.heard[strips + static_cast<std::size_t>(kDesk.buses + output)] ==
          out[static_cast<std::size_t>(output)]);
  }
}

TEST_CASE("taps: any split of the same input gives the same bits", "[engine][taps]") {
  const auto record = [](int frames) {
    Rig rig(kDesk, 22);
    rig.randomise(0);
    const Audio in = rig.noise(kDesk.inputs, 2000);
    Collect collect(3);
    Engine engine(kDesk, kRateHz);
    engine.tap_swap().offer(one_set(collect, {{TapPoint::Where::strip, 7, Tap::post_eq},
                                              {TapPoint::Where::strip, kDesk.main_strip() + 1, Tap::pre_fader},
                                              TapPoint::of_output(3)}));
    engine.set_targets(rig.targets);
    engine.settle();
    play_with_taps(engine, in, frames);
    return collect.heard;
  };
  const Audio whole = record(2000);
  for (const int frames : {1, 63, 64, 100, 256}) CHECK(record(frames) == whole);
}

TEST_CASE(
    "taps: silent strips, outputs that are not wanted and points that are not there are silence; too long a call is "
    "cut",
    "[engine][taps]") {
  const std::vector<TapPoint> points = {{TapPoint::Where::strip, 3, Tap::pre_fader},
                                        TapPoint::of_output(1),
                                        TapPoint::of_output(kDesk.outputs()),
                                        {TapPoint::Where::strip, kDesk.strips(), Tap::input},
                                        {TapPoint::Where::strip, -1, Tap::input}};
  Collect collect(points.size());
  Engine engine(kDesk, kRateHz);
  Rig rig(kDesk, 1);
  engine.set_targets(rig.targets);
  engine.tap_swap().offer(one_set(collect, points, 100));
  std::vector<const float*> inputs(kDesk.inputs);
  std::vector<float*> outputs(static_cast<std::size_t>(kDesk.outputs()));
  engine.process(inputs.data(), outputs.data(), 300);
  engine.taps()->deliver(300);
  for (const auto& signal : collect.heard) {
    CHECK(signal.size() == 100);
    CHECK(std::all_of(signal.begin(), signal.end(), [](float x) { return x == 0; }));
  }
}

TEST_CASE("taps and sources: a set that comes or goes allocates nothing and gives the one before back",
          "[engine][taps]") {
  struct Nothing final : SourceProvider {
    void feed(std::span<const float*>, int) noexcept override {}
  } nothing;
  Collect first(1), second(1);
  Engine engine(kDesk, kRateHz);
  const Audio in(static_cast<std::size_t>(kDesk.inputs), std::vector<float>(64));
  engine.tap_swap().offer(one_set(first, {TapPoint::of_output(0)}));
  play_with_taps(engine, in, 64);
  CHECK(first.heard[0].size() == 64);
  CHECK(engine.tap_swap().collect() == nullptr);
  engine.tap_swap().offer(one_set(second, {TapPoint::of_output(0)}));
  engine.source_swap().offer(std::make_unique<SourceSet>(SourceSet{{&nothing}}));
  std::vector<const float*> inputs(kDesk.inputs);
  std::vector<float*> outputs(static_cast<std::size_t>(kDesk.outputs()));
  AllocationGuard guard;
  engine.process(inputs.data(), outputs.data(), 64);
  engine.taps()->deliver(64);
  const long heap_calls = guard.count();
  CHECK(heap_calls == 0);
  CHECK(first.heard[0].size() == 64);
  CHECK(second.heard[0].size() == 64);
  CHECK(engine.tap_swap().collect() != nullptr);
}

TEST_CASE("sources: a channel hears an extra source, and goes from one to another in a cross-fade",
          "[engine][sources]") {
  struct Track final : SourceProvider {
    void feed(std::span<const float*> sources, int frames) noexcept override {
      places = static_cast<int>(sources.size());
      longest = std::max(longest, frames);
      sources[static_cast<std::size_t>(kDesk.inputs + 2)] = ones.data();
    }
    std::vector<float> ones = std::vector<float>(64, 0.5f);
    int places = 0, longest = 0;
  } track;
  Rig rig(kDesk, 1);
  rig.wire_to_main();
  Engine engine(kDesk, kRateHz);
  engine.source_swap().offer(std::make_unique<SourceSet>(SourceSet{{&track}}));
  Collect collect(1);
  engine.tap_swap().offer(one_set(collect, {{TapPoint::Where::strip, 4, Tap::input}}));
  engine.set_targets(rig.targets);
  engine.settle();
  const Audio in(static_cast<std::size_t>(kDesk.inputs), std::vector<float>(64 * 40));  // the JACK inputs are silent
  play_with_taps(engine, in, 64);
  CHECK(std::all_of(collect.heard[0].begin(), collect.heard[0].end(), [](float x) { return x == 0; }));
  ++rig.targets.lanes[4].revision;
  rig.targets.lanes[4].source = kDesk.inputs + 2;
  engine.set_targets(rig.targets);
  collect.heard[0].clear();
  play_with_taps(engine, in, 64);
  const std::vector<float>& heard = collect.heard[0];
  CHECK(heard.back() == 0.5f);
  CHECK(track.places == kDesk.inputs + extra_sources(kDesk.inputs));
  CHECK(track.longest == 64);
  // 5 ms (docs/DESK.md, "Ramps"): no step is larger than a linear fade's, with the rounding of a sum.
  const double step = 0.5 / (0.005 * kRateHz);
  for (std::size_t i = 1; i < heard.size(); ++i) {
    REQUIRE(std::abs(static_cast<double>(heard[i]) - static_cast<double>(heard[i - 1])) < 1.01 * step);
  }
  CHECK(heard.front() < 0.01f);
}
