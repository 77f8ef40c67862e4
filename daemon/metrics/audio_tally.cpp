#include "daemon/metrics/audio_tally.h"

#include <algorithm>

namespace fohd {

double AudioWindow::p99_load() const noexcept {
  std::uint64_t below = 0;
  for (std::size_t bucket = 0; bucket < sums.histogram.size(); ++bucket) {
    below += sums.histogram[bucket];
    if (static_cast<double>(below) >= 0.99 * static_cast<double>(sums.callbacks)) {
      return static_cast<double>(bucket + 1) / (AudioCounters::kLoadBuckets - 1);
    }
  }
  return 0;
}

void AudioTally::take(const AudioCounters& counters, double rate_hz) noexcept {
  if (counters.callbacks == last_.callbacks) return;  // seen already
  if (counters.callbacks < last_.callbacks) last_ = {};
  sums_.callbacks += counters.callbacks - last_.callbacks;
  sums_.frames += counters.frames - last_.frames;
  sums_.deadline_misses += counters.deadline_misses - last_.deadline_misses;
  sums_.block_ns += counters.block_ns_sum - last_.block_ns_sum;
  period_s_ = counters.period_frames / rate_hz;
  // Between two looks the period is the same but for one of them.
  const auto block_s = static_cast<double>(counters.block_ns_sum - last_.block_ns_sum) / 1e9;
  if (period_s_ > 0) sums_.loads += block_s / period_s_;
  for (std::size_t i = 0; i < sums_.histogram.size(); ++i) {
    sums_.histogram[i] += counters.load_histogram[i] - last_.load_histogram[i];
  }
  for (Begin& window : windows_) {
    window.max_ns = std::max(window.max_ns, counters.block_ns_max);
    if (period_s_ > 0) window.max_load = std::max(window.max_load, counters.block_ns_max / 1e9 / period_s_);
  }
  last_ = counters;
}

AudioWindow AudioTally::window(Window which) const noexcept {
  const Begin& begin = windows_[which];
  AudioWindow window{sums_, begin.max_ns, begin.max_load, period_s_};
  window.sums.callbacks -= begin.sums.callbacks;
  window.sums.frames -= begin.sums.frames;
  window.sums.deadline_misses -= begin.sums.deadline_misses;
  window.sums.block_ns -= begin.sums.block_ns;
  window.sums.loads -= begin.sums.loads;
  for (std::size_t i = 0; i < window.sums.histogram.size(); ++i) window.sums.histogram[i] -= begin.sums.histogram[i];
  return window;
}

}  // namespace fohd
