// A JACK client that delays sound by a known number of frames: something to measure. delay_client NAME FRAMES SERVER
#include <jack/jack.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <vector>

namespace {

struct Delay {
  jack_port_t *in = nullptr, *out = nullptr;
  std::vector<float> line;
  std::size_t at = 0;
};

int process(jack_nframes_t frames, void* argument) {
  auto& delay = *static_cast<Delay*>(argument);
  const auto* in = static_cast<const float*>(jack_port_get_buffer(delay.in, frames));
  auto* out = static_cast<float*>(jack_port_get_buffer(delay.out, frames));
  for (jack_nframes_t i = 0; i < frames; ++i) {
    out[i] = delay.line[delay.at];
    delay.line[delay.at] = in[i];
    delay.at = (delay.at + 1) % delay.line.size();
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) return 3;
  jack_client_t* client =
      jack_client_open(argv[1], static_cast<jack_options_t>(JackNoStartServer | JackServerName), nullptr, argv[3]);
  if (client == nullptr) return 1;
  Delay delay;
  delay.line.resize(static_cast<std::size_t>(std::strtol(argv[2], nullptr, 10)));
  delay.in = jack_port_register(client, "in", JACK_DEFAULT_AUDIO_TYPE, JackPortIsInput, 0);
  delay.out = jack_port_register(client, "out", JACK_DEFAULT_AUDIO_TYPE, JackPortIsOutput, 0);
  jack_set_process_callback(client, process, &delay);
  if (jack_activate(client) != 0) return 1;
  std::puts("ready");
  std::fflush(stdout);
  for (;;) ::pause();
}
