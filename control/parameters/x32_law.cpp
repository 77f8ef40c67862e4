#include "control/parameters/x32_law.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace fohd {
namespace {

/// Its compressors' ratios (docs/X32.md, "Ratio").
constexpr std::array<float, 12> kRatios = {1.1f, 1.3f, 1.5f, 2, 2.5f, 3, 4, 5, 7, 10, 20, 100};

/// The index of the nearest on a logarithmic scale: 14:1 is nearer to 10:1 than to 20:1 by ear.
float nearest_ratio(double ratio) {
  std::size_t best = 0;
  const auto distance = [&](std::size_t i) { return std::abs(std::log(ratio / static_cast<double>(kRatios[i]))); };
  for (std::size_t i = 1; i < kRatios.size(); ++i) {
    if (distance(i) < distance(best)) best = i;
  }
  return static_cast<float>(best);
}

/// The nearest of `steps` points 0..1. The console also has floor(x * 1023.5) for faders set by text; the
/// nearest point agrees with every pair of values that was seen on a real desk (docs/X32.md, "The grid").
double snapped(double position, int steps) {
  const double last = steps - 1;
  return std::round(std::clamp(position, 0.0, 1.0) * last) / last;
}

}  // namespace

double fader_db(double position) noexcept {
  const double x = std::clamp(position, 0.0, 1.0);
  if (x >= 0.5) return 40 * x - 30;
  if (x >= 0.25) return 80 * x - 50;
  if (x >= 0.0625) return 160 * x - 70;
  return 480 * x - 90;
}

double fader_position(double level_db) noexcept {
  if (!(level_db > -90)) return 0;
  if (level_db < -60) return (level_db + 90) / 480;
  if (level_db < -30) return (level_db + 70) / 160;
  if (level_db < -10) return (level_db + 50) / 80;
  return std::min((level_db + 30) / 40, 1.0);
}

float x32_from_native(const X32Mapping& mapping, float native) noexcept {
  const double value = static_cast<double>(native);
  const double min = static_cast<double>(mapping.min), max = static_cast<double>(mapping.max);
  double position = 0;
  switch (mapping.law) {
    case X32Law::none:
    case X32Law::text:
      return 0;
    case X32Law::index:
      return std::round(native);
    case X32Law::ratio:
      return nearest_ratio(value);
    case X32Law::toggle:
      return native != 0 ? 1.0f : 0.0f;
    case X32Law::inverted_toggle:
      return native != 0 ? 0.0f : 1.0f;
    case X32Law::linear:
      position = (value - min) / (max - min);
      break;
    // Clamped before the logarithm, whichever end is the larger: the Q runs from 10 down to 0.3.
    case X32Law::logarithmic:
      position = std::log(std::clamp(value, std::min(min, max), std::max(min, max)) / min) / std::log(max / min);
      break;
    case X32Law::fader1024:
    case X32Law::level161:
      position = fader_position(value);
      break;
  }
  return static_cast<float>(snapped(position, mapping.steps));
}

float native_from_x32(const X32Mapping& mapping, float wire) noexcept {
  const double min = static_cast<double>(mapping.min), max = static_cast<double>(mapping.max);
  switch (mapping.law) {
    case X32Law::none:
    case X32Law::text:
      return 0;
    case X32Law::index:
      return std::round(wire);
    case X32Law::ratio:
      return kRatios[static_cast<std::size_t>(std::clamp(std::round(wire), 0.0f, kRatios.size() - 1.0f))];
    case X32Law::toggle:
      return wire != 0 ? 1.0f : 0.0f;
    case X32Law::inverted_toggle:
      return wire != 0 ? 0.0f : 1.0f;
    default:
      break;
  }
  const double position = snapped(static_cast<double>(wire), mapping.steps);
  if (mapping.law == X32Law::linear) return static_cast<float>(min + position * (max - min));
  if (mapping.law != X32Law::logarithmic) return static_cast<float>(fader_db(position));
  // pow() may miss the far end by one unit in the last place, and the end must be the end.
  return position == 1 ? mapping.max : static_cast<float>(min * std::pow(max / min, position));
}

}  // namespace fohd
