// Measures the time from exec to the first answer over OSC, and to the first block of sound.
//   bench_start_time OSC_PORT PROGRAM ARGUMENTS...
// Runs the program and ends it with SIGTERM. The mix must let input 1 through to main.
#include <arpa/inet.h>
#include <jack/jack.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <thread>

#include "control/osc/osc_packet.h"

namespace {

using Clock = std::chrono::steady_clock;

/// Plays into the desk and monitors its main output.
struct Ear {
  jack_port_t *out = nullptr, *in = nullptr;
  std::atomic<bool> heard{false};
  int process(jack_nframes_t count) {
    auto* to = static_cast<float*>(jack_port_get_buffer(out, count));
    const auto* from = static_cast<const float*>(jack_port_get_buffer(in, count));
    for (jack_nframes_t n = 0; n < count; ++n) {
      to[n] = n % 2 == 0 ? 0.1f : -0.1f;
      if (from[n] != 0) heard = true;
    }
    return 0;
  }
};

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) return 3;
  Ear ear;
  jack_client_t* client = jack_client_open("ear", JackNoStartServer, nullptr);
  if (client == nullptr) return std::fputs("no JACK server\n", stderr), 1;
  ear.out = jack_port_register(client, "out", JACK_DEFAULT_AUDIO_TYPE, JackPortIsOutput, 0);
  ear.in = jack_port_register(client, "in", JACK_DEFAULT_AUDIO_TYPE, JackPortIsInput, 0);
  jack_set_process_callback(
      client, [](jack_nframes_t count, void* data) { return static_cast<Ear*>(data)->process(count); }, &ear);
  if (jack_activate(client) != 0) return 1;
  const int fd = ::socket(AF_INET, SOCK_DGRAM, 0);
  sockaddr_in desk{};
  desk.sin_family = AF_INET;
  desk.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  desk.sin_port = htons(static_cast<std::uint16_t>(std::atoi(argv[1])));
  fohd::osc::MessageBuilder builder;
  std::vector<std::byte> question;
  builder.append_to(question, "/info");

  const auto begin = Clock::now();
  const auto now_ms = [&] { return std::chrono::duration<double, std::milli>(Clock::now() - begin).count(); };
  const pid_t child = ::fork();
  if (child == 0) {
    ::execv(argv[2], argv + 2);
    std::_Exit(127);
  }
  double answered_ms = 0, connected_ms = 0, heard_ms = 0;
  while (now_ms() < 10'000 && (answered_ms == 0 || heard_ms == 0)) {
    char answer[2048];
    if (answered_ms == 0) {
      ::sendto(fd, question.data(), question.size(), 0, reinterpret_cast<const sockaddr*>(&desk), sizeof desk);
      pollfd wanted{fd, POLLIN, 0};
      if (::poll(&wanted, 1, 1) == 1 && ::recv(fd, answer, sizeof answer, MSG_DONTWAIT) > 0) answered_ms = now_ms();
    }
    if (connected_ms == 0 && jack_port_by_name(client, "fohd:main_l") != nullptr &&
        jack_connect(client, "fohd:main_l", "ear:in") == 0 && jack_connect(client, "ear:out", "fohd:in_1") == 0) {
      connected_ms = now_ms();
    }
    if (heard_ms == 0 && ear.heard) heard_ms = now_ms();
    std::this_thread::sleep_for(std::chrono::microseconds(500));
  }
  std::printf("first answer over OSC after %.0f ms; first sound through main after %.0f ms\n", answered_ms, heard_ms);
  ::kill(child, SIGTERM);
  ::waitpid(child, nullptr, 0);
  jack_client_close(client);
  return answered_ms > 0 && heard_ms > 0 ? 0 : 1;
}
