#include "control/console/console.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <cstring>
#include <random>

#include "tests/control/desk/random_changes.h"

using namespace fohd;

namespace {

const Geometry kDesk{.inputs = 6, .returns = 2, .buses = 4};
constexpr double kRate = 48000;
constexpr int kPeriod = 64;

/// Two seconds of noise through a console whose changes come at given frames. `live`: the engine takes its targets
/// through a Latest at the begin of each period, as under JACK.
std::vector<float> play(bool live, std::vector<std::uint64_t>* taken_at = nullptr) {
  Console console(kDesk);
  std::mt19937 random(7);
  REQUIRE(set(console.desk(), "/main/fader", 0.0f));
  Engine engine(kDesk, kRate);
  std::unique_ptr<Latest<DeskTargets>> latest;
  if (live) {
    // The prototype that the daemon's audio core makes: it only has to be as large.
    latest = std::make_unique<Latest<DeskTargets>>(DeskTargets(kDesk));
    console.begin_audio(engine, *latest, kRate);
    engine.set_targets(latest->read());
    engine.settle();
  } else {
    console.begin_audio(engine, kRate);
  }
  std::vector<std::vector<float>> in(6, std::vector<float>(kPeriod)), out(6, std::vector<float>(kPeriod));
  std::vector<const float*> inputs;
  std::vector<float*> outputs;
  for (auto& port : in) inputs.push_back(port.data());
  for (auto& port : out) outputs.push_back(port.data());
  std::vector<float> heard;
  MeterFrame meters(kDesk);
  for (int period = 0; period < 1500; ++period) {
    for (auto& port : in) {
      for (float& sample : port) sample = std::uniform_real_distribution<float>(-0.1f, 0.1f)(random);
    }
    if (period % 7 == 3) {
      std::string error;
      const Change change = random_change(console.desk().table(), random);
      const bool silences = console.desk().table()[change.id].row->persistence == Persistence::momentary;
      if (!silences) REQUIRE(console.desk().apply({}, {&change, 1}, error));
    }
    console.turn(period);
    if (live) engine.set_targets(latest->read());
    engine.process(inputs.data(), outputs.data(), kPeriod);
    heard.insert(heard.end(), out[0].begin(), out[0].end());
    heard.insert(heard.end(), out[3].begin(), out[3].end());
    engine.read_meters(meters);
    console.take(meters);
  }
  if (taken_at != nullptr) {
    for (const JournalStep& step : console.desk().journal().steps())
      taken_at->push_back(step.engine_frame.value_or(1));  // 1: never; no period begins there
  }
  console.end_audio();
  return heard;
}

}  // namespace

TEST_CASE("console: what changes at a turn sounds the same live and offline, to the bit", "[control][console]") {
  const std::vector<float> live = play(true), offline = play(false);
  REQUIRE(live.size() == offline.size());
  CHECK(std::memcmp(live.data(), offline.data(), live.size() * sizeof(float)) == 0);
  CHECK(std::any_of(live.begin(), live.end(), [](float x) { return std::abs(x) > 1e-3f; }));
}

TEST_CASE("console: the journal says at which frame the engine took each step", "[control][console]") {
  std::vector<std::uint64_t> taken;
  play(true, &taken);
  REQUIRE(taken.size() > 100);
  // Changes come in the periods 3, 10, 17, ...; the first step is from before there was an engine, and so is known from
  // its first targets on, at frame 0.
  for (std::size_t i = 1; i < taken.size(); ++i) {
    CAPTURE(i, taken[i]);
    CHECK(taken[i] % kPeriod == 0);
    CHECK(taken[i] / kPeriod % 7 == 3);
    CHECK(taken[i] >= taken[i - 1]);  // a step that changes no sound counts with the next that does
  }
}

TEST_CASE("console: what shut the outputs before there was an engine shuts those of the next", "[control][console]") {
  Console console(kDesk);
  console.set_hold(true);
  Engine engine(kDesk, kRate);
  console.begin_audio(engine, kRate);
  CHECK_FALSE(console.targets().shutter.open);
  console.set_hold(false);
  console.turn(1);
  CHECK(console.targets().shutter.open);
  console.end_audio();
  CHECK_FALSE(console.has_audio());
  console.turn(2);
  console.kill_effect(0);
}
