// The clock that everything of the control side runs by: monotonic, so that nobody who sets the time disturbs a show.
#pragma once

#include <chrono>
#include <cstdint>

namespace fohd {

/// [any thread] Milliseconds since some moment in the past.
inline std::int64_t now_ms() noexcept {
  using namespace std::chrono;
  return duration_cast<milliseconds>(steady_clock::now().time_since_epoch()).count();
}

}  // namespace fohd
