// What JACK's MIDI ports are and whether two are still connected, asked through a client that plays no part in the
// graph. A client that ends and starts again between two looks has the same ports as before and no connections, and
// RtMidi cannot detect that; and RtMidi would need two clients that run with every cycle to list them.
#pragma once

#include <jack/jack.h>

#include <memory>
#include <string>
#include <vector>

namespace fohd {

/// [midi thread] Gives up with its server; make a new one then.
class JackLinks {
 public:
  /// Empty if the server takes no further client; is_open() then says so.
  explicit JackLinks(const std::string& client)
      : client_(jack_client_open(client.c_str(), JackNoStartServer, nullptr)) {}

  bool is_open() const noexcept { return client_ != nullptr; }

  /// Full names. flags: JackPortIsOutput for ports that send, JackPortIsInput for those that receive.
  std::vector<std::string> midi_ports(JackPortFlags flags) const {
    std::vector<std::string> names;
    for_each(jack_get_ports(client_.get(), nullptr, JACK_DEFAULT_MIDI_TYPE, flags),
             [&](const char* name) { names.emplace_back(name); });
    return names;
  }

  bool connected(const std::string& from, const std::string& to) const {
    jack_port_t* port = jack_port_by_name(client_.get(), from.c_str());
    if (port == nullptr) return false;
    bool found = false;
    for_each(jack_port_get_all_connections(client_.get(), port),
             [&](const char* name) { found = found || to == name; });
    return found;
  }

 private:
  /// Over a list from JACK, which is freed afterwards; null is an empty one.
  template <class Fn>
  static void for_each(const char** names, Fn fn) {
    for (const char** name = names; names != nullptr && *name != nullptr; ++name) fn(*name);
    if (names != nullptr) jack_free(names);
  }
  struct Closer {
    void operator()(jack_client_t* client) const { jack_client_close(client); }
  };
  std::unique_ptr<jack_client_t, Closer> client_;
};

}  // namespace fohd
