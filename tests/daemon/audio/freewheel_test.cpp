// A server that runs as fast as it can (freewheel), with hands on the desk meanwhile: what came out is made again, to
// the bit, from the changes and the frames at which the engine says it took them.
#include <algorithm>
#include <atomic>
#include <catch2/catch.hpp>
#include <cmath>
#include <cstring>
#include <map>
#include <random>
#include <thread>
#include <vector>

#include "control/console/console.h"
#include "daemon/audio/audio_core.h"
#include "tests/control/desk/random_changes.h"

using namespace fohd;

namespace {

constexpr Geometry kDesk{.inputs = 6, .returns = 2, .buses = 4};
constexpr double kRate_hz = 48000;
constexpr int kPeriod = 128, kPeriods = 3000;  // 8 s of sound

/// The same noise for each period, whoever plays it.
class Band {
 public:
  explicit Band(AudioCore& core) : core_(core) {
    for (auto& port : in_) inputs_.push_back(port.data());
    for (auto& port : out_) outputs_.push_back(port.data());
  }
  void play_period() {
    for (auto& port : in_) {
      for (float& sample : port) sample = static_cast<float>(random_() % 2001) * 1e-4f - 0.1f;
    }
    core_.process(inputs_.data(), outputs_.data(), kPeriod);
    for (const auto& port : out_) heard.insert(heard.end(), port.begin(), port.end());
  }
  std::vector<float> heard;

 private:
  using Ports = std::vector<std::vector<float>>;
  AudioCore& core_;
  std::mt19937 random_{5};
  Ports in_ = Ports(static_cast<std::size_t>(kDesk.inputs), std::vector<float>(kPeriod));
  Ports out_ = Ports(static_cast<std::size_t>(kDesk.outputs()), std::vector<float>(kPeriod));
  std::vector<const float*> inputs_;
  std::vector<float*> outputs_;
};

struct Made {
  Change change;
  std::uint64_t publication = 0;  ///< the targets that carry it
};
/// publication -> the engine's frame where it took it
using Taken = std::map<std::uint64_t, std::uint64_t>;

void begin(Console& console, AudioCore& core) {
  for (const char* address : {"/main/fader", "/ch/1/fader", "/ch/2/fader", "/bus/1/fader"}) {
    REQUIRE(set(console.desk(), address, 0.0f));
  }
  console.begin_audio(core.engine(), core.targets(), kRate_hz);
}

/// What a hand may do here: nothing that shuts all outputs, and no other effect, whose coming is a hand-over of its
/// own.

Change hand(const ParameterTable& table, std::mt19937& random) {
  for (;;) {
    const Change change = random_change(table, random);
    const std::string& address = table[change.id].address;
    if (address.ends_with("/source")) continue;  // most of them are inputs that this desk does not have
    if (address.starts_with("/ch/") || address.starts_with("/bus/") || address.starts_with("/fxrtn/")) return change;
  }
}

void note_taken(AudioCore& core, Console& console, Taken& taken) {
  if (!core.meters().fresh()) return;
  const MeterFrame& frame = core.meters().read();
  console.take(frame);
  for (const TakenTargets& one : frame.taken) {
    if (one.publication != 0) taken[one.publication] = one.frame;
  }
}

/// The sound of a freewheeling server, the changes made meanwhile and when they were heard.
std::vector<float> freewheel(std::vector<Made>& made, Taken& taken) {
  Console console(kDesk);
  AudioCore core(kDesk, kRate_hz);
  core.freewheel().raise();
  begin(console, core);
  Band band(core);
  std::atomic<bool> done{false};
  std::thread server([&] {
    for (int period = 0; period < kPeriods; ++period) band.play_period();
    done = true;
  });
  std::mt19937 random(11);
  for (std::int64_t now_ms = 1; !done; ++now_ms) {
    note_taken(core, console, taken);
    if (core.targets().unread()) {  // each publication is heard: which ones were folded together is not told
      std::this_thread::yield();
      continue;
    }
    const Change change = hand(console.desk().table(), random);
    std::string error;
    if (!console.desk().apply({}, {&change, 1}, error)) continue;
    console.turn(now_ms);
    made.push_back({change, console.targets().publication});
  }
  server.join();
  note_taken(core, console, taken);
  console.end_audio();
  return std::move(band.heard);
}

/// The same, in one thread, from what is known.
std::vector<float> replay(const std::vector<Made>& made, const Taken& taken) {
  Console console(kDesk);
  AudioCore core(kDesk, kRate_hz);
  begin(console, core);
  Band band(core);
  std::size_t next = 0;
  std::int64_t now_ms = 0;
  for (std::uint64_t frame = 0; frame < std::uint64_t{kPeriod} * kPeriods; frame += kPeriod) {
    while (next < made.size()) {
      const auto at = taken.lower_bound(made[next].publication);
      if (at == taken.end() || at->second > frame) break;
      std::string error;
      REQUIRE(console.desk().apply({}, {&made[next].change, 1}, error));
      console.turn(++now_ms);
      ++next;
    }
    band.play_period();
    console.take(core.meters().read());
  }
  console.end_audio();
  return std::move(band.heard);
}

}  // namespace

TEST_CASE("freewheel: what was played live is made again to the bit, from the changes and the frames of their taking",
          "[daemon][audio]") {
  std::vector<Made> made;
  Taken taken;
  const std::vector<float> live = freewheel(made, taken);
  const std::vector<float> again = replay(made, taken);
  CAPTURE(made.size(), taken.size());
  CHECK(made.size() > 10);  // hands came through while it ran
  REQUIRE(live.size() == again.size());
  const auto [at, other] = std::mismatch(live.begin(), live.end(), again.begin(),
                                         [](float a, float b) { return std::memcmp(&a, &b, sizeof a) == 0; });
  CAPTURE((at - live.begin()) / (kPeriod * kDesk.outputs()));  // the period
  const bool equal = at == live.end();
  CHECK(equal);
  CHECK(std::any_of(live.end() - 100'000, live.end(), [](float x) { return x != 0; }));  // to the end
  // It can fail: without the last change but one half, something else is heard.
  made.resize(made.size() / 2);
  const bool without_half_is_equal = replay(made, taken) == live;
  CHECK_FALSE(without_half_is_equal);
}
