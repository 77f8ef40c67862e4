// The MIDI ports of this machine: found by polling, opened as they come, closed as they go. RtMidi's calls may wait
// (a JACK server that hangs) and its list must be polled, so it runs on a thread of its own; that thread and the
// control loop post to each other. What comes in is copied by a callback into a ring and announced through an
// eventfd: RtMidi's over ALSA, jack_midi_in.h's over JACK, where it runs on a real-time thread.
#pragma once

#include <boost/asio/io_context.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "control/midi/midi_hub.h"
#include "control/midi/port_pairing.h"
#include "daemon/config/config.h"

namespace fohd {

/// [control] but where said otherwise.
class MidiPorts {
 public:
  struct Options {
    MidiApi api = MidiApi::automatic;
    std::string client = "fohd";  ///< our ports are named after it and left out of the search
    /// [midi thread] Over ALSA: whether system exclusive of such a device is wanted. Otherwise it is not even
    /// copied: an endless one would fill memory inside RtMidi.
    std::function<bool(const std::string& device)> wants_exclusive;
  };
  /// Called on the control loop.
  struct Handlers {
    std::function<void(MidiUnitId, const MidiPortPair&)> appeared;
    std::function<void(MidiUnitId, const MidiPortPair&)> gone;
    std::function<void(MidiUnitId, MidiBytes)> bytes;
    std::function<void()> turn;  ///< after some bytes: publish what they changed
    std::function<void(const std::string&)> trouble;
  };

  MidiPorts(boost::asio::io_context& control, Options options, Handlers handlers);
  ~MidiPorts();
  MidiPorts(const MidiPorts&) = delete;
  MidiPorts& operator=(const MidiPorts&) = delete;

  /// "ALSA" or "JACK".
  std::string api_name() const;
  /// Over JACK: whether there is a server. RtMidi does not notice that it has gone, so nothing of it is touched then.
  void set_server_alive(bool alive);
  /// [any thread but midi] Over JACK: opens the client that looks for ports, before audio runs: a server that
  /// freewheels stands still for ten seconds while a new client opens. Returns at the latest after `patience_ms`.
  void open_jack(int patience_ms);
  /// [any thread but midi] Over JACK: closes everything, and returns when it is closed, at the latest after
  /// `patience_ms`. Called once a dead server's threads have come to rest (see JackSupervisor).
  void close_jack(int patience_ms);
  /// Whether audio runs through. RtMidi over JACK waits for ever where its ring is full and no cycle empties it, so as
  /// long as it does not, send() takes nothing.
  void set_flowing(bool flowing) noexcept;
  /// Copies the message. False: so much waits for this device already that it must rest.
  bool send(MidiUnitId id, MidiBytes message);
  std::uint64_t lost_bytes() const noexcept;  ///< that came faster than they were read

  /// Lets go of the ports, after what send() took is out. False if they do not let go within `patience_ms`.
  bool stop(int patience_ms);

 private:
  class Worker;
  std::shared_ptr<Worker> worker_;
};

}  // namespace fohd
