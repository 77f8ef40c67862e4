// A helper of the scripts: how does the sound of a port end?
//   jack_tail FROM_PORT TO_PORT SECONDS
// Plays 997 Hz into TO_PORT, records FROM_PORT in real time, and prints two numbers: how many ms passed from the last
// peak of full height to the last sample that is not silence, and the largest step between two samples in the last 40
// ms, as a multiple of the steepest step of the sine itself. A fade of 20 ms: 20 and at most 1.1; a cut: about 0 and up
// to 8.
#include <jack/jack.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <thread>
#include <vector>

namespace {

constexpr double kPi = 3.14159265358979323846, kLevel = 0.1, kHz = 997;

struct Tail {
  jack_port_t *out = nullptr, *in = nullptr;
  double rate_hz = 48000;
  long played = 0;
  std::vector<float> heard;
  std::atomic<std::size_t> frames{0};

  int process(jack_nframes_t count) {
    auto* to = static_cast<float*>(jack_port_get_buffer(out, count));
    const auto* from = static_cast<const float*>(jack_port_get_buffer(in, count));
    std::size_t at = frames;
    for (jack_nframes_t n = 0; n < count; ++n) {
      to[n] = static_cast<float>(kLevel * std::sin(2 * kPi * kHz * static_cast<double>(played++) / rate_hz));
      if (at < heard.size()) heard[at++] = from[n];
    }
    frames = at;
    return 0;
  }
};

int fail(const char* text) {
  std::fprintf(stderr, "jack_tail: %s\n", text);
  return 1;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) return fail("FROM_PORT TO_PORT SECONDS");
  const std::string name = "tail_" + std::to_string(::getpid());
  Tail tail;
  jack_status_t status{};
  jack_client_t* client = jack_client_open(name.c_str(), JackNoStartServer, &status);
  if (client == nullptr) return fail("no JACK server");
  tail.rate_hz = jack_get_sample_rate(client);
  tail.heard.resize(static_cast<std::size_t>(std::atof(argv[3]) * tail.rate_hz));
  tail.out = jack_port_register(client, "out", JACK_DEFAULT_AUDIO_TYPE, JackPortIsOutput, 0);
  tail.in = jack_port_register(client, "in", JACK_DEFAULT_AUDIO_TYPE, JackPortIsInput, 0);
  jack_set_process_callback(
      client, [](jack_nframes_t frames, void* data) { return static_cast<Tail*>(data)->process(frames); }, &tail);
  if (jack_activate(client) != 0) return fail("cannot activate");
  const auto connect = [&](const std::string& from, const std::string& to) {
    const int result = jack_connect(client, from.c_str(), to.c_str());
    return result == 0 || result == EEXIST;
  };
  if (!connect(name + ":out", argv[2]) || !connect(argv[1], name + ":in")) return fail("cannot connect");
  while (tail.frames < tail.heard.size()) std::this_thread::sleep_for(std::chrono::milliseconds(10));
  jack_client_close(client);

  const std::vector<float>& x = tail.heard;
  long last = static_cast<long>(x.size()) - 1;
  while (last > 0 && std::abs(x[static_cast<std::size_t>(last)]) < 1e-7f) --last;
  const long forty = static_cast<long>(0.04 * tail.rate_hz), hundred = 5 * forty / 2;
  if (last < 2 * hundred || last + forty >= static_cast<long>(x.size())) return fail("the sound did not end");
  const auto height = [&](long n) { return std::abs(x[static_cast<std::size_t>(n)]); };
  float full = 0, step = 0;
  for (long n = last - hundred; n < last - forty; ++n) full = std::max(full, height(n));
  long peak = last;
  while (peak > 0 && height(peak) < 0.98f * full) --peak;
  for (long n = last - forty; n <= last + 1; ++n) {
    step = std::max(step, std::abs(x[static_cast<std::size_t>(n)] - x[static_cast<std::size_t>(n - 1)]));
  }
  const double steepest = static_cast<double>(full) * 2 * kPi * kHz / tail.rate_hz;
  std::printf("%.1f %.2f\n", 1000 * static_cast<double>(last - peak) / tail.rate_hz,
              static_cast<double>(step) / steepest);
  return 0;
}
