// Whether two JACK ports are still connected. A client that ends and starts again between two looks has the same ports
// as before and no connections, and RtMidi cannot tell.
#pragma once

#include <jack/jack.h>

#include <memory>
#include <string>

namespace fohd {

/// [midi thread] Gives up with its server; make a new one then.
class JackLinks {
 public:
  explicit JackLinks(const std::string& client)
      : client_(jack_client_open(client.c_str(), JackNoStartServer, nullptr)) {}

  bool connected(const std::string& from, const std::string& to) const {
    if (client_ == nullptr) return true;  // nobody can say
    jack_port_t* port = jack_port_by_name(client_.get(), from.c_str());
    if (port == nullptr) return false;
    bool found = false;
    if (const char** others = jack_port_get_all_connections(client_.get(), port)) {
      for (const char** other = others; *other != nullptr; ++other) found = found || to == *other;
      jack_free(others);
    }
    return found;
  }

 private:
  struct Closer {
    void operator()(jack_client_t* client) const { jack_client_close(client); }
  };
  std::unique_ptr<jack_client_t, Closer> client_;
};

}  // namespace fohd
