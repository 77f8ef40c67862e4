// What the engine's tests share: desks full of random settings, random audio, and a player that cuts it into blocks.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <random>
#include <vector>

#include "engine/engine.h"
#include "engine/processors/eq_design.h"

namespace fohd::test {

using Audio = std::vector<std::vector<float>>;  ///< [port][frame]

inline constexpr double kRateHz = 48000;

inline bool same_bits(const std::vector<float>& a, const std::vector<float>& b) {
  return a.size() == b.size() && (a.empty() || std::memcmp(a.data(), b.data(), a.size() * sizeof(float)) == 0);
}

class Rig {
 public:
  explicit Rig(const Geometry& geometry, unsigned seed = 1) : geometry(geometry), targets(geometry), random(seed) {}

  float uniform(float low, float high) { return std::uniform_real_distribution<float>(low, high)(random); }
  int integer(int low, int high) { return std::uniform_int_distribution<int>(low, high)(random); }

  /// Every strip, row and output gets new random targets. The limiter is off unless asked for: it is not linear.
  void randomise(int ramp_frames, bool limiter_on = false) {
    for (int tile = 0; tile < geometry.tiles(); ++tile) {
      for (int lane = 0; lane < geometry.lanes_used(tile); ++lane) randomise_strip(tile * kLanes + lane, ramp_frames);
    }
    for (int output = 0; output < geometry.outputs(); ++output) {
      OutputTargets& to = targets.outputs[output];
      ++to.revision;
      to.gain = uniform(-1, 1);
      to.gain_ramp_frames = ramp_frames;
      to.limiter_on = limiter_on;
    }
  }

  void randomise_strip(int strip, int ramp_frames) {
    LaneTargets& to = targets.lanes[strip];
    const TileKind kind = geometry.kind(strip / kLanes);
    ++to.revision;
    to.post_gain = uniform(0, 1);
    to.input_gain_ramp_frames = to.coeff_ramp_frames = to.post_gain_ramp_frames = ramp_frames;
    for (int band = 0; band < (kind == TileKind::channel ? 4 : 6); ++band) {
      to.eq[band] = design(EqBandParams{integer(0, 3) > 0, static_cast<EqType>(integer(0, 5)),
                                        std::exp(uniform(3.5f, 9.5f)), uniform(-9, 9), uniform(0.5f, 4)},
                           kRateHz);
    }
    if (with_dynamics) randomise_dynamics(to, kind == TileKind::channel);
    if (kind == TileKind::channel) {
      to.source = strip == 0 ? 0 : integer(-1, geometry.inputs - 1);
      to.input_gain = uniform(-1, 1);
      design(LowCutParams{integer(0, 1) == 1, uniform(20, 300), static_cast<LowCutSlope>(integer(0, 2))}, kRateHz,
             to.low_cut);
    }
    for (int tap = 0; tap < kTaps; ++tap)
      randomise_row(DeskTargets::row_index(strip, static_cast<Tap>(tap)), ramp_frames);
  }

  /// Two of three processors at work, with keys from anywhere.
  void randomise_dynamics(LaneTargets& to, bool channel) {
    const auto key = [&] {
      KeyTargets targets_of_key;
      const int source = integer(-1, geometry.channels() + geometry.buses - 1);
      targets_of_key.source =
          source < geometry.channels() ? source : geometry.first_bus_strip() + source - geometry.channels();
      targets_of_key.linked = integer(0, 1) == 1;
      return targets_of_key;
    };
    if (channel) {
      to.gate = design(GateParams{.on = integer(0, 2) > 0,
                                  .mode = static_cast<GateMode>(integer(0, 4)),
                                  .threshold_db = uniform(-40, -5),
                                  .hold_ms = uniform(1, 9),
                                  .release_ms = 20},
                       kRateHz);
      to.gate_key = key();
    }
    to.compressor = design(CompressorParams{.on = integer(0, 2) > 0,
                                            .detector = static_cast<Detector>(integer(0, 1)),
                                            .threshold_db = uniform(-40, -5),
                                            .ratio = uniform(1.1f, 9)},
                           kRateHz);
    to.compressor_key = key();
    to.compressor_before_eq = integer(0, 1) == 1;
  }

  /// A third of the rows is off, a third feeds half of the columns.
  void randomise_row(int row, int ramp_frames) {
    ++targets.rows[row].revision;
    targets.rows[row].ramp_frames = ramp_frames;
    const int density = row == DeskTargets::row_index(0, Tap::post_eq) ? 2 : integer(0, 2);
    const float scale = 1.0f / static_cast<float>(geometry.channels());
    for (int column = 0; column < geometry.columns(); ++column) {
      const bool used = column % kLanes < geometry.lanes_used(geometry.first_mix_strip() / kLanes + column / kLanes);
      targets.set_gain(row, column, used && integer(1, 2) <= density ? uniform(-scale, scale) : 0.0f);
    }
  }

  void set_row(int strip, Tap tap, int column, float gain, int ramp_frames = 0) {
    const int row = DeskTargets::row_index(strip, tap);
    ++targets.rows[row].revision;
    targets.rows[row].ramp_frames = ramp_frames;
    targets.set_gain(row, column, gain);
  }

  /// Channel n hears input n and goes to main left at `gain`; outputs at 0 dB, limiters off.
  void wire_to_main(float gain = 1) {
    for (int channel = 0; channel < geometry.channels(); ++channel) {
      ++targets.lanes[channel].revision;
      targets.lanes[channel].source = channel;
      set_row(channel, Tap::pre_fader, geometry.main_column(), gain);
    }
    for (OutputTargets& output : targets.outputs) ++output.revision, output.gain = 1, output.limiter_on = false;
  }

  Audio noise(int ports, int frames, float peak = 0.5f) {
    Audio audio(static_cast<std::size_t>(ports), std::vector<float>(static_cast<std::size_t>(frames)));
    for (auto& port : audio) {
      for (float& x : port) x = uniform(-peak, peak);
    }
    return audio;
  }

  bool with_dynamics = false;  ///< randomise_strip() uses gates and compressors too; they are not linear
  const Geometry geometry;
  DeskTargets targets;
  std::mt19937 random;
};

/// Frames begin..end-1 of `in` through the engine in blocks of at most `block`; what leaves is appended to `out`.
inline void play(Engine& engine, const Audio& in, int begin, int end, int block, Audio& out) {
  const Geometry& geometry = engine.geometry();
  out.resize(static_cast<std::size_t>(geometry.outputs()));
  for (auto& port : out) port.resize(port.size() + static_cast<std::size_t>(end - begin));
  const std::size_t base = out.front().size() - static_cast<std::size_t>(end);
  std::vector<const float*> ins(static_cast<std::size_t>(geometry.inputs));
  std::vector<float*> outs(out.size());
  for (int at = begin; at < end; at += block) {
    for (std::size_t port = 0; port < ins.size(); ++port) ins[port] = in[port].data() + at;
    for (std::size_t port = 0; port < outs.size(); ++port) outs[port] = out[port].data() + base + at;
    engine.process(ins.data(), outs.data(), std::min(block, end - at));
  }
}

inline Audio play(Engine& engine, const Audio& in, int block = 64) {
  Audio out;
  play(engine, in, 0, static_cast<int>(in.front().size()), block, out);
  return out;
}

inline std::vector<float> sine(double frequency_hz, int frames, double peak = 0.5) {
  std::vector<float> x(static_cast<std::size_t>(frames));
  for (int i = 0; i < frames; ++i) {
    x[i] = static_cast<float>(peak * std::sin(2 * 3.14159265358979323846 * frequency_hz * i / kRateHz));
  }
  return x;
}

/// An engine with random settings, wired to main, and its meters.
struct RiggedEngine {
  RiggedEngine(const Geometry& desk, unsigned seed) : rig(desk, seed), engine(desk, kRateHz), meters(desk) {
    rig.wire_to_main();
    settle();
  }
  void settle() {
    engine.set_targets(rig.targets);
    engine.settle();
  }
  MeterFrame& read() {
    engine.read_meters(meters);
    return meters;
  }
  Rig rig;
  Engine engine;
  MeterFrame meters;
};

}  // namespace fohd::test
