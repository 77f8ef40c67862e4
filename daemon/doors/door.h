// What clients reach the desk through: OSC, MIDI surfaces. The control loop has a list of them and knows no one apart;
// a new one is a class of its own and a line in daemon/desk/control_loop_doors.cpp.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "control/clients/client_id.h"
#include "control/commands/command_handlers.h"
#include "control/desk/origin.h"
#include "daemon/config/config.h"
#include "engine/tile/meter_frame.h"

namespace fohd {

/// A number of a door for the metrics (daemon/metrics/metrics.h).
struct DoorMetric {
  std::string_view name, type, help;
  std::uint64_t value = 0;
};

/// Whether a client is to go. address: the machine's IPv4 address, host byte order; interface: the kernel's number of
/// the network interface between, 0: not known.
using Refused = std::function<bool(const Origin& client, std::uint32_t address, std::uint32_t interface)>;

/// [control] all of it, but for what says otherwise.
class Door {
 public:
  virtual ~Door() = default;

  /// Its clients' changes carry it; no two doors have the same.
  virtual Origin::Side side() const noexcept = 0;
  /// Its clients in a few words, for the service manager: "3 OSC subscribers".
  virtual std::string status() const = 0;

  /// Begins to hear. Called once, when the desk is complete.
  virtual void open() = 0;
  /// The configuration was read again. What needs a new start is the caller's to say.
  virtual void configure(const Config&) {}
  /// Lets clients go and closes. False: a thread of it does not end in time.
  virtual bool close() = 0;

  /// After packets, and at every tick (20 ms): carries out what waited, and sends what is due.
  virtual void turn(std::int64_t now_ms) = 0;
  /// A new frame, every 10 ms.
  virtual void meters(const MeterFrame& frame, std::int64_t now_ms) = 0;
  /// The engine's frame counter, at every tick; 0: no audio runs.
  virtual void watch_audio(std::uint64_t, std::int64_t) {}
  /// Once a second: what it has to log.
  virtual void report() {}

  /// Registers the commands that it carries out itself.
  virtual void register_commands(CommandHandlers&) {}
  /// Whether its clients can be told lines.
  virtual bool can_tell() const noexcept { return false; }
  /// See Answers::tell.
  virtual bool tell(ClientId, const std::string&, std::span<const Value>) { return false; }
  /// Rights have changed: lets those go that are refused now, and leaves the others no more than they may have.
  virtual void drop(const Refused&) {}

  /// Who has subscribed, for the log: "192.168.1.20:51234".
  virtual std::vector<std::string> subscribers() const { return {}; }
  virtual void add_metrics(std::vector<DoorMetric>&) const {}
  /// Packets that came faster than they were read, since the start.
  virtual std::uint64_t lost_packets() const { return 0; }

  /// A JACK server is there, or gone. For doors with ports on it.
  virtual void set_jack_alive(bool) {}
  /// [jack thread] See JackOptions::open_others and close_others.
  virtual void open_on_jack() {}
  virtual void close_on_jack() {}
};

}  // namespace fohd
