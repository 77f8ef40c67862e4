// Values as people and programs write them: made to fit a row, or refused with an explanation.
#include <cmath>

#include "control/parameters/table.h"
#include "control/parameters/text.h"

namespace fohd {
namespace {

std::string_view unit_word(Unit unit) {
  switch (unit) {
    case Unit::db:
      return "dB";
    case Unit::hz:
      return "Hz";
    case Unit::ms:
      return "ms";
    case Unit::s:
      return "s";
    case Unit::percent:
      return "%";
    case Unit::none:
      break;
  }
  return "";
}

bool is_level(const ParameterRow& row) { return row.taper == Taper::fader; }

/// What a row takes, in words.
std::string allowed(const ParameterRow& row) {
  const std::string range = "from " + number_text(row.min) + " to " + number_text(row.max);
  switch (row.kind) {
    case Kind::real: {
      const std::string unit(row.unit == Unit::none ? "a number" : unit_word(row.unit));
      return unit + " " + range + (is_level(row) ? " (or -inf for off)" : "");
    }
    case Kind::boolean:
      return "0 or 1 (or \"off\", \"on\")";
    case Kind::enumeration: {
      return "one of " + names_text(row.names) + " (or its index " + range + ")";
    }
    case Kind::text:
      return "text of up to " + std::to_string(kMaxTextBytes) + " bytes";
    default:
      return "a whole number " + range;
  }
}

std::string described(const Value& value) {
  if (const auto* real = std::get_if<float>(&value)) return number_text(*real);
  if (const auto* integer = std::get_if<std::int32_t>(&value)) return std::to_string(*integer);
  return "text \"" + clean_text(std::get<std::string>(value)) + "\"";
}

std::optional<Value> coerce_real(const ParameterRow& row, const Value& value) {
  std::optional<double> number = number_in(value);
  if (!number || std::isnan(*number)) return std::nullopt;
  if (std::isinf(*number) && !(is_level(row) && *number < 0)) return std::nullopt;
  if (*number <= static_cast<double>(row.min)) return row.min;
  if (*number >= static_cast<double>(row.max)) return row.max;
  return static_cast<float>(*number);
}

std::optional<Value> coerce_whole(const ParameterRow& row, const Value& value) {
  if (const auto* text = std::get_if<std::string>(&value)) {
    if (row.kind == Kind::boolean && (*text == "on" || *text == "off")) return std::int32_t{*text == "on" ? 1 : 0};
    for (std::size_t i = 0; i < row.names.size(); ++i) {
      if (row.names[i] == *text) return static_cast<std::int32_t>(i);
    }
    return std::nullopt;
  }
  const double number = *number_in(value);
  if (!std::isfinite(number) || number != std::floor(number)) return std::nullopt;
  const bool inside = number >= static_cast<double>(row.min) && number <= static_cast<double>(row.max);
  // An index beyond the names is no "too much" of anything: the nearest name would be a surprise.
  if (row.kind == Kind::enumeration && !inside) return std::nullopt;
  if (number < static_cast<double>(row.min)) return static_cast<std::int32_t>(row.min);
  if (number > static_cast<double>(row.max)) return static_cast<std::int32_t>(row.max);
  return static_cast<std::int32_t>(number);
}

}  // namespace

std::optional<Value> ParameterTable::coerce(ParameterId id, const Value& value, std::string& error) const {
  const Parameter& p = parameters_[id];
  std::optional<Value> fitting;
  if (p.row->kind == Kind::real) {
    fitting = coerce_real(*p.row, value);
  } else if (p.row->kind == Kind::text) {
    if (const auto* text = std::get_if<std::string>(&value)) fitting = clean_text(*text);
  } else {
    fitting = coerce_whole(*p.row, value);
  }
  if (!fitting) {
    error = p.address + ": expected " + allowed(*p.row) + ", got " + described(value);
  } else if (p.row->link_role == LinkRole::toggle && p.partner == id) {
    fitting = std::int32_t{0};  // the last strip of an odd number has no partner
  }
  return fitting;
}

std::string ParameterTable::format(ParameterId id, const Value& value) const {
  const ParameterRow& row = *parameters_[id].row;
  if (const auto* text = std::get_if<std::string>(&value)) return *text;
  if (const auto* integer = std::get_if<std::int32_t>(&value)) {
    if (row.kind == Kind::boolean) return *integer != 0 ? "on" : "off";
    const auto index = static_cast<std::size_t>(*integer);
    if (row.kind == Kind::enumeration && index < row.names.size()) return std::string(row.names[index]);
    return std::to_string(*integer);
  }
  const float number = std::get<float>(value);
  if (is_level(row) && number <= kLevelOffDb) return "off";
  const std::string_view unit = unit_word(row.unit);
  const std::string text = row.unit == Unit::db ? fixed_text(number, 1) : number_text(number);
  return unit.empty() ? text : text + " " + std::string(unit);
}

}  // namespace fohd
