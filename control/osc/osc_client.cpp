#include "control/osc/osc_client.h"

#include <bit>

namespace fohd::osc {

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

void UpdateQueue::pop() {
  const ItemId id = front();
  if (head_ < order_.size()) {
    changed_.erase(id);
    if (++head_ == order_.size()) {
      order_.clear();
      head_ = 0;
    }
  }
  if (owes_state()) {
    state_.erase(id);
    if (id == cursor_) cursor_ = state_.next(cursor_);
  }
}

void UpdateQueue::clear() {
  changed_.clear();
  order_.clear();
  head_ = 0;
  cursor_ = ~ItemId{0};
}

}  // namespace fohd::osc
