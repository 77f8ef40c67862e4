// What the desk gives up when the audio load comes near the end of a period, in which order, and when it takes it back.
// Never anything of the dry path: what is given up is exactness that only instruments show.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

namespace fohd {

/// Each step includes those before it.
enum class LoadReduction : std::uint8_t { nothing, between_samples };
struct LoadReductionRow {
  LoadReduction step;
  std::string_view doc;  ///< for the log and the reference
};
inline constexpr std::array<LoadReductionRow, 2> kLoadReductionRows = {
    {{LoadReduction::nothing, "nothing is given up"},
     {LoadReduction::between_samples,
      "main's limiter watches the samples only, not what lies between them: true peaks may pass its ceiling"}}};

/// [control]
class OverloadWatch {
 public:
  /// A second in which a quarter of all callbacks needed 80 % of their period and more is near the limit: the operating
  /// system alone disturbs a few, and the load itself nearly all.
  static constexpr int kHighBucket = 16;  ///< of 20 to the period
  static constexpr double kHighShare = 0.25;
  /// Something is taken back when 99 % of the callbacks of so many seconds needed less than 60 %. Giving it up
  /// again within a minute doubles the seconds for the next time.
  static constexpr int kLowBucket = 12;
  static constexpr double kLowShare = 0.99;
  static constexpr int kFirstWait_s = 10, kLongestWait_s = 640, kRelapse_s = 60;

  /// Once a second. load_histogram: running totals, bucket b counts the callbacks that took b/20 to (b+1)/20 of their
  /// period. counts: false while times mean nothing (freewheel). Returns what is to be given up now.
  LoadReduction take(std::span<const std::uint64_t> load_histogram, bool counts = true);
  LoadReduction load_reduction() const noexcept { return load_reduction_; }
  /// The next histogram is another engine's. What is given up stays so until the load says otherwise.
  void new_engine() { totals_ = {}; }

 private:
  static constexpr std::size_t kMostBuckets = 32;
  std::array<std::uint64_t, kMostBuckets> totals_{};
  LoadReduction load_reduction_ = LoadReduction::nothing;
  int calm_s_ = 0, wait_s_ = kFirstWait_s, since_taken_back_s_ = kRelapse_s;
};

}  // namespace fohd
