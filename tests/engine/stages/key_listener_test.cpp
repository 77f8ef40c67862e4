// Key listen: what a gate listens to, in the engineer's bus.
#include <catch2/catch.hpp>
#include <cmath>

#include "engine/engine_rig.h"
#include "engine/processors/key_filter.h"

using namespace fohd;
using namespace fohd::test;

namespace {

constexpr Geometry kDesk{.inputs = 4, .returns = 0, .buses = 18};  // two tiles of buses
constexpr int kRamp = 480;

/// Channels hear their inputs; channel 4 feeds bus 2; outputs at 0 dB, limiters off.
Rig wired() {
  Rig rig(kDesk);
  rig.wire_to_main();
  rig.set_row(3, Tap::pre_fader, kDesk.bus_column(1), 1);
  return rig;
}

void listen(Rig& rig, int strip, int bus, const KeyTargets& key = {}) {
  ListenTargets& to = rig.targets.listen;
  to = {to.revision + 1, strip, bus < 0 ? -1 : kDesk.first_bus_strip() + bus, key, kRamp};
}

KeyTargets band(int source) {
  KeyTargets key;
  key.source = source;
  key.filter = design_key_filter(KeyFilterType::band_q2, 1'000, kRateHz);
  return key;
}

std::vector<double> filtered(const std::vector<float>& x, const SvfCoeffs& c) {
  double c1 = 0, c2 = 0;
  std::vector<double> y;
  for (const float sample : x) {
    const double v = static_cast<double>(sample) - c2;
    y.push_back(c.d * static_cast<double>(sample) + c.y1 * c1 + c.y2 * c2);
    const double next = (c1 + c.p * c1) + c.b * v;
    c2 = (c2 + c.b * c1) + c.t * v;
    c1 = next;
  }
  return y;
}

}  // namespace

TEST_CASE("key listen: the key behind its filter is heard beside the bus's own mix, and nowhere else",
          "[engine][key]") {
  Rig rig = wired();
  const Audio in = rig.noise(4, 2000);
  Engine engine(kDesk, kRateHz);
  listen(rig, 0, 1, band(2));
  engine.set_targets(rig.targets);
  engine.settle();
  const Audio out = play(engine, in, 100);
  const std::vector<double> key = filtered(in[2], rig.targets.listen.key.filter);
  for (std::size_t i = 0; i < 2000; ++i) {
    REQUIRE(static_cast<double>(out[2 + 1][i]) == Approx(static_cast<double>(in[3][i]) + key[i]).margin(1e-5));
    REQUIRE(out[2][i] == 0);
    REQUIRE(out[2 + 16][i] == 0);
  }
}

TEST_CASE("key listen: without another source and filter it is the gate's own input, and it fades in and out",
          "[engine][key]") {
  for (const int bus : {1, 0, 17}) {  // fed by a channel, fed by nobody, in the other tile
    CAPTURE(bus);
    Rig rig = wired();
    Engine engine(kDesk, kRateHz);
    engine.set_targets(rig.targets);
    engine.settle();
    Audio in(4, std::vector<float>(1984, 0.0f));
    std::fill(in[1].begin(), in[1].end(), 0.5f);
    play(engine, in, 64);
    listen(rig, 1, bus);
    engine.set_targets(rig.targets);
    Audio out = play(engine, in, 64);
    for (int i = 0; i < 1984; ++i) {
      REQUIRE(out[2 + bus][i] == Approx(0.5 * std::min(1.0, (i + 1) / static_cast<double>(kRamp))).margin(1e-6));
    }
    listen(rig, -1, -1);
    engine.set_targets(rig.targets);
    out = play(engine, in, 64);
    for (int i = 0; i < 1984; ++i) {
      REQUIRE(out[2 + bus][i] == Approx(0.5 * std::max(0.0, 1 - (i + 1) / static_cast<double>(kRamp))).margin(1e-6));
    }
    CHECK(out[2 + bus].back() == 0);
  }
}

TEST_CASE("key listen: moved from strip to strip and bus to bus it gives the same bits for any split",
          "[engine][key][split]") {
  const auto show = [](int block) {
    Rig rig = wired();
    const Audio in = rig.noise(4, 12'000);
    Engine engine(kDesk, kRateHz);
    Audio out;
    for (int stretch = 0; stretch < 12; ++stretch) {
      listen(rig, rig.integer(-1, 3), rig.integer(-1, 17),
             rig.integer(0, 1) == 0 ? KeyTargets{} : band(rig.integer(-1, 3)));
      engine.set_targets(rig.targets);
      play(engine, in, stretch * 1000, stretch * 1000 + 1000, block, out);
    }
    return out;
  };
  const Audio expected = show(64);
  for (const int block : {1, 7, 100, 1024}) {
    CAPTURE(block);
    const Audio out = show(block);
    for (std::size_t port = 0; port < out.size(); ++port) REQUIRE(same_bits(out[port], expected[port]));
  }
  for (std::size_t port = 0; port < expected.size(); ++port) {  // fades, no steps: noise of 0.5 has steps of 1
    for (std::size_t i = 1; i < expected[port].size(); ++i) REQUIRE(std::abs(expected[port][i]) < 4);
  }
}

TEST_CASE("key listen: a bus that is its own key is not added to itself", "[engine][key]") {
  Rig rig = wired();
  Engine engine(kDesk, kRateHz);
  listen(rig, 0, 1, band(kDesk.first_bus_strip() + 1));
  engine.set_targets(rig.targets);
  engine.settle();
  Audio in(4, std::vector<float>(4800));
  in[3][0] = 0.5f;
  const Audio out = play(engine, in, 64);
  CHECK(out[2 + 1] == in[3]);
}
