#include "tests/allocation_guard.h"

#include <cstddef>
#include <cstdlib>
#include <new>

namespace {
thread_local long heap_calls = 0;

void* allocate(std::size_t bytes) {
  ++heap_calls;
  if (void* memory = std::malloc(bytes != 0 ? bytes : 1)) return memory;
  throw std::bad_alloc();
}
void* allocate_aligned(std::size_t bytes, std::align_val_t alignment) {
  ++heap_calls;
  const auto step = static_cast<std::size_t>(alignment);  // aligned_alloc wants a multiple of it
  if (void* memory = std::aligned_alloc(step, (bytes + step) / step * step)) return memory;
  throw std::bad_alloc();
}
void release(void* memory) noexcept {
  if (memory == nullptr) return;
  ++heap_calls;
  std::free(memory);
}
}  // namespace

// Array and nothrow forms end in these by default.
void* operator new(std::size_t bytes) { return allocate(bytes); }
// By itself this one would end above, but the address sanitizer has its own, which would not match our delete.
void* operator new(std::size_t bytes, const std::nothrow_t&) noexcept { return allocate(bytes); }
void* operator new(std::size_t bytes, std::align_val_t alignment) { return allocate_aligned(bytes, alignment); }
void operator delete(void* memory) noexcept { release(memory); }
void operator delete(void* memory, std::size_t) noexcept { release(memory); }
void operator delete(void* memory, std::align_val_t) noexcept { release(memory); }
void operator delete(void* memory, std::size_t, std::align_val_t) noexcept { release(memory); }

namespace fohd::test {

AllocationGuard::AllocationGuard() noexcept : start_(heap_calls) {}
long AllocationGuard::count() const noexcept { return heap_calls - start_; }

}  // namespace fohd::test
