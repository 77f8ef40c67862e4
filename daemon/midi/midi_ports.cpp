#include "daemon/midi/midi_ports.h"

#include <RtMidi.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <future>
#include <map>
#include <set>
#include <thread>
#include <utility>

#include "daemon/base/event_fd.h"
#include "daemon/midi/jack_links.h"
#include "daemon/midi/jack_midi_in.h"
#include "engine/crossing/flag.h"
#include "engine/crossing/ring.h"

namespace fohd {
namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;

/// A look costs 0.1 to 0.3 ms, measured over JACK; a surface that returns is painted within a second.
constexpr auto kLook = 200ms;
constexpr std::size_t kRingBytes = 1 << 16;  // ten seconds of a MIDI cable, one of a busy USB surface
constexpr std::size_t kMostWaiting = 4096;   // bytes on their way to one device; RtMidi's own ring over JACK is 16 KiB

/// One device: its ports and what crosses between threads.
struct MidiDevice {
  MidiUnitId id = 0;
  MidiPortPair pair;
  std::unique_ptr<RtMidiIn> in;          ///< [midi thread] over ALSA
  std::unique_ptr<JackMidiIn> jack_in;   ///< [midi thread] over JACK
  std::unique_ptr<RtMidiOut> out;        ///< [midi thread]
  Ring<std::uint8_t> heard{kRingBytes};  ///< messages, each behind its length in two bytes
  std::atomic<std::uint64_t> lost{0};
  std::atomic<std::size_t> waiting{0};
  const EventFd* bell = nullptr;
  bool watched = false;  ///< [midi thread] its connections can be checked from here
};

/// [RtMidi's or JACK's real-time thread] Copies and rings, nothing else.
void hear(const unsigned char* bytes, std::size_t size, void* data) {
  auto& device = *static_cast<MidiDevice*>(data);
  const std::uint8_t head[2] = {static_cast<std::uint8_t>(size >> 8), static_cast<std::uint8_t>(size & 0xFF)};
  if (size == 0 || size > 0xFFFF || device.heard.writable() < size + 2) {
    device.lost.fetch_add(size, std::memory_order_relaxed);
    return;
  }
  device.heard.write(head);
  device.heard.write(std::span<const std::uint8_t>(bytes, size));
  device.bell->ring();
}
void hear_rtmidi(double, std::vector<unsigned char>* message, void* data) {
  hear(message->data(), message->size(), data);
}

/// RtMidi would print warnings and, with this set, throw nothing by itself.
void take_error(RtMidiError::Type type, const std::string& text, void*) {
  if (type != RtMidiError::WARNING && type != RtMidiError::DEBUG_WARNING) throw RtMidiError(text, type);
}

bool is_there(const char* path) { return ::access(path, F_OK) == 0; }

}  // namespace

class MidiPorts::Worker : public std::enable_shared_from_this<Worker> {
 public:
  Worker(asio::io_context& control, Options options, Handlers handlers)
      : control_(control),
        options_(std::move(options)),
        handlers_(std::move(handlers)),
        timer_(io_),
        bell_watch_(control, ::dup(bell_.fd())),
        work_(asio::make_work_guard(io_)) {
    const bool alsa = options_.api == MidiApi::alsa || (options_.api == MidiApi::automatic && is_there("/dev/snd/seq"));
    api_ = alsa ? RtMidi::LINUX_ALSA : RtMidi::UNIX_JACK;
    alive_ = alsa;  // ALSA needs no server
    listening_.raise();
  }

  void run() {
    watch_bell();
    thread_ = std::thread([self = shared_from_this()] {
      self->look();
      self->run_loop();
      self->close_all();
      self->ended_.set_value();
    });
  }

  std::string api_name() const { return api_ == RtMidi::LINUX_ALSA ? "ALSA" : "JACK"; }

  void set_server_alive(bool alive) {
    if (api_ == RtMidi::LINUX_ALSA) return;
    flowing_ = alive;
    asio::post(io_, [self = shared_from_this(), alive] { self->alive_ = alive; });
  }

  void set_flowing(bool flowing) noexcept { flowing_ = flowing; }

  /// Runs `work` on the MIDI thread and waits for it, but not for ever.
  template <class Work>
  void wait_for(const Work& work, int patience_ms) {
    auto done = std::make_shared<std::promise<void>>();
    std::future<void> waiting = done->get_future();
    asio::post(io_, [work, done] {
      work();
      done->set_value();
    });
    waiting.wait_for(std::chrono::milliseconds(patience_ms));
  }

  void open_jack(int patience_ms) {
    if (api_ == RtMidi::LINUX_ALSA || !listening_.raised()) return;
    wait_for([self = shared_from_this()] { self->open_links(); }, patience_ms);
  }

  void close_jack(int patience_ms) {
    if (api_ == RtMidi::LINUX_ALSA || !listening_.raised()) return;  // at the end stop() closes them
    wait_for([self = shared_from_this()] { self->close_all(); }, patience_ms);
  }

  bool send(MidiUnitId id, MidiBytes message) {
    const auto at = known_.find(id);
    if (at == known_.end()) return true;  // it has gone: nothing is sent to it
    const std::shared_ptr<MidiDevice>& device = at->second;
    if (api_ == RtMidi::UNIX_JACK && !flowing_) return false;
    if (device->waiting.load(std::memory_order_relaxed) > kMostWaiting) return false;
    device->waiting.fetch_add(message.size(), std::memory_order_relaxed);
    asio::post(io_, [self = shared_from_this(), device,
                     bytes = std::vector<std::uint8_t>(message.begin(), message.end())] { self->put(*device, bytes); });
    return true;
  }

  std::uint64_t lost_bytes() const {
    std::uint64_t sum = lost_before_;
    for (const auto& [id, device] : known_) sum += device->lost.load(std::memory_order_relaxed);
    return sum;
  }

  bool stop(int patience_ms) {
    if (!thread_.joinable()) return true;
    listening_.lower();
    bell_watch_.close();
    // Behind everything that was posted to be sent; a moment more lets JACK take it.
    asio::post(io_, [self = shared_from_this()] {
      self->timer_.expires_after(50ms);
      self->timer_.async_wait([self](const boost::system::error_code&) { self->io_.stop(); });
    });
    if (ended_.get_future().wait_for(std::chrono::milliseconds(patience_ms)) != std::future_status::ready) {
      thread_.detach();
      return false;
    }
    thread_.join();
    return true;
  }

 private:
  // ---- control loop

  void watch_bell() {
    bell_watch_.async_wait(asio::posix::stream_descriptor::wait_read,
                           [self = shared_from_this()](const boost::system::error_code& failure) {
                             if (failure || !self->listening_.raised()) return;
                             self->bell_.clear();
                             self->watch_bell();  // first: memory may run out below
                             self->read_all();
                           });
  }

  void read_all() {
    constexpr std::size_t kMost = 4096;  // of one device at a time, so that one that floods does not starve the others
    bool more = false;
    for (const auto& [id, device] : known_) {
      std::size_t taken = 0;
      std::uint8_t head[2];
      while (taken < kMost && device->heard.read(head) == 2) {
        message_.resize(static_cast<std::size_t>(head[0]) << 8 | head[1]);
        // Written behind its length a moment ago at most.
        std::size_t got = 0;
        while (got < message_.size()) got += device->heard.read(std::span(message_).subspan(got));
        taken += message_.size();
        handlers_.bytes(id, message_);
      }
      more = more || taken >= kMost;
    }
    handlers_.turn();
    if (more) bell_.ring();
  }

  void tell_control(std::function<void(Worker&)> what) {
    asio::post(control_, [self = shared_from_this(), what = std::move(what)] {
      if (self->listening_.raised()) what(*self);
    });
  }

  // ---- midi thread

  /// Memory can run out: that may not end the process that makes the sound.
  void run_loop() {
    while (!io_.stopped()) {
      try {
        io_.run();
      } catch (const std::exception&) {  // NOLINT(bugprone-empty-catch): the next look begins anew
      }
    }
  }

  void after_a_while() {
    timer_.expires_after(kLook);
    timer_.async_wait([self = shared_from_this()](const boost::system::error_code& failure) {
      if (!failure) self->look();
    });
  }

  void look() {
    after_a_while();
    if (!alive_) return;
    try {
      std::vector<std::string> sources, sinks;
      if (api_ == RtMidi::UNIX_JACK) {
        if (!open_links()) return;
        sources = links_->midi_ports(JackPortIsOutput);
        sinks = links_->midi_ports(JackPortIsInput);
      } else {
        list(probe_in_, sources);
        list(probe_out_, sinks);
      }
      for (auto* names : {&sources, &sinks}) std::erase_if(*names, is_no_device);
      if (take(pair_midi_ports(sources, sinks))) told_.clear();
    } catch (const std::exception& error) {
      close_all();
      say(error.what());
    }
  }

  /// False: the server takes no client; it is tried again at the next look.
  bool open_links() {
    if (!links_ || !links_->is_open()) links_ = std::make_unique<JackLinks>(own_name() + "-links");
    return links_->is_open();
  }

  template <class Probe>
  void list(std::unique_ptr<Probe>& probe, std::vector<std::string>& names) {
    if (!probe) {
      probe = std::make_unique<Probe>(api_, own_name() + "-look");
      probe->setErrorCallback(&take_error, nullptr);
    }
    const unsigned count = probe->getPortCount();
    for (unsigned i = 0; i < count; ++i) names.push_back(probe->getPortName(i));
  }

  /// ALSA's own loop, and "fohd-midi-3-in:in": a port of this desk, or of another one, which would take ours for a
  /// device in turn.
  static bool is_no_device(const std::string& name) {
    const std::string client = name.substr(0, name.find(':'));
    const bool way = client.ends_with("-in") || client.ends_with("-out");
    return name.empty() || name.starts_with("Midi Through") || (way && client.find("-midi-") != std::string::npos);
  }

  std::string own_name() const { return options_.client + "-midi"; }

  /// False: something could not be opened.
  bool take(const std::vector<MidiPortPair>& pairs) {
    bool well = true;
    const auto same = [](const MidiPortPair& a, const MidiPortPair& b) {
      return a.source == b.source && a.sink == b.sink;
    };
    for (auto it = devices_.begin(); it != devices_.end();) {
      const bool still = std::any_of(pairs.begin(), pairs.end(), [&](const auto& p) { return same(p, (*it)->pair); });
      it = still && connected(**it) ? std::next(it) : close(it);
    }
    for (MidiPortPair pair : pairs) {
      if (std::any_of(devices_.begin(), devices_.end(), [&](const auto& c) { return same(c->pair, pair); })) continue;
      // The numbers of those that are there stay, whichever of their kind come or go.
      const auto taken = [&](int ordinal) {
        return std::any_of(devices_.begin(), devices_.end(),
                           [&](const auto& c) { return c->pair.name == pair.name && c->pair.ordinal == ordinal; });
      };
      if (taken(pair.ordinal)) pair.ordinal = 1;
      while (taken(pair.ordinal)) ++pair.ordinal;
      well = open(pair) && well;
    }
    return well;
  }

  bool connected(const MidiDevice& device) {
    if (!device.watched) return true;  // an ALSA device needs longer to come back than we to look
    const std::string own = port_client(device.id);
    return (!device.jack_in || links_->connected(device.pair.source, own + "-in:in")) &&
           (!device.out || links_->connected(own + "-out:out", device.pair.sink));
  }

  /// Our clients' names, each its own: then JACK does not change them.
  std::string port_client(MidiUnitId id) const { return own_name() + "-" + std::to_string(id); }

  template <class Port>
  std::unique_ptr<Port> open_port(const std::string& client, const std::string& name, const char* which) {
    auto port = std::make_unique<Port>(api_, client + "-" + which);
    port->setErrorCallback(&take_error, nullptr);
    const unsigned count = port->getPortCount();
    for (unsigned i = 0; i < count; ++i) {
      if (port->getPortName(i) != name) continue;
      port->openPort(i, which);
      return port;
    }
    throw RtMidiError("it went away while it was opened", RtMidiError::INVALID_DEVICE);
  }

  bool open(const MidiPortPair& pair) {
    auto device = std::make_shared<MidiDevice>();
    device->id = next_id_++;
    device->pair = pair;
    device->bell = &bell_;
    try {
      if (!pair.sink.empty()) device->out = open_port<RtMidiOut>(port_client(device->id), pair.sink, "out");
      if (!pair.source.empty() && api_ == RtMidi::UNIX_JACK) {
        device->jack_in =
            std::make_unique<JackMidiIn>(port_client(device->id) + "-in", pair.source, &hear, device.get());
      } else if (!pair.source.empty()) {
        device->in = open_port<RtMidiIn>(port_client(device->id), pair.source, "in");
        const bool exclusive = options_.wants_exclusive && options_.wants_exclusive(pair.name);
        device->in->ignoreTypes(!exclusive, true, true);
        device->in->setCallback(&hear_rtmidi, device.get());
      }
    } catch (const std::exception& error) {  // RtMidi's own is one; it is tried again at the next look
      say("the MIDI device " + pair.name + " cannot be opened: " + error.what());
      return false;
    }
    // Where another client has our names already, JACK has changed them and nothing can be checked.
    device->watched = api_ == RtMidi::UNIX_JACK;
    device->watched = device->watched && connected(*device);
    devices_.push_back(device);
    tell_control([device](Worker& self) {
      self.known_[device->id] = device;
      self.handlers_.appeared(device->id, device->pair);
    });
    return true;
  }

  using Devices = std::vector<std::shared_ptr<MidiDevice>>;
  Devices::iterator close(Devices::iterator at) {
    const std::shared_ptr<MidiDevice>& device = *at;
    device->in.reset();  // after these the callbacks run no more
    device->jack_in.reset();
    device->out.reset();
    tell_control([device](Worker& self) {
      if (self.known_.erase(device->id) == 0) return;
      self.lost_before_ += device->lost.load(std::memory_order_relaxed);
      self.handlers_.gone(device->id, device->pair);
    });
    return devices_.erase(at);
  }

  void close_all() {
    if (!alive_) {
      // Without a server RtMidi waits a second for each port that is not emptied any more: for all of them at once.
      std::vector<std::thread> closers;
      try {
        closers.reserve(devices_.size());
        for (const auto& device : devices_) closers.emplace_back([device] { device->out.reset(); });
      } catch (const std::exception&) {  // NOLINT(bugprone-empty-catch)
        // No thread, no memory: those that are left are closed one by one below.
      }
      for (std::thread& closer : closers) closer.join();
    }
    for (auto it = devices_.begin(); it != devices_.end();) it = close(it);
    probe_in_.reset();
    probe_out_.reset();
    links_.reset();
  }

  void put(MidiDevice& device, const std::vector<std::uint8_t>& bytes) {
    device.waiting.fetch_sub(bytes.size(), std::memory_order_relaxed);
    if (!device.out || !alive_) return;
    try {
      device.out->sendMessage(bytes.data(), bytes.size());
    } catch (const RtMidiError& error) {
      say("the MIDI device " + device.pair.name + " takes nothing: " + error.getMessage());
    }
  }

  /// Once for each reason, until all is well again.
  void say(const std::string& text) {
    if (!told_.insert(text).second) return;
    tell_control([text](Worker& self) { self.handlers_.trouble(text); });
  }

  asio::io_context& control_;
  Options options_;
  Handlers handlers_;
  EventFd bell_;
  Flag listening_;
  asio::io_context io_{1};
  asio::steady_timer timer_;
  asio::posix::stream_descriptor bell_watch_;
  asio::executor_work_guard<asio::io_context::executor_type> work_;
  std::thread thread_;
  std::promise<void> ended_;
  RtMidi::Api api_ = RtMidi::UNSPECIFIED;

  // [midi thread]
  bool alive_ = false;
  std::unique_ptr<RtMidiIn> probe_in_;
  std::unique_ptr<RtMidiOut> probe_out_;
  std::unique_ptr<JackLinks> links_;
  Devices devices_;
  MidiUnitId next_id_ = 1;
  std::set<std::string> told_;

  // [control]
  std::map<MidiUnitId, std::shared_ptr<MidiDevice>> known_;
  std::vector<std::uint8_t> message_;
  std::uint64_t lost_before_ = 0;
  bool flowing_ = false;
};

MidiPorts::MidiPorts(asio::io_context& control, Options options, Handlers handlers)
    : worker_(std::make_shared<Worker>(control, std::move(options), std::move(handlers))) {
  worker_->run();
}
MidiPorts::~MidiPorts() { worker_->stop(2000); }
std::string MidiPorts::api_name() const { return worker_->api_name(); }
void MidiPorts::set_server_alive(bool alive) { worker_->set_server_alive(alive); }
bool MidiPorts::send(MidiUnitId id, MidiBytes message) { return worker_->send(id, message); }
void MidiPorts::open_jack(int patience_ms) { worker_->open_jack(patience_ms); }
void MidiPorts::close_jack(int patience_ms) { worker_->close_jack(patience_ms); }
void MidiPorts::set_flowing(bool flowing) noexcept { worker_->set_flowing(flowing); }
std::uint64_t MidiPorts::lost_bytes() const noexcept { return worker_->lost_bytes(); }
bool MidiPorts::stop(int patience_ms) { return worker_->stop(patience_ms); }

}  // namespace fohd
