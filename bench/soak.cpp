// Hours of a show in minutes: JACK in freewheel, noise and music-like bursts into every input, and random control from
// all sides at once: OSC from four clients (sets over the whole parameter table, patterns, bundles, subscriptions,
// meters, rubbish) and a MIDI surface. Watches what comes out and what the desk's process takes of memory.
// bench/soak.sh runs it.
//   bench_soak OSC_PORT DESK_PID MINUTES INPUTS BUSES
#include <arpa/inet.h>
#include <jack/jack.h>
#include <jack/midiport.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "control/desk/desk.h"
#include "control/osc/osc_packet.h"

namespace {

using namespace fohd;
using Clock = std::chrono::steady_clock;

struct Soak {
  jack_client_t* client = nullptr;
  std::vector<jack_port_t*> to_desk, from_desk;
  jack_port_t *midi_out = nullptr, *midi_in = nullptr;
  std::uint32_t seed = 1;
  std::atomic<bool> freewheel{false};
  std::atomic<std::uint64_t> frames{0}, broken{0}, above{0}, midi_sent{0};
  std::atomic<float> highest{0};

  float noise() {
    seed = seed * 1664525u + 1013904223u;
    return static_cast<float>(static_cast<std::int32_t>(seed)) * 0x1p-31f;
  }

  int process(jack_nframes_t count) {
    for (std::size_t i = 0; i < to_desk.size(); ++i) {
      auto* to = static_cast<float*>(jack_port_get_buffer(to_desk[i], count));
      // Silence, quiet, loud and far too loud in turn, each channel at its own times.
      const auto phase = (frames / 48000 + i) % 8;
      const float level = phase == 0 ? 0.0f : phase == 7 ? 8.0f : 0.02f * static_cast<float>(1u << phase);
      for (jack_nframes_t n = 0; n < count; ++n) to[n] = level * noise();
    }
    float most = highest;
    for (jack_port_t* port : from_desk) {
      const auto* from = static_cast<const float*>(jack_port_get_buffer(port, count));
      for (jack_nframes_t n = 0; n < count; ++n) {
        if (!std::isfinite(from[n])) ++broken;
        if (std::abs(from[n]) > 1) ++above;
        most = std::max(most, std::abs(from[n]));
      }
    }
    highest = most;
    void* out = jack_port_get_buffer(midi_out, count);
    jack_midi_clear_buffer(out);
    for (int i = 0; i < 2; ++i) {
      const auto r = static_cast<unsigned>(noise() * 0x1p30f);
      const jack_midi_data_t message[3] = {static_cast<jack_midi_data_t>(r % 4 == 0   ? 0x90
                                                                         : r % 4 == 1 ? 0xB0
                                                                                      : 0xE0 + r / 4 % 9),
                                           static_cast<jack_midi_data_t>(r >> 8 & 0x7F),
                                           static_cast<jack_midi_data_t>(r >> 16 & 0x7F)};
      if (jack_midi_event_write(out, 0, message, 3) == 0) ++midi_sent;
    }
    if (freewheel) frames += count;
    return 0;
  }
};

/// One client of four: what it sends is random, and mostly legal.
class Talker {
 public:
  Talker(const Desk& desk, int port, unsigned seed)
      : desk_(desk), random_(seed), fd_(::socket(AF_INET, SOCK_DGRAM, 0)) {
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    to.sin_port = htons(static_cast<std::uint16_t>(port));
    [[maybe_unused]] const int connected = ::connect(fd_, reinterpret_cast<const sockaddr*>(&to), sizeof to);
  }
  ~Talker() { ::close(fd_); }
  Talker(const Talker&) = delete;
  Talker& operator=(const Talker&) = delete;

  void speak() {
    const auto kind = static_cast<unsigned>(random_() % 100);
    packet_.clear();
    if (kind < 80) {
      set();
    } else if (kind < 85) {
      say("/ch/*/send/*/level", static_cast<float>(random_() % 100) - 90);
    } else if (kind < 90) {
      say("/subscribe", std::int32_t{10});
    } else if (kind < 93) {
      say("/meters", std::int32_t{static_cast<int>(random_() % 10)}, std::int32_t{50});
    } else if (kind < 95) {
      say("/ch/?/fader");
    } else if (kind < 97) {
      say("/info");
    } else {
      for (auto i = random_() % 200; i > 0; --i) packet_.push_back(static_cast<std::byte>(random_()));
    }
    send(packet_);
    if (kind == 99) {  // a panic lasts until it is taken back
      say_now("/panic", std::int32_t{1});
      say_now("/panic", std::int32_t{0});
      say_now("/safety_mutes/clear");
    }
    char answers[2048];
    while (::recv(fd_, answers, sizeof answers, MSG_DONTWAIT) > 0) ++heard;
    ++sent;
  }
  std::uint64_t sent = 0, heard = 0;

 private:
  void set() {
    const auto id = static_cast<ParameterId>(random_() % desk_.table().size());
    const Parameter& parameter = desk_.table()[id];
    if (parameter.address == "/panic") return;
    const ParameterRow& row = *parameter.row;
    const double part = std::uniform_real_distribution<double>(-0.1, 1.1)(random_);
    const double value =
        static_cast<double>(row.min) + part * (static_cast<double>(row.max) - static_cast<double>(row.min));
    if (row.kind == Kind::text) return say(parameter.address, std::string("name ") + std::to_string(random_() % 100));
    row.kind == Kind::real ? say(parameter.address, static_cast<float>(value))
                           : say(parameter.address, static_cast<std::int32_t>(std::lround(value)));
  }
  template <class... Values>
  void say(const std::string& address, const Values&... values) {
    osc::MessageBuilder message;
    (message.add(values), ...);
    packet_.clear();
    message.append_to(packet_, address.c_str());
  }
  template <class... Values>
  void say_now(const std::string& address, const Values&... values) {
    say(address, values...);
    send(packet_);
  }
  void send(const std::vector<std::byte>& packet) { ::send(fd_, packet.data(), packet.size(), MSG_DONTWAIT); }

  const Desk& desk_;
  std::mt19937 random_;
  int fd_;
  std::vector<std::byte> packet_;
};

long resident_kb(const std::string& pid) {
  std::ifstream status("/proc/" + pid + "/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("VmRSS:")) return std::atol(line.c_str() + 6);
  }
  return 0;
}

int fail(const char* text) {
  std::fprintf(stderr, "bench_soak: %s\n", text);
  return 1;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 6) return fail("OSC_PORT DESK_PID MINUTES INPUTS BUSES");
  const std::string pid = argv[2];
  const double minutes = std::atof(argv[3]);
  const int inputs = std::atoi(argv[4]), buses = std::atoi(argv[5]);
  Soak soak;
  soak.client = jack_client_open("X-Touch", JackNoStartServer, nullptr);
  if (soak.client == nullptr) return fail("no JACK server");
  const auto add = [&](const std::string& name, const char* type, unsigned long flags) {
    return jack_port_register(soak.client, name.c_str(), type, flags, 0);
  };
  for (int i = 0; i < inputs; ++i) {
    soak.to_desk.push_back(add("out_" + std::to_string(i), JACK_DEFAULT_AUDIO_TYPE, JackPortIsOutput));
  }
  for (int i = 0; i < buses + 2; ++i) {
    soak.from_desk.push_back(add("in_" + std::to_string(i), JACK_DEFAULT_AUDIO_TYPE, JackPortIsInput));
  }
  soak.midi_out = add("midi_out", JACK_DEFAULT_MIDI_TYPE, JackPortIsOutput);
  soak.midi_in = add("midi_in", JACK_DEFAULT_MIDI_TYPE, JackPortIsInput);
  jack_set_process_callback(
      soak.client, [](jack_nframes_t count, void* data) { return static_cast<Soak*>(data)->process(count); }, &soak);
  if (jack_activate(soak.client) != 0) return fail("cannot activate");
  const auto connect = [&](const std::string& from, const std::string& to) {
    jack_connect(soak.client, from.c_str(), to.c_str());
  };
  for (int i = 0; i < inputs; ++i) connect("X-Touch:out_" + std::to_string(i), "fohd:in_" + std::to_string(i + 1));
  connect("fohd:main_l", "X-Touch:in_0");
  connect("fohd:main_r", "X-Touch:in_1");
  for (int i = 0; i < buses; ++i) connect("fohd:bus_" + std::to_string(i + 1), "X-Touch:in_" + std::to_string(i + 2));
  std::this_thread::sleep_for(std::chrono::seconds(2));  // the desk finds the surface before time runs

  const Desk desk({.inputs = inputs, .buses = buses});
  std::vector<std::unique_ptr<Talker>> talkers;
  for (unsigned i = 0; i < 4; ++i) talkers.push_back(std::make_unique<Talker>(desk, std::atoi(argv[1]), i + 1));
  jack_set_freewheel(soak.client, 1);
  soak.freewheel = true;
  const auto begin = Clock::now();
  const auto elapsed_s = [&] { return std::chrono::duration<double>(Clock::now() - begin).count(); };
  long first_kb = 0, last_kb = 0;
  for (int tenth = 0; elapsed_s() < 60 * minutes;) {
    for (const auto& talker : talkers) talker->speak();
    std::this_thread::sleep_for(std::chrono::microseconds(1500));
    if (elapsed_s() < 60 * minutes * (tenth + 1) / 10) continue;
    ++tenth;
    last_kb = resident_kb(pid);
    if (tenth == 1) first_kb = last_kb;
    if (last_kb == 0) return fail("the desk has ended");
    std::printf("%3d %%: %.2f h of audio, resident %ld kB\n", tenth * 10,
                static_cast<double>(soak.frames) / 48000 / 3600, last_kb);
    std::fflush(stdout);
  }
  const double wall_s = elapsed_s();
  soak.freewheel = false;
  jack_set_freewheel(soak.client, 0);
  std::uint64_t sent = 0, heard = 0;
  for (const auto& talker : talkers) sent += talker->sent, heard += talker->heard;
  const double audio_s = static_cast<double>(soak.frames) / 48000;
  std::printf("audio %.2f h in %.1f min (%.0f times real time); OSC packets %llu, answers %llu; MIDI messages %llu\n",
              audio_s / 3600, wall_s / 60, audio_s / wall_s, static_cast<unsigned long long>(sent),
              static_cast<unsigned long long>(heard), static_cast<unsigned long long>(soak.midi_sent.load()));
  std::printf(
      "broken samples %llu, above full scale %llu, highest %.6f; resident %ld kB after a tenth, %ld kB at the end\n",
      static_cast<unsigned long long>(soak.broken.load()), static_cast<unsigned long long>(soak.above.load()),
      static_cast<double>(soak.highest.load()), first_kb, last_kb);
  jack_client_close(soak.client);
  return soak.broken == 0 && soak.above == 0 ? 0 : 1;
}
