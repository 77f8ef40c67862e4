// A real desk and OSC server behind a socket on the loopback interface, on a thread of its own as in the daemon; its
// network can lose datagrams. And fohctl, called in this process.
#pragma once

#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <catch2/catch.hpp>
#include <functional>
#include <mutex>
#include <sstream>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "control/commands/commands.h"
#include "control/osc/osc_server.h"
#include "control/readouts/readouts.h"
#include "daemon/base/clock.h"
#include "daemon/fohctl/fohctl.h"

namespace fohd::test {

inline constexpr Geometry kSmallDesk = {.inputs = 4, .aux = 0, .returns = 0, .buses = 2, .matrices = 0};

class LoopbackDesk : public CommandSink {
 public:
  /// [its thread] Carries a command out; tell(values) answers the client that gave it.
  using Tell = std::function<bool(std::span<const Value>)>;
  using Execute = std::function<bool(const CommandCall&, std::span<const Value>, const Tell&, std::string& error)>;

  explicit LoopbackDesk(const Geometry& geometry = kSmallDesk, Execute execute = {})
      : execute_(std::move(execute)),
        desk_(geometry),
        status_(geometry),
        frame_(geometry),
        server_(desk_, status_, *this, {.name = "stage left", .version = "9.9.9", .client_address = {}}) {
    status_.rate_hz = 48000;
    status_.jack_connected = true;
    fd_ = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    sockaddr_in address = {};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    REQUIRE(::bind(fd_, reinterpret_cast<sockaddr*>(&address), size) == 0);
    REQUIRE(::getsockname(fd_, reinterpret_cast<sockaddr*>(&address), &size) == 0);
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this] { run(); });
  }
  LoopbackDesk(const LoopbackDesk&) = delete;
  LoopbackDesk& operator=(const LoopbackDesk&) = delete;
  ~LoopbackDesk() override {
    stop_ = true;
    thread_.join();
    ::close(fd_);
  }

  std::string port() const { return std::to_string(port_); }
  /// Run at the next turn of the desk's loop, and again at each turn until it returns true.
  void each_turn(std::function<bool(Desk&, MeterFrame&)> work) {
    const std::lock_guard lock(mutex_);
    work_ = std::move(work);
  }

  std::atomic<int> lose_in{0};    ///< datagrams to the desk that get lost
  std::atomic<int> lose_out{0};   ///< from the desk
  std::atomic<int> lose_each{0};  ///< every so many from the desk; 0: none
  std::atomic<int> sent{0};       ///< from the desk, the lost ones included

 private:
  bool execute(const CommandCall& call, const Origin& origin, std::span<const Value> arguments,
               std::string& error) override {
    const auto tell = [&](std::span<const Value> values) {
      return server_.tell(origin.client, address_of(call), values);
    };
    if (execute_) return execute_(call, arguments, tell, error);
    error = "not here";
    return false;
  }
  void run() {
    std::vector<std::byte> buffer(65536);
    sockaddr_in peer = {};
    while (!stop_) {
      pollfd event = {fd_, POLLIN, 0};
      ::poll(&event, 1, 2);
      socklen_t size = sizeof peer;
      const ssize_t count =
          ::recvfrom(fd_, buffer.data(), buffer.size(), MSG_DONTWAIT, reinterpret_cast<sockaddr*>(&peer), &size);
      if (count > 0 && lose_in-- <= 0) {
        server_.receive(ntohs(peer.sin_port), {buffer.data(), static_cast<std::size_t>(count)}, now_ms(), 0);
      }
      {
        const std::lock_guard lock(mutex_);
        if (work_ && work_(desk_, frame_)) work_ = nullptr;
      }
      server_.meters(frame_, now_ms());
      server_.tick(now_ms());
      server_.drain([&](const OutgoingPacket& packet) {
        ++sent;
        if (lose_out > 0) return lose_out--, true;
        if (lose_each > 0 && sent % lose_each == 0) return true;
        peer.sin_port = htons(static_cast<std::uint16_t>(packet.to));
        return ::sendto(fd_, packet.bytes.data(), packet.bytes.size(), MSG_DONTWAIT, reinterpret_cast<sockaddr*>(&peer),
                        sizeof peer) >= 0;
      });
    }
  }

  Execute execute_;
  Desk desk_;
  DeskStatus status_;
  MeterFrame frame_;
  OscServer server_;
  int fd_ = -1;
  int port_ = 0;
  std::atomic<bool> stop_{false};
  std::mutex mutex_;
  std::function<bool(Desk&, MeterFrame&)> work_;
  std::thread thread_;
};

struct Result {
  int code = -1;
  std::string out, err;
  std::vector<std::string> lines() const {
    std::vector<std::string> all;
    std::istringstream stream(out);
    for (std::string line; std::getline(stream, line);) all.push_back(line);
    return all;
  }
};

inline Result fohctl(std::vector<std::string> arguments) {
  static const Flag never;
  std::ostringstream out, err;
  const int code = ctl::run(std::move(arguments), out, err, never);
  return {code, out.str(), err.str()};
}

}  // namespace fohd::test
