#include "daemon/net/udp_port.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <chrono>
#include <cstring>

#include "daemon/net/addresses.h"

using namespace fohd;
namespace asio = boost::asio;
using asio::ip::udp;

namespace {

std::span<const std::byte> bytes_of(const std::string& text) { return std::as_bytes(std::span(text)); }

/// A port of this machine that is free now.
int free_port(asio::io_context& io) {
  udp::socket probe(io, udp::endpoint(asio::ip::address_v4::loopback(), 0));
  return probe.local_endpoint().port();
}

struct Rig {
  Rig() {
    config.address = "127.0.0.1";
    config.port = free_port(io);
  }
  std::unique_ptr<UdpPort> make() {
    UdpPort::Handlers handlers;
    handlers.packet = [this](UdpPort::Client client, std::span<const std::byte> bytes) {
      last_client = client;
      packets.emplace_back(reinterpret_cast<const char*>(bytes.data()), bytes.size());
      if (each_packet) each_packet();
    };
    handlers.hears = hears;
    handlers.turn = [this] { ++turns; };
    handlers.gone = [this](UdpPort::Client client) { gone.push_back(client); };
    handlers.state = [this](const std::string& error) { states.push_back(error); };
    return std::make_unique<UdpPort>(io, config, handlers);
  }
  template <class Condition>
  bool run_until(Condition condition) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    while (!condition() && std::chrono::steady_clock::now() < deadline) io.run_for(std::chrono::milliseconds(5));
    return condition();
  }
  udp::endpoint target() const { return {asio::ip::address_v4::loopback(), static_cast<unsigned short>(config.port)}; }

  asio::io_context io;
  OscConfig config;
  UdpPort::Client last_client = 0;
  std::vector<std::string> packets, states;
  std::vector<UdpPort::Client> gone;
  int turns = 0;
  std::function<void()> each_packet;
  std::function<bool(UdpPort::Client, std::uint32_t)> hears;
};

}  // namespace

TEST_CASE("udp: datagrams arrive whole, and answers go back to where they came from", "[daemon][net]") {
  Rig rig;
  const auto port = rig.make();
  port->open();
  REQUIRE(port->is_open());
  udp::socket client(rig.io, udp::endpoint(asio::ip::address_v4::loopback(), 0));
  const std::string large(60000, 'x');
  client.send_to(asio::buffer("hello", 5), rig.target());
  client.send_to(asio::buffer(large), rig.target());
  REQUIRE(rig.run_until([&] { return rig.packets.size() == 2; }));
  CHECK(rig.packets == std::vector<std::string>{"hello", large});
  CHECK(UdpPort::client_text(rig.last_client) == "127.0.0.1:" + std::to_string(client.local_endpoint().port()));

  CHECK(port->send(rig.last_client, bytes_of("answer")));
  char answer[16] = "";
  udp::endpoint from;
  CHECK(client.receive_from(asio::buffer(answer), from) == 6);
  CHECK(std::string(answer, 6) == "answer");
  CHECK(from == rig.target());
}

TEST_CASE("udp: a burst is read in batches with one turn each, and nothing is lost without being counted",
          "[daemon][net]") {
  Rig rig;
  const auto port = rig.make();
  port->open();
  udp::socket client(rig.io, udp::endpoint(asio::ip::address_v4::loopback(), 0));
  constexpr int kCount = 3000;
  for (int i = 0; i < kCount; ++i) client.send_to(asio::buffer("12345678", 8), rig.target());
  // Lost datagrams are reported with the next one that arrives.
  REQUIRE(rig.run_until([&] {
    client.send_to(asio::buffer("end", 3), rig.target());
    return rig.packets.size() >= 2 && rig.packets[rig.packets.size() - 2] == "end";
  }));
  const auto whole = std::count(rig.packets.begin(), rig.packets.end(), "12345678");
  CHECK(static_cast<std::uint64_t>(whole) + port->counters().dropped_by_kernel >= kCount);
  CHECK(rig.turns < kCount / 10);
}

TEST_CASE("udp: in a flood of packets that each cost 10 ms, a timer still comes after the first of them",
          "[daemon][net]") {
  Rig rig;
  const auto port = rig.make();
  rig.each_packet = [] {  // busy, as a packet of many requests makes the desk
    const auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds(10);
    while (std::chrono::steady_clock::now() < end) {
    }
  };
  port->open();
  udp::socket client(rig.io, udp::endpoint(asio::ip::address_v4::loopback(), 0));
  constexpr std::size_t kCount = 20;
  for (std::size_t i = 0; i < kCount; ++i) client.send_to(asio::buffer("12345678", 8), rig.target());
  // All of them wait in the socket; a timer that is due now must not wait for all of them.
  std::size_t packets_before_timer = kCount;
  int turns_before_timer = 0;
  asio::steady_timer timer(rig.io, std::chrono::milliseconds(0));
  timer.async_wait([&](const boost::system::error_code&) {
    packets_before_timer = rig.packets.size();
    turns_before_timer = rig.turns;
  });
  REQUIRE(rig.run_until([&] { return rig.packets.size() == kCount; }));
  CHECK(packets_before_timer <= 2);  // each packet is beyond the 5 ms alone
  CHECK(static_cast<std::size_t>(turns_before_timer) == packets_before_timer);
  CHECK(static_cast<std::size_t>(rig.turns) >= kCount);  // what each packet changed was published
}

TEST_CASE("udp: a port that is closed or gone in the middle of a flood hands nothing on", "[daemon][net]") {
  Rig rig;
  auto port = rig.make();
  rig.each_packet = [&] {
    if (rig.packets.size() == 3) port->close();
  };
  port->open();
  udp::socket client(rig.io, udp::endpoint(asio::ip::address_v4::loopback(), 0));
  for (int i = 0; i < 10; ++i) client.send_to(asio::buffer("12345678", 8), rig.target());
  REQUIRE(rig.run_until([&] { return rig.packets.size() >= 3; }));
  rig.io.restart();
  rig.io.run_for(std::chrono::milliseconds(20));
  port.reset();
  rig.io.restart();
  rig.io.run_for(std::chrono::milliseconds(20));
  CHECK(rig.packets.size() == 3);
}

TEST_CASE("udp: a port in use is said once, tried again, and taken when it is free; no other port is taken",
          "[daemon][net]") {
  Rig rig;
  auto other = std::make_unique<udp::socket>(rig.io, rig.target());
  const auto port = rig.make();
  port->open();
  CHECK_FALSE(port->is_open());
  REQUIRE(rig.states.size() == 1);
  CHECK(rig.states[0].find("in use") != std::string::npos);
  CHECK(rig.states[0].find(std::to_string(rig.config.port)) != std::string::npos);
  CHECK(port->send(1, bytes_of("nobody")));  // no socket: lost, not stuck
  other.reset();
  REQUIRE(rig.run_until([&] { return port->is_open(); }));
  CHECK(rig.states == std::vector<std::string>{rig.states[0], ""});
}

TEST_CASE("udp: an address that is not this machine's is explained", "[daemon][net]") {
  Rig rig;
  rig.config.address = "192.0.2.1";  // set aside for documentation
  const auto port = rig.make();
  port->open();
  CHECK_FALSE(port->is_open());
  REQUIRE(rig.states.size() == 1);
  CHECK(rig.states[0].find("192.0.2.1") != std::string::npos);
}

TEST_CASE("udp: a client that has gone is noticed when something is sent to it", "[daemon][net]") {
  Rig rig;
  const auto port = rig.make();
  port->open();
  UdpPort::Client vanished = 0;
  {
    udp::socket client(rig.io, udp::endpoint(asio::ip::address_v4::loopback(), 0));
    client.send_to(asio::buffer("x", 1), rig.target());
    REQUIRE(rig.run_until([&] { return !rig.packets.empty(); }));
    vanished = rig.last_client;
  }
  port->send(vanished, bytes_of("meters"));
  REQUIRE(rig.run_until([&] { return !rig.gone.empty(); }));
  CHECK(rig.gone[0] == vanished);
  udp::socket client(rig.io, udp::endpoint(asio::ip::address_v4::loopback(), 0));
  client.send_to(asio::buffer("y", 1), rig.target());  // others are still heard
  CHECK(rig.run_until([&] { return rig.packets.back() == "y"; }));
}

TEST_CASE("udp: who is not heard costs a question and nothing else", "[daemon][net]") {
  Rig rig;
  std::vector<std::string> interfaces;
  rig.hears = [&](UdpPort::Client client, std::uint32_t interface) {
    interfaces.push_back(interface_name(interface));
    return (client & 1) == 0;
  };
  const auto port = rig.make();
  port->open();
  int heard = 0;
  for (int i = 0; i < 20; ++i) {
    udp::socket client(rig.io, udp::endpoint(asio::ip::address_v4::loopback(), 0));
    client.send_to(asio::buffer("hello", 5), rig.target());
    if (client.local_endpoint().port() % 2 == 0) ++heard;
  }
  REQUIRE(rig.run_until([&] { return interfaces.size() == 20; }));
  CHECK(rig.packets.size() == static_cast<std::size_t>(heard));
  CHECK(port->counters().refused_sources == static_cast<std::uint64_t>(20 - heard));
  CHECK(std::count(interfaces.begin(), interfaces.end(), "lo") == 20);
}
