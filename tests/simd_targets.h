// Runs a test body once for every SIMD target that this CPU and this build share, so that no target rots untested.
// On arm64 the target is static and the body runs once.
//
//     for_each_simd_target([&] { ...svf_process(...)...; CHECK(...); });     // the target's name is in INFO
#pragma once

#include <hwy/highway.h>
#include <hwy/targets.h>

#include <catch2/catch.hpp>

namespace fohd::test {

/// Only on the test's own thread, with nothing else running kernels: the choice is global. Every target is put back.
template <class Body>
void for_each_simd_target(Body&& body) {
  struct Restore {
    ~Restore() {
      hwy::SetSupportedTargetsForTest(0);  // 0: what the CPU has
      hwy::GetChosenTarget().Update(hwy::SupportedTargets());
    }
  } restore;
  for (const auto target : hwy::SupportedAndGeneratedTargets()) {
    hwy::SetSupportedTargetsForTest(target);
    hwy::GetChosenTarget().Update(hwy::SupportedTargets());
    INFO("SIMD target " << hwy::TargetName(target));
    body();
  }
}

}  // namespace fohd::test
