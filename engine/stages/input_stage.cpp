#include "engine/stages/input_stage.h"

#include <algorithm>
#include <bit>
#include <cmath>

#include "engine/stages/source_set.h"

namespace fohd {
namespace {

constexpr double kFadeSeconds = 0.005;  // as gains: docs/DESK.md, "Ramps"
constexpr std::int32_t kLoudestBits = std::bit_cast<std::int32_t>(kLoudestInput);
constexpr std::int32_t kFullScaleBits = std::bit_cast<std::int32_t>(1.0f);
constexpr float kSilence[kSubBlockFrames] = {};

std::int32_t magnitude_bits(float x) noexcept { return std::bit_cast<std::int32_t>(x) & 0x7fffffff; }

std::uint32_t count_clips(const float* x, int frames) noexcept {
  return static_cast<std::uint32_t>(
      std::count_if(x, x + frames, [](float y) { return magnitude_bits(y) >= kFullScaleBits; }));
}

}  // namespace

InputStage::InputStage(const Geometry& geometry, double rate_hz)
    : geometry_(geometry),
      fade_frames_(static_cast<int>(std::lround(kFadeSeconds * rate_hz))),
      lanes_(static_cast<std::size_t>(geometry.channels()),
             Lane{.fade_done = fade_frames_,
                  .guard = FaultGuard(rate_hz),
                  .delay = DelayLine(max_delay_frames(rate_hz), delay_fade_frames(rate_hz))}),
      scratch_(1) {}

void InputStage::set(int channel, int source, int delay_frames) noexcept {
  if (source < 0 || source >= geometry_.inputs + extra_sources(geometry_.inputs)) source = -1;
  lanes_[channel].wanted = source;
  lanes_[channel].delay.set(delay_frames);
}

void InputStage::settle() noexcept {
  for (Lane& lane : lanes_) {
    lane.source = lane.wanted;
    lane.fade_done = fade_frames_;
    lane.delay.settle();
  }
}

const float* InputStage::port(const float* const* inputs, int source, int offset) const noexcept {
  return source < 0 || inputs[source] == nullptr ? kSilence : inputs[source] + offset;
}

bool InputStage::begin_fade(Lane& lane) const noexcept {
  if (lane.fade_done < fade_frames_ || lane.wanted == lane.source) return false;
  lane.from = lane.source;
  lane.source = lane.wanted;
  lane.fade_done = 0;
  return true;
}

void InputStage::read(int tile, const float* const* inputs, int offset, int frames, std::uint64_t now,
                      const float* gains, float* out, InputStageReport& report) noexcept {
  report.sounding = 0;
  report.resets.frames = 0;
  const float* planar[kLanes];
  std::fill_n(planar, kLanes, kSilence);
  const int used = lanes_used(tile);
  LaneMask slow = 0, kept = 0;
  bool connected = false;
  for (int bit = 0; bit < used; ++bit) {
    Lane& lane = lanes_[tile * kLanes + bit];
    begin_fade(lane);
    planar[bit] = port(inputs, lane.source, offset);
    const bool delayed = lane.delay.active();
    const std::int32_t peak = delayed ? peak_bits(planar[bit], frames) : 0;
    if (lane.fade_done < fade_frames_ || !lane.guard.open() || peak > kLoudestBits) {
      planar[bit] = read_slowly(lane, bit, inputs, offset, frames, now, report.resets);
      slow |= lane_bit(bit);
    } else if (delayed) {
      lane.clips += peak >= kFullScaleBits ? count_clips(planar[bit], frames) : 0;
      slow |= lane_bit(bit);
    }
    if (delayed) {
      planar[bit] = delay(lane, bit, planar[bit], frames, now);
      kept |= lane_bit(bit);
    }
    connected |= planar[bit] != kSilence;
  }
  if (connected) read_connected(tile, inputs, offset, frames, now, gains, slow, planar, out, report);
  for (int bit = 0; bit < used; ++bit) {  // whole by now, and kept for a delay that begins later
    if ((kept & lane_bit(bit)) == 0) lanes_[tile * kLanes + bit].delay.write(planar[bit], frames, now);
  }
}

const float* InputStage::delay(Lane& lane, int bit, const float* samples, int frames, std::uint64_t now) noexcept {
  float* out = scratch_.front().samples + bit * kSubBlockFrames;
  lane.delay.write(samples, frames, now);
  lane.delay.read(out, frames, now);
  return out;
}

void InputStage::read_connected(int tile, const float* const* inputs, int offset, int frames, std::uint64_t now,
                                const float* gains, LaneMask slow, const float** planar, float* out,
                                InputStageReport& report) noexcept {
  const int used = lanes_used(tile);
  alignas(64) std::int32_t peaks[kLanes];
  transpose_in(planar, gains, out, peaks, frames);
  bool broken = false;
  for (int bit = 0; bit < used; ++bit) {
    if (peaks[bit] < kFullScaleBits || (slow & lane_bit(bit)) != 0) continue;
    Lane& lane = lanes_[tile * kLanes + bit];
    if (peaks[bit] > kLoudestBits) {
      planar[bit] = read_slowly(lane, bit, inputs, offset, frames, now, report.resets);
      broken = true;
    } else {
      lane.clips += count_clips(planar[bit], frames);
    }
  }
  if (broken) transpose_in(planar, gains, out, peaks, frames);
  for (int bit = 0; bit < used; ++bit) report.sounding |= static_cast<LaneMask>((peaks[bit] != 0) << bit);
}

const float* InputStage::read_slowly(Lane& lane, int bit, const float* const* inputs, int offset, int frames,
                                     std::uint64_t now, Resets& resets) noexcept {
  const float *from = port(inputs, lane.from, offset), *to = port(inputs, lane.source, offset);
  float* out = scratch_.front().samples + bit * kSubBlockFrames;
  for (int frame = 0; frame < frames; ++frame) {
    if (begin_fade(lane)) from = to, to = port(inputs, lane.source, offset);
    lane.clips += magnitude_bits(to[frame]) >= kFullScaleBits;
    const bool fading = lane.fade_done < fade_frames_;
    const bool broken =
        magnitude_bits(to[frame]) > kLoudestBits || (fading && magnitude_bits(from[frame]) > kLoudestBits);
    if (fading) ++lane.fade_done;
    if (broken) {
      if (lane.guard.fault(now + static_cast<std::uint64_t>(frame))) resets.add(frame, bit);
      out[frame] = 0;
      continue;
    }
    float x = to[frame];
    if (lane.fade_done < fade_frames_) {
      x = from[frame] + (x - from[frame]) * (static_cast<float>(lane.fade_done) / static_cast<float>(fade_frames_));
    }
    out[frame] = x * lane.guard.next_gain();
  }
  return out;
}

}  // namespace fohd
