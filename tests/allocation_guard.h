// Counts what the calling thread takes from and gives back to the heap while a guard lives: how the engine's tests
// prove that code for the audio thread allocates nothing. Linking allocation_guard.cpp replaces the global new and
// delete, so it belongs to test_engine only; the daemon has its own in debug builds (daemon/audio/realtime_guard.h).
#pragma once

namespace fohd::test {

/// [any thread] Watches only the thread that made it. Guards may nest; each counts from its own start.
///     AllocationGuard guard;
///     engine.process(...);
///     const long heap_calls = guard.count();   // before the checks: Catch2 allocates
///     CHECK(heap_calls == 0);
class AllocationGuard {
 public:
  AllocationGuard() noexcept;
  AllocationGuard(const AllocationGuard&) = delete;
  AllocationGuard& operator=(const AllocationGuard&) = delete;

  /// Calls of operator new, and of delete with something to free, on this thread since the guard was made.
  long count() const noexcept;

 private:
  long start_;
};

}  // namespace fohd::test
