// fohctl's line to the desk: one UDP socket, OSC out, OSC in.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "control/parameters/parameter.h"

namespace fohd {

/// One message from the desk. Counters (64-bit numbers) come as text.
struct OscReply {
  std::string address;
  std::vector<Value> values;
  std::vector<std::byte> blob;  ///< the last one, if any

  /// The value at `i`, or a neutral one where the desk (an older, a newer one) sent none or another kind.
  float real(std::size_t i) const;
  int integer(std::size_t i) const;
  std::string text(std::size_t i) const;
};

/// A message to the desk.
struct OscRequest {
  std::string address;
  std::vector<Value> values = {};
};

class OscConnection {
 public:
  /// host: a name or an address. Null if it cannot be resolved; `error` then says so.
  static std::unique_ptr<OscConnection> open(const std::string& host, int port, std::string& error);
  ~OscConnection();
  OscConnection(const OscConnection&) = delete;
  OscConnection& operator=(const OscConnection&) = delete;

  /// One message as it is, several as one bundle: the desk carries out all of it or nothing.
  void send(std::span<const OscRequest> requests);
  void send(const OscRequest& request) { send(std::span<const OscRequest>(&request, 1)); }

  enum class Event { messages, timeout, nobody_listens, interrupted };
  /// Waits until `deadline_s` for the next datagram and appends its messages to `replies`. Datagrams that are not OSC
  /// are passed over. nobody_listens: the host says that no program has the port.
  Event receive(double deadline_s, std::vector<OscReply>& replies);

  /// "127.0.0.1:9000"
  const std::string& where() const noexcept { return where_; }

 private:
  OscConnection(int fd, std::string where) : fd_(fd), where_(std::move(where)) {}
  int fd_;
  std::string where_;
  bool nobody_listens_ = false;
};

}  // namespace fohd
