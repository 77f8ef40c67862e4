// The native OSC namespace (docs/DESIGN.md, "The OSC namespace"; docs/OSC.md): packets in, changes of the desk and
// answers out.
//
// The server has no socket, thread or clock. The daemon gives it every datagram with the time of its arrival, calls
// tick() at least every 20 ms and at the end of each turn of its loop, and sends what drain() hands out. All of it on
// the control thread. Whatever a packet holds, receive() answers, refuses or ignores it: it never throws, and work and
// memory per packet are bounded.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "control/clients/client_id.h"
#include "control/desk/desk.h"
#include "engine/tile/meter_frame.h"

namespace fohd {

class CommandSink;  // control/commands/commands.h
struct DeskStatus;  // control/readouts/readouts.h

/// A datagram to send; `bytes` is valid until the next call that is not const. At most kMaxDatagramBytes.
struct OutgoingPacket {
  ClientId to = 0;
  std::span<const std::byte> bytes;
  bool known = false;  ///< has_lease(): a client is there, so an answer to it is worth more than one to a stranger
};

/// Larger datagrams would be fragmented on Wi-Fi or in a tunnel, and one lost fragment loses all.
inline constexpr std::size_t kMaxDatagramBytes = 1400;
/// Anything longer than a UDP datagram can be is refused unread.
inline constexpr std::size_t kMaxPacketBytes = 65507;
inline constexpr int kOscProtocolVersion = 1;

/// What /info reports.
struct OscServerInfo {
  std::string name = "fohd";  ///< of this desk
  std::string version;        ///< of the program
  /// Text such as "192.168.1.20:51234" for /info and the log; may be empty.
  std::function<std::string(ClientId)> client_address;
  /// A number for the machine that a client is on (its IP address), the same for all its ports: one machine may take
  /// only some of the places. Empty: not limited.
  std::function<std::uint64_t(ClientId)> client_host = {};
  /// Whether a client is on this machine, for which some places are kept. Empty: none is.
  std::function<bool(ClientId)> client_is_here = {};
};

/// Since the start; they only grow. Read by /info and the log.
struct OscCounters {
  std::uint64_t packets = 0;            ///< datagrams received
  std::uint64_t messages = 0;           ///< messages in them
  std::uint64_t sets = 0;               ///< values written, after patterns were spread out
  std::uint64_t malformed = 0;          ///< packets that are not OSC
  std::uint64_t refused = 0;            ///< messages refused: unknown address, wrong type, not a number, limits
  std::uint64_t unknown_addresses = 0;  ///< those of `refused` that named nothing
  std::uint64_t errors_withheld = 0;    ///< /error replies not sent because of the limit per second
  std::uint64_t answers_dropped = 0;    ///< answers lost because the outgoing queue was full
  std::uint64_t sent = 0;               ///< datagrams handed to drain()
  std::uint64_t expired = 0;            ///< leases that ran out
  std::uint64_t gave_way = 0;           ///< leases that ended for a client of a higher role
  std::uint64_t reported_gone = 0;      ///< leases that ended because the network said that nobody listens
};

/// [control] all of it.
class OscServer {
 public:
  /// Desk, status and sink must outlive the server. `status` is what the read-outs and latches read.
  OscServer(Desk& desk, const DeskStatus& status, CommandSink& commands, OscServerInfo info);
  ~OscServer();
  OscServer(const OscServer&) = delete;
  OscServer& operator=(const OscServer&) = delete;

  /// One datagram. Applies its requests and queues the answers. now_ms: monotonic, any origin. ntp_now: the wall clock
  /// as an OSC time tag (seconds since 1900 in the upper 32 bits), used only to judge the time tags of bundles; 0 if
  /// unknown, then every time tag counts as now.
  void receive(ClientId from, std::span<const std::byte> packet, std::int64_t now_ms, std::uint64_t ntp_now);

  /// Leases, and updates for the clients that are due. Cheap when nothing is.
  void tick(std::int64_t now_ms);

  /// A new frame of meters, every 10 ms.
  void meters(const MeterFrame& frame, std::int64_t now_ms);

  /// Hands packets to `send` in order until none is left or `send` returns false (socket full); what is left stays.
  /// While packets stay, no updates are made up: values go on being coalesced.
  void drain(const std::function<bool(const OutgoingPacket&)>& send);

  /// Sends a client values, at an address that answers commands. They cost by their size: 128 bytes are as much as a
  /// requested value. Texts of more than 1,000 bytes are cut. False: its allowance for this second is used up, or there
  /// is no room, and the values are lost.
  bool tell(ClientId client, const std::string& address, std::span<const Value> values);

  /// Whether a client has a lease and has sent another packet since: its address is not just that of one packet.
  bool has_lease(ClientId client) const;
  /// The network says that nobody listens at the client's port any more (ICMP "port unreachable"), which anybody beside
  /// it can say: a lease of the default length, or shorter, ends, and the client is told; a longer one does not.
  void report_gone(ClientId client, std::int64_t now_ms);
  /// Drops a client at once and without a message.
  void drop_client(ClientId client);
  /// Rights have changed: drops all of which this is true, and cuts the leases of the others to what they may be now.
  void drop_clients(const std::function<bool(ClientId)>& which);

  std::size_t subscriber_count() const noexcept;
  /// All clients with a lease, in the order in which they came.
  std::vector<ClientId> subscribers() const;
  const OscCounters& counters() const noexcept;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace fohd
