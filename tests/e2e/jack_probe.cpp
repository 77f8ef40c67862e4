// A helper of the scripts, in freewheel: measures how loud a sine wave comes out of a port, or sends what breaks sound.
//   jack_probe gain FROM_PORT TO_PORT SECONDS    plays into TO_PORT (an input of the desk), listens to FROM_PORT
// prints the gain in dB with one decimal, or "silence" below -100 dB.
//   jack_probe break TO_PORT                     plays the same with a NaN in it three times within a second
// The server is $JACK_DEFAULT_SERVER. With PROBE_IN_REAL_TIME set time runs as it does: PipeWire's freewheel waits for
// nobody.
#include <jack/jack.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <limits>
#include <string>
#include <thread>

namespace {

constexpr double kPi = 3.14159265358979323846, kLevel = 0.1;

struct Probe {
  jack_client_t* client = nullptr;
  jack_port_t *out = nullptr, *in = nullptr;
  double rate_hz = 48000, energy = 0;
  long frame = 0, begin = 0, end = 0, measured = 0;
  bool broken = false;
  std::atomic<bool> freewheeling{false}, done{false};

  int process(jack_nframes_t frames) {
    auto* to = static_cast<float*>(jack_port_get_buffer(out, frames));
    const auto* from = static_cast<const float*>(jack_port_get_buffer(in, frames));
    for (jack_nframes_t n = 0; n < frames; ++n) {
      to[n] = static_cast<float>(kLevel * std::sin(2 * kPi * 997 * static_cast<double>(frame) / rate_hz));
      if (!freewheeling) continue;
      const long tenth = static_cast<long>(rate_hz / 10);
      if (broken && frame > 0 && frame % tenth == 0 && frame / tenth <= 3)
        to[n] = std::numeric_limits<float>::quiet_NaN();
      if (frame >= begin && frame < end) {
        energy += static_cast<double>(from[n]) * static_cast<double>(from[n]);
        ++measured;
      }
      ++frame;
    }
    if (frame >= end) done = true;
    return 0;
  }
};

int fail(const char* text) {
  std::fprintf(stderr, "jack_probe: %s\n", text);
  return 1;
}

}  // namespace

int main(int argc, char** argv) {
  const std::string what = argc > 1 ? argv[1] : "";
  if (!(what == "gain" && argc == 5) && !(what == "break" && argc == 3)) {
    return fail("gain FROM_PORT TO_PORT SECONDS | break TO_PORT");
  }
  const char* const to_port = what == "gain" ? argv[3] : argv[2];
  Probe probe;
  probe.broken = what == "break";
  // A name of its own each time: the desk restores the connections of clients that it has seen before.
  const std::string name = "probe_" + std::to_string(::getpid());
  jack_status_t status{};
  probe.client = jack_client_open(name.c_str(), JackNoStartServer, &status);
  if (probe.client == nullptr) return fail("no JACK server");
  probe.rate_hz = jack_get_sample_rate(probe.client);
  // 0.6 s for start ramps and filters to settle; a whole number of seconds of sine behind it.
  probe.begin = static_cast<long>(0.6 * probe.rate_hz);
  probe.end = probe.begin + (probe.broken ? 0 : static_cast<long>(std::atof(argv[4]) * probe.rate_hz));
  probe.out = jack_port_register(probe.client, "out", JACK_DEFAULT_AUDIO_TYPE, JackPortIsOutput, 0);
  probe.in = jack_port_register(probe.client, "in", JACK_DEFAULT_AUDIO_TYPE, JackPortIsInput, 0);
  jack_set_process_callback(
      probe.client, [](jack_nframes_t frames, void* data) { return static_cast<Probe*>(data)->process(frames); },
      &probe);
  if (jack_activate(probe.client) != 0) return fail("cannot activate");

  const auto connect = [&](const std::string& from, const std::string& to) {
    const int result = jack_connect(probe.client, from.c_str(), to.c_str());
    return result == 0 || result == EEXIST;
  };
  if (!connect(name + ":out", to_port)) return fail("cannot connect to the desk's input");
  if (!probe.broken && !connect(argv[2], name + ":in")) return fail("cannot connect to the desk's output");
  const bool in_real_time = std::getenv("PROBE_IN_REAL_TIME") != nullptr;
  if (!in_real_time) jack_set_freewheel(probe.client, 1);
  probe.freewheeling = true;
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  while (!probe.done && std::chrono::steady_clock::now() < deadline) {
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  if (!in_real_time) jack_set_freewheel(probe.client, 0);
  const bool done = probe.done;
  jack_client_close(probe.client);
  if (!done) return fail("the server does not run");
  if (probe.broken) return 0;
  const double rms = std::sqrt(probe.energy / static_cast<double>(probe.measured));
  const double gain_db = 20 * std::log10(rms / (kLevel / std::sqrt(2.0)));
  if (rms == 0 || gain_db < -100) {
    std::puts("silence");
  } else {
    std::printf("%.1f\n", gain_db);
  }
  return 0;
}
