// What the server remembers about those who talk to it: how much they may still ask, what they subscribed to and what
// they are still owed.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>
#include <vector>

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

/// What a subscriber is still owed, each item once: changes first, in order of first change, then the rest of the
/// state, in table order. Values are read when they are sent, so only the latest ever travels.
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
    cursor_ = state_.next(0);
  }
  bool owes_state() const { return cursor_ < state_.end(); }
  bool empty() const { return head_ == order_.size() && !owes_state(); }
  /// Not when empty.
  ItemId front() const { return head_ < order_.size() ? order_[head_] : cursor_; }
  void pop();
  void clear();

 private:
  BitSet changed_, state_;
  std::vector<ItemId> order_;
  std::size_t head_ = 0;
  ItemId cursor_ = ~ItemId{0};
};

/// Since the last distribution: what a client set itself to exactly the value that the desk then held. It knows these.
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

/// A bucket that refills with time: `rate_per_s`, never more than `burst`.
class Allowance {
 public:
  Allowance(double rate_per_s, double burst) : rate_per_s_(rate_per_s), burst_(burst), left_(burst) {}
  /// Takes `amount` if there is as much, else nothing.
  bool take(double amount, std::int64_t now_ms) {
    refill(now_ms);
    if (left_ < amount) return false;
    left_ -= amount;
    return true;
  }
  /// Takes what was used already, also into debt; but never more of it than a second pays back.
  void charge(double amount, std::int64_t now_ms) {
    refill(now_ms);
    left_ = std::max(left_ - amount, -rate_per_s_);
  }
  bool in_credit(std::int64_t now_ms) { return refill(now_ms), left_ > 0; }

 private:
  void refill(std::int64_t now_ms) {
    if (now_ms > last_ms_) left_ = std::min(burst_, left_ + rate_per_s_ * static_cast<double>(now_ms - last_ms_) / 1e3);
    last_ms_ = std::max(last_ms_, now_ms);
  }
  double rate_per_s_, burst_, left_;
  std::int64_t last_ms_ = 0;
};

/// Errors: enough to see what is wrong, not enough to be used as an echo.
inline constexpr int kErrorsPerSecond = 10;
/// Values that gets bring. A forged sender address can turn one small question into that many small answers
/// to a third party, so strangers get little; who subscribes has a lease that runs out.
inline constexpr int kStrangerValuesPerPacket = 256, kSubscriberValuesPerPacket = 4096;
inline constexpr double kStrangerValuesPerSecond = 1000, kSubscriberValuesPerSecond = 20000;
/// All who have no lease together, however many addresses they forge: 20 ms of work and about 1 MB.
inline constexpr double kAllStrangersValuesPerSecond = 20000;
/// Addresses that one subscriber's patterns and subscriptions may visit: `/ch/*/send/*/on` on the default desk 80 times
/// a second. One is 50 ns (bench/osc_cost), so the 16 subscribers that one machine may have take 8 % of the thread.
inline constexpr double kSubscriberPatternWorkPerSecond = 1e5;
/// Requests such as /info in one packet: /subscribe, /info and all groups of meters fit twice.
inline constexpr std::size_t kVerbsPerPacket = 16;
/// What the two long answers count as, by their size: a value is 30 to 50 bytes, /info 150, /counters 350.
inline constexpr std::size_t kInfoAsValues = 4, kCountersAsValues = 8;

/// What a talker may still cause.
struct Quota {
  std::int64_t touched_ms = 0;  ///< made or counted; forgotten a second later if room is needed
  std::int64_t window_ms = -1;  ///< start of the second in which errors are counted
  int errors = 0;
  Allowance values{kStrangerValuesPerSecond, kStrangerValuesPerSecond};  ///< while it has no lease
};

inline constexpr int kMeterGroups = 5;

struct Client {
  Client(ClientId number, std::size_t items) : id(number), subscribed(items), queue(items), own(items) {}

  ClientId id;
  std::int64_t lease_ms = 0, expires_ms = 0;
  bool wants_values = false;  ///< false: only meters
  bool echo = false;          ///< hears the result of its own sets too
  bool says_synced = false;   ///< the full state is on its way, /synced closes it
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
