// The last stage of the main mix: a stereo look-ahead limiter that holds the sound between the samples, too, below its
// ceiling. It detects a peak before it leaves, and both sides are turned down together, so the image stays where it is.
// Law, choice of times and what was measured: head of engine/processors/true_peak_limiter.cpp.
#pragma once

#include <cstdint>
#include <vector>

#include "engine/processors/sliding_maximum.h"
#include "engine/processors/true_peak_detector.h"
#include "engine/tile/geometry.h"
#include "engine/tile/ramp.h"

namespace fohd {

/// ceiling_db -24..0 (dBTP), release_ms 20..1000.
struct TruePeakLimiterParams {
  bool on = true;
  float ceiling_db = -1, release_ms = 150;
  constexpr bool operator==(const TruePeakLimiterParams&) const = default;
};

/// What the loop reads. Shares: of the way that is left, per frame.
struct TruePeakLimiterCoeffs {
  bool on = true;
  double ceiling_lin = 1;  ///< re full scale
  double fast_share = 1, slow_coeff = 1, charge_coeff = 1;
  double short_share = 1;                      ///< of a reduction that has not lasted
  double lasting_share = 1, forget_share = 1;  ///< how soon one has lasted, and how soon that is forgotten
  bool between = true;  ///< false: only the samples are watched, not what lies between them, which is most of the work
  constexpr bool operator==(const TruePeakLimiterCoeffs&) const = default;
};

/// [control] Pure. rate_hz 8,000..192,000.
TruePeakLimiterCoeffs design(const TruePeakLimiterParams& params, double rate_hz) noexcept;

class TruePeakLimiter {
 public:
  /// [control] Allocates. rate_hz 8,000..192,000, look_ahead_ms 0.5..5. On, ceiling 0 dBTP.
  TruePeakLimiter(double rate_hz, double look_ahead_ms);

  /// [audio] At any time between two calls: ceiling and switch glide there in 10 ms.
  void set(const TruePeakLimiterCoeffs& coeffs) noexcept;
  /// [control] Ceiling and switch are there at once.
  void settle() noexcept;
  /// [audio] Clears its state; settings stay.
  void reset() noexcept;

  /// [audio] In place, lanes 0 (left) and 1 (right) of [frames][16]; the others stay. Any number of frames;
  /// chunk-invariant. On and settled, no sample leaves above the ceiling, for every finite input; with nothing to turn
  /// down, or off, it is the input of latency_frames() ago, bit for bit. NaN and infinities pass, equally late, ignored
  /// by the detector, so they leave no trace: the NaN guard comes next.
  void process(float* io, int frames) noexcept;

  /// [any] Look-ahead and the detector's own delay; the same for all parameters, and when off.
  int latency_frames() const noexcept { return look_ahead_frames_ + TruePeakDetector::kDelayFrames; }
  /// [audio] The deepest gain since restart_lowest_gain(), octaves, <= 0.
  float lowest_gain() const noexcept { return lowest_gain_; }
  /// [audio]
  void restart_lowest_gain() noexcept { lowest_gain_ = 0; }

 private:
  /// One side's past samples, and its true-peak detector.
  struct Side {
    std::vector<float> ring;  ///< a power of two long
    TruePeakDetector between;
    void write(const float* in, int frames, std::uint64_t at) noexcept;
    void read(float* out, int frames, std::uint64_t at) const noexcept;
  };
  /// The sum of the last values, in whole numbers: what has gone in comes out to the last bit, however long it runs.
  struct Box {
    std::vector<std::int64_t> ring;
    std::int64_t sum = 0;
    std::size_t at = 0;
    explicit Box(int frames) : ring(static_cast<std::size_t>(frames)) {}
    std::int64_t push(std::int64_t value) noexcept;
    void reset() noexcept;
  };

  void process_block(float* io, int frames) noexcept;
  void find_reductions(const float* levels, double* reductions, int frames) noexcept;
  void find_excess(const float* levels, double* excess, int frames) noexcept;
  double ask(double highest) noexcept;
  void watch_lasting(double now, double asked) noexcept;
  double release(double asked, double released) noexcept;

  int look_ahead_frames_, ramp_frames_;
  TruePeakLimiterCoeffs coeffs_;
  Ramp ceiling_lin_{1}, on_{1};
  Side sides_[2];
  SlidingMaximum excess_;  ///< level / ceiling, at least 1
  double highest_excess_ = 1, asked_octaves_ = 0;
  double reduction_octaves_ = 0, lasted_octaves_ = 0, lasting_octaves_ = 0, sustained_octaves_ = 0;
  Box first_box_, second_box_;
  double octaves_per_unit_;  ///< of the second box's sum
  float lowest_gain_ = 0;
  std::uint64_t now_ = 0;
};

}  // namespace fohd
