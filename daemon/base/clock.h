// The clock of the control side: monotonic, so that setting the system time does not disturb a show.
#pragma once

#include <chrono>
#include <cstdint>

namespace fohd {

/// [any thread] Milliseconds since some moment in the past.
inline std::int64_t now_ms() noexcept {
  using namespace std::chrono;
  return duration_cast<milliseconds>(steady_clock::now().time_since_epoch()).count();
}

/// [any thread] The same in seconds.
inline double now_s() noexcept {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

}  // namespace fohd
