// Datagrams on their way out: one growing buffer and a list of places in it, reused for ever, so that answering
// costs no allocation per packet.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

#include "control/osc/osc_packet.h"
#include "control/osc/osc_server.h"

namespace fohd::osc {

/// What may wait for a socket that takes nothing: more than a full state of the largest desk (about 2 MB) to one
/// client, less than anybody misses on a Pi. Beyond it answers are dropped and counted.
inline constexpr std::size_t kOutboxBytes = 4u << 20;

/// [control]
class Outbox {
 public:
  /// Copies a datagram in. False, and counted by the caller, if it is full or the datagram too long.
  bool push(ClientId to, Bytes bytes) {
    if (bytes.size() > kMaxDatagramBytes || arena_.size() + bytes.size() > kOutboxBytes) return false;
    entries_.push_back({to, static_cast<std::uint32_t>(arena_.size()), static_cast<std::uint32_t>(bytes.size())});
    arena_.insert(arena_.end(), bytes.begin(), bytes.end());
    return true;
  }

  /// The socket took less than there was, or nobody asked for a long time: better to wait with what can be coalesced.
  bool congested() const noexcept { return stuck_ || arena_.size() > kOutboxBytes / 2; }

  /// Returns how many were sent.
  std::uint64_t drain(const std::function<bool(const OutgoingPacket&)>& send) {
    std::uint64_t sent = 0;
    for (; head_ < entries_.size(); ++head_) {
      const Entry& entry = entries_[head_];
      if (entry.to == 0) continue;
      if (!send({entry.to, Bytes(arena_).subspan(entry.offset, entry.size)})) {
        stuck_ = true;
        return sent;
      }
      ++sent;
    }
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
  }

 private:
  struct Entry {
    ClientId to;
    std::uint32_t offset, size;
  };
  std::vector<std::byte> arena_;
  std::vector<Entry> entries_;
  std::size_t head_ = 0;
  bool stuck_ = false;
};

}  // namespace fohd::osc
