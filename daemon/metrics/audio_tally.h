// What the audio callback counted, added up over the whole life of the process: each core begins at zero, and JACK may
// come and go. Windows over it answer "since when": the last samples of the load, the seconds around an xrun.
#pragma once

#include <array>
#include <cstdint>

#include "daemon/audio/audio_core.h"

namespace fohd {

struct AudioSums {
  std::uint64_t callbacks = 0, frames = 0, deadline_misses = 0, block_ns = 0;
  double loads = 0;  ///< sum of block time / period
  std::array<std::uint64_t, AudioCounters::kLoadBuckets> histogram{};
};

struct AudioWindow {
  AudioSums sums;  ///< within it
  std::uint32_t max_ns = 0;
  double max_load = 0;  ///< of one period
  double period_s = 0;
  /// The share of a period that 99 of 100 blocks stayed below, to the width of a bucket (5 %); above 1: they did not.
  double p99_load() const noexcept;
};

/// [control]
class AudioTally {
 public:
  enum Window : std::uint8_t { since_xrun, since_sample };

  /// Counters that were just read, so that each longest block is seen once.
  void take(const AudioCounters& counters, double rate_hz) noexcept;
  /// The next counters begin at zero.
  void new_core() noexcept { last_ = {}; }

  const AudioSums& sums() const noexcept { return sums_; }
  AudioWindow window(Window which) const noexcept;
  void restart(Window which) noexcept { windows_[which] = {sums_, 0, 0}; }

 private:
  struct Begin {
    AudioSums sums;
    std::uint32_t max_ns = 0;
    double max_load = 0;
  };
  AudioCounters last_;
  AudioSums sums_;
  double period_s_ = 0;
  std::array<Begin, 2> windows_;
};

}  // namespace fohd
