#include "daemon/fohctl/value_text.h"

#include <array>
#include <charconv>
#include <cmath>
#include <limits>
#include <optional>

namespace fohd::ctl {
namespace {

bool continues_character(char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; }

template <class Number>
std::optional<Number> whole_text(std::string_view text) {
  if (text.starts_with('+')) text.remove_prefix(1);  // people write +3 dB, from_chars does not read it
  Number number{};
  const auto read = std::from_chars(text.data(), text.data() + text.size(), number);
  if (text.starts_with('+') || read.ec != std::errc() || read.ptr != text.data() + text.size()) return std::nullopt;
  return number;
}

}  // namespace

std::vector<Value> readings(const std::string& text) {
  constexpr float kOff = -std::numeric_limits<float>::infinity();
  if (text == "-inf") return {kOff, text};
  if (text == "off") return {text, kOff};
  if (const auto whole = whole_text<std::int32_t>(text)) return {*whole, text};
  const auto number = whole_text<float>(text);
  if (number && std::isfinite(*number)) return {*number, text};  // "nan" and "inf" are names like any other
  return {text};
}

std::string printable(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = '?';
  }
  return out;
}

std::string printed(const Value& value) {
  if (const auto* whole = std::get_if<std::int32_t>(&value)) return std::to_string(*whole);
  if (const auto* words = std::get_if<std::string>(&value)) return printable(*words);
  const float number = std::get<float>(value);
  std::array<char, 64> buffer;  // the longest float without an exponent has 47 characters
  const auto result = std::to_chars(buffer.data(), buffer.data() + buffer.size(), number, std::chars_format::fixed);
  std::string text(buffer.data(), result.ptr);
  if (std::isfinite(number) && text.find('.') == std::string::npos) text += ".0";
  return text;
}

bool altered(const Value& asked, const Value& result) {
  const auto* asked_text = std::get_if<std::string>(&asked);
  const auto* result_text = std::get_if<std::string>(&result);
  // A name for a switch and an index for a choice come back in the other form.
  if ((asked_text != nullptr) != (result_text != nullptr)) return false;
  if (asked_text != nullptr) return *asked_text != *result_text;
  const auto number = [](const Value& value) {
    const auto* whole = std::get_if<std::int32_t>(&value);
    return whole != nullptr ? static_cast<double>(*whole) : static_cast<double>(std::get<float>(value));
  };
  if (std::isinf(number(asked)) && number(result) <= static_cast<double>(kLevelOffDb)) return false;  // that is off
  return number(asked) != number(result);
}

std::size_t width_of(std::string_view text) {
  std::size_t columns = 0;
  for (char c : text) columns += !continues_character(c);
  return columns;
}

std::string fitted(std::string_view text, std::size_t columns) {
  std::string out;
  std::size_t used = 0;
  for (char c : text) {
    if (!continues_character(c) && ++used > columns) break;
    out += c;
  }
  return out + std::string(columns - std::min(used, columns), ' ');
}

}  // namespace fohd::ctl
