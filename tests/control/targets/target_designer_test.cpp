#include "control/targets/target_designer.h"

#include <catch2/catch.hpp>

#include <cmath>
#include <numbers>

#include "engine/crossing/latest.h"
#include "engine/processors/eq_design.h"
#include "engine/processors/key_filter.h"
#include "tests/control/desk/random_changes.h"

using namespace fohd;

namespace {

constexpr double kRate = 48000;
// Gains are made in double and stored as float: half a unit in the last place, and a little for pow and cos.
constexpr double kFloatTolerance = 2e-7;

Geometry small() { return {.inputs = 18, .returns = 6, .buses = 6}; }

double db(double level) { return level <= -90 ? 0.0 : std::exp(level / 20 * std::numbers::ln10); }
double pan_left(double pan) { return std::sin((100 - pan) / 400 * std::numbers::pi); }
double pan_right(double pan) { return std::sin((100 + pan) / 400 * std::numbers::pi); }
double balance_left(double pan) { return std::min(1.0, std::numbers::sqrt2 * pan_left(pan)); }
double balance_right(double pan) { return std::min(1.0, std::numbers::sqrt2 * pan_right(pan)); }

/// What docs/DESK.md says that a channel or return, the `c`th of its kind, gives at `tap` to bus `b`.
double expected_send(const DeskSettings& desk, const MixingSettings& channel, int c, Tap tap, int b) {
  const SendSettings& send = channel.sends[b];
  const bool subgroup = send.tap == SendTap::subgroup, post = subgroup || send.tap == SendTap::post_fader;
  if ((post ? Tap::pre_fader : static_cast<Tap>(send.tap)) != tap || !send.on) return 0;
  if (channel.mute && (post || desk.global.mute_pre_sends)) return 0;
  double gain = subgroup ? 1 : db(send.level_db);
  if (post) gain *= db(channel.fader_db);
  if (!desk.buses[b].link) return gain;
  const double pan = subgroup ? channel.pan : send.pan;
  const bool left_bus = b % 2 == 0, left_channel = c % 2 == 0;
  if (!channel.link) return gain * (left_bus ? pan_left(pan) : pan_right(pan));
  if (left_bus != left_channel) return 0;
  return gain * (left_bus ? balance_left(pan) : balance_right(pan));
}

double expected_main(bool mute, bool on, bool link, double fader, double pan, int half, int side) {
  if (mute || !on) return 0;
  const double gain = db(fader);
  if (!link) return gain * (side == 0 ? pan_left(pan) : pan_right(pan));
  if (half != side) return 0;
  return gain * (side == 0 ? balance_left(pan) : balance_right(pan));
}

void check_gain(float actual, double expected) {
  // sin(pi) in double is 1e-16 where the desk has an exact zero.
  REQUIRE(std::abs(static_cast<double>(actual) - expected) <= kFloatTolerance * std::abs(expected) + 1e-15);
}

/// The number-th of its kind, in the lane `lane`.
void check_mixing(const DeskSettings& desk, const DeskTargets& targets, const Geometry& geometry,
                  const MixingSettings& strip, int number, int lane) {
  for (int tap = 0; tap < kTaps; ++tap) {
    const int row = DeskTargets::row_index(lane, static_cast<Tap>(tap));
    for (int b = 0; b < geometry.buses; ++b) {
      check_gain(targets.gain(row, b), expected_send(desk, strip, number, static_cast<Tap>(tap), b));
    }
    for (int side = 0; side < 2; ++side) {
      const double expected =
          expected_main(strip.mute, strip.main_on, strip.link, strip.fader_db, strip.pan, number % 2, side);
      check_gain(targets.gain(row, geometry.main_column() + side), tap == 3 ? expected : 0);
    }
  }
}

void check_channels(const DeskSettings& desk, const DeskTargets& targets, const Geometry& geometry) {
  for (int c = 0; c < geometry.inputs; ++c) {
    const ChannelSettings& channel = desk.channels[c];
    check_gain(targets.lanes[c].input_gain, db(channel.trim_db) * (channel.polarity_inverted ? -1 : 1));
    check_gain(targets.lanes[c].post_gain, db(channel.fader_db));
    REQUIRE(targets.lanes[c].source == (channel.source > geometry.inputs ? -1 : channel.source - 1));
    check_mixing(desk, targets, geometry, channel, c, c);
  }
  for (int r = 0; r < geometry.returns; ++r) {
    const int strip = geometry.first_return_strip() + r;
    check_gain(targets.lanes[strip].post_gain, db(desk.returns[r].fader_db));
    check_mixing(desk, targets, geometry, desk.returns[r], r, strip);
  }
}

void check_output(const OutputTargets& target, double fader, const OutputSettings& out) {
  check_gain(target.gain, fader * db(out.level_db) * (out.polarity_inverted ? -1 : 1));
  check_gain(target.limiter_ceiling, db(out.ears ? std::min(-12.0f, out.limiter_ceiling_db) : out.limiter_ceiling_db));
  REQUIRE(target.limiter_on == (out.limiter_on || out.ears));
  REQUIRE(target.delay_frames == (out.delay_on ? std::lround(static_cast<double>(out.delay_ms) * kRate / 1000) : 0));
}

void check_mixes(const DeskSettings& desk, const DeskTargets& targets, const Geometry& geometry) {
  for (int b = 0; b < geometry.buses; ++b) {
    const MixSettings& bus = desk.buses[b];
    const int strip = geometry.first_bus_strip() + b;
    check_gain(targets.lanes[strip].post_gain, db(bus.fader_db));
    const int row = DeskTargets::row_index(strip, Tap::pre_fader);
    for (int side = 0; side < 2; ++side) {
      check_gain(targets.gain(row, geometry.main_column() + side),
                 expected_main(bus.mute, bus.main_on, bus.link, bus.fader_db, bus.pan, b % 2, side));
    }
    check_output(targets.outputs[2 + b], bus.mute ? 0 : db(bus.fader_db), bus.output[0]);
    for (int slot = 0; slot < geometry.effects(); ++slot) {
      for (int side = 0; side < 2; ++side) {
        const bool feeds = desk.effects[slot].source[side] == b + 1 && desk.effects[slot].type != EffectType::none;
        check_gain(targets.gain(row, geometry.effect_column(slot) + side), feeds && !bus.mute ? db(bus.fader_db) : 0);
      }
    }
  }
  // Main's fader stands in front of its limiter, a bus's at its output.
  const MixSettings& main = desk.main;
  const double fader = main.mute ? 0 : db(main.fader_db);
  check_gain(targets.main.gain[0], fader * balance_left(main.pan));
  check_gain(targets.main.gain[1], fader * balance_right(main.pan));
  for (int side = 0; side < 2; ++side) check_output(targets.outputs[side], 1, main.output[side]);
  const MainBusSettings& main_bus = main.main_bus;
  REQUIRE(targets.main.width == design(main_bus.width, kRate));
  REQUIRE(targets.main.limiter == design(main_bus.limiter, kRate));
}

void check_filters(const DeskSettings& desk, const DeskTargets& targets, const Geometry& geometry) {
  const auto band = [](const EqBandParams& b, bool on) {
    return design(EqBandParams{on, b.type, b.frequency_hz, b.gain_db, b.q}, kRate);
  };
  for (int c = 0; c < geometry.inputs; ++c) {
    const ChannelSettings& channel = desk.channels[c];
    for (int i = 0; i < kChannelEqBands; ++i) REQUIRE(targets.lanes[c].eq[i] == band(channel.eq[i], channel.eq_on));
    SvfCoeffs low_cut[kLowCutSections];
    design(channel.low_cut, kRate, low_cut);
    for (int i = 0; i < kLowCutSections; ++i) REQUIRE(targets.lanes[c].low_cut[i] == low_cut[i]);
  }
  for (int r = 0; r < geometry.returns; ++r) {
    const ReturnSettings& strip = desk.returns[r];
    for (int i = 0; i < kChannelEqBands; ++i) {
      REQUIRE(targets.lanes[geometry.first_return_strip() + r].eq[i] == band(strip.eq[i], strip.eq_on));
    }
  }
  for (int slot = 0; slot < geometry.effects(); ++slot) {
    const EffectSettings& effect = desk.effects[slot];
    const EffectCoeffs& coeffs = targets.effects[slot].coeffs;
    REQUIRE(coeffs == design(effect.type, effect.params, kRate));
    REQUIRE(coeffs.index() == static_cast<std::size_t>(effect.type));
  }
  for (int i = 0; i < kMixEqBands; ++i) {
    for (int b = 0; b < geometry.buses; ++b) {
      REQUIRE(targets.lanes[geometry.first_bus_strip() + b].eq[i] == band(desk.buses[b].eq[i], desk.buses[b].eq_on));
    }
    for (int side = 0; side < 2; ++side) {
      REQUIRE(targets.lanes[geometry.main_strip() + side].eq[i] == band(desk.main.eq[i], desk.main.eq_on));
    }
  }
}

/// All blocks alike: content and revisions.
bool same(const DeskTargets& a, const DeskTargets& b) {
  for (std::size_t i = 0; i < a.rows.size(); ++i) {
    if (a.rows[i].revision != b.rows[i].revision || a.rows[i].ramp_frames != b.rows[i].ramp_frames) return false;
  }
  return a.lanes == b.lanes && a.gains == b.gains && a.outputs == b.outputs && a.effects == b.effects &&
         a.main == b.main && a.shutter == b.shutter;
}

}  // namespace

TEST_CASE("targets: whatever is set in whatever order, every gain is what the desk's rules say", "[control][targets]") {
  Desk desk(small());
  TargetDesigner designer(desk, kRate);
  std::mt19937 random(1);
  for (int round = 0; round < 60; ++round) {
    CAPTURE(round);
    std::vector<Change> changes;
    for (int i = 0; i < 200; ++i) changes.push_back(random_change(desk.table(), random));
    std::string error;
    REQUIRE(desk.apply({}, changes, error));
    designer.update();
    check_channels(desk.settings(), designer.targets(), small());
    check_mixes(desk.settings(), designer.targets(), small());
    check_filters(desk.settings(), designer.targets(), small());
  }
}

TEST_CASE("targets: a desk designed step by step is the desk designed at once", "[control][targets]") {
  Desk desk(small());
  TargetDesigner step_by_step(desk, kRate);
  std::mt19937 random(2);
  std::string error;
  for (int i = 0; i < 3000; ++i) {
    const Change change = random_change(desk.table(), random);
    REQUIRE(desk.apply({}, {&change, 1}, error));
    step_by_step.update();
  }
  const TargetDesigner at_once(desk, kRate);
  CHECK(step_by_step.targets().gains == at_once.targets().gains);
  for (std::size_t i = 0; i < at_once.targets().lanes.size(); ++i) {
    LaneTargets lane = step_by_step.targets().lanes[i];
    lane.revision = at_once.targets().lanes[i].revision;
    CHECK(lane == at_once.targets().lanes[i]);
  }
}

TEST_CASE("targets: linking a hard-panned pair, and unlinking it, changes no gain and no revision",
          "[control][targets]") {
  Desk desk(small());
  for (const char* strip : {"/ch/1", "/ch/2", "/bus/1", "/bus/2"}) {
    REQUIRE(set(desk, std::string(strip) + "/pan", strip[std::string(strip).size() - 1] == '1' ? -100.0f : 100.0f));
    REQUIRE(set(desk, std::string(strip) + "/main/on", 1));
    REQUIRE(set(desk, std::string(strip) + "/fader", -7.3f));
  }
  REQUIRE(set(desk, "/bus/3/link", 1));
  for (const char* channel : {"/ch/1", "/ch/2"}) {
    REQUIRE(set(desk, std::string(channel) + "/send/3/level", -4.1f));
    REQUIRE(set(desk, std::string(channel) + "/send/3/pan", channel[4] == '1' ? -100.0f : 100.0f));
  }
  TargetDesigner designer(desk, kRate);
  const DeskTargets before = designer.targets();
  for (const char* link : {"/ch/1/link", "/bus/1/link"}) {
    for (const int on : {1, 0}) {
      REQUIRE(set(desk, link, on));
      CHECK_FALSE(designer.update());
      CHECK(same(before, designer.targets()));
    }
  }
}

TEST_CASE("targets: only the blocks whose content changed get a new revision", "[control][targets]") {
  Desk desk(small());
  TargetDesigner designer(desk, kRate);
  CHECK_FALSE(designer.update());
  REQUIRE(set(desk, "/ch/3/name", std::string("Snare")));
  CHECK_FALSE(designer.update());

  const DeskTargets before = designer.targets();
  REQUIRE(set(desk, "/ch/3/fader", -10.0f));
  REQUIRE(designer.update());
  const DeskTargets& after = designer.targets();
  const int row = DeskTargets::row_index(2, Tap::pre_fader);
  for (int i = 0; i < static_cast<int>(after.rows.size()); ++i) {
    CAPTURE(i);
    CHECK(after.rows[i].revision == before.rows[i].revision + (i == row ? 1u : 0u));
  }
  for (int i = 0; i < static_cast<int>(after.lanes.size()); ++i) {
    CHECK(after.lanes[i].revision == before.lanes[i].revision + (i == 2 ? 1u : 0u));
  }
  CHECK(after.outputs == before.outputs);
  REQUIRE(set(desk, "/ch/3/fader", -10.0f));
  CHECK_FALSE(designer.update());
}

TEST_CASE("targets: levels and pans ramp in 5 ms, mutes in 10 ms, filters in 10 ms", "[control][targets]") {
  Desk desk(small());
  REQUIRE(set(desk, "/main/fader", 0.0f));
  TargetDesigner designer(desk, kRate);
  const RowTargets& row = designer.targets().rows[DeskTargets::row_index(0, Tap::pre_fader)];
  REQUIRE(set(desk, "/ch/1/fader", 0.0f));
  designer.update();
  CHECK(row.ramp_frames == 240);
  CHECK(designer.targets().lanes[0].post_gain_ramp_frames == 240);
  CHECK(designer.targets().lanes[0].coeff_ramp_frames == 480);
  REQUIRE(set(desk, "/ch/1/mute", 1));
  REQUIRE(set(desk, "/ch/1/pan", 10.0f));
  designer.update();
  CHECK(row.ramp_frames == 480);
  REQUIRE(set(desk, "/ch/1/mute", 0));
  designer.update();
  REQUIRE(set(desk, "/ch/1/pan", 20.0f));
  designer.update();
  CHECK(row.ramp_frames == 240);
  REQUIRE(set(desk, "/main/mute", 1));
  designer.update();
  CHECK(designer.targets().main.gain_ramp_frames == 480);
}

TEST_CASE("targets: what nobody has read yet keeps its longest ramp, what was read does not", "[control][targets]") {
  Desk desk(small());
  TargetDesigner designer(desk, kRate);
  const auto set = [&](const char* address, float value) {
    std::string error;
    const Value wanted =
        desk.table().find(address) && desk.table()[*desk.table().find(address)].row->kind == Kind::boolean
            ? Value(static_cast<std::int32_t>(value))
            : Value(value);
    REQUIRE(desk.apply({}, std::vector<Change>{{*desk.table().find(address), wanted}}, error));
  };
  const auto ramp_ms = [&](int row) { return designer.targets().rows[row].ramp_frames * 1000 / kRate; };
  const int row = DeskTargets::row_index(0, Tap::pre_fader);
  const auto output_ms = [&] { return designer.targets().outputs[2].gain_ramp_frames * 1000 / kRate; };
  set("/ch/1/fader", 0), set("/bus/1/fader", -3);
  designer.update();
  set("/ch/1/mute", 1), set("/bus/1/mute", 1);
  designer.update();
  CHECK(ramp_ms(row) == 10);
  set("/ch/1/mute", 0), set("/bus/1/mute", 0), set("/ch/1/fader", -1), set("/bus/1/fader", -2);
  designer.update();
  set("/ch/1/fader", -5), set("/bus/1/fader", -5);
  SECTION("folded: the audio thread may still have to make the mute's move") {
    designer.update(true);
    CHECK(ramp_ms(row) == 10);
    CHECK(output_ms() == 10);
    set("/ch/1/fader", -6);
    designer.update(true);
    CHECK(ramp_ms(row) == 10);
  }
  SECTION("read: a fader's ramp is a fader's") {
    designer.update(false);
    CHECK(ramp_ms(row) == 5);
    CHECK(output_ms() == 5);
  }
}

TEST_CASE("targets: hold, panic and shutdown shut the outputs, and each opens at its own pace", "[control][targets]") {
  Desk desk(small());
  TargetDesigner designer(desk, kRate);
  const ShutterTargets& shutter = designer.targets().shutter;
  CHECK(shutter.open);
  CHECK(shutter.open_ramp_frames == 9600);  // 200 ms
  designer.set_hold(true);
  REQUIRE(designer.update());
  CHECK_FALSE(shutter.open);
  designer.set_hold(false);
  REQUIRE(designer.update());
  CHECK(shutter.open);
  CHECK(shutter.open_ramp_frames == 9600);

  REQUIRE(set(desk, "/panic", 1));
  REQUIRE(designer.update());
  CHECK_FALSE(shutter.open);
  CHECK(shutter.close_ramp_frames == 960);  // 20 ms
  designer.set_hold(true);
  REQUIRE(set(desk, "/panic", 0));
  designer.update();
  CHECK_FALSE(shutter.open);
  designer.set_hold(false);
  REQUIRE(designer.update());
  CHECK(shutter.open);
  CHECK(shutter.open_ramp_frames == 24000);  // 500 ms, since a panic was among the reasons

  designer.set_shutdown(true);
  REQUIRE(designer.update());
  CHECK_FALSE(shutter.open);
  CHECK(shutter.close_ramp_frames == 960);
}

TEST_CASE("targets: through three rotating slots the reader always sees the whole present desk", "[control][targets]") {
  Desk desk(small());
  TargetDesigner designer(desk, kRate);
  Latest<DeskTargets> latest{DeskTargets(small())};
  std::mt19937 random(3);
  std::string error;
  for (int i = 0; i < 2000; ++i) {
    for (auto left = random() % 4; left > 0; --left) {
      const Change change = random_change(desk.table(), random);
      REQUIRE(desk.apply({}, {&change, 1}, error));
    }
    designer.update();
    designer.copy_to(latest.back());
    latest.publish();
    if (random() % 3 != 0) REQUIRE(same(latest.read(), designer.targets()));
  }
}

TEST_CASE("targets: copying into a slot writes the blocks that differ and no others", "[control][targets]") {
  Desk desk(small());
  TargetDesigner designer(desk, kRate);
  DeskTargets slot = designer.targets();
  // Marks that only a copy would wipe out.
  for (LaneTargets& lane : slot.lanes) lane.source = -7;
  for (float& gain : slot.gains) gain = -7;
  for (OutputTargets& output : slot.outputs) output.delay_frames = -7;
  REQUIRE(set(desk, "/ch/4/fader", -1.0f));
  REQUIRE(set(desk, "/bus/2/out/level", -1.0f));
  designer.update();
  designer.copy_to(slot);
  const int row = DeskTargets::row_index(3, Tap::pre_fader);
  for (int i = 0; i < static_cast<int>(slot.rows.size()); ++i) {
    if (slot.layout.row_size(i) > 0) CHECK((slot.row_gains(i)[0] == -7) == (i != row));
  }
  for (int i = 0; i < static_cast<int>(slot.lanes.size()); ++i) CHECK((slot.lanes[i].source == -7) == (i != 3));
  for (int i = 0; i < static_cast<int>(slot.outputs.size()); ++i)
    CHECK((slot.outputs[i].delay_frames == -7) == (i != 3));
}

TEST_CASE("targets: gate and compressor are what their dials say, and listen where they are told",
          "[control][targets]") {
  Desk desk(small());
  TargetDesigner designer(desk, kRate);
  const auto set = [&](const std::string& address, Value value) {
    std::string error;
    CAPTURE(address);
    REQUIRE(desk.table().find(address).has_value());
    REQUIRE(desk.apply({}, std::vector<Change>{{*desk.table().find(address), value}}, error));
  };
  set("/ch/3/gate/on", 1), set("/ch/3/gate/mode", std::string("expander_3")), set("/ch/3/gate/threshold", -33.0f);
  set("/ch/3/gate/range", 21.0f), set("/ch/3/gate/attack", 2.5f), set("/ch/3/gate/hold", 12.0f);
  set("/ch/3/gate/release", 77.0f), set("/ch/3/gate/key/source", std::string("bus_2"));
  set("/ch/3/gate/key/filter/on", 1), set("/ch/3/gate/key/filter/type", std::string("band_q5"));
  set("/ch/3/gate/key/filter/freq", 60.0f);
  set("/bus/5/comp/on", 1), set("/bus/5/comp/ratio", 4.0f), set("/bus/5/comp/threshold", -18.0f);
  set("/bus/5/comp/knee", 6.0f), set("/bus/5/comp/makeup", 3.0f), set("/bus/5/comp/auto_makeup", 1);
  set("/bus/5/comp/auto_time", 1);
  set("/bus/5/comp/attack", 7.0f), set("/bus/5/comp/hold", 8.0f), set("/bus/5/comp/release", 99.0f);
  set("/bus/5/comp/mix", 40.0f), set("/bus/5/comp/detector", std::string("peak"));
  set("/bus/5/comp/position", std::string("before_eq")), set("/bus/5/comp/key/source", std::string("ch_18"));
  set("/bus/6/comp/on", 1), set("/bus/6/comp/key/source", std::string("ch_99"));  // not on this desk
  designer.update();
  const LaneTargets& channel = designer.targets().lanes[2];
  const GateParams gate{true, GateMode::expander_3, -33, 21, 2.5f, 12, 77};
  CHECK(channel.gate == design(gate, kRate));
  CHECK(channel.gate_key.source == small().first_bus_strip() + 1);
  CHECK(channel.gate_key.filter == design_key_filter(KeyFilterType::band_q5, 60, kRate));
  CHECK(channel.compressor.off());
  const LaneTargets& bus = designer.targets().lanes[static_cast<std::size_t>(small().first_bus_strip() + 4)];
  CompressorParams compressor{.on = true, .threshold_db = -18, .ratio = 4, .knee_db = 6, .makeup_db = 3};
  compressor.attack_ms = 7, compressor.hold_ms = 8, compressor.release_ms = 99, compressor.mix_percent = 40;
  compressor.auto_makeup = true, compressor.auto_time = true;
  CHECK(bus.compressor == design(compressor, kRate));
  CHECK(bus.compressor_before_eq);
  CHECK(bus.compressor_key.source == 17);
  CHECK(designer.targets().lanes[static_cast<std::size_t>(small().first_bus_strip() + 5)].compressor_key.source == -1);
  // Pairs share the detector; main is always one.
  CHECK_FALSE(bus.compressor_key.linked);
  set("/bus/5/link", 1), set("/main/comp/on", 1);
  designer.update();
  CHECK(bus.compressor_key.linked);
  CHECK(designer.targets().lanes[static_cast<std::size_t>(small().main_strip())].compressor_key.linked);
}

TEST_CASE("targets: an effect is made when it is chosen, handed over, named, turned, ended and freed",
          "[control][targets][effect]") {
  const Geometry geometry{.inputs = 1, .returns = 4, .buses = 2};
  Desk desk(geometry);
  Engine engine(geometry, kRate);
  TargetDesigner designer(desk, kRate);
  designer.give(engine);
  CHECK(designer.targets().effects[1].id == 0);
  CHECK(engine.effect_swap(1).take() == nullptr);

  REQUIRE(set(desk, "/fx/2/type", std::string("reverb")));
  REQUIRE(designer.update());
  const EffectId first = designer.targets().effects[1].id;
  CHECK(first != 0);
  designer.collect(engine);
  std::unique_ptr<Effect> instance(engine.effect_swap(1).take());
  REQUIRE(instance);
  CHECK(instance->id() == first);
  CHECK(engine.effect_swap(0).take() == nullptr);

  REQUIRE(set(desk, "/fx/2/reverb/decay", 3.0f));  // a dial makes no new one
  REQUIRE(designer.update());
  CHECK(designer.targets().effects[1].id == first);
  ReverbParams params;
  params.decay_s = 3;
  CHECK(designer.targets().effects[1].coeffs == EffectCoeffs(design(params, kRate)));
  designer.collect(engine);
  CHECK(engine.effect_swap(1).take() == nullptr);

  REQUIRE(set(desk, "/fx/2/type", std::string("none")));
  REQUIRE(designer.update());
  CHECK(designer.targets().effects[1].id > first);
  CHECK(std::holds_alternative<std::monostate>(designer.targets().effects[1].coeffs));
  designer.collect(engine);
  CHECK(engine.effect_swap(1).take() == nullptr);
  REQUIRE(set(desk, "/fx/2/type", std::string("reverb")));  // what it was told before is kept
  designer.update();
  CHECK(designer.targets().effects[1].coeffs == EffectCoeffs(design(params, kRate)));
}

TEST_CASE("targets: a tail ends when it is killed, and all do at panic", "[control][targets][effect]") {
  const Geometry geometry{.inputs = 1, .returns = 4, .buses = 2};
  Desk desk(geometry);
  TargetDesigner designer(desk, kRate);
  CHECK_FALSE(designer.update());
  designer.kill_effect(0);
  REQUIRE(designer.update());
  CHECK(designer.targets().effects[0].kills == 1);
  CHECK(designer.targets().effects[1].kills == 0);
  CHECK_FALSE(designer.update());
  REQUIRE(set(desk, "/panic", 1));
  REQUIRE(designer.update());
  CHECK(designer.targets().effects[0].kills == 2);
  CHECK(designer.targets().effects[1].kills == 1);
  REQUIRE(set(desk, "/panic", 0));
  REQUIRE(designer.update());
  CHECK(designer.targets().effects[1].kills == 1);
  REQUIRE(set(desk, "/panic", 1));
  REQUIRE(designer.update());
  CHECK(designer.targets().effects[1].kills == 2);
}

TEST_CASE("targets: of the channels that listen to their keys the first is heard, in the bus that was chosen",
          "[control][targets]") {
  Desk desk(small());
  TargetDesigner designer(desk, kRate);
  REQUIRE(set(desk, "/ch/5/gate/key/listen", 1));
  designer.update();
  CHECK(designer.targets().listen.strip == -1);  // no bus was chosen
  REQUIRE(set(desk, "/config/listen_bus", std::string("bus_3")));
  REQUIRE(set(desk, "/ch/5/gate/key/source", std::string("ch_9")));
  REQUIRE(set(desk, "/ch/5/gate/key/filter/on", 1));
  REQUIRE(set(desk, "/ch/7/gate/key/listen", 1));
  REQUIRE(designer.update());
  const ListenTargets& listen = designer.targets().listen;
  CHECK(listen.strip == 4);
  CHECK(listen.bus_strip == small().first_bus_strip() + 2);
  CHECK(listen.key.source == 8);
  CHECK(listen.key.filter == design_key_filter(KeyFilterType::band_q3, 1000, kRate));  // the gate need not be on
  REQUIRE(set(desk, "/ch/5/gate/key/listen", 0));
  REQUIRE(designer.update());
  CHECK(designer.targets().listen.strip == 6);
  REQUIRE(set(desk, "/config/listen_bus", std::string("bus_64")));  // which this desk lacks
  REQUIRE(designer.update());
  CHECK(designer.targets().listen.strip == -1);
}

TEST_CASE("designer: what is given up under load reaches main's limiter, and comes back", "[control][design]") {
  Desk desk(small());
  TargetDesigner designer(desk, kRate);
  Latest<DeskTargets> targets{DeskTargets(small())};
  Engine engine(small(), kRate);
  designer.update();
  for (const LoadReduction load_reduction :
       {LoadReduction::nothing, LoadReduction::between_samples, LoadReduction::nothing}) {
    designer.set_load_reduction(load_reduction);
    designer.update();
    designer.publish(engine, targets);
    CHECK(targets.read().main.limiter.between == (load_reduction == LoadReduction::nothing));
  }
}
