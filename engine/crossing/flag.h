// One word that any thread, or a real signal handler, may set and any thread may read: panic, shutdown, heartbeat.
#pragma once

#include <atomic>
#include <cstdint>

namespace fohd {

class Flag {
 public:
  void raise() noexcept { value_.store(1, std::memory_order_release); }     ///< [any thread, signal handler]
  void lower() noexcept { value_.store(0, std::memory_order_release); }     ///< [any thread]
  void beat() noexcept { value_.fetch_add(1, std::memory_order_release); }  ///< [any thread] one more heartbeat
  bool raised() const noexcept { return value_.load(std::memory_order_acquire) != 0; }  ///< [any thread]
  std::uint32_t count() const noexcept { return value_.load(std::memory_order_acquire); }

 private:
  std::atomic<std::uint32_t> value_{0};
  static_assert(std::atomic<std::uint32_t>::is_always_lock_free);
};

}  // namespace fohd
