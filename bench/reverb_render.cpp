// Renders the reverb for listening and for bench/reverb_analysis.py.
//
//     bench_reverb_render [dial=value ...] < dry > wet      raw stereo float32, interleaved; dials as in ReverbParams,
//                                                           and rate_hz, tail_s (silence behind the input)
//     bench_reverb_render cost                              ns a frame, the median of many runs
//     bench_reverb_render lengths [dial=value ...]          the lines' lengths in frames
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "engine/effects/reverb.h"
#include "engine/tile/denormals.h"

namespace {

using namespace fohd;

struct Dial {
  const char* name;
  float ReverbParams::*field;
};
constexpr Dial kDials[] = {{"predelay_ms", &ReverbParams::predelay_ms},
                           {"decay_s", &ReverbParams::decay_s},
                           {"size_percent", &ReverbParams::size_percent},
                           {"damping_hz", &ReverbParams::damping_hz},
                           {"bass_multiply", &ReverbParams::bass_multiply},
                           {"diffusion_percent", &ReverbParams::diffusion_percent},
                           {"modulation_percent", &ReverbParams::modulation_percent},
                           {"low_cut_hz", &ReverbParams::low_cut_hz},
                           {"high_cut_hz", &ReverbParams::high_cut_hz}};

struct Options {
  ReverbParams params;
  double rate_hz = 48'000, tail_s = 4;
};

bool parse(const char* argument, Options& options) {
  const char* const equals = std::strchr(argument, '=');
  if (equals == nullptr) return false;
  const std::string name(argument, equals);
  const double value = std::atof(equals + 1);
  if (name == "rate_hz") return options.rate_hz = value, true;
  if (name == "tail_s") return options.tail_s = value, true;
  for (const Dial& dial : kDials)
    if (name == dial.name) return options.params.*dial.field = static_cast<float>(value), true;
  return false;
}

int render(const Options& options) {
  const auto reverb = std::make_unique<Reverb>(options.rate_hz);
  const ReverbCoeffs coeffs = design(options.params, options.rate_hz);
  auto tail_frames = static_cast<long>(options.tail_s * options.rate_hz);
  float io[2 * kSubBlockFrames], left[kSubBlockFrames], right[kSubBlockFrames];
  for (bool reading = true; reading || tail_frames > 0;) {
    const std::size_t got = reading ? std::fread(io, 2 * sizeof(float), kSubBlockFrames, stdin) : 0;
    reading = reading && got == kSubBlockFrames;
    std::fill(io + 2 * got, io + 2 * kSubBlockFrames, 0.0f);
    if (!reading) tail_frames -= kSubBlockFrames;
    for (int k = 0; k < kSubBlockFrames; ++k) left[k] = io[2 * k], right[k] = io[2 * k + 1];
    reverb->process(coeffs, left, right, left, right, kSubBlockFrames);
    for (int k = 0; k < kSubBlockFrames; ++k) io[2 * k] = left[k], io[2 * k + 1] = right[k];
    if (std::fwrite(io, sizeof io, 1, stdout) != 1) return 1;
  }
  return 0;
}

/// setting(n): the coefficients of block n.
template <class Setting>
double median_ns_per_frame(double rate_hz, Setting setting) {
  const auto reverb = std::make_unique<Reverb>(rate_hz);
  std::mt19937 random(1);
  std::uniform_real_distribution<float> noise(-0.3f, 0.3f);
  std::vector<float> left(kSubBlockFrames), right(kSubBlockFrames), out_left(left), out_right(left);
  for (float& x : left) x = noise(random);
  for (float& x : right) x = noise(random);
  std::vector<double> ns_per_frame;
  constexpr int kBlocks = 500;  // two thirds of a second of sound
  for (int run = 0; run < 61; ++run) {
    const auto begin = std::chrono::steady_clock::now();
    for (int block = 0; block < kBlocks; ++block) {
      reverb->process(setting(run * kBlocks + block), left.data(), right.data(), out_left.data(), out_right.data(),
                      kSubBlockFrames);
    }
    const std::chrono::duration<double, std::nano> took = std::chrono::steady_clock::now() - begin;
    ns_per_frame.push_back(took.count() / (kBlocks * kSubBlockFrames));
  }
  std::nth_element(ns_per_frame.begin(), ns_per_frame.begin() + 30, ns_per_frame.end());
  return ns_per_frame[30];
}

int cost() {
  for (const double rate_hz : {48'000.0, 96'000.0}) {
    ReverbParams other;
    other.size_percent = 100, other.decay_s = 4;
    const ReverbCoeffs a = design(ReverbParams{}, rate_hz), b = design(other, rate_hz);
    std::printf("%6.0f Hz   settled %6.1f ns/frame   all dials moving %6.1f ns/frame\n", rate_hz,
                median_ns_per_frame(rate_hz, [&](int) -> const ReverbCoeffs& { return a; }),
                median_ns_per_frame(rate_hz, [&](int n) -> const ReverbCoeffs& { return n / 8 % 2 != 0 ? a : b; }));
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  const ScopedFlushToZero no_denormals;
  Options options;
  const std::string mode = argc > 1 ? argv[1] : "";
  if (mode == "cost") return cost();
  for (int i = mode == "lengths" ? 2 : 1; i < argc; ++i) {
    if (!parse(argv[i], options)) return std::fprintf(stderr, "what is %s?\n", argv[i]), 1;
  }
  if (mode != "lengths") return render(options);
  for (const int line : design(options.params, options.rate_hz).delays.line) std::printf("%d ", line);
  std::printf("\n");
  return 0;
}
