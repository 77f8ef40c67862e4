// Datagrams on their way out: one growing buffer and a list of places in it, reused for ever, so that answering
// costs no allocation per packet.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <unordered_map>
#include <vector>

#include "control/osc/osc_packet.h"
#include "control/osc/osc_server.h"

namespace fohd::osc {

/// What may wait for a socket that takes nothing: more than a full state of the largest desk (about 2 MB) to one
/// client, and little for a Pi. Beyond it answers are dropped and counted.
inline constexpr std::size_t kOutboxBytes = 4u << 20;

/// [control]
class Outbox {
 public:
  /// Whether so many bytes more may wait for `to`. One client may hold a quarter of what the others leave free, so
  /// however many there are and whatever they request, a new one finds room: with n full ones 4 / (4 + n) of it.
  bool has_room(ClientId to, std::size_t bytes) const {
    const auto held = held_.find(to);
    const std::size_t mine = (held == held_.end() ? 0 : held->second) + bytes;
    return arena_.size() + bytes <= kOutboxBytes && mine <= (kOutboxBytes - arena_.size()) / 4;
  }

  /// Copies a datagram in. False, and counted by the caller, if there is no room or the datagram is too long.
  bool push(ClientId to, Bytes bytes) {
    if (bytes.size() > kMaxDatagramBytes || !has_room(to, bytes.size())) return false;
    held_[to] += bytes.size();
    entries_.push_back({to, static_cast<std::uint32_t>(arena_.size()), static_cast<std::uint32_t>(bytes.size())});
    arena_.insert(arena_.end(), bytes.begin(), bytes.end());
    return true;
  }

  /// The socket took less than there was, or drain() has not run for long: better to wait with what can be coalesced.
  bool congested() const noexcept { return stuck_ || arena_.size() > kOutboxBytes / 2; }

  /// Returns how many were sent.
  std::uint64_t drain(const std::function<bool(const OutgoingPacket&)>& send) {
    std::uint64_t sent = 0;
    for (; head_ < entries_.size(); ++head_) {
      const Entry& entry = entries_[head_];
      if (entry.to == 0) continue;
      if (!send({entry.to, Bytes(arena_).subspan(entry.offset, entry.size), false})) {
        stuck_ = true;
        return sent;
      }
      held_[entry.to] -= entry.size;
      ++sent;
    }
    held_.clear();
    entries_.clear();
    arena_.clear();
    head_ = 0;
    stuck_ = false;
    return sent;
  }

  void forget(ClientId client) {
    for (std::size_t i = head_; i < entries_.size(); ++i) {
      if (entries_[i].to == client) entries_[i].to = 0;
    }
    held_.erase(client);
  }

 private:
  struct Entry {
    ClientId to;
    std::uint32_t offset, size;
  };
  std::vector<std::byte> arena_;
  std::unordered_map<ClientId, std::size_t> held_;  ///< bytes that wait for each
  std::vector<Entry> entries_;
  std::size_t head_ = 0;
  bool stuck_ = false;
};

}  // namespace fohd::osc
