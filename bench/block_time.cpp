// How long a block of a fully used desk takes, through the real Desk, TargetDesigner and Engine: low cuts, every band
// of every equaliser, every send open. bench/run calls it; alone:
//
//   bench_block_time INPUTS BUSES RATE_HZ FRAMES BLOCKS SWEEP_MB [design|dynamics|effects]
//
// design: the desk that docs/PERFORMANCE.md calls design: gates (as expanders, always on their way) and compressors on
// channels, compressors on buses, main with its limiter and nothing else.
// dynamics: also six bands and a compressor on main, and every low cut at 24 dB/oct.
// effects: that, and a reverb in each of the four slots.
// Without: equalisers everywhere, no dynamics and no limiter.
//
// SWEEP_MB of memory are written between blocks (0: none, warm caches; 4: L2 is lost; 64: L3 too), as other programs
// on a busy machine would. Prints one line: ns per frame (median), p50 and p99 of the block time in us.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <string>
#include <vector>

#include "control/desk/desk.h"
#include "control/targets/target_designer.h"
#include "engine/engine.h"

namespace {

void set(fohd::Desk& desk, const std::string& pattern, const fohd::Value& value) {
  std::vector<fohd::Change> changes;
  for (const fohd::ParameterId id : desk.table().match(pattern)) changes.push_back({id, value});
  std::string error;
  if (!desk.apply({}, changes, error)) std::fprintf(stderr, "%s\n", error.c_str());
}

void use_everything(fohd::Desk& desk) {
  set(desk, "/ch/*/lowcut/on", 1);
  set(desk, "/*/*/eq/*/gain", 4.0f);
  set(desk, "/ch/*/fader", -6.0f);
  set(desk, "/ch/*/pan", 20.0f);
  set(desk, "/main/fader", 0.0f);
  set(desk, "/ch/*/send/*/level", -10.0f);
  set(desk, "/bus/*/main/on", 1);
}

void use_main_too(fohd::Desk& desk) {
  set(desk, "/ch/*/lowcut/slope", std::string("24dB"));
  set(desk, "/main/eq/*/gain", -3.0f);
}

void use_dynamics(fohd::Desk& desk, bool main_too) {
  set(desk, "/ch/*/gate/on", 1);
  set(desk, "/ch/*/gate/mode", std::string("expander_2"));  // always on its way, where a gate would rest
  set(desk, "/ch/*/gate/threshold", -20.0f);
  for (const char* strips : {"/ch/*/", "/bus/*/", "/main/"}) {
    if (!main_too && std::string(strips) == "/main/") continue;
    set(desk, std::string(strips) + "comp/on", 1);
    set(desk, std::string(strips) + "comp/threshold", -30.0f);
  }
}

void use_effects(fohd::Desk& desk) {
  for (int slot = 1; slot <= desk.geometry().effects(); ++slot) {
    const std::string bus = "bus_" + std::to_string(1 + (slot - 1) % desk.geometry().buses);
    const std::string fx = "/fx/" + std::to_string(slot);
    set(desk, fx + "/type", std::string("reverb"));
    set(desk, fx + "/source/left", bus), set(desk, fx + "/source/right", bus);
  }
}

}  // namespace

int main(int argc, char** argv) {
  const std::string desk_kind = argc == 8 ? argv[7] : "";
  const bool effects = desk_kind == "effects", dynamics = effects || desk_kind == "dynamics";
  const bool design = desk_kind == "design";
  if (argc != 7 && !(argc == 8 && (dynamics || design))) {
    return std::fputs("usage: see the head of bench/block_time.cpp\n", stderr), 3;
  }
  const fohd::Geometry geometry{.inputs = std::atoi(argv[1]), .buses = std::atoi(argv[2])};
  const double rate_hz = std::atof(argv[3]);
  const int frames = std::atoi(argv[4]), blocks = std::atoi(argv[5]);
  const auto sweep_bytes = static_cast<std::size_t>(std::atof(argv[6]) * 1e6);
  fohd::Desk desk(geometry);
  use_everything(desk);
  if (!design) use_main_too(desk);
  if (dynamics || design) use_dynamics(desk, dynamics);
  if (effects) use_effects(desk);
  fohd::TargetDesigner designer(desk, rate_hz);
  fohd::Engine engine(geometry, rate_hz, dynamics || design ? 1.0 : 0.0);  // main's limiter is dynamics too
  designer.give(engine);
  engine.settle();

  std::mt19937 random(1);
  std::normal_distribution<float> noise(0, 0.05f);
  std::vector<std::vector<float>> in(geometry.inputs, std::vector<float>(frames));
  std::vector<std::vector<float>> out(geometry.outputs(), std::vector<float>(frames));
  std::vector<const float*> inputs;
  std::vector<float*> outputs;
  for (auto& port : in) {
    for (float& sample : port) sample = noise(random);
    inputs.push_back(port.data());
  }
  for (auto& port : out) outputs.push_back(port.data());
  std::vector<char> sweep(sweep_bytes);
  std::vector<double> times_us;
  for (int block = 0; block < blocks; ++block) {
    for (std::size_t at = 0; at < sweep.size(); at += 64) ++sweep[at];
    const auto begin = std::chrono::steady_clock::now();
    engine.process(inputs.data(), outputs.data(), frames);
    times_us.push_back(std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - begin).count());
  }
  std::sort(times_us.begin(), times_us.end());
  const double median = times_us[times_us.size() / 2], p99 = times_us[times_us.size() * 99 / 100];
  std::printf("%.2f %.2f %.2f\n", median * 1000 / frames, median, p99);
}
