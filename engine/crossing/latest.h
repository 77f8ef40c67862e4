// The newest value from one writer thread to one reader thread: a triple buffer. Both sides are wait-free, nothing
// overflows, nothing arrives half. Targets go down to the audio thread through it, meters come up (docs/DESIGN.md,
// "Threads").
#pragma once

#include <array>
#include <atomic>
#include <cstdint>

namespace fohd {

/// T may own memory, as long as writing it in place does not allocate: the three slots are copies of a prototype.
template <class T>
class Latest {
 public:
  explicit Latest(const T& prototype = T()) : slots_{prototype, prototype, prototype} {}
  Latest(const Latest&) = delete;
  Latest& operator=(const Latest&) = delete;

  /// [writer] The slot to fill next. It holds what was written there two or three publishes ago. Wait-free.
  T& back() noexcept { return slots_[write_]; }

  /// [writer] Hands over back(). True if the reader had taken the previous value. Wait-free.
  bool publish() noexcept {
    const std::uint8_t old = middle_.exchange(static_cast<std::uint8_t>(write_ | kFresh), std::memory_order_acq_rel);
    write_ = old & kIndex;
    return (old & kFresh) == 0;
  }

  /// [writer] Is what was published last still not read? The reader may take it at any moment: a no is certain.
  bool unread() const noexcept { return fresh(); }

  /// [reader] The newest published value, valid until the next read(). Wait-free.
  const T& read() noexcept {
    if ((middle_.load(std::memory_order_relaxed) & kFresh) != 0) {
      read_ = middle_.exchange(read_, std::memory_order_acq_rel) & kIndex;
    }
    return slots_[read_];
  }

  /// [reader] Is there something read() has not given yet?
  bool fresh() const noexcept { return (middle_.load(std::memory_order_relaxed) & kFresh) != 0; }

 private:
  static constexpr std::uint8_t kFresh = 4, kIndex = 3;
  std::array<T, 3> slots_;
  std::atomic<std::uint8_t> middle_{1};
  std::uint8_t write_ = 0, read_ = 2;
};

}  // namespace fohd
