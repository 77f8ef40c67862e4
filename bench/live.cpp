// Measures the running desk from outside, over OSC, MIDI and JACK. Needs a JACK server and `fohd run` on
// it; bench/live.sh starts both. Prints numbers, no verdict.
//
//   live latency PORT SETS        time from sending /ch/1/fader to the first changed sample at fohd:main_l
//   live burst PORT MESSAGES      as many sets as fast as the socket takes them, then the final values are read back
//   live midi PORT SETS           time from a MIDI message of a surface to the first changed sample at fohd:main_l
//   live surfaces PORT SECONDS    eight surfaces of nine faders, all moving at 100 messages a second each (7,200 in
//   all),
//                                 then the final values are read back; needs a desk of 64 inputs
//
// The latency path is this client -> fohd -> this client, a cycle, to which JACK adds exactly one period (it is taken
// off again). A constant goes into in_1, so a fader change shows at its first ramped sample.
#include <arpa/inet.h>
#include <jack/jack.h>
#include <jack/midiport.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <vector>

namespace {

std::string padded(std::string text) {
  text.append(4 - text.size() % 4, '\0');
  return text;
}
std::string set_message(const std::string& address, float value) {
  const std::uint32_t bits = htonl(std::bit_cast<std::uint32_t>(value));
  return padded(address) + padded(",f") + std::string(reinterpret_cast<const char*>(&bits), 4);
}
std::string get_message(const std::string& address) { return padded(address) + padded(","); }

struct Udp {
  int fd = socket(AF_INET, SOCK_DGRAM, 0);
  explicit Udp(int port) {
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(static_cast<std::uint16_t>(port));
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (connect(fd, reinterpret_cast<sockaddr*>(&to), sizeof to) != 0) std::perror("connect");
  }
  Udp(const Udp&) = delete;
  Udp& operator=(const Udp&) = delete;
  ~Udp() { close(fd); }
  void put(const std::string& packet) const { (void)!send(fd, packet.data(), packet.size(), 0); }
  /// The float that the desk answers for an address, or NaN after a second.
  float ask(const std::string& address) const {
    put(get_message(address));
    const std::string head = padded(address) + padded(",f");
    pollfd wait{fd, POLLIN, 0};
    while (poll(&wait, 1, 1000) > 0) {
      char bytes[2048];
      const auto size = static_cast<std::size_t>(std::max<ssize_t>(recv(fd, bytes, sizeof bytes, 0), 0));
      if (size == head.size() + 4 && std::memcmp(bytes, head.data(), head.size()) == 0) {
        std::uint32_t bits = 0;
        std::memcpy(&bits, bytes + head.size(), 4);
        return std::bit_cast<float>(ntohl(bits));
      }
    }
    return std::nanf("");
  }
};

struct Probe {
  jack_port_t* out = nullptr;
  jack_port_t* in = nullptr;
  jack_client_t* client = nullptr;
  std::atomic<bool> armed{false};
  std::atomic<std::int64_t> changed_frame{-1};
  float settled = 0;

  static int process(jack_nframes_t frames, void* self_pointer) {
    auto& self = *static_cast<Probe*>(self_pointer);
    auto* out = static_cast<float*>(jack_port_get_buffer(self.out, frames));
    const auto* in = static_cast<const float*>(jack_port_get_buffer(self.in, frames));
    std::fill_n(out, frames, 0.25f);
    if (!self.armed.load(std::memory_order_acquire)) {
      self.settled = in[frames - 1];
      return 0;
    }
    for (jack_nframes_t n = 0; n < frames; ++n) {
      if (in[n] != self.settled) {
        self.armed.store(false, std::memory_order_relaxed);
        self.changed_frame.store(static_cast<std::int64_t>(jack_last_frame_time(self.client)) + n,
                                 std::memory_order_release);
        break;
      }
    }
    return 0;
  }
};

double percentile(std::vector<double> values, double p) {
  std::sort(values.begin(), values.end());
  return values[std::min(values.size() - 1, static_cast<std::size_t>(p * static_cast<double>(values.size())))];
}

/// A Mackie Control as a JACK client; the desk recognises it by its name.
struct Surface {
  jack_client_t* client = nullptr;
  jack_port_t *out = nullptr, *in = nullptr;
  int number = 0;
  // One message on request, and the frame at which it was sent.
  std::atomic<int> value{-1};
  std::atomic<std::int64_t> sent_frame{-1};
  // All faders every 10 ms, while it is set.
  std::atomic<bool> moving{false};
  std::array<std::atomic<int>, 9> last{};
  std::atomic<int> presses{0};  ///< of the button that shows the next eight channels
  std::atomic<bool> touches{false};
  std::atomic<std::uint32_t> heard{0};
  std::mt19937 random{1};
  jack_nframes_t due = 0;

  bool open(int n) {
    number = n;
    random.seed(static_cast<unsigned>(n) + 1);
    const std::string name = "Mackie Control " + std::to_string(n);
    client = jack_client_open(name.c_str(), JackNoStartServer, nullptr);
    if (client == nullptr) return false;
    out = jack_port_register(client, "out", JACK_DEFAULT_MIDI_TYPE, JackPortIsOutput, 0);
    in = jack_port_register(client, "in", JACK_DEFAULT_MIDI_TYPE, JackPortIsInput, 0);
    jack_set_process_callback(client, process, this);
    return jack_activate(client) == 0;
  }
  static void put(void* buffer, jack_nframes_t at, int status, int first, int second) {
    const jack_midi_data_t bytes[3] = {static_cast<jack_midi_data_t>(status), static_cast<jack_midi_data_t>(first),
                                       static_cast<jack_midi_data_t>(second)};
    jack_midi_event_write(buffer, at, bytes, sizeof bytes);
  }
  static int process(jack_nframes_t frames, void* self_pointer) {
    auto& self = *static_cast<Surface*>(self_pointer);
    void* buffer = jack_port_get_buffer(self.out, frames);
    jack_midi_clear_buffer(buffer);
    self.heard += jack_midi_get_event_count(jack_port_get_buffer(self.in, frames));
    if (const int value = self.value.exchange(-1); value >= 0) {
      put(buffer, 0, 0xE0, value & 0x7F, value >> 7);
      self.sent_frame.store(static_cast<std::int64_t>(jack_last_frame_time(self.client)), std::memory_order_release);
    }
    if (self.presses > 0) {
      --self.presses;
      put(buffer, 0, 0x90, 47, 127);
      put(buffer, 0, 0x90, 47, 0);
    }
    if (self.touches.exchange(false)) {
      for (int fader = 0; fader < 9; ++fader) put(buffer, 0, 0x90, fader < 8 ? 104 + fader : 112, 127);
    }
    if (!self.moving.load(std::memory_order_acquire)) return 0;
    const jack_nframes_t step = jack_get_sample_rate(self.client) / 100;
    for (; self.due < frames; self.due += step) {
      for (std::size_t fader = 0; fader < 9; ++fader) {
        const int value = static_cast<int>(self.random() % 16384);
        self.last[fader] = value;
        put(buffer, self.due, static_cast<int>(0xE0 | fader), value & 0x7F, value >> 7);
      }
    }
    self.due -= frames;
    return 0;
  }
};

/// A client that plays a constant into in_1 and waits for main to change.
bool open_probe(Probe& probe, const Udp& udp) {
  probe.client = jack_client_open("bench_live", JackNoStartServer, nullptr);
  if (probe.client == nullptr) return std::fputs("no JACK server\n", stderr), false;
  probe.out = jack_port_register(probe.client, "out", JACK_DEFAULT_AUDIO_TYPE, JackPortIsOutput, 0);
  probe.in = jack_port_register(probe.client, "in", JACK_DEFAULT_AUDIO_TYPE, JackPortIsInput, 0);
  jack_set_process_callback(probe.client, Probe::process, &probe);
  jack_activate(probe.client);
  jack_connect(probe.client, "bench_live:out", "fohd:in_1");
  jack_connect(probe.client, "fohd:main_l", "bench_live:in");
  udp.put(set_message("/main/fader", 0));
  udp.put(set_message("/ch/1/fader", -5));
  std::this_thread::sleep_for(std::chrono::milliseconds(800));
  return true;
}

/// Moves the fader `sets` times by `move(i)`, which returns the frame of the move (or -1), and prints the time
/// until main changes.
template <class Move>
int measure(Probe& probe, int sets, const char* what, Move move) {
  std::mt19937 random(1);
  std::uniform_int_distribution<int> pause_us(15000, 25000);  // not in step with the period; ramps (5 ms) have ended
  const double period = jack_get_buffer_size(probe.client), rate = jack_get_sample_rate(probe.client);
  std::vector<double> periods;
  int lost = 0;
  for (int i = 0; i < sets; ++i) {
    std::this_thread::sleep_for(std::chrono::microseconds(pause_us(random)));
    probe.changed_frame = -1;
    probe.armed.store(true, std::memory_order_release);
    const std::int64_t sent = move(i);
    for (int wait = 0; wait < 1000 && probe.changed_frame.load(std::memory_order_acquire) < 0; ++wait) {
      std::this_thread::sleep_for(std::chrono::microseconds(500));
    }
    const auto changed = probe.changed_frame.load(std::memory_order_acquire);
    probe.armed = false;
    if (changed < 0 || sent < 0)
      ++lost;
    else
      periods.push_back(static_cast<double>(changed - sent) / period - 1);
  }
  jack_client_close(probe.client);
  if (periods.empty()) return std::fputs("no change was ever heard\n", stderr), 1;
  std::printf("period_frames %.0f rate_hz %.0f sets %d lost %d\n", period, rate, sets, lost);
  for (const double p : {0.5, 0.99, 0.999}) {
    const double value = percentile(periods, p);
    std::printf("%s p%.1f %.2f periods %.2f ms\n", what, p * 100, value, value * period / rate * 1000);
  }
  return 0;
}

int latency(int port, int sets) {
  Probe probe;
  const Udp udp(port);
  if (!open_probe(probe, udp)) return 2;
  return measure(probe, sets, "set_to_sound", [&](int i) {
    const auto sent = static_cast<std::int64_t>(jack_frame_time(probe.client));
    udp.put(set_message("/ch/1/fader", i % 2 == 0 ? -6.0f : -5.0f));
    return sent;
  });
}

int midi(int port, int sets) {
  Probe probe;
  const Udp udp(port);
  Surface surface;
  if (!open_probe(probe, udp) || !surface.open(1)) return 2;
  std::this_thread::sleep_for(std::chrono::seconds(2));  // found and painted
  const int code = measure(probe, sets, "midi_to_sound", [&](int i) {
    surface.sent_frame = -1;
    surface.value = i % 2 == 0 ? 12'000 : 12'300;
    for (int wait = 0; wait < 1000 && surface.sent_frame < 0; ++wait) {
      std::this_thread::sleep_for(std::chrono::microseconds(100));
    }
    return surface.sent_frame.load();
  });
  jack_client_close(surface.client);
  return code;
}

int surfaces(int port, int seconds) {
  constexpr int kCount = 8;
  const Udp udp(port);
  std::vector<std::unique_ptr<Surface>> all;
  for (int i = 0; i < kCount; ++i) {
    all.push_back(std::make_unique<Surface>());
    if (!all.back()->open(i + 1)) return std::fputs("no JACK server\n", stderr), 2;
  }
  std::this_thread::sleep_for(std::chrono::seconds(4));
  for (int i = 0; i < kCount; ++i) all[static_cast<std::size_t>(i)]->presses = i;
  std::this_thread::sleep_for(std::chrono::seconds(1));
  for (const auto& surface : all) surface->touches = true;  // under a hand a bank change would wait for it
  std::this_thread::sleep_for(std::chrono::milliseconds(200));
  std::uint32_t heard = 0;
  for (const auto& surface : all) heard -= surface->heard;
  std::puts("moving");
  std::fflush(stdout);
  for (const auto& surface : all) surface->moving = true;
  std::this_thread::sleep_for(std::chrono::seconds(seconds));
  for (const auto& surface : all) surface->moving = false;
  for (const auto& surface : all) heard += surface->heard;
  std::puts("still");
  std::fflush(stdout);
  std::this_thread::sleep_for(std::chrono::milliseconds(500));
  int wrong = 0;
  for (int s = 0; s < kCount; ++s) {
    for (int f = 0; f < 8; ++f) {
      const float level = udp.ask("/ch/" + std::to_string(s * 8 + f + 1) + "/fader");
      const double x = all[static_cast<std::size_t>(s)]->last[static_cast<std::size_t>(f)] / 16383.0;
      // The console's fader law (docs/X32.md, "The fader"), in double; a float of it is within 1e-5 dB.
      const double wanted = x >= 0.5      ? 40 * x - 30
                            : x >= 0.25   ? 80 * x - 50
                            : x >= 0.0625 ? 160 * x - 70
                                          : 480 * x - 90;
      if (!(std::abs(static_cast<double>(level) - wanted) < 1e-4)) ++wrong;
    }
  }
  std::printf("surfaces %d faders_each 9 messages/s %d final values wrong %d of %d messages/s to surfaces %.0f\n",
              kCount, kCount * 9 * 100, wrong, kCount * 8, static_cast<double>(heard) / seconds);
  for (const auto& surface : all) jack_client_close(surface->client);
  return 0;
}

int burst(int port, int messages) {
  const Udp udp(port);
  constexpr int kChannels = 32, kBuses = 16;
  std::mt19937 random(2);
  std::uniform_real_distribution<float> level(-60, 0);
  std::vector<float> last(kChannels * kBuses, 0);
  std::vector<std::string> packets;
  for (int i = 0; i < messages; ++i) {
    const int cell = i % (kChannels * kBuses);
    last[static_cast<std::size_t>(cell)] = level(random);
    packets.push_back(set_message(
        "/ch/" + std::to_string(cell / kBuses + 1) + "/send/" + std::to_string(cell % kBuses + 1) + "/level",
        last[static_cast<std::size_t>(cell)]));
  }
  std::vector<mmsghdr> headers(256);
  std::vector<iovec> parts(256);
  const auto begin = std::chrono::steady_clock::now();
  for (std::size_t sent = 0; sent < packets.size();) {
    const std::size_t count = std::min<std::size_t>(256, packets.size() - sent);
    for (std::size_t i = 0; i < count; ++i) {
      parts[i] = {packets[sent + i].data(), packets[sent + i].size()};
      headers[i] = {};
      headers[i].msg_hdr.msg_iov = &parts[i];
      headers[i].msg_hdr.msg_iovlen = 1;
    }
    const int went = sendmmsg(udp.fd, headers.data(), static_cast<unsigned>(count), 0);
    if (went > 0) sent += static_cast<std::size_t>(went);
  }
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  std::this_thread::sleep_for(std::chrono::milliseconds(500));
  int wrong = 0;
  for (int cell = 0; cell < kChannels * kBuses; ++cell) {
    const float value =
        udp.ask("/ch/" + std::to_string(cell / kBuses + 1) + "/send/" + std::to_string(cell % kBuses + 1) + "/level");
    wrong += value != last[static_cast<std::size_t>(cell)];
  }
  std::printf("burst %d messages in %.3f s (%.0f a second), final values wrong: %d of %d\n", messages, seconds,
              messages / seconds, wrong, kChannels * kBuses);
  return wrong != 0;
}

}  // namespace

int main(int argc, char** argv) {
  const std::string verb = argc == 4 ? argv[1] : "";
  if (verb == "latency") return latency(std::atoi(argv[2]), std::atoi(argv[3]));
  if (verb == "burst") return burst(std::atoi(argv[2]), std::atoi(argv[3]));
  if (verb == "midi") return midi(std::atoi(argv[2]), std::atoi(argv[3]));
  if (verb == "surfaces") return surfaces(std::atoi(argv[2]), std::atoi(argv[3]));
  std::fputs("usage: live latency PORT SETS | burst PORT MESSAGES | midi PORT SETS | surfaces PORT SECONDS\n", stderr);
  return 3;
}
