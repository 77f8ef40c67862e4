// What a subscriber is still owed: sets of items, and the order in which they go. Values are read when they are sent.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

namespace fohd::clients {

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

}  // namespace fohd::clients
