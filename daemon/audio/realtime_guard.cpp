#include "daemon/audio/realtime_guard.h"

#if FOHD_REALTIME_GUARD
#include <dlfcn.h>
#include <pthread.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <new>

namespace {

thread_local int depth = 0;  // sections may nest: a tap may open its own

void refuse_in_callback(const char* what) noexcept {
  if (depth == 0) return;
  depth = 0;  // what follows may allocate
  static constexpr char kText[] = " inside the audio callback: aborting (debug builds only)\n";
  // write(2) rather than the log: the log would allocate on this thread.
  [[maybe_unused]] auto ignored = ::write(STDERR_FILENO, what, std::strlen(what));
  ignored = ::write(STDERR_FILENO, kText, sizeof kText - 1);
  std::abort();
}

void* allocate_or_null(std::size_t size) noexcept {
  refuse_in_callback("memory was allocated");
  return std::malloc(size != 0 ? size : 1);
}

void* allocate(std::size_t size) {
  if (void* memory = allocate_or_null(size)) return memory;
  throw std::bad_alloc();
}

void* allocate_aligned(std::size_t size, std::align_val_t alignment) {
  refuse_in_callback("memory was allocated");
  const auto bytes = static_cast<std::size_t>(alignment);
  if (void* memory = std::aligned_alloc(bytes, (size + bytes - 1) / bytes * bytes)) return memory;
  throw std::bad_alloc();
}

void release(void* memory) noexcept {
  if (memory != nullptr) refuse_in_callback("memory was freed");
  std::free(memory);
}

}  // namespace

void* operator new(std::size_t size) { return allocate(size); }
void* operator new[](std::size_t size) { return allocate(size); }
// By themselves these would end above, but the address sanitizer has its own, which would not match our delete.
void* operator new(std::size_t size, const std::nothrow_t&) noexcept { return allocate_or_null(size); }
void* operator new[](std::size_t size, const std::nothrow_t&) noexcept { return allocate_or_null(size); }
void* operator new(std::size_t size, std::align_val_t alignment) { return allocate_aligned(size, alignment); }
void* operator new[](std::size_t size, std::align_val_t alignment) { return allocate_aligned(size, alignment); }
void operator delete(void* memory) noexcept { release(memory); }
void operator delete[](void* memory) noexcept { release(memory); }
void operator delete(void* memory, std::size_t) noexcept { release(memory); }
void operator delete[](void* memory, std::size_t) noexcept { release(memory); }
void operator delete(void* memory, std::align_val_t) noexcept { release(memory); }
void operator delete[](void* memory, std::align_val_t) noexcept { release(memory); }
void operator delete(void* memory, std::size_t, std::align_val_t) noexcept { release(memory); }
void operator delete[](void* memory, std::size_t, std::align_val_t) noexcept { release(memory); }

// std::mutex and everything else reach the C library's lock through this symbol, so it is the place to watch.
extern "C" int pthread_mutex_lock(pthread_mutex_t* mutex) noexcept {
  using Lock = int (*)(pthread_mutex_t*);
  static Lock real = nullptr;  // every thread that finds it empty writes the same value
  Lock lock = __atomic_load_n(&real, __ATOMIC_RELAXED);
  if (lock == nullptr) {
    lock = reinterpret_cast<Lock>(::dlsym(RTLD_NEXT, "pthread_mutex_lock"));
    __atomic_store_n(&real, lock, __ATOMIC_RELAXED);
  }
  refuse_in_callback("a lock was taken");
  return lock(mutex);
}

namespace fohd {
RealtimeSection::RealtimeSection() noexcept { ++depth; }
RealtimeSection::~RealtimeSection() { --depth; }
}  // namespace fohd
#endif
