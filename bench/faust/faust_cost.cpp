// Runs a bank of Faust-compiled strips and prints nanoseconds per strip and frame: the peer that bench/run measures
// fohd against. Built by bench/run only, from Debian's faust; nothing of it is linked into fohd.
// Usage: faust_cost STRIPS FRAMES_PER_BLOCK BLOCKS
#include <immintrin.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <random>
#include <vector>

// The few names that Faust's generated class expects of its host.
#define FAUSTFLOAT float
#define RESTRICT __restrict
struct dsp {
  virtual ~dsp() = default;
};
struct Meta {
  void declare(const char*, const char*) {}
};
struct UI {
  void openVerticalBox(const char*) {}
  void openHorizontalBox(const char*) {}
  void closeBox() {}
  void declare(float*, const char*, const char*) {}
  void addHorizontalBargraph(const char*, float*, float, float) {}
  void addVerticalBargraph(const char*, float*, float, float) {}
};

#include FAUST_GENERATED

int main(int argc, char** argv) {
  const int strips = argc > 1 ? std::atoi(argv[1]) : 32, frames = argc > 2 ? std::atoi(argv[2]) : 64;
  const int blocks = argc > 3 ? std::atoi(argv[3]) : 4000;
  _mm_setcsr(_mm_getcsr() | 0x8040);  // flush denormals, as the desk's callback does
  std::vector<std::unique_ptr<FaustStrip>> bank;
  for (int s = 0; s < strips; ++s) {
    bank.push_back(std::make_unique<FaustStrip>());
    bank.back()->init(48000);
  }
  std::mt19937 random(1);
  std::normal_distribution<float> noise(0, 0.1f);
  std::vector<float> input(static_cast<std::size_t>(strips * frames)), left(frames), right(frames);
  for (float& sample : input) sample = noise(random);
  std::vector<double> times_ns;
  float keep = 0;
  for (int block = 0; block < blocks; ++block) {
    const auto begin = std::chrono::steady_clock::now();
    for (int s = 0; s < strips; ++s) {
      float* in[] = {input.data() + s * frames};
      float* out[] = {left.data(), right.data()};
      bank[s]->compute(frames, in, out);
      keep += left[0] + right[0];
    }
    times_ns.push_back(std::chrono::duration<double, std::nano>(std::chrono::steady_clock::now() - begin).count());
  }
  std::nth_element(times_ns.begin(), times_ns.begin() + blocks / 2, times_ns.end());
  std::printf("%.3f\n", times_ns[blocks / 2] / strips / frames);
  return keep == 12345.678f;  // keeps the work from being optimised away
}
