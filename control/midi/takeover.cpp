#include "control/midi/takeover.h"

#include <algorithm>
#include <cmath>

namespace fohd {

std::optional<double> Takeover::move(double place, double value) noexcept {
  const double before = place_;
  const bool first = !has_place_;
  place_ = place;
  has_place_ = true;
  if (mode_ == MidiTakeover::jump) return place;
  if (engaged_ && std::abs(value - last_value_) > step_ / 2) engaged_ = false;  // moved from elsewhere
  if (first || (place == before && !engaged_)) return std::nullopt;
  if (engaged_) return place;
  // Crossing, never nearness: a fast hand skips any window.
  if ((before - value) * (place - value) <= 0) {
    engaged_ = true;
    return place;
  }
  if (mode_ != MidiTakeover::scaled) return std::nullopt;
  const double remaining = place > before ? (1 - value) / (1 - before) : value / before;
  return std::clamp(value + (place - before) * remaining, 0.0, 1.0);
}

int Takeover::way(double value) const noexcept {
  const bool mine = engaged_ && std::abs(value - last_value_) <= step_ / 2;
  if (mode_ == MidiTakeover::jump || !has_place_ || mine || value == place_) return 0;
  return value > place_ ? 1 : -1;
}

}  // namespace fohd
