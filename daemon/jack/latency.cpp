#include "daemon/jack/latency.h"

#include <jack/jack.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <memory>
#include <ostream>
#include <string>
#include <thread>
#include <vector>

#include "daemon/base/clock.h"
#include "engine/crossing/ring.h"

namespace fohd {
namespace {

constexpr double kPeakWindow_s = 0.002;  // longer than any converter's filter rings
constexpr float kFaintest = 0.0005f;     // -66 dBFS: 54 dB may be lost on the way of a -12 dB impulse
constexpr float kAboveNoise = 4;         // 12 dB over the largest noise sample of 0.1 s
constexpr double kNoise_s = 0.1;
constexpr double kPause_s = 0.15;  // lets what rings die away between impulses
constexpr double kHeard_s = 4;     // room in the ring: the main thread may be late

struct Closer {
  void operator()(jack_client_t* client) const noexcept { jack_client_close(client); }
};
using Client = std::unique_ptr<jack_client_t, Closer>;

Client open_client(const char* name, const std::string& server) {
  jack_status_t status = {};
  const auto options = static_cast<jack_options_t>(JackNoStartServer | (server.empty() ? 0 : JackServerName));
  return Client(jack_client_open(name, options, &status, server.c_str()));
}

/// Whoever remembers connections (the desk does) may have made it first.
bool connect(jack_client_t* client, const char* from, const char* to) {
  const int result = jack_connect(client, from, to);
  return result == 0 || result == EEXIST;
}

/// A name that no earlier measurement had: whoever remembers connections by name would connect this one to where that
/// one was, and the impulse would go there as well.
std::string name_once(const char* word) { return std::string(word) + "-" + std::to_string(::getpid()); }

/// Sends one sample on request, and reports at which frame it went.
class Sender {
 public:
  Sender(Client client, float level) : level_(level), client_(std::move(client)) {
    port_ = jack_port_register(client_.get(), "out", JACK_DEFAULT_AUDIO_TYPE, JackPortIsOutput, 0);
    jack_set_process_callback(
        client_.get(), [](jack_nframes_t n, void* me) { return static_cast<Sender*>(me)->run(n); }, this);
  }
  bool start(const std::string& to) {
    return port_ != nullptr && jack_activate(client_.get()) == 0 &&
           connect(client_.get(), jack_port_name(port_), to.c_str());
  }
  void fire() { fire_.raise(); }
  std::optional<std::uint32_t> sent() {
    std::uint32_t frame = 0;
    if (sent_.read({&frame, 1}) == 0) return std::nullopt;
    return frame;
  }

 private:
  int run(jack_nframes_t frames) noexcept {  // [audio]
    auto* buffer = static_cast<float*>(jack_port_get_buffer(port_, frames));
    std::fill_n(buffer, frames, 0.0f);
    if (!fire_.raised() || frames == 0) return 0;
    fire_.lower();
    buffer[0] = level_;
    const std::uint32_t frame = jack_last_frame_time(client_.get());
    sent_.write({&frame, 1});
    return 0;
  }

  float level_;
  Flag fire_;
  Ring<std::uint32_t> sent_{16};
  jack_port_t* port_ = nullptr;
  Client client_;  // closed first: then no callback runs while the rest goes
};

/// Hands every sample it receives to the main thread, with the frame at which each block began.
class Listener {
 public:
  explicit Listener(Client client)
      : sound_(static_cast<std::size_t>(kHeard_s * jack_get_sample_rate(client.get()))),
        blocks_(1 << 16),
        client_(std::move(client)) {
    port_ = jack_port_register(client_.get(), "in", JACK_DEFAULT_AUDIO_TYPE, JackPortIsInput, 0);
    jack_set_process_callback(
        client_.get(), [](jack_nframes_t n, void* me) { return static_cast<Listener*>(me)->run(n); }, this);
  }
  bool start(const std::string& from) {
    return port_ != nullptr && jack_activate(client_.get()) == 0 &&
           connect(client_.get(), from.c_str(), jack_port_name(port_));
  }
  /// Appends what was received since; a gap (JACK skipped frames) becomes silence, so positions stay true.
  void collect(std::vector<float>& sound, std::uint32_t& first_frame) {
    Block block;
    while (blocks_.read({&block, 1}) == 1) {
      if (sound.empty()) first_frame = block.frame;
      const std::size_t at = block.frame - first_frame;  // wraps rightly after 2^32 frames
      if (at > sound.size() + (1u << 24)) continue;      // the server restarted its count
      sound.resize(at + block.frames, 0.0f);
      sound_.read({sound.data() + at, block.frames});
    }
  }

 private:
  struct Block {
    std::uint32_t frame = 0, frames = 0;
  };
  int run(jack_nframes_t frames) noexcept {  // [audio]
    const auto* buffer = static_cast<const float*>(jack_port_get_buffer(port_, frames));
    const Block block = {jack_last_frame_time(client_.get()), frames};
    if (blocks_.writable() > 0 && sound_.write({buffer, frames})) blocks_.write({&block, 1});
    return 0;
  }

  Ring<float> sound_;
  Ring<Block> blocks_;
  jack_port_t* port_ = nullptr;
  Client client_;
};

void wait_briefly() { std::this_thread::sleep_for(std::chrono::milliseconds(2)); }

/// Frames from one impulse to its return; nothing if it does not return in time.
std::optional<std::uint32_t> measure_once(Sender& sender, Listener& listener, const LatencyOptions& options,
                                          double rate_hz, const Flag& stop) {
  std::vector<float> sound;
  std::uint32_t first_frame = 0;
  const auto noise_frames = static_cast<std::size_t>(kNoise_s * rate_hz);
  const double begun_s = now_s();
  const double patience_s = 2 * (kPause_s + options.longest_s) + 2;  // JACK may stand still
  while (sound.size() < noise_frames + static_cast<std::size_t>(kPause_s * rate_hz)) {
    wait_briefly();
    listener.collect(sound, first_frame);
    if (stop.raised() || now_s() > begun_s + patience_s) return std::nullopt;
  }
  float noise_peak = 0;
  for (std::size_t i = sound.size() - noise_frames; i < sound.size(); ++i) {
    noise_peak = std::max(noise_peak, std::abs(sound[i]));
  }
  sender.fire();
  std::optional<std::uint32_t> sent;
  const auto wanted = static_cast<std::size_t>((options.longest_s + kPeakWindow_s) * rate_hz);
  while (!stop.raised() && now_s() < begun_s + patience_s) {
    wait_briefly();
    listener.collect(sound, first_frame);
    if (!sent) sent = sender.sent();
    if (!sent || sound.empty()) continue;
    const std::size_t start = *sent - first_frame;
    if (start >= sound.size()) continue;
    const std::span<const float> after = std::span<const float>(sound).subspan(start);
    const auto at = find_impulse(after, noise_peak, rate_hz);
    const bool whole = at && after.size() >= *at + static_cast<std::size_t>(kPeakWindow_s * rate_hz);
    if (whole) return static_cast<std::uint32_t>(*at);
    if (after.size() >= wanted) return std::nullopt;
  }
  return std::nullopt;
}

int no_port(jack_client_t* client, const std::string& name, unsigned long direction, std::ostream& err) {
  err << "fohd: JACK has no " << (direction == JackPortIsInput ? "port that takes" : "port that gives")
      << " sound called \"" << name << "\". There are:\n";
  const char** ports = jack_get_ports(client, nullptr, JACK_DEFAULT_AUDIO_TYPE, direction);
  for (const char** port = ports; port != nullptr && *port != nullptr; ++port) err << "  " << *port << "\n";
  jack_free(ports);
  return kLatencyNoSuchPort;
}

bool has_port(jack_client_t* client, const std::string& name, int direction) {
  const jack_port_t* port = jack_port_by_name(client, name.c_str());
  return port != nullptr && (jack_port_flags(port) & direction) != 0;
}

}  // namespace

std::optional<std::size_t> find_impulse(std::span<const float> sound, float noise_peak, double rate_hz) {
  const float threshold = std::max(kFaintest, noise_peak * kAboveNoise);
  const auto loud = [&](float sample) { return std::abs(sample) > threshold; };
  const auto first = std::find_if(sound.begin(), sound.end(), loud);
  if (first == sound.end()) return std::nullopt;
  const auto window =
      std::min<std::ptrdiff_t>(static_cast<std::ptrdiff_t>(kPeakWindow_s * rate_hz) + 1, sound.end() - first);
  const auto louder = [](float a, float b) { return std::abs(a) < std::abs(b); };
  return static_cast<std::size_t>(std::max_element(first, first + window, louder) - sound.begin());
}

int measure_latency(const LatencyOptions& options, std::ostream& out, std::ostream& err, const Flag& stop) {
  jack_set_error_function([](const char*) {});
  jack_set_info_function([](const char*) {});
  Client send_client = open_client(name_once("fohd-send").c_str(), options.server),
         hear_client = open_client(name_once("fohd-hear").c_str(), options.server);
  if (!send_client || !hear_client) {
    err << "fohd: no JACK server" << (options.server.empty() ? "" : " called \"" + options.server + "\"")
        << " is running here. (--jack-server chooses another)\n";
    return kLatencyNothingHeard;
  }
  if (!has_port(send_client.get(), options.out, JackPortIsInput)) {
    return no_port(send_client.get(), options.out, JackPortIsInput, err);
  }
  if (!has_port(send_client.get(), options.in, JackPortIsOutput)) {
    return no_port(send_client.get(), options.in, JackPortIsOutput, err);
  }
  const double rate_hz = jack_get_sample_rate(send_client.get());
  const unsigned period = jack_get_buffer_size(send_client.get());
  Sender sender(std::move(send_client), static_cast<float>(std::pow(10.0, options.level_db / 20)));
  Listener listener(std::move(hear_client));
  if (!sender.start(options.out) || !listener.start(options.in)) {
    err << "fohd: JACK refused to connect to " << options.out << " or " << options.in << "\n";
    return kLatencyRefused;
  }
  std::vector<std::uint32_t> frames;
  for (int i = 0; i < options.impulses && !stop.raised(); ++i) {
    if (const auto latency = measure_once(sender, listener, options, rate_hz, stop)) frames.push_back(*latency);
  }
  if (frames.empty()) {
    err << "fohd: nothing came back from " << options.in << " within " << options.longest_s << " s after "
        << options.impulses << " impulses into " << options.out
        << ". Is the cable in, and is the way open (mute, fader, main)?\n";
    return kLatencyNothingHeard;
  }
  std::vector<std::uint32_t> sorted = frames;
  std::sort(sorted.begin(), sorted.end());
  const std::uint32_t median = sorted[sorted.size() / 2];
  out << median << " frames, " << std::round(1e5 * median / rate_hz) / 100 << " ms at " << rate_hz << " Hz, period "
      << period << " (median of " << frames.size() << " of " << options.impulses << " impulses:";
  for (const std::uint32_t latency : frames) out << ' ' << latency;
  out << ")\n";
  return kLatencyMeasured;
}

}  // namespace fohd
