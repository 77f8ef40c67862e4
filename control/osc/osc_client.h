// What the server stores of each client with a lease: what it subscribed to, what it is still owed
// and how much it may still request.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "control/osc/osc_hosts.h"
#include "control/osc/osc_server.h"

namespace fohd::osc {

/// Parameters first, then read-outs: one dense number for everything that has a value.
using ItemId = std::uint32_t;

class BitSet {
 public:
  explicit BitSet(std::size_t size = 0) : words_((size + 63) / 64) {}
  bool contains(ItemId id) const { return (words_[id / 64] >> (id % 64) & 1) != 0; }
  void insert(ItemId id) { words_[id / 64] |= std::uint64_t{1} << (id % 64); }
  void erase(ItemId id) { words_[id / 64] &= ~(std::uint64_t{1} << (id % 64)); }
  void clear() { std::fill(words_.begin(), words_.end(), 0); }
  std::size_t count() const;
  /// The first member from `from` on, or end() if there is none.
  ItemId next(ItemId from) const;
  ItemId end() const { return static_cast<ItemId>(words_.size() * 64); }

 private:
  std::vector<std::uint64_t> words_;
};

/// What a subscriber is still owed, each item once: changes, in order of first change, and the rest of the state, in
/// table order. Values are read when they are sent, so only the latest ever travels.
class UpdateQueue {
 public:
  explicit UpdateQueue(std::size_t size = 0) : changed_(size), state_(size) {}

  void change(ItemId id) {
    if (changed_.contains(id)) return;
    changed_.insert(id);
    order_.push_back(id);
  }
  void owe_state(const BitSet& items) {
    state_ = items;
    state_left_ = items.count();
    cursor_ = 0;
  }
  bool owes_state() const { return state_left_ > 0; }
  bool empty() const { return order_.empty() && !owes_state(); }
  enum class First : std::uint8_t { changes, state };
  /// What comes next; the other kind if there is none of this. Not when empty.
  ItemId front(First first);
  /// The item of front() is sent.
  void pop(ItemId id);
  void clear();
  /// Places held in memory for the order of changes.
  std::size_t places() const { return order_.size(); }

 private:
  BitSet changed_, state_;
  std::vector<ItemId> order_;  ///< from head_ on
  std::size_t head_ = 0;
  std::size_t state_left_ = 0;
  /// What of state_ lies behind it has changed since: it is in order_ and has its turn there.
  ItemId cursor_ = 0;
};

/// Since the last distribution: what a client set itself to exactly the value that the desk then held. It has these.
class OwnSets {
 public:
  explicit OwnSets(std::size_t size = 0) : bits_(size) {}
  bool contains(ItemId id) const { return bits_.contains(id); }
  void insert(ItemId id) {
    if (bits_.contains(id)) return;
    bits_.insert(id);
    list_.push_back(id);
  }
  void erase(ItemId id) { bits_.erase(id); }
  void clear() {
    for (const ItemId id : list_) bits_.erase(id);
    list_.clear();
  }

 private:
  BitSet bits_;
  std::vector<ItemId> list_;  ///< may hold erased ones
};

/// Values in one packet.
inline constexpr int kStrangerValuesPerPacket = 256, kSubscriberValuesPerPacket = 4096;
inline constexpr double kSubscriberValuesPerSecond = 20000;
/// Requests such as /info in one packet: /subscribe, /info and all groups of meters fit twice.
inline constexpr std::size_t kVerbsPerPacket = 16;
/// What the two long answers count as, by their size: a value is 30 to 50 bytes, /info 150, /counters 350.
inline constexpr std::size_t kInfoAsValues = 4, kCountersAsValues = 8;

inline constexpr int kMeterGroups = 10;

struct Client {
  Client(ClientId number, Host& machine, std::size_t items)
      : id(number), host(machine), subscribed(items), queue(items), own(items) {
    ++host.leases;
  }
  ~Client() { --host.leases; }
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  ClientId id;
  Host& host;
  std::int64_t lease_ms = 0, expires_ms = 0;
  /// The lease from the second packet on. One packet, which may be forged, is worth no more than the shortest lease.
  std::int64_t asked_lease_ms = 0;
  bool heard_again = false;   ///< a second packet came
  bool wants_values = false;  ///< false: only meters
  bool echo = false;          ///< gets the result of its own sets too
  bool says_synced = false;   ///< the full state is on its way, /synced closes it
  ErrorWindow errors;
  Allowance values{kSubscriberValuesPerSecond, kSubscriberValuesPerSecond};
  Allowance pattern_work{kSubscriberPatternWorkPerSecond, kSubscriberPatternWorkPerSecond};
  BitSet subscribed;
  UpdateQueue queue;
  OwnSets own;
  std::int32_t sequence = 0;
  std::int64_t next_flush_ms = 0;
  std::array<std::int8_t, kMeterGroups> meter_rate{};  ///< 0 none, else 1 + index of the rate class
};

}  // namespace fohd::osc
