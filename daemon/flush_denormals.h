// Subnormal floats as exact zero. A decaying filter would otherwise end in numbers that cost a hundred times more.
// The mode belongs to a thread and libraries may change it, so it is set at the top of every callback.
#pragma once

#include <cstdint>

#if defined(__SSE__) || defined(__x86_64__)
#include <xmmintrin.h>
#endif

namespace fohd {

/// [any thread] Flush to zero and denormals are zero, for the calling thread, until changed.
inline void flush_denormals() noexcept {
#if defined(__SSE__) || defined(__x86_64__)
  _mm_setcsr(_mm_getcsr() | 0x8040);  // bit 15 FTZ, bit 6 DAZ
#elif defined(__aarch64__)
  std::uint64_t fpcr = 0;
  asm volatile("mrs %0, fpcr" : "=r"(fpcr));
  asm volatile("msr fpcr, %0" : : "r"(fpcr | (std::uint64_t{1} << 24)));  // FZ: inputs and results
#endif
}

}  // namespace fohd
