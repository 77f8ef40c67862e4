// What main's limiter and a reverb cost by themselves: prints ns per frame of the one and of the other, medians. The
// limiter is at work (noise 10 dB too loud), the reverb is full of sound. bench/run calls it.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <memory>
#include <random>
#include <vector>

#include "engine/effects/reverb.h"
#include "engine/processors/true_peak_limiter.h"
#include "engine/tile/denormals.h"
#include "engine/tile/tile.h"

namespace {

constexpr double kRateHz = 48'000;
constexpr int kBlocks = 500, kRuns = 31;

template <class Work>
double median_ns_per_frame(Work work) {
  std::vector<double> ns;
  for (int run = 0; run < kRuns; ++run) {
    const auto begin = std::chrono::steady_clock::now();
    for (int block = 0; block < kBlocks; ++block) work(block % 8);
    const std::chrono::duration<double, std::nano> took = std::chrono::steady_clock::now() - begin;
    ns.push_back(took.count() / (kBlocks * fohd::kSubBlockFrames));
  }
  std::nth_element(ns.begin(), ns.begin() + kRuns / 2, ns.end());
  return ns[kRuns / 2];
}

}  // namespace

int main() {
  const fohd::ScopedFlushToZero no_denormals;
  std::mt19937 random(1);
  std::normal_distribution<float> noise(0, 0.8f);
  std::vector<fohd::Tile> in(8);
  for (fohd::Tile& tile : in) {
    for (int frame = 0; frame < fohd::kSubBlockFrames; ++frame) {
      for (int side = 0; side < 2; ++side) tile.frame(frame)[side] = noise(random);
    }
  }
  fohd::TruePeakLimiter limiter(kRateHz, 1);
  limiter.set(fohd::design(fohd::TruePeakLimiterParams{}, kRateHz));
  fohd::Tile io;
  const double limiter_ns = median_ns_per_frame([&](int block) {
    io = in[static_cast<std::size_t>(block)];
    limiter.process(io.samples, fohd::kSubBlockFrames);
  });
  const auto reverb = std::make_unique<fohd::Reverb>(kRateHz);
  const fohd::ReverbCoeffs coeffs = fohd::design(fohd::ReverbParams{}, kRateHz);
  float left[fohd::kSubBlockFrames], right[fohd::kSubBlockFrames];
  const double reverb_ns = median_ns_per_frame([&](int block) {
    const float* from = in[static_cast<std::size_t>(block)].samples;
    reverb->process(coeffs, from, from + fohd::kSubBlockFrames, left, right, fohd::kSubBlockFrames);
  });
  std::printf("%.2f %.2f\n", limiter_ns, reverb_ns);
}
