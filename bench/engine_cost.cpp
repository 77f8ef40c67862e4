// What a block of the desk costs: 32 channels (four EQ bands each, low cut), 16 buses (six bands), main; every channel
// sends pre fader to eight buses and post fader to the other eight and to main. Run it under callgrind for instructions
// per frame, or alone for nanoseconds:
//
//   build/release/bin/bench_engine_cost [frames per block] [blocks] [still|moving]
//   valgrind --tool=callgrind --toggle-collect='fohd::Engine::process(*' build/release/bin/bench_engine_cost 64 200
//
// callgrind 3.19 shows no AVX-512 to the program, so the figures are those of the AVX2 kernels.
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <random>
#include <vector>

#include "engine/engine.h"
#include "engine/processors/eq_design.h"

namespace {

constexpr double kRateHz = 48000;

void shape_lanes(fohd::DeskTargets& targets, const fohd::Geometry& geometry) {
  for (int tile = 0; tile < geometry.tiles(); ++tile) {
    const bool channel = geometry.kind(tile) == fohd::TileKind::channel;
    for (int lane = 0; lane < geometry.lanes_used(tile); ++lane) {
      const int strip = tile * fohd::kLanes + lane;
      fohd::LaneTargets& strip_targets = targets.lanes[strip];
      ++strip_targets.revision;
      strip_targets.post_gain = 0.7f;
      if (channel) {
        strip_targets.source = strip;
        fohd::design(fohd::LowCutParams{.on = true}, kRateHz, strip_targets.low_cut);
      }
      for (int band = 0; band < (channel ? 4 : 6); ++band) {
        strip_targets.eq[band] = fohd::design(
            fohd::EqBandParams{.frequency_hz = 100.0f * static_cast<float>(1 + 3 * band), .gain_db = 3.0f}, kRateHz);
      }
    }
  }
}

void connect(fohd::DeskTargets& targets, const fohd::Geometry& geometry, float gain, int ramp_frames) {
  const auto fill = [&](int strip, fohd::Tap tap, int first, int last, bool main) {
    const int row = fohd::DeskTargets::row_index(strip, tap);
    ++targets.rows[row].revision;
    targets.rows[row].ramp_frames = ramp_frames;
    for (int column = first; column < last; ++column) targets.set_gain(row, column, gain);
    for (int side = 0; main && side < 2; ++side) targets.set_gain(row, geometry.main_column() + side, gain);
  };
  for (int channel = 0; channel < geometry.channels(); ++channel) {
    // Pre and post sends in every group of columns: the most expensive layout.
    fill(channel, fohd::Tap::input, 0, geometry.buses / 2 + 1, false);
    fill(channel, fohd::Tap::pre_fader, geometry.buses / 2 - 1, geometry.buses, true);
  }
  for (int bus = 0; bus < geometry.buses; ++bus)
    fill(geometry.first_bus_strip() + bus, fohd::Tap::pre_fader, 0, 0, true);
}

}  // namespace

int main(int argc, char** argv) {
  const int frames = argc > 1 ? std::atoi(argv[1]) : 64, blocks = argc > 2 ? std::atoi(argv[2]) : 20000;
  const bool moving = argc > 3 && std::strcmp(argv[3], "moving") == 0;
  const fohd::Geometry geometry{.inputs = 32, .buses = 16};
  fohd::Engine engine(geometry, kRateHz);
  fohd::DeskTargets targets(geometry);
  shape_lanes(targets, geometry);
  connect(targets, geometry, 0.1f, 0);
  for (fohd::OutputTargets& output : targets.outputs) output.revision = 1, output.gain = 0.5f;
  engine.set_targets(targets);
  engine.settle();

  std::vector<std::vector<float>> in(geometry.inputs, std::vector<float>(frames)), out(geometry.outputs(), in.front());
  std::mt19937 random(1);
  std::uniform_real_distribution<float> noise(-0.1f, 0.1f);
  std::vector<const float*> ins;
  std::vector<float*> outs;
  for (auto& port : in) {
    for (float& x : port) x = noise(random);
    ins.push_back(port.data());
  }
  for (auto& port : out) outs.push_back(port.data());

  const auto start = std::chrono::steady_clock::now();
  for (int block = 0; block < blocks; ++block) {
    if (moving && block % 8 == 0) {  // every row on the move half of the time
      connect(targets, geometry, block % 16 == 0 ? 0.1f : 0.2f, 4 * fohd::kSubBlockFrames);
      engine.set_targets(targets);
    }
    engine.process(ins.data(), outs.data(), frames);
  }
  const std::chrono::duration<double, std::nano> spent = std::chrono::steady_clock::now() - start;
  const double per_frame = spent.count() / blocks / frames;
  std::printf("32x16 at %.0f Hz, %d frames a block: %.1f ns per frame, %.2f %% of one core\n", kRateHz, frames,
              per_frame, per_frame * kRateHz * 1e-7);
}
