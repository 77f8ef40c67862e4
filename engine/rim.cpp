#include "engine/rim.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace fohd {
namespace {

constexpr double kFadeSeconds = 0.005;                                    // DESK section 1: as gains
constexpr std::int32_t kLoudestBits = std::bit_cast<std::int32_t>(1e6f);  // +120 dBFS
constexpr std::int32_t kFullScaleBits = std::bit_cast<std::int32_t>(1.0f);
constexpr float kSilence[kSubBlockFrames] = {};

std::int32_t magnitude_bits(float x) noexcept { return std::bit_cast<std::int32_t>(x) & 0x7fffffff; }

}  // namespace

Rim::Rim(const Geometry& geometry, double rate_hz)
    : geometry_(geometry),
      fade_frames_(static_cast<int>(std::lround(kFadeSeconds * rate_hz))),
      lanes_(static_cast<std::size_t>(geometry.channels()),
             Lane{.fade_done = fade_frames_, .guard = FaultGuard(rate_hz)}),
      scratch_(1) {}

void Rim::set_source(int channel, int source) noexcept {
  if (source < 0 || source >= geometry_.inputs) source = -1;
  lanes_[static_cast<std::size_t>(channel)].wanted = source;
}

void Rim::settle() noexcept {
  for (Lane& lane : lanes_) {
    lane.source = lane.wanted;
    lane.fade_done = fade_frames_;
  }
}

const float* Rim::port(const float* const* inputs, int source, int offset) const noexcept {
  return source < 0 || inputs[source] == nullptr ? kSilence : inputs[source] + offset;
}

void Rim::read(int tile, const float* const* inputs, int offset, int frames, std::uint64_t now,
               RimBlock& block) noexcept {
  block.sounding = 0;
  block.resets.frames = 0;
  const int used = geometry_.lanes_used(tile);
  std::fill(block.lanes + used, block.lanes + kLanes, kSilence);
  for (int bit = 0; bit < used; ++bit) {
    Lane& lane = lanes_[static_cast<std::size_t>(tile * kLanes + bit)];
    if (lane.fade_done >= fade_frames_ && lane.wanted != lane.source) {
      lane.from = lane.source;
      lane.source = lane.wanted;
      lane.fade_done = 0;
    }
    const float* samples = port(inputs, lane.source, offset);
    std::int32_t peak = samples == kSilence ? 0 : peak_bits(samples, frames);
    if (peak >= kFullScaleBits) {
      lane.clips += static_cast<std::uint32_t>(
          std::count_if(samples, samples + frames, [](float x) { return magnitude_bits(x) >= kFullScaleBits; }));
    }
    if (lane.fade_done < fade_frames_ || !lane.guard.open() || peak > kLoudestBits) {
      float* out = scratch_.front().samples + bit * kSubBlockFrames;
      read_slowly(lane, bit, port(inputs, lane.from, offset), samples, out, frames, now, block.resets);
      samples = out;
      peak = peak_bits(out, frames);
    }
    block.lanes[bit] = samples;
    if (peak != 0) block.sounding |= lane_bit(bit);
  }
}

void Rim::read_slowly(Lane& lane, int bit, const float* from, const float* to, float* out, int frames,
                      std::uint64_t now, Resets& resets) noexcept {
  for (int frame = 0; frame < frames; ++frame) {
    const bool fading = lane.fade_done < fade_frames_;
    const bool broken =
        magnitude_bits(to[frame]) > kLoudestBits || (fading && magnitude_bits(from[frame]) > kLoudestBits);
    float x = broken ? 0.0f : to[frame];
    if (fading) {
      ++lane.fade_done;
      const float weight = static_cast<float>(lane.fade_done) / static_cast<float>(fade_frames_);
      if (!broken && lane.fade_done < fade_frames_) x = from[frame] + (x - from[frame]) * weight;
    }
    if (broken) {
      if (lane.guard.fault(now + static_cast<std::uint64_t>(frame))) resets.add(frame, bit);
      out[frame] = 0;
    } else {
      out[frame] = x * lane.guard.next_gain();
    }
  }
}

}  // namespace fohd
