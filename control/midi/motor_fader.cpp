#include "control/midi/motor_fader.h"

#include <algorithm>
#include <cmath>

namespace fohd {

/// The same place within the device's resolution: nearer than one of its steps.
bool MotorFader::same(int a, int b) const noexcept {
  return std::abs(a - b) * static_cast<std::int64_t>(spec_.resolution) < spec_.full_scale;
}

void MotorFader::connected(std::int64_t start_ms) noexcept {
  known_ = owes_ = false;  // a touch stays: it may be what switched the device on
  busy_ = true;
  start_ms_ = start_ms;
  travel_until_ms_ = 0;
}

void MotorFader::touch(bool down, std::int64_t now_ms) noexcept {
  touched_ = down;
  hand_ms_ = now_ms;
  owes_ = busy_ = true;
  travel_until_ms_ = 0;  // a hand stops it where it is
}

bool MotorFader::moved(int position, std::int64_t now_ms) noexcept {
  reported_ = position;
  if (spec_.reports_motor && !touched_ && now_ms < travel_until_ms_) {
    // A motor lags behind by what a turn and the cable take, so it may still go the old way while it is sent back.
    const int step = spec_.full_scale / spec_.resolution;
    if (position >= travel_low_ - step && position <= travel_high_ + step) return false;
    travel_until_ms_ = 0;
  }
  position_ = position;
  known_ = true;
  hand_ms_ = now_ms;
  owes_ = busy_ = true;
  return true;
}

bool MotorFader::held(std::int64_t now_ms) const noexcept {
  if (touched_) return now_ms - hand_ms_ < kTouchMs;
  // A touch sensor reports the end of a touch; a move without one (a sleeve, a nail) is echoed at once by a servo.
  if (spec_.has_touch || spec_.echo == MidiEcho::required) return false;
  return hand_ms_ != 0 && now_ms - hand_ms_ < spec_.hold_off_ms;
}

int MotorFader::command(int position, std::int64_t now_ms) noexcept {
  if (!known_) {
    // It may have stood anywhere.
    travel_low_ = 0;
    travel_high_ = spec_.full_scale;
    travel_until_ms_ = now_ms + kSettleMs;
  } else if (!same(position, reported_)) {
    const bool travels = now_ms < travel_until_ms_;
    travel_low_ = std::min({position, reported_, travels ? travel_low_ : position});
    travel_high_ = std::max({position, reported_, travels ? travel_high_ : position});
    travel_until_ms_ = now_ms + kSettleMs;
  }
  known_ = true;
  owes_ = false;
  position_ = position;
  sent_ms_ = now_ms;
  return position;
}

std::optional<int> MotorFader::next(int target, std::int64_t now_ms) noexcept {
  busy_ = false;
  if (spec_.echo == MidiEcho::never) return std::nullopt;
  busy_ = true;
  if (now_ms < start_ms_ || held(now_ms)) return std::nullopt;
  if (!known_) {
    // Its position is unknown, so its move cannot be slowed; its own servo brakes it.
    busy_ = false;
    return command(target, now_ms);
  }
  if (same(target, position_)) {
    busy_ = false;
    const bool echoes = owes_ && spec_.echo == MidiEcho::required;
    owes_ = false;
    // The very place it reported, not its neighbour that rounding may have made of it.
    if (echoes) return command(position_, now_ms);
    return std::nullopt;
  }
  const std::int64_t elapsed_ms = std::clamp<std::int64_t>(now_ms - sent_ms_, 1, 20);
  const int step = spec_.full_scale / spec_.resolution;  // less is no move
  const auto most = std::max({1, step, static_cast<int>(spec_.full_scale * elapsed_ms / kTravelMs)});
  const int way = std::clamp(target - position_, -most, most);
  busy_ = position_ + way != target;
  return command(position_ + way, now_ms);
}

}  // namespace fohd
