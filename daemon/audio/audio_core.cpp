#include "daemon/audio/audio_core.h"

#include <algorithm>
#include <chrono>

#include "daemon/audio/realtime_guard.h"
#include "engine/tile/denormals.h"

namespace fohd {
namespace {

constexpr double kPanicSeconds = 0.020, kPanicReleaseSeconds = 0.500;  // docs/DESK.md, "Ramps"

thread_local constinit bool inside = false;

struct Inside {
  Inside() noexcept { inside = true; }
  ~Inside() { inside = false; }
};

std::uint64_t now_ns() noexcept {  // the vDSO clock: no system call
  return static_cast<std::uint64_t>(
      std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now().time_since_epoch())
          .count());
}

}  // namespace

AudioCore::AudioCore(const Geometry& geometry, double rate_hz, double look_ahead_ms)
    : engine_(geometry, rate_hz, look_ahead_ms),
      targets_(DeskTargets(geometry)),
      meters_(MeterFrame(geometry)),
      part_inputs_(geometry.inputs),
      part_outputs_(geometry.outputs()),
      spare_(static_cast<std::size_t>(geometry.outputs()) * kMaxTapFrames) {}

void AudioCore::process(const float* const* inputs, float* const* outputs, int frames,
                        std::uint64_t late_ns) noexcept FOHD_NONBLOCKING {
  const Inside here;
  const RealtimeSection section;
  begun_.beat();
  const std::uint64_t begin_ns = now_ns();
  const ScopedFlushToZero no_denormals;  // for the taps and the panic gain; the engine has its own
  if (targets_.fresh()) engine_.set_targets(targets_.read());
  if (safety_mutes_clear_.raised()) {
    safety_mutes_clear_.lower();
    engine_.clear_safety_mutes();
  }
  for (int offset = 0; offset < frames; offset += kMaxTapFrames) {
    process_part(inputs, outputs, offset, std::min(kMaxTapFrames, frames - offset));
  }
  count(frames, now_ns() - begin_ns, late_ns);
  ended_.beat();
}

void AudioCore::process_part(const float* const* inputs, float* const* outputs, int offset, int frames) noexcept {
  for (std::size_t i = 0; i < part_inputs_.size(); ++i) {
    part_inputs_[i] = inputs[i] != nullptr ? inputs[i] + offset : nullptr;
  }
  for (std::size_t i = 0; i < part_outputs_.size(); ++i) {
    part_outputs_[i] = outputs[i] != nullptr ? outputs[i] + offset : spare_.data() + i * kMaxTapFrames;
  }
  engine_.process(part_inputs_.data(), part_outputs_.data(), frames);
  deliver_taps(apply_panic(frames), frames);
  // Once per part, because peaks restart at those of the engine's last call: a part's peaks live in its own frame.
  publish_meters();
}

bool AudioCore::in_callback() noexcept { return inside; }

// The control thread shuts the engine's shutter when it receives a panic. This is the same once more, for the case
// that the control thread hangs.
bool AudioCore::apply_panic(int frames) noexcept {
  const bool shut = panic_.raised() || shutdown_.raised();
  if (!shut && panic_gain_ == 1) return false;
  const bool silent = shut && panic_gain_ == 0;
  silent ? shut_.raise() : shut_.lower();
  const auto step =
      static_cast<float>(shut ? -1 / (kPanicSeconds * rate_hz()) : 1 / (kPanicReleaseSeconds * rate_hz()));
  float gain = panic_gain_;
  for (float* output : part_outputs_) {
    gain = panic_gain_;
    for (int n = 0; n < frames; ++n) {
      gain = std::clamp(gain + step, 0.0f, 1.0f);
      output[n] *= gain;
    }
  }
  panic_gain_ = gain;
  return true;
}

void AudioCore::deliver_taps(bool changed, int frames) noexcept {
  TapSet* const taps = engine_.taps();
  if (taps == nullptr) return;
  if (changed) taps->copy_outputs(part_outputs_.data(), frames);
  taps->deliver(frames);
}

void AudioCore::publish_meters() noexcept {
  engine_.read_meters(meters_.back());
  if (meters_.publish()) engine_.restart_peaks();  // the reader had the frame before: begin at this block's peaks
}

void AudioCore::count(int frames, std::uint64_t block_ns, std::uint64_t late_ns) noexcept {
  if (frames <= 0) return;
  ++totals_.callbacks;
  totals_.frames += static_cast<std::uint64_t>(frames);
  totals_.period_frames = static_cast<std::uint32_t>(frames);
  totals_.block_ns_sum += block_ns;
  const auto block_ns_32 = static_cast<std::uint32_t>(std::min<std::uint64_t>(block_ns, UINT32_MAX));
  totals_.block_ns_max = std::max(totals_.block_ns_max, block_ns_32);
  const auto period_ns = static_cast<std::uint64_t>(1e9 * frames / rate_hz());
  const auto bucket =
      std::min<std::uint64_t>(block_ns * 20 / std::max<std::uint64_t>(period_ns, 1), AudioCounters::kLoadBuckets - 1);
  ++totals_.load_histogram[bucket];
  if (!freewheel_.raised() && late_ns + block_ns > period_ns) ++totals_.deadline_misses;
  counters_.back() = totals_;
  if (counters_.publish()) totals_.block_ns_max = block_ns_32;
}

}  // namespace fohd
