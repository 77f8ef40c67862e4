#include "daemon/offline/loudness.h"

#include <ebur128.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <new>

namespace fohd {
namespace {

struct DestroyState {
  void operator()(ebur128_state* state) const noexcept { ebur128_destroy(&state); }
};

}  // namespace

struct LoudnessMeter::Impl {
  std::unique_ptr<ebur128_state, DestroyState> state;
  int channels;

  double largest_db(int (*peak)(ebur128_state*, unsigned int, double*)) const {
    double largest = 0;
    for (int channel = 0; channel < channels; ++channel) {
      double value = 0;
      if (peak(state.get(), static_cast<unsigned int>(channel), &value) == EBUR128_SUCCESS) {
        largest = std::max(largest, value);
      }
    }
    return 20 * std::log10(largest);
  }
};

LoudnessMeter::LoudnessMeter(int channels, int rate_hz) : impl_(std::make_unique<Impl>()) {
  impl_->channels = channels;
  impl_->state.reset(ebur128_init(static_cast<unsigned int>(channels), static_cast<unsigned long>(rate_hz),
                                  EBUR128_MODE_I | EBUR128_MODE_SAMPLE_PEAK | EBUR128_MODE_TRUE_PEAK));
  if (!impl_->state) throw std::bad_alloc();
}

LoudnessMeter::~LoudnessMeter() = default;

void LoudnessMeter::add(std::span<const float> interleaved) {
  ebur128_add_frames_float(impl_->state.get(), interleaved.data(),
                           interleaved.size() / static_cast<std::size_t>(impl_->channels));
}

double LoudnessMeter::integrated_lufs() const {
  double lufs = 0;
  const int error = ebur128_loudness_global(impl_->state.get(), &lufs);
  return error == EBUR128_SUCCESS ? lufs : -std::numeric_limits<double>::infinity();
}

double LoudnessMeter::true_peak_db() const { return impl_->largest_db(ebur128_true_peak); }
double LoudnessMeter::sample_peak_db() const { return impl_->largest_db(ebur128_sample_peak); }

}  // namespace fohd
