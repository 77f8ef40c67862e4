// A desk, a server and as many pretended clients as a test wants. Packets are put together and taken apart here by
// hand, not with the code under test.
#pragma once

#include <catch2/catch.hpp>

#include <bit>
#include <cstring>
#include <functional>
#include <map>
#include <string>
#include <variant>
#include <vector>

#include "control/commands/commands.h"
#include "control/osc/osc_server.h"
#include "control/readouts/clip_latches.h"
#include "control/readouts/readouts.h"
#include "tests/control/desk/desk_rig.h"

namespace fohd::osc_test {

using Bytes = std::vector<std::byte>;
using Blob = Bytes;
using Argument = std::variant<std::int32_t, float, std::string, Blob, std::int64_t, double, bool>;

inline void put(Bytes& out, const void* data, std::size_t size) {
  const auto* p = static_cast<const std::byte*>(data);
  out.insert(out.end(), p, p + size);
}
inline void put32(Bytes& out, std::uint32_t v) {
  for (int shift = 24; shift >= 0; shift -= 8) out.push_back(static_cast<std::byte>(v >> shift & 0xff));
}
inline void put64(Bytes& out, std::uint64_t v) {
  put32(out, static_cast<std::uint32_t>(v >> 32)), put32(out, static_cast<std::uint32_t>(v));
}
inline void pad(Bytes& out) {
  while (out.size() % 4 != 0) out.push_back(std::byte{0});
}
inline void put_text(Bytes& out, const std::string& text) { put(out, text.c_str(), text.size() + 1), pad(out); }

/// One OSC message.
inline Bytes message(const std::string& address, const std::vector<Argument>& arguments = {}) {
  Bytes out, data;
  std::string tags = ",";
  for (const Argument& a : arguments) {
    if (const auto* i = std::get_if<std::int32_t>(&a)) tags += 'i', put32(data, static_cast<std::uint32_t>(*i));
    if (const auto* f = std::get_if<float>(&a)) tags += 'f', put32(data, std::bit_cast<std::uint32_t>(*f));
    if (const auto* s = std::get_if<std::string>(&a)) tags += 's', put_text(data, *s);
    if (const auto* h = std::get_if<std::int64_t>(&a)) tags += 'h', put64(data, static_cast<std::uint64_t>(*h));
    if (const auto* d = std::get_if<double>(&a)) tags += 'd', put64(data, std::bit_cast<std::uint64_t>(*d));
    if (const auto* t = std::get_if<bool>(&a)) tags += *t ? 'T' : 'F';
    if (const auto* b = std::get_if<Blob>(&a)) {
      tags += 'b', put32(data, static_cast<std::uint32_t>(b->size())), put(data, b->data(), b->size()), pad(data);
    }
  }
  put_text(out, address), put_text(out, tags), put(out, data.data(), data.size());
  return out;
}

inline Bytes bundle(const std::vector<Bytes>& elements, std::uint64_t time_tag = 1) {
  Bytes out;
  put(out, "#bundle", 8), put64(out, time_tag);
  for (const Bytes& e : elements) put32(out, static_cast<std::uint32_t>(e.size())), put(out, e.data(), e.size());
  return out;
}

struct Message {
  std::string address, tags;
  std::vector<Argument> arguments;
  float f(std::size_t i = 0) const { return std::get<float>(arguments.at(i)); }
  std::int32_t i(std::size_t n = 0) const { return std::get<std::int32_t>(arguments.at(n)); }
  const std::string& s(std::size_t i = 0) const { return std::get<std::string>(arguments.at(i)); }
  const Blob& b(std::size_t i = 0) const { return std::get<Blob>(arguments.at(i)); }
};

struct Reader {
  const std::byte* p;
  const std::byte* end;
  std::uint32_t u32() {
    REQUIRE(end - p >= 4);
    std::uint32_t v = 0;
    for (int i = 0; i < 4; ++i) v = v << 8 | std::to_integer<std::uint32_t>(*p++);
    return v;
  }
  std::uint64_t u64() {
    const std::uint64_t high = u32();
    return high << 32 | u32();
  }
  std::string text() {
    const auto* zero = static_cast<const std::byte*>(std::memchr(p, 0, static_cast<std::size_t>(end - p)));
    REQUIRE(zero != nullptr);
    std::string s(reinterpret_cast<const char*>(p), static_cast<std::size_t>(zero - p));
    p += (s.size() / 4 + 1) * 4;
    REQUIRE(p <= end);
    return s;
  }
};

inline Message read_message(const std::byte* p, std::size_t size) {
  REQUIRE(size % 4 == 0);
  Reader r{p, p + size};
  Message m;
  m.address = r.text();
  m.tags = r.text();
  REQUIRE(m.tags.at(0) == ',');
  for (const char tag : m.tags.substr(1)) {
    if (tag == 'i')
      m.arguments.emplace_back(static_cast<std::int32_t>(r.u32()));
    else if (tag == 'f')
      m.arguments.emplace_back(std::bit_cast<float>(r.u32()));
    else if (tag == 'h')
      m.arguments.emplace_back(static_cast<std::int64_t>(r.u64()));
    else if (tag == 's')
      m.arguments.emplace_back(r.text());
    else if (tag == 'b') {
      const std::uint32_t n = r.u32();
      REQUIRE(static_cast<std::size_t>(r.end - r.p) >= n);
      m.arguments.emplace_back(Blob(r.p, r.p + n));
      r.p += (n + 3) / 4 * 4;
    } else
      FAIL("unexpected tag " << tag);
  }
  REQUIRE(r.p == r.end);
  return m;
}

/// What one client received, one entry per datagram.
struct Datagram {
  bool is_bundle = false;
  std::int32_t sequence = 0;
  std::vector<Message> messages;  ///< without /seq
  std::int64_t at_ms = 0;
  std::size_t size = 0;
};

struct CommandLog : CommandSink {
  bool execute(const CommandCall& call, const Origin& origin, std::span<const Value> arguments,
               std::string& error) override {
    commands.push_back(call.command), clients.push_back(origin.client), argument_counts.push_back(arguments.size());
    if (then) then();
    if (!refuse.empty()) error = refuse;
    return refuse.empty();
  }
  std::vector<Command> commands;
  std::vector<std::uint64_t> clients;
  std::vector<std::size_t> argument_counts;
  std::string refuse;
  std::function<void()> then;
};

inline constexpr std::uint64_t kNtpNow = 0xE6000000'00000000;

class World : public test::DeskRig {
 public:
  explicit World(Geometry geometry = {.inputs = 8, .buses = 4}, std::function<std::uint64_t(ClientId)> client_host = {},
                 std::function<bool(ClientId)> client_is_here = {})
      : DeskRig(geometry),
        status(geometry),
        server(desk, status, commands,
               {.name = "test desk",
                .version = "1.2.3",
                .client_address = [](ClientId id) { return "client-" + std::to_string(id); },
                .client_host = std::move(client_host),
                .client_is_here = std::move(client_is_here)}) {}

  void send(ClientId from, const Bytes& packet) {
    server.receive(from, packet, now_ms, kNtpNow);
    collect();
  }
  /// Ticks every 10 ms, as the daemon may.
  void run(std::int64_t ms) {
    for (const std::int64_t end = now_ms + ms; now_ms < end;) {
      now_ms += 10;
      server.tick(now_ms);
      collect();
    }
  }
  /// A frame of meters, as the daemon gives it.
  void meters(const MeterFrame& frame) {
    latches.take(frame, status);
    server.meters(frame, now_ms);
  }
  /// Everything a client got since the last call.
  std::vector<Datagram> take(ClientId client) { return std::exchange(inbox[client], {}); }
  /// The same as one list of messages.
  std::vector<Message> messages(ClientId client) {
    std::vector<Message> all;
    for (Datagram& d : take(client)) all.insert(all.end(), d.messages.begin(), d.messages.end());
    return all;
  }
  /// Sends and returns the answers, without ticking.
  std::vector<Message> ask(ClientId client, const Bytes& packet) {
    send(client, packet);
    return messages(client);
  }

  DeskStatus status;
  ClipLatches latches;
  CommandLog commands;
  OscServer server;
  std::int64_t now_ms = 1000;
  std::map<ClientId, std::vector<Datagram>> inbox;
  bool socket_blocked = false;

  void collect() {
    server.drain([this](const OutgoingPacket& packet) {
      if (socket_blocked) return false;
      REQUIRE(packet.bytes.size() <= kMaxDatagramBytes);
      inbox[packet.to].push_back(read(packet));
      return true;
    });
  }

 private:
  Datagram read(const OutgoingPacket& packet) const {
    Datagram d;
    d.at_ms = now_ms;
    d.size = packet.bytes.size();
    d.is_bundle = packet.bytes[0] == std::byte{'#'};
    if (!d.is_bundle) {
      d.messages.push_back(read_message(packet.bytes.data(), packet.bytes.size()));
      return d;
    }
    Reader r{packet.bytes.data(), packet.bytes.data() + packet.bytes.size()};
    REQUIRE(r.text() == "#bundle");
    REQUIRE(r.u64() == 1);
    while (r.p != r.end) {
      const std::uint32_t size = r.u32();
      REQUIRE(static_cast<std::size_t>(r.end - r.p) >= size);
      d.messages.push_back(read_message(r.p, size));
      r.p += size;
    }
    REQUIRE(!d.messages.empty());
    REQUIRE(d.messages.front().address == "/seq");
    d.sequence = d.messages.front().i();
    d.messages.erase(d.messages.begin());
    return d;
  }
};

/// The one /error among the answers.
inline Message only_error(const std::vector<Message>& answers) {
  REQUIRE(answers.size() == 1);
  REQUIRE(answers[0].address == "/error");
  REQUIRE(answers[0].tags == ",ss");
  return answers[0];
}

}  // namespace fohd::osc_test
