// The curve between the samples, at seven points of every frame: x(n + p/8) = sum over k of x(n + k) h(p/8 - k), with
// h a sinc under a Kaiser window. ITU-R BS.1770-4 (annex 2) does it with four points and 12 taps each; both are made
// for meters, and a limiter must not let a peak through:
//
// Eight points. A 20 kHz tone at 44.1 kHz turns by 41 degrees in a quarter of a frame: a lone peak half-way between two
// of four points would be read 0.56 dB too low, of eight 0.14 dB.
// 32 taps. What may be wrong is the band between 20 kHz and the 24.1 kHz of its image at 44.1 kHz, 0.58 radians per
// frame wide. Kaiser's formula (A - 8) / (2.285 x 0.58) gives a ripple of A = 50 dB for 32 taps; a peak is then read
// right to 0.3 % or so. 12 taps would give 23 dB.
// Beta 4.4. The window's compromise: a larger one widens the transition into 20 kHz (5: 0.12 dB too low there), a
// smaller one has ripple everywhere (3.5: 0.04 dB too high at 1 kHz). 4.4 reads all tones up to 20 kHz at
// 44.1 kHz between 0.02 dB too low and 0.06 dB too high, and better at higher rates (tested).
//
// Half the products: points p/8 and 1 - p/8 have the same taps in opposite order. With the window's samples folded in
// the middle into sums and differences, one point is E + O and the other E - O, E of the sums with the taps' even half,
// O of the differences with the odd half. And the larger of |E + O| and |E - O| is |E| + |O|.

#include "engine/processors/true_peak_detector.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <iterator>
#include <numbers>

#include "engine/processors/true_peak_kernels.h"

namespace fohd {
namespace {

constexpr int kTaps = TruePeakDetector::kTaps, kHalf = FoldedTaps::kHalf, kPairs = FoldedTaps::kPairs;
constexpr double kKaiserBeta = 4.4;
/// Sums of 32 samples of this size, weighted by taps of at most 1, are still floats.
constexpr float kLoudest = 0x1p120f;

/// The modified Bessel function of order 0. Its series at 4.4 is exact in a double after some 20 terms.
double bessel_i0(double x) noexcept {
  double sum = 1, term = 1;
  for (int k = 1; k <= 30; ++k) {
    term *= (x / (2 * k)) * (x / (2 * k));
    sum += term;
  }
  return sum;
}

FoldedTaps fold_taps() noexcept {
  FoldedTaps folded;
  for (int pair = 0; pair < kPairs; ++pair) {
    double tap[kTaps], sum = 0;
    for (int k = 0; k < kTaps; ++k) {
      const double distance = (pair + 1.0) / TruePeakDetector::kPhases + (kHalf - 1 - k);  // never 0
      const double angle = std::numbers::pi * distance, edge = distance / kHalf;
      tap[k] = std::sin(angle) / angle * bessel_i0(kKaiserBeta * std::sqrt(1 - edge * edge));
      sum += tap[k];
    }
    // Divided by their sum: a constant is read as itself.
    for (int k = 0; k < kHalf; ++k) {
      const double early = tap[k] / (2 * sum), late = tap[kTaps - 1 - k] / (2 * sum);
      std::fill_n(folded.even[k][pair], kLanes, static_cast<float>(early + late));
      if (pair < kPairs - 1) std::fill_n(folded.odd[k][pair], kLanes, static_cast<float>(early - late));
    }
  }
  return folded;
}
const FoldedTaps kFoldedTaps = fold_taps();

}  // namespace

void TruePeakDetector::reset() noexcept { std::fill_n(heard_, std::size(heard_), 0.0f); }

void TruePeakDetector::hear(const float* in, int frames) noexcept {
  true_peaks_hear(in, kLoudest, heard_ + kHistory, frames);
  std::memmove(heard_, heard_ + frames, kHistory * sizeof(float));
}

void TruePeakDetector::process(const float* in, float* peaks, int frames) noexcept {
  true_peaks_hear(in, kLoudest, heard_ + kHistory, frames);
  alignas(64) float loudest[kSubBlockFrames + kLanes] = {};
  true_peaks_between(kFoldedTaps, heard_, loudest, frames);
  for (int i = 0; i < frames; ++i) peaks[i] = std::max(peaks[i], loudest[i]);
  std::memmove(heard_, heard_ + frames, kHistory * sizeof(float));
}

}  // namespace fohd
