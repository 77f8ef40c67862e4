// Keeps our client on the JACK server: opens it, opens it again whenever the server ends, restores the connections.
//
// JACK's calls can take long (opening 200 ports: 0.4 s; a server that hangs: without limit), so they are made on
// a thread of their own and the control loop never waits for them. The two post to each other's loop.
#pragma once

#include <boost/asio/io_context.hpp>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "daemon/audio/audio_core.h"
#include "daemon/jack/jack_client.h"

namespace fohd {

struct JackOptions {
  JackClientOptions client;
  PortPairs connections;  ///< what the configuration asks for
  bool remember = true;   ///< connections that are made by hand come back as well
  /// [jack thread] Called when a server is there, before audio runs: other clients of this process open now.
  std::function<void()> open_others = {};
  /// [jack thread] Called when the server has ended, before our client is closed: returns when all other clients of
  /// this process are closed. libjack keeps one memory for all of them and gives it up under them.
  std::function<void()> close_others = {};
};

/// What is posted to the control side's loop.
struct JackNews {
  enum class Kind {
    absent,   ///< no server; `text` says why. Sent once per reason
    opened,   ///< the client is open: publish first targets into `core`, then call start()
    running,  ///< audio flows
    lost      ///< no more sound; drop `core`, whose last callback may be just ending
  };
  Kind kind = Kind::absent;
  std::string text;
  std::shared_ptr<AudioCore> core;
  int period_frames = 0;
  bool realtime = false;
  std::string device;  ///< what the server's own ports belong to, as far as it says
};

struct JackFigures {
  std::uint32_t xruns = 0;  ///< since the start of the process
  float load_percent = 0;   ///< of one period, all clients, as JACK reports it
  int period_frames = 0;
  float xrun_delay_us = 0;  ///< how late JACK was at the latest xrun of this server; 0: it does not say
};

/// [control] but where said otherwise.
class JackSupervisor {
 public:
  /// [jack thread] Makes what the server of this rate shall run. May throw; then the desk stays without audio and the
  /// text of the exception is the news.
  using MakeCore = std::function<std::shared_ptr<AudioCore>(double rate_hz)>;
  using Listener = std::function<void(JackNews)>;  ///< called on `control`

  JackSupervisor(boost::asio::io_context& control, JackOptions options, MakeCore make_core, Listener listener);
  ~JackSupervisor();
  JackSupervisor(const JackSupervisor&) = delete;
  JackSupervisor& operator=(const JackSupervisor&) = delete;

  /// Answer to `opened`.
  void start();
  /// Names that patch bays show: {port, name}. Kept for the next life of the client.
  void set_pretty_names(std::vector<std::pair<std::string, std::string>> names);
  /// What the reread configuration asks for; made now and from now on.
  void follow_rules(PortPairs rules, bool remember);

  /// Figures of about now.
  const JackFigures& figures() noexcept;

  /// To be asked once a second: for how many seconds the JACK thread has not answered. It does not while libjack waits,
  /// for a server that hangs or for the lock of a dead program.
  int silent_s();
  /// libjack has a database of port names open that is no longer there (jack_leftovers.h): what it waits for in it
  /// never comes.
  bool database_is_gone() noexcept;

  /// Leaves JACK. False if JACK does not let go within `patience_ms`: its thread is left behind, and the process
  /// should end without destructors.
  bool stop(int patience_ms);

 private:
  class Worker;
  std::shared_ptr<Worker> worker_;
  std::uint32_t asked_ = 0;
  int silent_s_ = 0;
};

}  // namespace fohd
