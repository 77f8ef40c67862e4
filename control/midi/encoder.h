// Endless encoders: what their numbers mean, and how a quick turn goes further.
#pragma once

#include <cstdint>

namespace fohd {

/// How a turn is written in 7 bits.
enum class MidiRelative : std::uint8_t {
  mcu,     ///< bit 6: counter-clockwise, below it the ticks (0 counts as 1)
  sign,    ///< the same as mcu: bit 6 is the sign
  offset,  ///< 64 is none, 65 one up, 63 one down
  twos,    ///< two's complement: 127 is one down
};

/// [any] Ticks, positive clockwise, -64..64.
constexpr int encoder_ticks(MidiRelative coding, int value) noexcept {
  switch (coding) {
    case MidiRelative::mcu:
    case MidiRelative::sign: {
      const int ticks = (value & 0x3F) == 0 ? 1 : value & 0x3F;
      return (value & 0x40) != 0 ? -ticks : ticks;
    }
    case MidiRelative::offset:
      return value - 64;
    case MidiRelative::twos:
      return value < 64 ? value : value - 128;
  }
  return 0;
}

/// [control] One for each encoder.
class EncoderSpeed {
 public:
  /// A tick moves a continuous value by this part of its dial: four turns of a common encoder (24 ticks) from end to
  /// end, turned slowly.
  static constexpr double kTick = 1.0 / 96;
  /// Turned quickly it goes up to so many times as far.
  static constexpr double kMost = 6;
  /// "fine" held.
  static constexpr double kFine = 0.1;

  /// By how many times a turn of `ticks` goes further than a slow one: 1 below 15 ticks a second, then in proportion.
  double factor(int ticks, std::int64_t now_ms) noexcept {
    const bool turned_round = (ticks < 0) != (last_ticks_ < 0);
    const std::int64_t since_ms = now_ms - last_ms_;
    last_ms_ = now_ms;
    last_ticks_ = ticks;
    constexpr std::int64_t kPauseMs = 250;  // a new turn begins slowly
    if (turned_round || since_ms > kPauseMs) return 1;
    constexpr double kSlowTicksPerMs = 0.015;
    const double speed = (ticks < 0 ? -ticks : ticks) / static_cast<double>(since_ms < 5 ? 5 : since_ms);
    const double times = speed / kSlowTicksPerMs;
    return times < 1 ? 1 : times > kMost ? kMost : times;
  }

 private:
  std::int64_t last_ms_ = -1'000'000;
  int last_ticks_ = 0;
};

}  // namespace fohd
