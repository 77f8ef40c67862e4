#include "tests/allocation_guard.h"

#include <catch2/catch.hpp>
#include <thread>
#include <vector>

namespace {
/// Compilers may leave out an allocation whose memory is not used; what asm could read is.
void use(const void* memory) { asm volatile("" : : "r"(memory) : "memory"); }
}  // namespace

TEST_CASE("allocation guard: sees a vector grow and go, and nothing of other threads", "[engine][allocation_guard]") {
  fohd::test::AllocationGuard guard;
  {
    std::vector<double> grown(100);
    use(grown.data());
  }
  const long own = guard.count();
  CHECK(own == 2);

  long in_thread = -1;
  std::thread other([&] {
    fohd::test::AllocationGuard inner;
    std::vector<float> more(10);
    use(more.data());
    in_thread = inner.count();
  });
  fohd::test::AllocationGuard outer;
  other.join();
  const long seen_from_here = outer.count();  // join frees nothing here: std::thread's state goes on its own thread
  CHECK(in_thread == 1);
  CHECK(seen_from_here == 0);
}
