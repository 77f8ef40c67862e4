// What waits for the clients of a stream door (TCP, WebSocket): a queue for each, so that one that takes nothing holds
// up none. A datagram door has one queue for all instead, since its socket is one (control/osc/osc_outbox.h).
#pragma once

#include <algorithm>
#include <cstddef>
#include <span>
#include <unordered_map>
#include <vector>

#include "control/clients/client_id.h"

namespace fohd::clients {

/// [control]
class StreamOutboxes {
 public:
  /// most_each: bytes that may wait for one client; most: for all together.
  StreamOutboxes(std::size_t most_each, std::size_t most) : most_each_(most_each), most_(most) {}

  /// Whether so many bytes more may wait for it. While not, its values go on being coalesced.
  bool has_room(ClientId client, std::size_t bytes) const {
    const auto at = queues_.find(client);
    const std::size_t waiting = at == queues_.end() ? 0 : at->second.waiting();
    return waiting + bytes <= most_each_ && waiting_ + bytes <= most_;
  }
  /// One message, whole or not at all. False: no room.
  bool push(ClientId client, std::span<const std::byte> message) {
    if (!has_room(client, message.size())) return false;
    Queue& queue = queues_[client];
    queue.bytes.insert(queue.bytes.end(), message.begin(), message.end());
    waiting_ += message.size();
    return true;
  }
  /// write(client, bytes) says how many of them the stream took; fewer than all: it is full for now, and the next
  /// client's turn comes. Returns how many bytes went out.
  template <class Write>
  std::size_t drain(Write write) {
    std::size_t sent = 0;
    for (auto at = queues_.begin(); at != queues_.end();) {
      Queue& queue = at->second;
      const std::span<const std::byte> rest = std::span(queue.bytes).subspan(queue.taken);
      const std::size_t taken = std::min(write(at->first, rest), rest.size());
      queue.taken += taken;
      sent += taken;
      waiting_ -= taken;
      // What was taken goes once it is the larger part, so that moving the rest costs less than sending did.
      if (2 * queue.taken > queue.bytes.size()) {
        queue.bytes.erase(queue.bytes.begin(), queue.bytes.begin() + static_cast<std::ptrdiff_t>(queue.taken));
        queue.taken = 0;
      }
      at = queue.bytes.empty() ? queues_.erase(at) : std::next(at);
    }
    return sent;
  }
  void forget(ClientId client) {
    const auto at = queues_.find(client);
    if (at == queues_.end()) return;
    waiting_ -= at->second.waiting();
    queues_.erase(at);
  }
  /// Bytes that wait for all.
  std::size_t waiting() const noexcept { return waiting_; }

 private:
  struct Queue {
    std::vector<std::byte> bytes;
    std::size_t taken = 0;  ///< of `bytes`, from the front
    std::size_t waiting() const noexcept { return bytes.size() - taken; }
  };
  std::size_t most_each_, most_, waiting_ = 0;
  std::unordered_map<ClientId, Queue> queues_;
};

}  // namespace fohd::clients
