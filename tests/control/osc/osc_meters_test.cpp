#include <catch2/catch.hpp>

#include <cmath>
#include <limits>

#include "control/clients/meter_groups.h"
#include "control/clients/update_queue.h"
#include "tests/control/osc/osc_harness.h"

using namespace fohd;
using namespace fohd::osc_test;
using Catch::Contains;

namespace {

std::int16_t value_at(const Blob& blob, std::size_t index) {
  return static_cast<std::int16_t>(std::to_integer<int>(blob.at(2 * index)) << 8 |
                                   std::to_integer<int>(blob.at(2 * index + 1)));
}

/// Hundredths of a decibel, from the definition.
int centibel(double amplitude) { return static_cast<int>(std::lround(2000 * std::log10(amplitude))); }

struct MeterWorld : World {
  explicit MeterWorld(Geometry geometry = {.inputs = 8, .buses = 4}) : World(geometry), frame(geometry) {}
  /// A frame every 10 ms, as the daemon gives them.
  void play(int frames) {
    for (int i = 0; i < frames; ++i) {
      now_ms += 10;
      frame.frames += 480;
      meters(frame);
      server.tick(now_ms);
      collect();
    }
  }
  MeterFrame frame;
};

}  // namespace

TEST_CASE("osc: /meters is answered with the layout and brings big-endian hundredths of a dB", "[control][osc]") {
  MeterWorld w;
  const auto answer = w.ask(1, message("/meters", {std::int32_t{0}, std::int32_t{50}}));
  REQUIRE(answer.size() == 1);
  CHECK(answer[0].tags == ",iiii");
  CHECK(answer[0].i(0) == 0);
  CHECK(answer[0].i(1) == 50);
  CHECK(answer[0].i(2) == 8);
  CHECK(answer[0].i(3) == 4);
  w.frame.strips[2] = {0.5f, 0.01f, 0.25f, 1.0f};
  w.play(1);
  const auto meters = w.messages(1);
  REQUIRE(meters.size() == 1);
  CHECK(meters[0].address == "/meters");
  CHECK(meters[0].tags == ",iib");
  CHECK(meters[0].i(0) == 0);
  CHECK(meters[0].i(1) == 0);
  const Blob& blob = meters[0].b(2);
  REQUIRE(blob.size() == 8 * 4 * 2);
  CHECK(value_at(blob, 2 * 4 + 0) == centibel(0.5));
  CHECK(value_at(blob, 2 * 4 + 1) == centibel(std::sqrt(0.01)));
  CHECK(value_at(blob, 2 * 4 + 2) == centibel(0.25));
  CHECK(value_at(blob, 2 * 4 + 3) == 0);
  CHECK(value_at(blob, 0) == -12000);  // silence
}

TEST_CASE("osc: a meter never shows nonsense, whatever the engine met", "[control][osc]") {
  MeterWorld w;
  w.send(1, message("/meters", {std::int32_t{0}, std::int32_t{20}}));
  w.frame.strips[0] = {std::numeric_limits<float>::quiet_NaN(), -1.0f, std::numeric_limits<float>::infinity(), 1e-30f};
  w.take(1);
  w.play(1);
  const Blob blob = w.messages(1).at(0).b(2);
  CHECK(value_at(blob, 0) == -12000);
  CHECK(value_at(blob, 1) == -12000);
  CHECK(value_at(blob, 2) == 32767);
  CHECK(value_at(blob, 3) == -12000);
}

TEST_CASE("osc: a peak between two looks is not lost, at any rate, and shows once", "[control][osc]") {
  MeterWorld w;
  w.send(1, message("/meters", {std::int32_t{1}, std::int32_t{50}}));
  w.send(2, message("/meters", {std::int32_t{1}, std::int32_t{200}}));
  w.play(40);
  w.take(1), w.take(2);
  const auto left = static_cast<std::size_t>(w.desk.geometry().main_strip());
  w.frame.strips[left].post_peak = 0.9f;  // one frame in the middle of both intervals
  w.play(1);
  w.frame.strips[left].post_peak = 0.1f;
  w.play(39);
  const auto count = [&](ClientId client, std::size_t frames) {
    const auto messages = w.messages(client);
    CHECK(messages.size() == frames);
    int loud = 0;
    for (const Message& m : messages) {
      const int value = value_at(m.b(2), 2);
      CHECK((value == centibel(0.9f) || value == centibel(0.1f)));
      loud += value == centibel(0.9f) ? 1 : 0;
    }
    return loud;
  };
  CHECK(count(1, 8) == 1);
  CHECK(count(2, 2) == 1);
}

TEST_CASE("osc: main comes before the buses, in the order of the outputs", "[control][osc]") {
  MeterWorld w;
  w.send(1, message("/meters", {std::int32_t{1}, std::int32_t{20}}));
  w.send(2, message("/meters", {std::int32_t{2}, std::int32_t{20}}));
  CHECK(w.messages(1).at(0).i(2) == 6);
  CHECK(w.messages(2).at(0).i(3) == 3);
  const Geometry& g = w.desk.geometry();
  for (int i = 0; i < 6; ++i) {
    const float level = 0.5f / static_cast<float>(1 + i);
    const int strip = i < 2 ? g.main_strip() + i : g.first_bus_strip() + i - 2;
    w.frame.strips[static_cast<std::size_t>(strip)].pre_peak = level;
    w.frame.outputs[static_cast<std::size_t>(i)] = level / 2;
    w.frame.output_mean_squares[static_cast<std::size_t>(i)] = level * level;
  }
  w.play(1);
  const Blob mixes = w.messages(1).at(0).b(2), outputs = w.messages(2).at(0).b(2);
  for (int i = 0; i < 6; ++i) {
    const double level = 0.5 / (1 + i);
    const auto n = static_cast<std::size_t>(i);
    CHECK(value_at(mixes, n * 4) == centibel(level));
    CHECK(value_at(outputs, n * 3) == centibel(level / 2));
    CHECK(value_at(outputs, n * 3 + 1) == centibel(level));
    CHECK(value_at(outputs, n * 3 + 2) == 0);
  }
}

TEST_CASE("osc: clips and faults latch until they are cleared, and a new engine is no clip", "[control][osc]") {
  MeterWorld w;
  w.send(1, message("/meters", {std::int32_t{3}, std::int32_t{20}}));
  w.send(2, message("/meters", {std::int32_t{4}, std::int32_t{20}}));
  w.play(2);
  w.frame.input_clips[5] += 3;
  w.frame.output_clips[2] += 1;
  w.frame.faults[1] += 1;
  w.play(4);
  const auto latches = [&](ClientId client) { return w.messages(client).back().b(2); };
  Blob channels = latches(1), mixes = latches(2);
  CHECK(value_at(channels, 5 * 2) == 1);
  CHECK(value_at(channels, 5 * 2 + 1) == 0);
  CHECK(value_at(channels, 1 * 2) == 0);
  CHECK(value_at(channels, 1 * 2 + 1) == 1);
  CHECK(value_at(mixes, 2 * 2) == 1);
  CHECK(w.status.input_clipped[5]);
  CHECK(w.status.output_clipped[2]);
  CHECK(w.ask(3, message("/ch/6/clip")).at(0).i() == 1);
  ClipLatches::clear(w.status);
  w.play(4);
  channels = latches(1);
  for (std::size_t i = 0; i < 16; ++i) CHECK(value_at(channels, i) == 0);
  CHECK(!w.status.input_clipped[5]);
  w.frame = MeterFrame(w.desk.geometry());  // a new engine counts from zero
  w.play(4);
  CHECK(value_at(latches(1), 5 * 2) == 0);
}

TEST_CASE("osc: a strip that the engine mutes for safety says so, and when it is over", "[control][osc]") {
  MeterWorld w;
  w.frame.safety_mutes[2] = 1;
  w.frame.safety_mutes[w.frame.safety_mutes.size() - 16 + 1] = 1;  // main right
  w.play(1);
  CHECK(w.ask(1, message("/ch/3/muted")).at(0).i() == kMutedSafety);
  CHECK(w.ask(1, message("/ch/2/muted")).at(0).i() == 0);
  CHECK(w.ask(1, message("/main/muted")).at(0).i() == kMutedSafety);
  CHECK(w.ask(1, message("/bus/1/muted")).at(0).i() == 0);
  std::fill(w.frame.safety_mutes.begin(), w.frame.safety_mutes.end(), std::uint8_t{0});
  w.frame.safety_mutes[2 * 16 + 3] = 1;  // the buses begin behind the tiles of channels and returns
  w.play(1);
  CHECK(w.ask(1, message("/ch/3/muted")).at(0).i() == 0);
  CHECK(w.ask(1, message("/main/muted")).at(0).i() == 0);
  CHECK(w.ask(1, message("/bus/4/muted")).at(0).i() == kMutedSafety);
}

TEST_CASE("osc: the largest desk's meters come in datagrams that fit, each saying where it begins", "[control][osc]") {
  MeterWorld w({.inputs = 128, .aux = 8, .buses = 64});
  for (std::int32_t group = 0; group < clients::kMeterGroups; ++group) {
    const ClientId client = static_cast<ClientId>(group) + 1;
    const Message layout = w.ask(client, message("/meters", {group, std::int32_t{1000}})).at(0);
    w.play(1);
    std::int32_t items = 0;
    for (const Message& m : w.messages(client)) {
      CHECK(m.i(0) == group);
      CHECK(m.i(1) == items);
      items += static_cast<std::int32_t>(m.b(2).size()) / 2 / layout.i(3);
    }
    CHECK(items == layout.i(2));
  }
}

TEST_CASE("osc: gains of gates and compressors are the deepest since the last frame, in hundredths of a dB",
          "[control][osc]") {
  MeterWorld w;
  const ClientId channels = 1, mixes = 2;
  w.send(channels, message("/meters", {std::int32_t{5}, std::int32_t{100}}));
  w.send(mixes, message("/meters", {std::int32_t{6}, std::int32_t{100}}));
  w.play(1);
  w.take(channels), w.take(mixes);
  const auto word = [](const Message& m, std::size_t i) {
    const auto high = std::to_integer<int>(m.b(2)[2 * i]), low = std::to_integer<int>(m.b(2)[2 * i + 1]);
    return static_cast<std::int16_t>(high << 8 | low);
  };
  StripMeter& ch_2 = w.frame.strips[1];
  StripMeter& main_right = w.frame.strips[static_cast<std::size_t>(w.desk.geometry().main_strip() + 1)];
  ch_2.gate_gain = -10, ch_2.compressor_gain = -0.5f, main_right.compressor_gain = -1;
  w.play(2);
  ch_2.gate_gain = -2, ch_2.compressor_gain = -1.5f, main_right.compressor_gain = 0;
  w.play(10);
  const Message of_channels = w.messages(channels).at(0), of_mixes = w.messages(mixes).at(0);
  CHECK(word(of_channels, 0) == 0);
  CHECK(word(of_channels, 2) == -6021);  // ten octaves of 6.0206 dB
  CHECK(word(of_channels, 3) == -903);
  CHECK(word(of_mixes, 0) == 0);
  CHECK(word(of_mixes, 1) == -602);
  w.play(10);
  CHECK(word(w.messages(channels).at(0), 2) == -1204);
  w.send(3, message("/meters", {std::int32_t{7}, std::int32_t{100}}));
  w.take(3);
  w.frame.limiter_gain = -0.25f;
  w.play(11);
  CHECK(word(w.messages(3).at(0), 0) == -151);
}

TEST_CASE("osc: meters end when asked, with the lease, and cost an honest error otherwise", "[control][osc]") {
  MeterWorld w;
  w.send(1, message("/meters", {std::int32_t{0}, std::int32_t{20}}));
  w.send(1, message("/meters", {std::int32_t{2}, std::int32_t{20}}));
  w.send(1, message("/meters", {std::int32_t{0}, std::int32_t{0}}));
  w.take(1);
  w.play(10);
  for (const Message& m : w.messages(1)) CHECK(m.i(0) == 2);
  w.send(1, message("/meters", {std::int32_t{0}}));
  w.play(10);
  CHECK(w.take(1).empty());
  w.send(1, message("/meters", {std::int32_t{0}, std::int32_t{20}}));
  w.play(1100);
  CHECK(w.messages(1).back().address == "/unsubscribed");
  w.play(10);
  CHECK(w.take(1).empty());
  const std::vector<std::vector<Argument>> bad = {{},
                                                  {std::int32_t{3}},
                                                  {std::int32_t{clients::kMeterGroups}, std::int32_t{20}},
                                                  {std::int32_t{-1}, std::int32_t{20}},
                                                  {std::int32_t{0}, std::int32_t{-1}},
                                                  {std::string("fast"), std::int32_t{20}},
                                                  {1.5f, 2.5f}};
  for (const auto& arguments : bad) {
    const Message error = only_error(w.ask(2, message("/meters", arguments)));
    CHECK(error.s(0) == "/meters");
    CHECK_THAT(error.s(1), Contains("group"));
  }
}

TEST_CASE("osc: an interval is rounded up to the next one on offer", "[control][osc]") {
  MeterWorld w;
  const auto granted = [&](std::int32_t wanted) {
    return w.ask(1, message("/meters", {std::int32_t{0}, wanted})).at(0).i(1);
  };
  CHECK(granted(1) == 20);
  CHECK(granted(20) == 20);
  CHECK(granted(33) == 40);
  CHECK(granted(51) == 100);
  CHECK(granted(1000000) == 1000);
  w.play(200);
  CHECK(w.take(1).size() == 3);  // the last request counts: at once, then one a second
}

TEST_CASE("osc: asking for the same meters again brings no frame early and loses no peak", "[control][osc]") {
  for (const bool leave : {false, true}) {
    CAPTURE(leave);
    MeterWorld w;
    const Bytes ask = message("/meters", {std::int32_t{0}, std::int32_t{50}});
    w.send(1, ask);
    w.play(1);
    int frames = 0, loud = 0;
    w.take(1);
    for (int i = 0; i < 100; ++i) {
      w.frame.strips[2].pre_peak = i == 51 ? 0.9f : 0.1f;  // right behind a frame that was sent
      if (leave) w.send(1, message("/meters", {std::int32_t{0}, std::int32_t{0}}));
      w.send(1, ask);
      w.play(1);
      for (const Message& m : w.messages(1)) {
        if (m.tags != ",iib") continue;
        ++frames;
        loud += value_at(m.b(2), 2 * 4) == centibel(0.9f) ? 1 : 0;
      }
    }
    CHECK(frames == 20);
    if (!leave) CHECK(loud == 1);
  }
}

TEST_CASE("osc: effect returns and effect inputs have meters", "[control][osc]") {
  MeterWorld w({.inputs = 2, .returns = 4, .buses = 1});
  const auto layout = [&](ClientId client, std::int32_t group) {
    return w.ask(client, message("/meters", {group, std::int32_t{20}})).at(0);
  };
  const Message returns_layout = layout(1, 8), inputs_layout = layout(2, 9);
  CHECK(returns_layout.i(2) == 4);
  CHECK(returns_layout.i(3) == 4);
  CHECK(inputs_layout.i(2) == 4);
  CHECK(inputs_layout.i(3) == 2);
  const Geometry& g = w.desk.geometry();
  w.frame.strips[static_cast<std::size_t>(g.first_return_strip() + 3)] = {0.5f, 0.01f, 0.25f, 1.0f};
  w.frame.strips[static_cast<std::size_t>(g.first_effect_strip() + 2)] = {0.125f, 0.0001f, 0.0f, 0.0f};
  w.play(1);
  const Blob returns = w.messages(1).at(0).b(2), inputs = w.messages(2).at(0).b(2);
  REQUIRE(returns.size() == 4 * 4 * 2);
  REQUIRE(inputs.size() == 4 * 2 * 2);
  CHECK(value_at(returns, 12) == centibel(0.5));
  CHECK(value_at(returns, 13) == centibel(0.1));
  CHECK(value_at(returns, 14) == centibel(0.25));
  CHECK(value_at(returns, 15) == 0);
  CHECK(value_at(inputs, 4) == centibel(0.125));
  CHECK(value_at(inputs, 5) == centibel(0.01));
  CHECK(value_at(returns, 0) == -12000);
  CHECK(value_at(inputs, 0) == -12000);
}

TEST_CASE("osc: a group that shows all of its items takes no third number", "[control][osc]") {
  MeterWorld w;
  CHECK_THAT(only_error(w.ask(1, message("/meters", {std::int32_t{0}, std::int32_t{50}, std::int32_t{1}}))).s(1),
             Contains("group 0 takes no third number"));
  CHECK_THAT(only_error(w.ask(1, message("/meters", {std::int32_t{0}, std::int32_t{50}, std::int32_t{1}, 2}))).s(1),
             Contains("where the group shows one of several"));
  w.play(10);
  CHECK(w.messages(1).empty());
}
