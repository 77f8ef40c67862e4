// GET /metrics over HTTP, for Prometheus on this machine. Loopback only: access from elsewhere needs a proxy with
// a password before it; and only under this machine's own names, so that no web page reads it through a name of its
// own. Only http_server.cpp includes Boost.Beast (it takes 10 s to compile).
#pragma once

#include <boost/asio/io_context.hpp>
#include <functional>
#include <memory>
#include <string>

namespace fohd {

struct HttpLimits {
  int connections = 8;    ///< more are closed at once
  int timeout_ms = 5000;  ///< for a whole request and its answer
  std::size_t header_bytes = 4096;
};

/// [control] all of it.
class HttpServer {
 public:
  /// `body` makes what /metrics answers. `state`: binding failed (once per reason; it is tried again every second), or
  /// "" when it worked.
  HttpServer(boost::asio::io_context& io, int port, std::function<std::string()> body,
             std::function<void(const std::string& error)> state, const HttpLimits& limits = {});
  ~HttpServer();  ///< closes all connections
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

 private:
  class Listener;
  std::shared_ptr<Listener> listener_;
};

}  // namespace fohd
