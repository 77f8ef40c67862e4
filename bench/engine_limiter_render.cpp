// Main's limiter for bench/limiter_analysis.py: raw stereo float32, interleaved, through it, without its delay.
//
//     bench_engine_limiter_render [rate_hz=48000] [ceiling_db=-1] [release_ms=150] [look_ahead_ms=1] < dry > limited
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "engine/processors/true_peak_limiter.h"
#include "engine/tile/denormals.h"
#include "engine/tile/tile.h"

int main(int argc, char** argv) {
  const fohd::ScopedFlushToZero no_denormals;
  double rate_hz = 48'000, ceiling_db = -1, release_ms = 150, look_ahead_ms = 1;
  for (int i = 1; i < argc; ++i) {
    const std::string text = argv[i];
    const std::size_t mark = std::min(text.find('='), text.size());
    const std::string name = text.substr(0, mark);
    const double value = std::atof(text.c_str() + std::min(mark + 1, text.size()));
    double* const to = name == "rate_hz"         ? &rate_hz
                       : name == "ceiling_db"    ? &ceiling_db
                       : name == "release_ms"    ? &release_ms
                       : name == "look_ahead_ms" ? &look_ahead_ms
                                                 : nullptr;
    if (to == nullptr) return std::fprintf(stderr, "what is %s?\n", argv[i]), 1;
    *to = value;
  }
  fohd::TruePeakLimiter limiter(rate_hz, look_ahead_ms);
  limiter.set(fohd::design(
      fohd::TruePeakLimiterParams{true, static_cast<float>(ceiling_db), static_cast<float>(release_ms)}, rate_hz));
  limiter.settle();
  std::vector<float> io(2 * fohd::kSubBlockFrames);
  fohd::Tile tile;
  auto late = static_cast<std::size_t>(limiter.latency_frames()), owed = late;
  for (bool reading = true; reading || owed > 0;) {
    const std::size_t got = reading ? std::fread(io.data(), 2 * sizeof(float), fohd::kSubBlockFrames, stdin) : 0;
    reading = reading && got == fohd::kSubBlockFrames;
    const std::size_t frames = got > 0 ? got : std::min<std::size_t>(owed, fohd::kSubBlockFrames);
    if (got == 0) owed -= frames;
    for (std::size_t i = 0; i < frames; ++i) {
      for (std::size_t side = 0; side < 2; ++side)
        tile.frame(static_cast<int>(i))[side] = i < got ? io[2 * i + side] : 0;
    }
    limiter.process(tile.samples, static_cast<int>(frames));
    for (std::size_t i = 0; i < frames; ++i) {
      if (late > 0) {
        --late;
      } else {
        std::fwrite(tile.frame(static_cast<int>(i)), sizeof(float), 2, stdout);
      }
    }
  }
  return 0;
}
