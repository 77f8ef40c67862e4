// What the tests of motor faders share.
#pragma once

#include <cmath>
#include <cstdint>
#include <vector>

#include "control/midi/motor_fader.h"

namespace fohd {

inline constexpr std::int64_t kTurnMs = 20;

inline MotorFaderSpec spec_of(MidiEcho echo, bool has_touch) { return {.echo = echo, .has_touch = has_touch}; }

/// A fader that has been sent to `place` and stands there, long ago.
inline MotorFader standing_at(int place, const MotorFaderSpec& spec) {
  MotorFader fader(spec);
  fader.connected(0);
  fader.next(place, 0);
  return fader;
}

/// Everything that next() has to say, a turn each; `now` moves on until it has nothing left.
inline std::vector<int> all_of(MotorFader& fader, int target, std::int64_t& now) {
  std::vector<int> sent;
  for (int quiet = 0; quiet < 5; now += kTurnMs) {
    const auto next = fader.next(target, now);
    quiet = next ? 0 : quiet + 1;
    if (next) sent.push_back(*next);
  }
  return sent;
}

inline bool within_a_step(double a, double b, const MotorFaderSpec& spec) {
  return std::abs(a - b) * spec.resolution < spec.full_scale;
}

inline const MotorFaderSpec kSpecs[] = {spec_of(MidiEcho::required, true), spec_of(MidiEcho::required, false),
                                        spec_of(MidiEcho::after_move, true), spec_of(MidiEcho::after_move, false)};

}  // namespace fohd
