// The native OSC namespace on its UDP port: the socket, the server behind it, and who is heard.
#pragma once

#include <boost/asio/io_context.hpp>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "control/osc/osc_server.h"
#include "daemon/doors/door.h"
#include "daemon/net/udp_port.h"

namespace fohd {

/// [control]
class OscDoor final : public Door {
 public:
  struct Context {
    boost::asio::io_context& io;
    Desk& desk;
    const DeskStatus& status;
    CommandSink& commands;
    /// A packet of this client came through the interface of this number. False: it is not heard.
    std::function<bool(const Origin& client, std::uint32_t address, std::uint32_t interface)> hears;
    /// Why, for the client; empty: there were many of them just now, and it gets no answer.
    std::function<std::string()> explain_refusal;
    std::function<void()> turn;  ///< something came in: publish it
  };
  OscDoor(Context context, const Config& config);

  Origin::Side side() const noexcept override { return Origin::Side::osc; }
  std::string status() const override;
  void open() override { open_port(); }
  void configure(const Config& config) override;
  bool close() override;
  void turn(std::int64_t now_ms) override;
  void meters(const MeterFrame& frame, std::int64_t now_ms) override;
  void report() override;
  bool can_tell() const noexcept override { return true; }
  bool tell(ClientId client, const std::string& address, std::span<const Value> values) override;
  void drop(const Refused& refused) override;
  std::vector<std::string> subscribers() const override;
  void add_metrics(std::vector<DoorMetric>& metrics) const override;
  std::uint64_t lost_packets() const override;

 private:
  void open_port();
  void tell_state(const std::string& error);
  bool hears(ClientId client, std::uint32_t interface);
  void drain();

  Context context_;
  OscConfig config_;
  AccessConfig access_;
  OscServer server_;
  std::unique_ptr<UdpPort> udp_;  ///< null before open()
  UdpCounters earlier_;           ///< of ports before this one
  std::uint64_t lost_told_ = 0;
};

}  // namespace fohd
