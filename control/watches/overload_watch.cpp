#include "control/watches/overload_watch.h"

#include <algorithm>

namespace fohd {

LoadReduction OverloadWatch::take(std::span<const std::uint64_t> load_histogram, bool counts) {
  std::uint64_t all = 0, high = 0, low = 0;
  for (std::size_t b = 0; b < std::min(load_histogram.size(), kMostBuckets); ++b) {
    const std::uint64_t now = load_histogram[b] - std::min(totals_[b], load_histogram[b]);
    totals_[b] = load_histogram[b];
    all += now;
    if (b >= kHighBucket) high += now;
    if (b < kLowBucket) low += now;
  }
  if (all == 0 || !counts) return load_reduction_;
  ++since_taken_back_s_;
  const auto share = [all](std::uint64_t part) { return static_cast<double>(part) / static_cast<double>(all); };
  constexpr auto kLast = static_cast<std::uint8_t>(kLoadReductionRows.size() - 1);
  const auto step = static_cast<std::uint8_t>(load_reduction_);
  if (share(high) >= kHighShare) {
    calm_s_ = 0;
    if (step == kLast) return load_reduction_;
    if (since_taken_back_s_ < kRelapse_s) wait_s_ = std::min(2 * wait_s_, kLongestWait_s);
    return load_reduction_ = static_cast<LoadReduction>(step + 1);
  }
  calm_s_ = share(low) >= kLowShare ? calm_s_ + 1 : 0;
  if (load_reduction_ == LoadReduction::nothing) {
    if (calm_s_ >= kLongestWait_s) wait_s_ = kFirstWait_s;
    return load_reduction_;
  }
  if (calm_s_ < wait_s_) return load_reduction_;
  calm_s_ = since_taken_back_s_ = 0;
  return load_reduction_ = static_cast<LoadReduction>(step - 1);
}

}  // namespace fohd
