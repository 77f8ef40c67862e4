#include "daemon/jack/jack_client.h"

#include <jack/metadata.h>
#include <jack/statistics.h>
#include <pthread.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <chrono>
#include <cstring>
#include <thread>

namespace fohd {
namespace {

// libjack writes to stderr on every attempt while there is no server; the supervisor reports it once instead.
void quiet_libjack() {
  jack_set_error_function([](const char* text) { spdlog::debug("JACK: {}", text); });
  jack_set_info_function([](const char* text) { spdlog::debug("JACK: {}", text); });
}

std::string explain(jack_status_t status, const JackClientOptions& options) {
  if ((status & JackNameNotUnique) != 0) {
    return "the JACK server \"" + options.server + "\" already has a client called \"" + options.client +
           "\" (does another fohd run?)";
  }
  if ((status & JackVersionError) != 0) return "the JACK library and the server are of different versions";
  if ((status & (JackShmFailure | JackInitFailure)) != 0) {
    return "the JACK server \"" + options.server + "\" does not let us in (does it run as another user?)";
  }
  return "no JACK server \"" + options.server + "\" is running";
}

}  // namespace

// When the server has died, jack_client_close cancels libjack's threads wherever they are
// (PTHREAD_CANCEL_ASYNCHRONOUS). Cancelling unwinds the stack, and unwinding through a noexcept function is
// std::terminate: seen as a desk that died with its server. So nothing of ours is cancelled; libjack's own loop is, one
// frame further up. Nor may a noexcept function be inlined here: this one would get an exception table, and an
// instruction outside that table is std::terminate as well.
template <auto Method, class... Arguments>
int JackClient::callback(Arguments... arguments, void* data) {
  int before = PTHREAD_CANCEL_ENABLE;
  pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &before);  // a word in the thread's own memory, no system call
  const int result = (static_cast<JackClient*>(data)->*Method)(arguments...);
  pthread_setcancelstate(before, nullptr);
  return result;
}

std::unique_ptr<JackClient> JackClient::open(const JackClientOptions& options, const EventFd& bell, std::string& why) {
  quiet_libjack();
  jack_status_t status{};
  const int flags = JackNoStartServer | JackServerName;
  jack_client_t* handle =
      jack_client_open(options.client.c_str(), static_cast<jack_options_t>(flags), &status, options.server.c_str());
  if (handle == nullptr || (status & JackNameNotUnique) != 0) {
    // With JackUseExactName jackd2 answers a taken name and a missing server alike; so it may rename us, and we leave.
    if (handle != nullptr) jack_client_close(handle);
    why = explain(status, options);
    return nullptr;
  }
  std::unique_ptr<JackClient> client(new JackClient(handle, options, bell));
  // Before the first thing that can fail because the server ends; the other callbacks read the ports.
  jack_on_shutdown(
      handle, [](void* data) { callback<&JackClient::on_shutdown>(data); }, client.get());
  if (!client->register_ports(options.geometry)) {
    why = client->lost_after_all() ? "the JACK server has ended"
                                   : "the JACK server \"" + options.server + "\" has no room for " +
                                         std::to_string(options.geometry.inputs + options.geometry.outputs()) +
                                         " ports; start jackd with a larger -p, or use fewer channels";
    return nullptr;
  }
  client->set_callbacks();
  return client;
}

// The ring holds the start of a large system: 1,024 ports appear and get connected before the loop looks once.
JackClient::JackClient(jack_client_t* client, const JackClientOptions& options, const EventFd& bell)
    : name_(jack_get_client_name(client)),
      settle_thread_(options.settle_thread),
      bell_(bell),
      rate_hz_(jack_get_sample_rate(client)),
      input_buffers_(options.geometry.inputs),
      output_buffers_(options.geometry.outputs()),
      events_(2048),
      client_(client) {}

JackClient::~JackClient() = default;

bool JackClient::register_ports(const Geometry& geometry) {
  const auto add = [&](const std::vector<std::string>& names, unsigned long flags, std::vector<jack_port_t*>& into) {
    for (const std::string& name : names) {
      jack_port_t* port = jack_port_register(client_.get(), name.c_str(), JACK_DEFAULT_AUDIO_TYPE, flags, 0);
      if (port == nullptr) return false;
      into.push_back(port);
    }
    return true;
  };
  return add(input_port_names(geometry), JackPortIsInput, inputs_) &&
         add(output_port_names(geometry), JackPortIsOutput, outputs_);
}

void JackClient::set_callbacks() {
  jack_client_t* client = client_.get();
  jack_set_thread_init_callback(
      client,
      [](void* data) {
        const auto& settle = static_cast<JackClient*>(data)->settle_thread_;
        if (settle) settle();
      },
      this);
  jack_set_process_callback(client, callback<&JackClient::on_process, jack_nframes_t>, this);
  jack_set_xrun_callback(client, callback<&JackClient::on_xrun>, this);
  jack_set_sample_rate_callback(client, callback<&JackClient::on_sample_rate, jack_nframes_t>, this);
  jack_set_freewheel_callback(
      client, [](int starting, void* data) { callback<&JackClient::on_freewheel, int>(starting, data); }, this);
  jack_set_port_registration_callback(
      client,
      [](jack_port_id_t id, int appeared, void* data) {
        callback<&JackClient::on_port, jack_port_id_t, int>(id, appeared, data);
      },
      this);
  jack_set_port_connect_callback(
      client,
      [](jack_port_id_t from, jack_port_id_t to, int connected, void* data) {
        callback<&JackClient::on_connection, jack_port_id_t, jack_port_id_t, int>(from, to, connected, data);
      },
      this);
  jack_set_latency_callback(
      client,
      [](jack_latency_callback_mode_t mode, void* data) {
        callback<&JackClient::on_latency, jack_latency_callback_mode_t>(mode, data);
      },
      this);
}

int JackClient::on_shutdown() noexcept {
  lost_.raise();
  bell_.ring();
  return 0;
}

int JackClient::on_xrun() noexcept {
  xruns_.beat();
  return 0;
}

int JackClient::on_sample_rate(jack_nframes_t rate) noexcept {
  if (static_cast<double>(rate) == rate_hz_) return 0;
  rate_changed_.raise();
  bell_.ring();
  return 0;
}

int JackClient::on_freewheel(int starting) noexcept {
  if (core_ == nullptr) return 0;
  starting != 0 ? core_->freewheel().raise() : core_->freewheel().lower();
  return 0;
}

int JackClient::on_port(jack_port_id_t id, int appeared) noexcept {
  const jack_port_t* port = jack_port_by_id(client_.get(), id);
  tell(appeared != 0 ? JackPortEvent::Kind::port_appeared : JackPortEvent::Kind::port_vanished,
       port != nullptr ? jack_port_name(port) : nullptr, "");
  return 0;
}

int JackClient::on_connection(jack_port_id_t from, jack_port_id_t to, int connected) noexcept {
  const jack_port_t* first = jack_port_by_id(client_.get(), from);
  const jack_port_t* second = jack_port_by_id(client_.get(), to);
  tell(connected != 0 ? JackPortEvent::Kind::connected : JackPortEvent::Kind::disconnected,
       first != nullptr ? jack_port_name(first) : nullptr, second != nullptr ? jack_port_name(second) : nullptr);
  return 0;
}

int JackClient::on_process(jack_nframes_t frames) noexcept {
  for (std::size_t i = 0; i < inputs_.size(); ++i) {
    input_buffers_[i] = static_cast<const float*>(jack_port_get_buffer(inputs_[i], frames));
  }
  for (std::size_t i = 0; i < outputs_.size(); ++i) {
    output_buffers_[i] = static_cast<float*>(jack_port_get_buffer(outputs_[i], frames));
  }
  // From when the driver really woke. jack_get_cycle_times() gives a filtered time, which after one late wake-up of the
  // driver is off by as much and comes back over a second: 239 deadlines were once counted for one.
  const double late_frames = jack_frames_since_cycle_start(client_.get());
  const auto late_ns = static_cast<std::uint64_t>(late_frames * 1e9 / rate_hz_);
  core_->process(input_buffers_.data(), output_buffers_.data(), static_cast<int>(frames), late_ns);
  return 0;
}

// Every input reaches the buses at once, and main after the look-ahead of its limiter.
int JackClient::on_latency(jack_latency_callback_mode_t mode) noexcept {
  const bool capture = mode == JackCaptureLatency;
  const auto late = static_cast<jack_nframes_t>(core_ != nullptr ? core_->engine().latency_frames() : 0);
  const auto own = [&](std::size_t output) { return output < 2 ? late : 0; };  // main_l, main_r, then the buses
  const std::vector<jack_port_t*>& from = capture ? inputs_ : outputs_;
  jack_latency_range_t range{0, 0};
  bool first = true;
  for (std::size_t i = 0; i < from.size(); ++i) {
    if (jack_port_connected(from[i]) == 0) continue;
    jack_latency_range_t one{};
    jack_port_get_latency_range(from[i], mode, &one);
    if (!capture) one.min += own(i), one.max += own(i);
    range.min = first ? one.min : std::min(range.min, one.min);
    range.max = first ? one.max : std::max(range.max, one.max);
    first = false;
  }
  const std::vector<jack_port_t*>& to = capture ? outputs_ : inputs_;
  for (std::size_t i = 0; i < to.size(); ++i) {
    jack_latency_range_t one = range;
    if (capture) one.min += own(i), one.max += own(i);
    jack_port_set_latency_range(to[i], mode, &one);
  }
  return 0;
}

void JackClient::tell(JackPortEvent::Kind kind, const char* first, const char* second) noexcept {
  JackPortEvent event;
  event.kind = kind;
  if (first == nullptr || second == nullptr) {
    overflow_.raise();  // gone before we could read its name: look at everything
  } else {
    std::strncpy(event.first.data(), first, JackPortEvent::kNameBytes - 1);
    std::strncpy(event.second.data(), second, JackPortEvent::kNameBytes - 1);
    if (!events_.write({&event, 1})) overflow_.raise();
  }
  bell_.ring();
}

bool JackClient::take_overflow() noexcept {
  if (!overflow_.raised()) return false;
  overflow_.lower();
  return true;
}

bool JackClient::lost_after_all() const noexcept {
  for (int wait = 0; wait < 20 && !lost(); ++wait) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  return lost();
}

bool JackClient::activate(std::shared_ptr<AudioCore> core) {
  core_ = std::move(core);
  return jack_activate(client_.get()) == 0;
}

int JackClient::period_frames() const noexcept { return static_cast<int>(jack_get_buffer_size(client_.get())); }
float JackClient::load_percent() const noexcept { return jack_cpu_load(client_.get()); }
float JackClient::xrun_delay_us() const noexcept { return jack_get_xrun_delayed_usecs(client_.get()); }
bool JackClient::realtime() const noexcept { return jack_is_realtime(client_.get()) != 0; }

std::string JackClient::device() const {
  const char** ports =
      jack_get_ports(client_.get(), nullptr, JACK_DEFAULT_AUDIO_TYPE, JackPortIsPhysical | JackPortIsInput);
  if (ports == nullptr) return "";
  std::string name = ports[0];
  std::vector<char> first(jack_port_name_size()), second(jack_port_name_size());
  char* aliases[2] = {first.data(), second.data()};
  // jackd calls its ports system:playback_1 on every device; the alias says which ("alsa_pcm:hw:0:in1").
  const jack_port_t* port = jack_port_by_name(client_.get(), ports[0]);
  if (port != nullptr && jack_port_get_aliases(port, aliases) > 0) name = aliases[0];
  jack_free(ports);
  return name.substr(0, name.rfind(':'));
}

std::string JackClient::full_name(const std::string& port) const {
  return port.find(':') == std::string::npos ? name_ + ":" + port : port;
}

std::string JackClient::short_name(const std::string& port) const {
  const bool ours = port.size() > name_.size() && port[name_.size()] == ':' && port.starts_with(name_);
  return ours ? port.substr(name_.size() + 1) : port;
}

bool JackClient::port_exists(const std::string& full) const {
  return jack_port_by_name(client_.get(), full.c_str()) != nullptr;
}

JackClient::Connected JackClient::connect(const PortPair& pair) {
  const int result = jack_connect(client_.get(), full_name(pair.from).c_str(), full_name(pair.to).c_str());
  return result == 0 ? Connected::now : result == EEXIST ? Connected::before : Connected::refused;
}

PortPairs JackClient::connections() const {
  PortPairs pairs;
  const auto collect = [&](const std::vector<jack_port_t*>& ports, bool ours_is_source) {
    for (jack_port_t* port : ports) {
      const char** others = jack_port_get_all_connections(client_.get(), port);
      for (const char** other = others; other != nullptr && *other != nullptr; ++other) {
        const std::string own = jack_port_short_name(port), theirs = short_name(*other);
        pairs.insert(ours_is_source ? PortPair{own, theirs} : PortPair{theirs, own});
      }
      jack_free(others);
    }
  };
  collect(inputs_, false);
  collect(outputs_, true);
  return pairs;
}

void JackClient::set_pretty_name(const std::string& port, const std::string& name) {
  jack_port_t* handle = jack_port_by_name(client_.get(), full_name(port).c_str());
  if (handle == nullptr) return;
  const jack_uuid_t uuid = jack_port_uuid(handle);
  if (name.empty()) {
    jack_remove_property(client_.get(), uuid, JACK_METADATA_PRETTY_NAME);
  } else {
    jack_set_property(client_.get(), uuid, JACK_METADATA_PRETTY_NAME, name.c_str(), "text/plain");
  }
}

}  // namespace fohd
