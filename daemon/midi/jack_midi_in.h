// A MIDI input over JACK. Not RtMidi's: that one grows a vector on the real-time thread, without bound while a system
// exclusive has no end, and ignores everything behind it. Here every event is copied as it is; control/midi's
// parser handles parts of messages.
#pragma once

#include <jack/jack.h>
#include <jack/midiport.h>

#include <functional>
#include <memory>
#include <stdexcept>
#include <string>

namespace fohd {

/// [midi thread]
class JackMidiIn {
 public:
  /// Called on JACK's real-time thread for each event.
  using Hear = void (*)(const jack_midi_data_t* bytes, std::size_t size, void* data);

  /// A client of its own with one port "in", connected to `source`. Throws std::runtime_error.
  JackMidiIn(const std::string& client, const std::string& source, Hear hear, void* data)
      : hear_(hear), data_(data), client_(jack_client_open(client.c_str(), JackNoStartServer, nullptr)) {
    if (client_ == nullptr) throw std::runtime_error("JACK takes no further client");
    port_ = jack_port_register(client_.get(), "in", JACK_DEFAULT_MIDI_TYPE, JackPortIsInput, 0);
    if (port_ == nullptr) throw std::runtime_error("JACK gives no further port");
    jack_set_process_callback(client_.get(), process, this);
    if (jack_activate(client_.get()) != 0 || jack_connect(client_.get(), source.c_str(), jack_port_name(port_)) != 0) {
      throw std::runtime_error("JACK does not connect it");
    }
  }
  JackMidiIn(const JackMidiIn&) = delete;
  JackMidiIn& operator=(const JackMidiIn&) = delete;

 private:
  static int process(jack_nframes_t frames, void* self_pointer) {
    const auto& self = *static_cast<const JackMidiIn*>(self_pointer);
    void* buffer = jack_port_get_buffer(self.port_, frames);
    const std::uint32_t count = jack_midi_get_event_count(buffer);
    for (std::uint32_t i = 0; i < count; ++i) {
      jack_midi_event_t event;
      if (jack_midi_event_get(&event, buffer, i) == 0 && event.size > 0)
        self.hear_(event.buffer, event.size, self.data_);
    }
    return 0;
  }
  struct Closer {
    void operator()(jack_client_t* client) const { jack_client_close(client); }
  };

  Hear hear_;
  void* data_;
  jack_port_t* port_ = nullptr;
  std::unique_ptr<jack_client_t, Closer> client_;
};

}  // namespace fohd
