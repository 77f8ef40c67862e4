// Measures the running desk from outside, as a tablet and a loudspeaker see it. Needs a JACK server and `fohd run` on
// it; bench/live.sh starts both. Prints numbers, judges nothing.
//
//   live latency PORT SETS        time from sending /ch/1/fader to the first changed sample at fohd:main_l
//   live burst PORT MESSAGES      as many sets as fast as the socket takes them, then the final values are read back
//
// The latency path is this client -> fohd -> this client, a cycle, to which JACK adds exactly one period (it is taken
// off again). A constant goes into in_1, so a fader change shows at its first ramped sample.
#include <arpa/inet.h>
#include <jack/jack.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <bit>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
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

int latency(int port, int sets) {
  Probe probe;
  probe.client = jack_client_open("bench_live", JackNoStartServer, nullptr);
  if (probe.client == nullptr) return std::fputs("no JACK server\n", stderr), 2;
  probe.out = jack_port_register(probe.client, "out", JACK_DEFAULT_AUDIO_TYPE, JackPortIsOutput, 0);
  probe.in = jack_port_register(probe.client, "in", JACK_DEFAULT_AUDIO_TYPE, JackPortIsInput, 0);
  jack_set_process_callback(probe.client, Probe::process, &probe);
  jack_activate(probe.client);
  jack_connect(probe.client, "bench_live:out", "fohd:in_1");
  jack_connect(probe.client, "fohd:main_l", "bench_live:in");
  const Udp udp(port);
  udp.put(set_message("/main/fader", 0));
  udp.put(set_message("/ch/1/fader", -5));
  std::this_thread::sleep_for(std::chrono::milliseconds(800));
  std::mt19937 random(1);
  std::uniform_int_distribution<int> pause_us(15000, 25000);  // not in step with the period; ramps (5 ms) have ended
  const double period = jack_get_buffer_size(probe.client), rate = jack_get_sample_rate(probe.client);
  std::vector<double> periods;
  int lost = 0;
  for (int i = 0; i < sets; ++i) {
    std::this_thread::sleep_for(std::chrono::microseconds(pause_us(random)));
    probe.changed_frame = -1;
    probe.armed.store(true, std::memory_order_release);
    const auto sent = static_cast<std::int64_t>(jack_frame_time(probe.client));
    udp.put(set_message("/ch/1/fader", i % 2 == 0 ? -6.0f : -5.0f));
    for (int wait = 0; wait < 1000 && probe.changed_frame.load(std::memory_order_acquire) < 0; ++wait) {
      std::this_thread::sleep_for(std::chrono::microseconds(500));
    }
    const auto changed = probe.changed_frame.load(std::memory_order_acquire);
    probe.armed = false;
    if (changed < 0)
      ++lost;
    else
      periods.push_back(static_cast<double>(changed - sent) / period - 1);
  }
  jack_client_close(probe.client);
  if (periods.empty()) return std::fputs("no change was ever heard\n", stderr), 1;
  std::printf("period_frames %.0f rate_hz %.0f sets %d lost %d\n", period, rate, sets, lost);
  for (const double p : {0.5, 0.99, 0.999}) {
    const double value = percentile(periods, p);
    std::printf("set_to_sound p%.1f %.2f periods %.2f ms\n", p * 100, value, value * period / rate * 1000);
  }
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
  std::fputs("usage: live latency PORT SETS | live burst PORT MESSAGES\n", stderr);
  return 3;
}
