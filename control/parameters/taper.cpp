#include "control/parameters/taper.h"

#include <algorithm>
#include <cmath>

#include "control/parameters/x32_law.h"

namespace fohd {
bool has_taper(const ParameterRow& row) noexcept { return row.kind != Kind::text && row.kind != Kind::bitmask; }

bool is_stepped(const ParameterRow& row) noexcept { return row.kind != Kind::real; }

double taper_position(const ParameterRow& row, double number) noexcept {
  const double min = static_cast<double>(row.min), max = static_cast<double>(row.max);
  const double inside = std::clamp(number, min, max);
  if (max <= min) return 0;
  if (row.taper == Taper::fader) return fader_position(inside);
  if (row.taper == Taper::logarithmic && min > 0) return std::log(inside / min) / std::log(max / min);
  return (inside - min) / (max - min);
}

double taper_number(const ParameterRow& row, double position) noexcept {
  const double min = static_cast<double>(row.min), max = static_cast<double>(row.max);
  const double at = std::clamp(position, 0.0, 1.0);
  if (is_stepped(row)) return min + std::round(at * (max - min));
  if (row.taper == Taper::fader) return std::clamp(fader_db(at), min, max);
  if (at >= 1) return max;
  if (row.taper == Taper::logarithmic && min > 0) return std::clamp(min * std::pow(max / min, at), min, max);
  return min + at * (max - min);
}

double taper_position(const ParameterRow& row, const Value& value, TaperRange range) noexcept {
  const double whole = taper_position(row, number_in(value).value_or(0));
  if (range.high == range.low) return 0;
  return std::clamp((whole - range.low) / (range.high - range.low), 0.0, 1.0);
}

Value taper_value(const ParameterRow& row, double position, TaperRange range) noexcept {
  const double whole = range.low + std::clamp(position, 0.0, 1.0) * (range.high - range.low);
  const double number = taper_number(row, whole);
  if (row.kind == Kind::real) return static_cast<float>(number);
  return static_cast<std::int32_t>(number);
}

}  // namespace fohd
