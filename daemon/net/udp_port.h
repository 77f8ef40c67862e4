// The UDP socket that OSC comes through. Binds, and goes on trying once a second while another process has the port;
// empties the kernel's buffer in batches, serves the machines in turn for a few ms at a time, counts what was lost.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/udp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "daemon/config/config.h"
#include "daemon/net/fair_queue.h"

namespace fohd {

struct UdpCounters {
  std::uint64_t received = 0;
  std::uint64_t dropped_by_kernel = 0;  ///< the receive buffer was full
  std::uint64_t given_way = 0;          ///< one machine sent faster than it could be served: its oldest
  std::uint64_t refused_sources = 0;    ///< hears() returned false
};

/// [control] all of it.
class UdpPort {
 public:
  /// Address (host byte order, upper bits) and port (lower 16 bits) of a client as one number; never 0.
  using Client = std::uint64_t;
  struct Handlers {
    /// Asked before each packet is looked at; interface: the kernel's number of the network interface it came through.
    std::function<bool(Client, std::uint32_t interface)> hears;
    /// Whether the client has proved to exist: an address on a packet can be forged. Those, and loopback, go first.
    std::function<bool(Client)> known;
    std::function<void(Client, std::span<const std::byte>)> packet;
    std::function<void()> turn;        ///< after some packets, every 5 ms in a flood: publish what they changed
    std::function<void(Client)> gone;  ///< the client's machine reports that the port is closed
    std::function<void(const std::string& error)> state;  ///< binding failed (once per reason); "" when it worked
  };

  UdpPort(boost::asio::io_context& io, OscConfig config, Handlers handlers);
  UdpPort(const UdpPort&) = delete;
  UdpPort& operator=(const UdpPort&) = delete;

  /// Tries to bind now, and from then on every second.
  void open();
  void close();
  bool is_open() const noexcept { return bound_; }
  /// What the kernel granted; it doubles what was asked for to cover its own needs, this is the half of it.
  int granted_receive_bytes() const noexcept { return granted_bytes_; }

  /// False: the socket is full, try later. Anything else that goes wrong loses this one datagram, as UDP may. What goes
  /// to a machine that does not exist waits in the socket for 3 s (ARP), so clients that are not known may fill a
  /// quarter of it only, and more is lost.
  bool send(Client to, std::span<const std::byte> bytes, bool known = true);

  const UdpCounters& counters() const noexcept { return counters_; }
  static std::string client_text(Client client);

 private:
  std::string try_bind();
  void wait();
  void wake();
  bool receive_for_a_while();
  void read_waiting();
  bool read_batch();
  void keep(int i);
  void look_at_next();
  bool is_known(Client client) const;
  std::uint64_t given_way() const { return given_way_before_ + known_.dropped() + strangers_.dropped(); }
  void read_error_queue();

  boost::asio::io_context& io_;
  OscConfig config_;
  Handlers handlers_;
  boost::asio::ip::udp::socket socket_;
  boost::asio::steady_timer retry_;
  bool bound_ = false;
  int granted_bytes_ = 0, granted_send_bytes_ = 0;
  std::string last_error_ = "-";
  std::uint32_t kernel_drops_seen_ = 0;
  UdpCounters counters_;
  struct Batch;
  std::shared_ptr<Batch> batch_;
  FairQueue known_, strangers_;
  int served_known_ = 0;  ///< since a stranger was served
  std::uint64_t given_way_before_ = 0;
};

}  // namespace fohd
