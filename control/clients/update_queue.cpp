#include "control/clients/update_queue.h"

#include <bit>

namespace fohd::clients {

std::size_t BitSet::count() const {
  std::size_t sum = 0;
  for (const std::uint64_t word : words_) sum += static_cast<std::size_t>(std::popcount(word));
  return sum;
}

ItemId BitSet::next(ItemId from) const {
  if (from >= end()) return end();
  std::size_t i = from / 64;
  std::uint64_t word = words_[i] & (~std::uint64_t{0} << (from % 64));
  while (word == 0) {
    if (++i == words_.size()) return end();
    word = words_[i];
  }
  return static_cast<ItemId>(i * 64 + static_cast<std::size_t>(std::countr_zero(word)));
}

ItemId UpdateQueue::front(First first) {
  if (first == First::changes && !order_.empty()) return order_[head_];
  if (owes_state()) {
    cursor_ = state_.next(cursor_);
    while (cursor_ < state_.end() && changed_.contains(cursor_)) cursor_ = state_.next(cursor_ + 1);
    if (cursor_ < state_.end()) return cursor_;
  }
  return order_[head_];
}

void UpdateQueue::pop(ItemId id) {
  if (changed_.contains(id)) {
    changed_.erase(id);
    // Under changes without end the order never runs empty: what was sent goes once it is the larger part, so that
    // moving the rest costs less than sending did.
    if (2 * ++head_ > order_.size()) {
      order_.erase(order_.begin(), order_.begin() + static_cast<std::ptrdiff_t>(head_));
      head_ = 0;
    }
  }
  if (owes_state() && state_.contains(id)) {
    state_.erase(id);
    --state_left_;
  }
}

void UpdateQueue::clear() {
  changed_.clear();
  order_.clear();
  head_ = 0;
  state_left_ = 0;
}

}  // namespace fohd::clients
