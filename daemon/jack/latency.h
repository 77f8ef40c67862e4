// How long sound takes from one JACK port to another: an impulse goes into the first, the second is recorded. The
// way between may be the desk, or a loop-back cable behind the converters.
//
// Two JACK clients are used, one sends and one receives, and both note JACK's own frame count. With a single client
// JACK would see a circle and add a period that the path itself does not have.
#pragma once

#include <iosfwd>
#include <optional>
#include <span>
#include <string>

#include "engine/crossing/flag.h"

namespace fohd {

struct LatencyOptions {
  std::string out, in;    ///< full JACK port names: where the impulse goes in, where it is expected
  std::string server;     ///< empty: JACK's default
  int impulses = 5;       ///< odd, so that the median is one of them
  double level_db = -12;  ///< of the impulse; on hardware it is a click
  double longest_s = 1;   ///< how long to wait for each
};

/// Exit codes of `fohd latency` and of `fohctl latency measure`, for scripts.
enum LatencyResult : int {
  kLatencyMeasured = 0,
  kLatencyRefused = 1,
  kLatencyNothingHeard = 2,
  kLatencyNoSuchPort = 3
};

/// [main thread] One of the codes above; kLatencyNothingHeard also where there is no JACK server.
int measure_latency(const LatencyOptions& options, std::ostream& out, std::ostream& err, const Flag& stop);

/// [any] Where the impulse is in `sound`, given the peak of the noise before it: the largest sample within 2 ms after
/// the first that stands out of the noise (converters ring before and after their peak). Nothing if none stands out.
std::optional<std::size_t> find_impulse(std::span<const float> sound, float noise_peak, double rate_hz);

}  // namespace fohd
