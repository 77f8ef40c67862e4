// Numbers below 1.2e-38 are flushed to zero while one of these lives: a fading filter tail would otherwise run into
// denormals, on which many CPUs are a hundred times slower. FTZ flushes results, DAZ operands.
#pragma once

#if defined(__SSE2__)
#include <xmmintrin.h>
#elif defined(__aarch64__)
#include <cstdint>
#endif

namespace fohd {

/// [any] Scoped: the thread's former mode is back at the end.
class ScopedFlushToZero {
 public:
#if defined(__SSE2__)
  ScopedFlushToZero() noexcept : before_(_mm_getcsr()) { _mm_setcsr(before_ | kFtzDaz); }
  ~ScopedFlushToZero() { _mm_setcsr(before_); }
#elif defined(__aarch64__)
  ScopedFlushToZero() noexcept {
    asm volatile("mrs %0, fpcr" : "=r"(before_));
    asm volatile("msr fpcr, %0" : : "r"(before_ | kFz));
  }
  ~ScopedFlushToZero() { asm volatile("msr fpcr, %0" : : "r"(before_)); }
#else
  ScopedFlushToZero() noexcept {}
  ~ScopedFlushToZero() {}
#endif
  ScopedFlushToZero(const ScopedFlushToZero&) = delete;
  ScopedFlushToZero& operator=(const ScopedFlushToZero&) = delete;

 private:
#if defined(__SSE2__)
  static constexpr unsigned kFtzDaz = 0x8040;  // MXCSR bit 15 FTZ, bit 6 DAZ
  unsigned before_;
#elif defined(__aarch64__)
  static constexpr std::uint64_t kFz = 1u << 24;  // FPCR.FZ
  std::uint64_t before_ = 0;
#endif
};

}  // namespace fohd
