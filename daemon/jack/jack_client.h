// One life of our JACK client: from opening it to the server's end. Everything runs on the JACK thread of
// JackSupervisor, but for JACK's own callbacks, which raise a Flag, write a ring and ring the bell, nothing else.
#pragma once

#include <jack/jack.h>

#include <array>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "daemon/audio/audio_core.h"
#include "daemon/base/event_fd.h"
#include "daemon/config/connect_rules.h"
#include "engine/crossing/flag.h"
#include "engine/crossing/ring.h"

namespace fohd {

/// What JACK reported about ports; names are full ("client:port").
struct JackPortEvent {
  enum class Kind : unsigned char { port_appeared, port_vanished, connected, disconnected };
  static constexpr std::size_t kNameBytes = 320;  // jack_port_name_size() of jackd2
  Kind kind = Kind::port_appeared;
  std::array<char, kNameBytes> first{}, second{};
};

struct JackClientOptions {
  std::string client = "fohd", server = "default";
  Geometry geometry;
  /// [the audio thread] Called once before its first callback.
  std::function<void()> settle_thread = {};
};

class JackClient {
 public:
  /// Opens the client and registers its ports; never starts a server. Null if that cannot be, and `why` says it.
  static std::unique_ptr<JackClient> open(const JackClientOptions& options, const EventFd& bell, std::string& why);
  ~JackClient();
  JackClient(const JackClient&) = delete;
  JackClient& operator=(const JackClient&) = delete;

  double rate_hz() const noexcept { return rate_hz_; }
  int period_frames() const noexcept;
  float load_percent() const noexcept;
  float xrun_delay_us() const noexcept;  ///< of the latest xrun, as the server measured it
  bool realtime() const noexcept;
  /// What the first loudspeaker port belongs to, e.g. "alsa_pcm:hw:0"; empty: the server has none.
  std::string device() const;

  /// From now on JACK's thread runs `core`. False if JACK refuses.
  bool activate(std::shared_ptr<AudioCore> core);

  /// The server has ended, or it changed its rate: this object is to be destroyed and a new one opened.
  bool lost() const noexcept { return lost_.raised(); }
  /// For after a refusal: whether the reason is that the server has just ended. Gives its notification 20 ms.
  bool lost_after_all() const noexcept;
  bool rate_changed() const noexcept { return rate_changed_.raised(); }
  std::uint32_t xruns() const noexcept { return xruns_.count(); }

  /// The next thing JACK reported about ports. False: nothing more.
  bool next_event(JackPortEvent& event) { return events_.read({&event, 1}) == 1; }
  /// Events were lost because the ring was full: look at everything anew.
  bool take_overflow() noexcept;

  std::string full_name(const std::string& port) const;   ///< "in_1" -> "fohd:in_1"; others' stay
  std::string short_name(const std::string& port) const;  ///< "fohd:in_1" -> "in_1"; others' stay
  bool port_exists(const std::string& full) const;
  enum class Connected : unsigned char { now, before, refused };
  /// Pairs with short names for ours.
  Connected connect(const PortPair& pair);
  /// All connections of our ports, now.
  PortPairs connections() const;
  /// What patch bays show for one of our ports; empty: its own name.
  void set_pretty_name(const std::string& port, const std::string& name);

 private:
  struct ClientCloser {
    void operator()(jack_client_t* client) const noexcept { jack_client_close(client); }
  };

  JackClient(jack_client_t* client, const JackClientOptions& options, const EventFd& bell);
  bool register_ports(const Geometry& geometry);
  void set_callbacks();
  /// What JACK is given: calls Method on the client that `data` points to.
  template <auto Method, class... Arguments>
  static int callback(Arguments... arguments, void* data);
  // Never inlined into callback(): see there.
  [[gnu::noinline]] int on_process(
      jack_nframes_t frames) noexcept;  ///< [audio]; the others come on JACK's notification thread
  [[gnu::noinline]] int on_shutdown() noexcept;
  [[gnu::noinline]] int on_xrun() noexcept;
  [[gnu::noinline]] int on_sample_rate(jack_nframes_t rate) noexcept;
  [[gnu::noinline]] int on_freewheel(int starting) noexcept;
  [[gnu::noinline]] int on_port(jack_port_id_t id, int appeared) noexcept;
  [[gnu::noinline]] int on_connection(jack_port_id_t from, jack_port_id_t to, int connected) noexcept;
  [[gnu::noinline]] int on_latency(jack_latency_callback_mode_t mode) noexcept;
  void tell(JackPortEvent::Kind kind, const char* first, const char* second) noexcept;

  std::string name_;
  std::function<void()> settle_thread_;
  const EventFd& bell_;
  double rate_hz_ = 0;
  std::vector<jack_port_t*> inputs_, outputs_;
  std::vector<const float*> input_buffers_;
  std::vector<float*> output_buffers_;
  std::shared_ptr<AudioCore> core_;
  Flag lost_, rate_changed_, xruns_, overflow_;
  Ring<JackPortEvent> events_;
  /// Last, so first to go: once it is closed no callback runs any more and the rest may follow.
  std::unique_ptr<jack_client_t, ClientCloser> client_;
};

}  // namespace fohd
