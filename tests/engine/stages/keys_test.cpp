// Gates, compressors, their keys and links in the running engine, against a desk written down in double.
#include <catch2/catch.hpp>

#include "engine/engine_rig.h"
#include "engine/processors/key_filter.h"

using namespace fohd;
using namespace fohd::test;

namespace {

constexpr int kChannels = 6, kBuses = 6;
constexpr Geometry kDesk{.inputs = kChannels, .buses = kBuses};

/// One state variable filter, engine/stages/targets.h in double.
struct Filter {
  SvfCoeffs c;
  double c1 = 0, c2 = 0;
  double step(double x) {
    const double v = x - c2, y = c.d * x + c.y1 * c1 + c.y2 * c2, old = c1;
    c1 += c.p * c1 + c.b * v;
    c2 += c.b * old + c.t * v;
    return y;
  }
};

/// The largest of this and the previous block of 2.5 ms, which are two sub-blocks.
struct Peak {
  double now = 0, before = 0;
  int frame = 0;
  double hear(double value) {
    if (frame++ % (2 * kSubBlockFrames) == 0) before = now, now = 0;
    now = std::max(now, value);
    return std::max(now, before);
  }
};

/// engine/processors/gate_kernels.cpp in double.
struct Gate {
  GateCoeffs c;
  double attenuation = 0, hold_left = 0;
  bool open = true;
  Peak peak = {};
  explicit Gate(const GateCoeffs& coeffs) : c(coeffs), hold_left(coeffs.hold_frames) {
    if (coeffs.closed_gain > coeffs.open_gain)
      attenuation = 1, open = false;  // a ducker begins with nothing taken away
  }
  double gain(double key) {
    if (c.off()) return 1;
    const double level = std::log2(std::max(peak.hear(std::abs(key)), 1e-10));
    open = level >= static_cast<double>(open ? c.close_level : c.open_level);
    double wanted = open ? 0 : 1;
    if (c.slope != 0) wanted = std::clamp(c.slope * (static_cast<double>(c.open_level) - level), 0.0, 1.0);
    if (wanted <= attenuation) {
      attenuation += (wanted - attenuation) * static_cast<double>(c.attack_coeff), hold_left = c.hold_frames;
    } else if (hold_left > 0) {
      --hold_left;
    } else {
      attenuation += (wanted - attenuation) * static_cast<double>(c.release_coeff);
    }
    return std::exp2(c.open_gain + (static_cast<double>(c.closed_gain) - c.open_gain) * attenuation);
  }
};

/// engine/processors/compressor_kernels.cpp in double.
struct Compressor {
  CompressorCoeffs c;
  double power = 0, gain_octaves = 0, hold_left = 0;
  Peak peak = {};
  explicit Compressor(const CompressorCoeffs& coeffs) : c(coeffs), hold_left(coeffs.hold_frames) {}
  double gain(double key) {
    if (c.off()) return 1;
    power += (key * key - power) * static_cast<double>(c.power_coeff);
    if (c.power_coeff == 1) power = peak.hear(key * key);
    const double beyond = c.direction * (std::log2(std::max(power, 1e-20)) / 2 - static_cast<double>(c.threshold));
    const double half_knee = c.half_knee;
    double bent = std::max(beyond, 0.0);
    if (half_knee > 0 && std::abs(beyond) < half_knee) bent = std::pow(beyond + half_knee, 2) / (4 * half_knee);
    const double way = std::max(c.slope * bent, static_cast<double>(c.lowest)) - gain_octaves;
    if (c.direction * way <= 0) {
      gain_octaves += way * static_cast<double>(c.attack_coeff), hold_left = c.hold_frames;
    } else if (hold_left > 0) {
      --hold_left;
    } else {
      gain_octaves += way * static_cast<double>(c.release_coeff);
    }
    return static_cast<double>(c.dry) + static_cast<double>(c.wet) * std::exp2(gain_octaves);
  }
};

GateParams random_gate(Rig& rig) {
  GateParams p{rig.integer(0, 2) > 0, static_cast<GateMode>(rig.integer(0, 4))};
  p.threshold_db = rig.uniform(-40, -5), p.range_db = rig.uniform(3, 60), p.attack_ms = rig.uniform(0, 5);
  p.hold_ms = rig.uniform(0.02f, 3), p.release_ms = rig.uniform(5, 50);
  return p;
}
CompressorParams random_compressor(Rig& rig) {
  CompressorParams p;
  p.on = rig.integer(0, 2) > 0;
  p.mode = static_cast<CompressorMode>(rig.integer(0, 1)), p.detector = static_cast<Detector>(rig.integer(0, 1));
  p.threshold_db = rig.uniform(-40, -5), p.ratio = rig.uniform(1.1f, 6), p.knee_db = rig.uniform(0, 10);
  p.makeup_db = rig.uniform(0, 12), p.attack_ms = rig.uniform(0, 5), p.hold_ms = rig.uniform(0.02f, 3);
  p.release_ms = rig.uniform(5, 50), p.mix_percent = rig.uniform(0, 100);
  return p;
}
KeyTargets random_key(Rig& rig, bool linked) {
  KeyTargets key;
  const int what = rig.integer(0, 2);
  if (what == 1) key.source = rig.integer(0, kChannels - 1);
  if (what == 2) key.source = kDesk.first_bus_strip() + rig.integer(0, kBuses - 1);
  key.linked = linked;
  if (rig.integer(0, 1) == 1) {
    key.filter = design_key_filter(static_cast<KeyFilterType>(rig.integer(0, 8)), rig.uniform(50, 5'000), kRateHz);
  }
  return key;
}

/// Channel n goes to bus n at 0 dB, so that each bus port plays one channel.
struct Model {
  std::vector<Gate> gates;
  std::vector<Compressor> compressors;
  std::vector<Filter> gate_filters, compressor_filters;
  const DeskTargets& targets;
  explicit Model(const DeskTargets& to) : targets(to) {
    for (int n = 0; n < kChannels; ++n) {
      const LaneTargets& lane = to.lanes[n];
      gates.emplace_back(lane.gate), compressors.emplace_back(lane.compressor);
      gate_filters.push_back({lane.gate_key.filter}), compressor_filters.push_back({lane.compressor_key.filter});
    }
  }
  /// All channels' keys of one frame.
  static std::vector<double> keys(std::vector<Filter>& filters, const DeskTargets& to,
                                  const KeyTargets LaneTargets::*key, const std::vector<double>& self,
                                  const std::vector<double>& inputs, const std::vector<double>& buses_before) {
    std::vector<double> result;
    for (int n = 0; n < kChannels; ++n) {
      const int source = (to.lanes[n].*key).source, bus = source - kDesk.first_bus_strip();
      const double from = source < 0 ? self[n] : bus >= 0 ? buses_before[bus] : inputs[source];
      result.push_back(filters[n].step(from));
    }
    for (int n = 0; n < kChannels; n += 2) {
      if (!(to.lanes[n].*key).linked) continue;
      result[n] = result[n + 1] = std::max(std::abs(result[n]), std::abs(result[n + 1]));
    }
    return result;
  }
  std::vector<double> frame(const std::vector<double>& inputs, const std::vector<double>& buses_before) {
    std::vector<double> x = inputs;
    const auto gate_keys = keys(gate_filters, targets, &LaneTargets::gate_key, x, inputs, buses_before);
    for (int n = 0; n < kChannels; ++n) x[n] *= gates[n].gain(gate_keys[n]);
    const auto compressor_keys =
        keys(compressor_filters, targets, &LaneTargets::compressor_key, x, inputs, buses_before);
    for (int n = 0; n < kChannels; ++n) x[n] *= compressors[n].gain(compressor_keys[n]);
    return x;
  }
};

}  // namespace

TEST_CASE("keys: 500 desks of random gates, compressors, keys, filters and links do what a desk in double does",
          "[engine][key]") {
  constexpr int kFrames = 700;
  double worst_of_all = 0;
  for (unsigned seed = 1; seed <= 500; ++seed) {
    Rig rig(kDesk, seed);
    rig.wire_to_main(0);
    for (int n = 0; n < kChannels; ++n) {
      rig.set_row(n, Tap::pre_fader, n, 1);
      LaneTargets& lane = rig.targets.lanes[n];
      const LaneTargets& left = rig.targets.lanes[n & ~1];
      if (n % 2 == 1 && left.gate_key.linked) {  // a linked pair has one set of dials
        lane.gate = left.gate, lane.compressor = left.compressor;
        lane.gate_key = left.gate_key, lane.compressor_key = left.compressor_key;
        lane.compressor_before_eq = left.compressor_before_eq;
        continue;
      }
      const bool linked = n % 2 == 0 && rig.integer(0, 1) == 1;
      lane.gate = design(random_gate(rig), kRateHz);
      lane.compressor = design(random_compressor(rig), kRateHz);
      lane.gate_key = random_key(rig, linked), lane.compressor_key = random_key(rig, linked);
      lane.compressor_before_eq = rig.integer(0, 1) == 1;  // the equaliser is flat: both are the same
    }
    Audio in = rig.noise(kChannels, kFrames, 1);
    for (auto& port : in) {  // swelling, each at its own pace
      const float turns = rig.uniform(0.5f, 3), start = rig.uniform(0, 6);
      for (int f = 0; f < kFrames; ++f) port[f] *= 0.5f + 0.5f * std::sin(start + 6.28f * turns * f / kFrames);
    }
    Engine engine(kDesk, kRateHz);
    engine.set_targets(rig.targets);
    engine.settle();
    const Audio out = play(engine, in, rig.integer(1, 100));
    Model model(rig.targets);
    std::vector<std::vector<double>> played;
    double worst = 0;
    for (int f = 0; f < kFrames; ++f) {
      std::vector<double> inputs, before(kBuses, 0.0);
      for (int n = 0; n < kChannels; ++n) inputs.push_back(in[n][f]);
      if (f >= kSubBlockFrames) before = played[f - kSubBlockFrames];
      played.push_back(model.frame(inputs, before));
      for (int n = 0; n < kChannels; ++n) {
        const double expected = std::clamp(played.back()[n], -1.0, 1.0);  // what a port plays
        worst = std::max(worst, std::abs(static_cast<double>(out[2 + n][f]) - expected));
      }
    }
    CAPTURE(seed);
    // 0.0001 dB of the logarithm, times a slope of up to 5 and a make-up of 12 dB; a level that near to a threshold may
    // cross it a frame apart.
    CHECK(worst < 5e-3);
    worst_of_all = std::max(worst_of_all, worst);
  }
  CAPTURE(worst_of_all);
  CHECK(worst_of_all > 0);
}

TEST_CASE("keys: a compressor that moves to the other side of the equaliser makes no click and loses no reduction",
          "[engine][key]") {
  Rig rig(kDesk);
  rig.wire_to_main(0);
  rig.set_row(0, Tap::pre_fader, 0, 1);
  LaneTargets& lane = rig.targets.lanes[0];
  CompressorParams p{.on = true, .threshold_db = -30, .ratio = 4};
  p.hold_ms = GENERATE(0.02f, 10.0f);
  lane.compressor = design(p, kRateHz);
  lane.coeff_ramp_frames = 480;
  Engine engine(kDesk, kRateHz);
  engine.set_targets(rig.targets);
  engine.settle();
  Audio in(kChannels, std::vector<float>(48'000, 0.5f));  // steady: every move of the gain is seen
  Audio out;
  play(engine, in, 0, 24'000, 64, out);
  lane.compressor_before_eq = true;
  ++lane.revision;
  engine.set_targets(rig.targets);
  play(engine, in, 24'000, 48'000, 64, out);
  const std::vector<float>& port = out[2];
  const double settled = port[23'999];
  CHECK(20 * std::log10(settled / 0.5) == Approx(compressor_curve_db(p, 20 * std::log10(0.5))).margin(0.01));
  float largest_step = 0, loudest = 0, softest = 1;
  for (std::size_t f = 24'000; f < 48'000; ++f) {
    largest_step = std::max(largest_step, std::abs(port[f] - port[f - 1]));
    loudest = std::max(loudest, port[f]), softest = std::min(softest, port[f]);
  }
  CHECK(static_cast<double>(port.back()) == Approx(settled).epsilon(1e-4));
  // On the way both are at work, half each: (1 + g)/2 squared against g, with g the settled gain.
  const double g = settled / 0.5;
  CHECK(static_cast<double>(loudest) < 0.5 * std::pow((1 + g) / 2, 2) * 1.02);
  CHECK(static_cast<double>(softest) > settled * 0.95);
  CHECK(largest_step < 0.5f / 240);
}
