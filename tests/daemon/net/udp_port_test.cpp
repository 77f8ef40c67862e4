#include "daemon/net/udp_port.h"

#include <arpa/inet.h>
#include <netinet/ip_icmp.h>
#include <netinet/udp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
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

/// Sends "port unreachable" as any program with a raw socket may: from an address of its choice (RFC 792; the sums of
/// RFC 1071).
class Forger {
 public:
  explicit Forger(const char* from) : fd_(::socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_ICMP)) {
    sockaddr_in own{};
    own.sin_family = AF_INET;
    ::inet_pton(AF_INET, from, &own.sin_addr);
    if (fd_ >= 0) able = ::bind(fd_, reinterpret_cast<sockaddr*>(&own), sizeof own) == 0;
  }
  ~Forger() {
    if (fd_ >= 0) ::close(fd_);
  }
  Forger(const Forger&) = delete;
  Forger& operator=(const Forger&) = delete;

  /// As if a datagram from the desk's port to this client had found nobody.
  void say(std::uint16_t desk_port, UdpPort::Client client, std::uint8_t code = ICMP_UNREACH_PORT) const {
    std::array<std::uint8_t, 8 + 20 + 8> packet{};
    const auto put16 = [&](std::size_t at, std::uint32_t value) {
      packet[at] = static_cast<std::uint8_t>(value >> 8), packet[at + 1] = static_cast<std::uint8_t>(value);
    };
    const auto put32 = [&](std::size_t at, std::uint32_t value) { put16(at, value >> 16), put16(at + 2, value); };
    packet[0] = ICMP_UNREACH, packet[1] = code;
    packet[8] = 0x45, put16(8 + 2, 28 + 8), packet[8 + 8] = 64, packet[8 + 9] = IPPROTO_UDP;
    put32(8 + 12, INADDR_LOOPBACK), put32(8 + 16, UdpPort::address_of(client));
    put16(28, desk_port), put16(30, static_cast<std::uint16_t>(client)), put16(32, 16);
    std::uint32_t sum = 0;
    for (std::size_t at = 0; at < packet.size(); at += 2) sum += std::uint32_t{packet[at]} << 8 | packet[at + 1];
    sum = (sum & 0xFFFF) + (sum >> 16);
    put16(2, ~(sum + (sum >> 16)));
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    ::sendto(fd_, packet.data(), packet.size(), 0, reinterpret_cast<sockaddr*>(&to), sizeof to);
  }
  bool able = false;

 private:
  int fd_;
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

TEST_CASE("udp: only the client's own machine can say that it is gone", "[daemon][net]") {
  Rig rig;
  const auto port = rig.make();
  port->open();
  const Forger other("127.0.0.9"), same("127.0.0.1");
  if (!other.able) {
    WARN("not tested: this user may not open raw sockets");
    return;
  }
  udp::socket client(rig.io, udp::endpoint(asio::ip::address_v4::loopback(), 0));
  client.send_to(asio::buffer("x", 1), rig.target());
  REQUIRE(rig.run_until([&] { return !rig.packets.empty(); }));
  const auto desk_port = static_cast<std::uint16_t>(rig.config.port);
  other.say(desk_port, rig.last_client);
  same.say(desk_port, rig.last_client, ICMP_UNREACH_HOST);  // its router's word, which says nothing of the program
  REQUIRE(rig.run_until([&] { return port->counters().doubted_errors == 2; }));
  CHECK(rig.gone.empty());
  same.say(desk_port, rig.last_client);
  REQUIRE(rig.run_until([&] { return !rig.gone.empty(); }));
  CHECK(rig.gone == std::vector{rig.last_client});
  CHECK(port->counters().doubted_errors == 2);
}

TEST_CASE("udp: a flood of forged ICMP errors keeps no packet from being read or sent, and is cut off",
          "[daemon][net]") {
  Rig rig;
  const auto port = rig.make();
  port->open();
  const Forger forger("127.0.0.9");
  if (!forger.able) {
    WARN("not tested: this user may not open raw sockets");
    return;
  }
  udp::socket client(rig.io, udp::endpoint(asio::ip::address_v4::loopback(), 0));
  client.send_to(asio::buffer("x", 1), rig.target());
  REQUIRE(rig.run_until([&] { return !rig.packets.empty(); }));
  const auto desk_port = static_cast<std::uint16_t>(rig.config.port);
  constexpr int kRounds = 100, kForgedEach = 50;
  for (int round = 1; round <= kRounds; ++round) {
    for (int i = 0; i < kForgedEach; ++i) forger.say(desk_port, rig.last_client);
    client.send_to(asio::buffer("12345678", 8), rig.target());
    rig.io.restart();
    rig.io.poll();
    REQUIRE(port->send(rig.last_client, bytes_of("update")));
  }
  REQUIRE(rig.run_until([&] { return rig.packets.size() == kRounds + 1; }));
  std::array<char, 16> update{};
  int updates = 0;
  client.non_blocking(true);
  boost::system::error_code failure;
  while (client.receive(asio::buffer(update), 0, failure) == 6) ++updates;
  CHECK(updates == kRounds);
  CHECK(rig.gone.empty());
  CHECK(port->counters().doubted_errors < kRounds * kForgedEach / 2);
}

TEST_CASE("udp: a client is an interface, an address and a port; this machine's programs have no interface",
          "[daemon][net]") {
  Rig rig;
  const auto port = rig.make();
  port->open();
  udp::socket client(rig.io, udp::endpoint(asio::ip::address_v4::loopback(), 0));
  client.send_to(asio::buffer("x", 1), rig.target());
  REQUIRE(rig.run_until([&] { return !rig.packets.empty(); }));
  CHECK(rig.last_client == (std::uint64_t{INADDR_LOOPBACK} << 16 | client.local_endpoint().port()));
  CHECK(UdpPort::is_here(rig.last_client));
  CHECK(interface_name(UdpPort::interface_of(rig.last_client)) == "lo");
  const UdpPort::Client far = std::uint64_t{7} << 48 | std::uint64_t{0x0A000509} << 16 | 9001;
  CHECK_FALSE(UdpPort::is_here(far));
  CHECK(UdpPort::interface_of(far) == 7);
  CHECK(UdpPort::address_of(far) == 0x0A000509);
  CHECK(UdpPort::client_text(far) == "10.0.5.9:9001");
  CHECK(UdpPort::machine_of(far) == UdpPort::machine_of(far + 1));
  CHECK(UdpPort::machine_of(far) != UdpPort::machine_of(far ^ std::uint64_t{1} << 48));
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
