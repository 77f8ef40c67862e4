// A single-producer single-consumer ring of trivially copyable items, for audio blocks and events between threads.
#pragma once

#include <algorithm>
#include <atomic>
#include <bit>
#include <cstddef>
#include <span>
#include <type_traits>
#include <vector>

namespace fohd {

template <class T>
class Ring {
  static_assert(std::is_trivially_copyable_v<T>);

 public:
  /// [any thread] Room for at least `capacity` items (rounded up to a power of two). Allocates.
  explicit Ring(std::size_t capacity) : items_(std::bit_ceil(std::max<std::size_t>(capacity, 1))) {}

  std::size_t capacity() const noexcept { return items_.size(); }
  /// [producer] Items that can be written now.
  std::size_t writable() const noexcept {
    return items_.size() - (head_.load(std::memory_order_relaxed) - tail_.load(std::memory_order_acquire));
  }
  /// [consumer] Items that can be read now.
  std::size_t readable() const noexcept {
    return head_.load(std::memory_order_acquire) - tail_.load(std::memory_order_relaxed);
  }
  /// [producer] All of `from` or nothing. Wait-free.
  bool write(std::span<const T> from) noexcept {
    if (writable() < from.size()) return false;
    const std::size_t head = head_.load(std::memory_order_relaxed), at = head & (items_.size() - 1);
    const std::size_t first = std::min(from.size(), items_.size() - at);
    std::copy_n(from.data(), first, items_.data() + at);
    std::copy_n(from.data() + first, from.size() - first, items_.data());
    head_.store(head + from.size(), std::memory_order_release);
    return true;
  }
  /// [consumer] As many as there are, at most into.size(). Returns how many. Wait-free.
  std::size_t read(std::span<T> into) noexcept {
    const std::size_t tail = tail_.load(std::memory_order_relaxed), at = tail & (items_.size() - 1);
    const std::size_t count = std::min(into.size(), readable()), first = std::min(count, items_.size() - at);
    std::copy_n(items_.data() + at, first, into.data());
    std::copy_n(items_.data(), count - first, into.data() + first);
    tail_.store(tail + count, std::memory_order_release);
    return count;
  }

 private:
  std::vector<T> items_;
  alignas(64) std::atomic<std::size_t> head_{0};
  alignas(64) std::atomic<std::size_t> tail_{0};
};

}  // namespace fohd
