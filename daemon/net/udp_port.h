// The UDP socket that OSC comes through. Binds, and goes on trying once a second while another process has the port;
// empties the kernel's buffer in batches, serves the machines in turn for a few ms at a time, counts what was lost.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/udp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
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
  std::uint64_t doubted_errors = 0;     ///< ICMP errors that did not come from the machine they speak of
};

/// [control] all of it.
class UdpPort {
 public:
  /// Where a client is, as one number: the interface that its packets come through (upper 16 bits), its address (host
  /// byte order), its port (lower 16 bits); never 0. So what comes with its address through another interface, which
  /// anybody there can send, is another client. Programs on this machine have interface 0.
  using Client = std::uint64_t;
  struct Handlers {
    /// Asked before each packet is looked at; interface: the kernel's number of the network interface it came through.
    std::function<bool(Client, std::uint32_t interface)> hears;
    /// Whether the client has proved to exist: an address on a packet can be forged. Those, and loopback, go first.
    std::function<bool(Client)> known;
    std::function<void(Client, std::span<const std::byte>)> packet;
    std::function<void()> turn;  ///< after some packets, every 5 ms in a flood: publish what they changed
    /// The client's machine, or one beside it on its network that pretends to be it, reports that the port is closed.
    std::function<void(Client)> gone;
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

  /// Through the interface that the client's packets come through, so that nothing reaches the real owner of an address
  /// that is forged elsewhere. False: the socket is full, try later. Anything else that goes wrong loses this one
  /// datagram, as UDP may. What goes to a machine that does not exist waits in the socket for 3 s (ARP), so clients
  /// that are not known may fill a quarter of it only, and more is lost.
  bool send(Client to, std::span<const std::byte> bytes, bool known = true);

  const UdpCounters& counters() const noexcept { return counters_; }
  /// "192.168.1.20:51234"
  static std::string client_text(Client client);
  /// Host byte order.
  static std::uint32_t address_of(Client client) noexcept { return static_cast<std::uint32_t>(client >> 16); }
  /// The kernel's number of the interface; 0: not known.
  static std::uint32_t interface_of(Client client) noexcept;
  /// A number for the machine behind an interface, the same for all its ports.
  static std::uint64_t machine_of(Client client) noexcept { return client >> 16; }
  /// Whether it is a program on this machine.
  static bool is_here(Client client) noexcept { return client >> 48 == 0; }

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
  bool read_error();
  void report_errors(bool on);

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
  bool reports_errors_ = false;
  int errors_in_second_ = 0;
  std::chrono::steady_clock::time_point errors_since_ = {}, errors_again_ = {};
  std::uint64_t given_way_before_ = 0;
};

}  // namespace fohd
