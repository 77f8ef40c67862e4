// The width of the main mix: from mono through the width as mixed to twice that, and mono again below a chosen
// frequency, where subwoofers and vinyl need it. In mono there is no difference. Law and why it is so:
// head of engine/processors/stereo_width.cpp.
#pragma once

#include "engine/processors/filter_chain.h"
#include "engine/tile/geometry.h"
#include "engine/tile/ramp.h"

namespace fohd {

/// width_percent 0 (mono)..200, mono_below_hz 20..500.
struct StereoWidthParams {
  float width_percent = 100;
  bool mono_below_on = false;
  float mono_below_hz = 120;
  constexpr bool operator==(const StereoWidthParams&) const = default;
};

/// What the loop reads.
struct StereoWidthCoeffs {
  double width_lin = 1;    ///< of the side signal
  SvfCoeffs side_low_cut;  ///< neutral: nothing is made mono
  constexpr bool operator==(const StereoWidthCoeffs&) const = default;
};

/// [control] Pure. rate_hz 8,000..192,000.
StereoWidthCoeffs design(const StereoWidthParams& params, double rate_hz) noexcept;

class StereoWidth {
 public:
  /// [control] 100 %, nothing made mono.
  explicit StereoWidth(double rate_hz) noexcept;

  /// [audio] At any time between two calls: the width glides there in 5 ms, the low cut of the side in 10 ms.
  void set(const StereoWidthCoeffs& coeffs) noexcept;
  /// [control] There at once.
  void settle() noexcept;
  /// [audio] Clears its state; settings stay.
  void reset() noexcept;

  /// [audio] In place, lanes 0 (left) and 1 (right) of [frames][16]; the others stay. Any number of frames;
  /// chunk-invariant. At 100 % with nothing made mono no bit is touched. NaN and infinities pass on their side and
  /// leave no trace.
  void process(float* io, int frames) noexcept;

 private:
  void process_block(float* io, int frames) noexcept;

  int width_ramp_frames_, filter_ramp_frames_;
  Ramp width_lin_{1};
  bool filters_ = false;  ///< the low cut is on, or on its way
  FilterChain side_low_cut_{1};
};

/// [any] Never delays.
constexpr int latency_frames(const StereoWidthCoeffs&) noexcept { return 0; }

}  // namespace fohd
