// What an OSC packet costs the control thread: build/release/bin/bench_osc_cost
//
// Each figure is the median of several rounds, on one thread, without the socket (recvmmsg adds its own part).
#include <algorithm>
#include <bit>
#include <cstdio>
#include <ctime>
#include <functional>
#include <string>
#include <vector>

#include "control/commands/commands.h"
#include "control/osc/osc_server.h"
#include "control/readouts/readouts.h"

namespace {

using namespace fohd;
using Packet = std::vector<std::byte>;

void put32(Packet& out, std::uint32_t v) {
  for (int shift = 24; shift >= 0; shift -= 8) out.push_back(static_cast<std::byte>(v >> shift & 0xff));
}
void put_text(Packet& out, const std::string& text) {
  for (const char c : text) out.push_back(static_cast<std::byte>(c));
  do out.push_back(std::byte{0});
  while (out.size() % 4 != 0);
}
Packet set(const std::string& address, float value) {
  Packet out;
  put_text(out, address), put_text(out, ",f"), put32(out, std::bit_cast<std::uint32_t>(value));
  return out;
}
Packet request(const std::string& address) {
  Packet out;
  put_text(out, address), put_text(out, ",");
  return out;
}
Packet bundle(const std::vector<Packet>& elements) {
  Packet out;
  put_text(out, "#bundle"), put32(out, 0), put32(out, 1);
  for (const Packet& e : elements)
    put32(out, static_cast<std::uint32_t>(e.size())), out.insert(out.end(), e.begin(), e.end());
  return out;
}

struct NoCommands : CommandSink {
  bool execute(const fohd::CommandCall&, const Origin&, std::span<const Value>, std::string&) override { return true; }
};

struct Bench {
  explicit Bench(const Geometry& geometry) : desk(geometry), status(geometry), server(desk, status, sink, {}) {}
  void discard() {
    server.drain([this](const OutgoingPacket& p) { return bytes_out += p.bytes.size(), ++packets_out, true; });
  }
  Desk desk;
  DeskStatus status;
  NoCommands sink;
  OscServer server;
  std::int64_t now_ms = 1000;
  std::size_t bytes_out = 0, packets_out = 0;
};

/// Microseconds for one call of `work`, which does `count` things.
void report(const char* what, int count, const std::function<void()>& work) {
  std::vector<double> rounds;
  for (int round = 0; round < 5; ++round) {
    const std::clock_t start = std::clock();  // processor time: other programs on the machine do not count
    work();
    rounds.push_back(1e6 * static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC / count);
  }
  std::sort(rounds.begin(), rounds.end());
  std::printf("%-74s %9.3f us\n", what, rounds[rounds.size() / 2]);
}

void sets(const Geometry& geometry, const char* name, int subscribers) {
  Bench b(geometry);
  for (int i = 0; i < subscribers; ++i)
    b.server.receive(static_cast<ClientId>(100 + i), request("/subscribe"), b.now_ms, 0);
  for (int i = 0; i < 1000; ++i) b.server.tick(b.now_ms += 20), b.discard();
  for (int i = 0; i < subscribers; ++i)
    b.server.receive(static_cast<ClientId>(100 + i), request("/subscribe"), b.now_ms, 0);
  for (int i = 0; i < 400; ++i) b.server.tick(b.now_ms += 20), b.discard();
  std::vector<Packet> packets;
  for (int i = 0; i < 4096; ++i) {
    packets.push_back(set("/ch/" + std::to_string(1 + i % geometry.inputs) + "/fader", -0.01f * static_cast<float>(i)));
  }
  constexpr int kCount = 1000000;
  const std::string title =
      std::string(name) + ": set one exact address, " + std::to_string(subscribers) + " subscribers";
  report(title.c_str(), kCount, [&] {
    // A burst at 250,000/s: a turn of the loop takes a few hundred datagrams at most, then ticks.
    for (int i = 0; i < kCount; ++i) {
      b.server.receive(1, packets[static_cast<std::size_t>(i) % packets.size()], b.now_ms, 0);
      if (i % 256 == 255) b.server.tick(b.now_ms += 1), b.discard();
    }
  });
}

void others(const Geometry& geometry, const char* name) {
  Bench b(geometry);
  const auto line = [&](const char* what, int count, const std::function<void()>& work) {
    report((std::string(name) + ": " + what).c_str(), count, work);
  };
  const auto repeat = [&](const Packet& packet, int count, ClientId client) {
    for (int i = 0; i < count; ++i) {
      b.now_ms += 100;
      b.server.receive(client, packet, b.now_ms, 0);
      b.discard();
    }
  };
  line("get one exact address", 3000, [&] { repeat(request("/ch/1/fader"), 3000, 1); });
  line("unknown address, answered with a hint", 3000, [&] { repeat(set("/ch/1/fadre", 0), 3000, 1); });
  float value = 0;
  line("set /ch/*/fader", 100, [&] { repeat(set("/ch/*/fader", value -= 0.1f), 100, 1); });
  line("set /ch/*/send/*/level", 100, [&] { repeat(set("/ch/*/send/*/level", value -= 0.1f), 100, 1); });
  line("a pattern that visits everything and matches nothing", 100,
       [&] { repeat(set("/*/*/*/*/nothing", 0), 100, 1); });
  std::vector<Packet> many;
  for (int i = 0; i < 1000; ++i)
    many.push_back(set("/ch/" + std::to_string(1 + i % geometry.inputs) + "/pan", static_cast<float>(i % 100)));
  line("a bundle of 1,000 sets", 20, [&] { repeat(bundle(many), 20, 1); });
  line("/subscribe to everything", 20, [&] { repeat(request("/subscribe"), 20, 2); });
  Packet filtered;
  put_text(filtered, "/subscribe"), put_text(filtered, ",ssss");
  for (const char* filter : {"/ch/*/fader", "/ch/{1,2,3}/send", "/bus/*/mute", "/main"}) put_text(filtered, filter);
  line("/subscribe with 4 patterns", 20, [&] { repeat(filtered, 20, 2); });
  b.server.receive(2, request("/subscribe"), b.now_ms, 0);
  b.discard();
  b.bytes_out = b.packets_out = 0;
  const auto start = b.now_ms;
  std::size_t before = 0;
  do {
    before = b.packets_out;
    b.server.tick(b.now_ms += 20);
    b.discard();
  } while (b.packets_out != before);
  std::printf("%s: full state: %zu bytes in %zu datagrams over %lld ms\n", name, b.bytes_out, b.packets_out,
              static_cast<long long>(b.now_ms - start - 20));
  MeterFrame frame(geometry);
  for (ClientId client = 1; client <= 10; ++client) {
    for (int group = 0; group < 3; ++group) {
      Packet meters;
      put_text(meters, "/meters"), put_text(meters, ",ii"), put32(meters, static_cast<std::uint32_t>(group)),
          put32(meters, 20);
      b.server.receive(client, meters, b.now_ms, 0);
    }
  }
  line("a meter frame, 10 clients with 3 groups at 20 ms", 100, [&] {
    for (int i = 0; i < 100; ++i) b.server.meters(frame, b.now_ms += 10), b.discard();
  });
}

}  // namespace

int main() {
  const Geometry usual{.inputs = 32, .buses = 16}, large{.inputs = 128, .buses = 64};
  sets(usual, "32x16", 0);
  sets(usual, "32x16", 1);
  sets(usual, "32x16", 20);
  sets(large, "128x64", 0);
  sets(large, "128x64", 64);
  others(usual, "32x16");
  others(large, "128x64");
  return 0;
}
