// Broken samples on an input, all the way: the audio callback mutes, the desk says so to its subscribers, a command
// from a client brings the sound back.
#include <catch2/catch.hpp>
#include <cmath>
#include <limits>

#include "control/targets/target_designer.h"
#include "control/watches/fault_watch.h"
#include "daemon/audio/audio_core.h"
#include "tests/control/osc/osc_harness.h"

using namespace fohd;
using namespace fohd::osc_test;

namespace {

constexpr double kRate = 48000;
constexpr int kBlock = 480;  // 10 ms, as often as the desk looks at the meters
const Geometry kDesk{.inputs = 2, .buses = 1};

struct Rig {
  Rig() {
    for (const char* fader : {"/ch/1/fader", "/ch/2/fader", "/main/fader"}) {
      world.send(1, message(fader, {0.0f}));
    }
    world.send(1, message("/ch/1/pan", {-100.0f}));
    world.send(1, message("/ch/2/pan", {100.0f}));
    designer.update();
    designer.publish(core.engine(), core.targets());
    world.commands.then = [this] { core.safety_mutes_clear().raise(); };
    play(1000);
    log.clear();
  }
  /// Both inputs at 0.5; the first sample of input 1 is `first`.
  void play(int ms, float first = 0.5f) {
    for (int done = 0; done < ms; done += 10) {
      std::vector<float> in1(kBlock, 0.5f), in2(kBlock, 0.5f), bus(kBlock);
      in1[0] = std::exchange(first, 0.5f);
      const float* inputs[] = {in1.data(), in2.data()};
      float* outputs[] = {left.data(), right.data(), bus.data()};
      core.process(inputs, outputs, kBlock);
      for (float sample : left) finite = finite && std::isfinite(sample);
      const MeterFrame& frame = core.meters().read();
      for (auto& line : watch.take(frame, world.desk.settings(), world.now_ms)) log.push_back(line);
      world.meters(frame);
      world.run(10);
    }
  }
  World world{kDesk};
  AudioCore core{kDesk, kRate};
  TargetDesigner designer{world.desk, kRate};
  FaultWatch watch{kDesk};
  std::vector<FaultWatch::Line> log;
  std::vector<float> left = std::vector<float>(kBlock), right = left;
  bool finite = true;
};

/// The values of `address` that a client was told, in order.
std::vector<std::int32_t> told(std::vector<Message> messages, const std::string& address) {
  std::vector<std::int32_t> values;
  for (const Message& m : messages) {
    if (m.address == address) values.push_back(m.i());
  }
  return values;
}

}  // namespace

TEST_CASE("safety mute: NaN three times within a second mutes the channel alone, says so, and a command brings it back",
          "[daemon][faults]") {
  Rig rig;
  CHECK(rig.left.back() == Approx(0.5).epsilon(1e-3));
  rig.world.send(1, message("/subscribe", {std::string("/ch/1/muted")}));
  rig.play(50);
  rig.world.take(1);

  constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
  rig.play(200, kNan);
  rig.play(200, kNan);
  CHECK(rig.left.back() == Approx(0.5).epsilon(1e-3));  // twice: back in 20 ms
  CHECK(rig.world.ask(2, message("/ch/1/muted")).at(0).i() == 0);
  REQUIRE(rig.log.size() == 1);
  CHECK(rig.log[0].text.find("channel 1") != std::string::npos);
  rig.play(200, kNan);
  CHECK(rig.left.back() == 0);
  CHECK(rig.right.back() == Approx(0.5).epsilon(1e-3));
  CHECK(rig.world.ask(2, message("/ch/1/muted")).at(0).i() == kMutedSafety);
  CHECK(rig.world.ask(2, message("/ch/2/muted")).at(0).i() == 0);
  CHECK(told(rig.world.messages(1), "/ch/1/muted") == std::vector<std::int32_t>{kMutedSafety});
  REQUIRE(rig.log.size() == 2);
  CHECK(rig.log[1].text.find("Safety mute") != std::string::npos);
  rig.play(3000);
  CHECK(rig.left.back() == 0);  // time alone brings nothing back

  rig.world.send(2, message("/safety_mutes/clear"));
  CHECK(rig.world.commands.commands == std::vector<Command>{Command::safety_mutes_clear});
  rig.play(10);
  CHECK(rig.left.back() == Approx(0.25).epsilon(0.01));  // half way of 20 ms
  rig.play(200);
  CHECK(rig.left.back() == Approx(0.5).epsilon(1e-3));
  CHECK(told(rig.world.messages(1), "/ch/1/muted") == std::vector<std::int32_t>{0});
  CHECK(rig.finite);
}

TEST_CASE("safety mute: clearing mutes that are not there changes no sample", "[daemon][faults]") {
  Rig rig;
  rig.world.send(2, message("/safety_mutes/clear"));
  for (int i = 0; i < 20; ++i) {
    rig.play(10);
    for (float sample : rig.left) CHECK(sample == Approx(0.5).epsilon(1e-4));
  }
  CHECK(rig.log.empty());
}
