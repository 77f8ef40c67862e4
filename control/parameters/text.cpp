#include "control/parameters/text.h"

#include <charconv>
#include <cstdint>

#include "control/parameters/parameter.h"

namespace fohd {
namespace {

/// What breaks a line or turns the reading direction of all that follows it: C0, DEL, C1 (U+0080 to U+009F) and the
/// bidirectional embeddings, overrides and isolates (U+202A to U+202E, U+2066 to U+2069; Unicode annex 9). A terminal,
/// a log and a patch bay show names as they are.
bool is_control(std::string_view character) {
  const auto lead = static_cast<unsigned char>(character.front());
  if (lead < 0x20 || lead == 0x7F) return true;
  if (lead == 0xC2) return static_cast<unsigned char>(character[1]) <= 0x9F;
  if (!character.starts_with("\xE2\x80") && !character.starts_with("\xE2\x81")) return false;
  const auto last = static_cast<unsigned char>(character[2]);
  return character[1] == '\x80' ? last >= 0xAA && last <= 0xAE : last >= 0xA6 && last <= 0xA9;
}

}  // namespace

std::size_t utf8_length(std::string_view text) noexcept {
  const auto byte = [&](std::size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0u; };
  const auto follows = [&](std::size_t i) { return (byte(i) & 0xC0u) == 0x80u; };
  const unsigned lead = byte(0), second = byte(1);
  if (lead < 0x80) return 1;
  if (lead >= 0xC2 && lead <= 0xDF) return follows(1) ? 2 : 0;
  if (lead >= 0xE0 && lead <= 0xEF) {
    const bool overlong = lead == 0xE0 && second < 0xA0, surrogate = lead == 0xED && second > 0x9F;
    return follows(1) && follows(2) && !overlong && !surrogate ? 3 : 0;
  }
  if (lead >= 0xF0 && lead <= 0xF4) {
    const bool overlong = lead == 0xF0 && second < 0x90, beyond = lead == 0xF4 && second > 0x8F;
    return follows(1) && follows(2) && follows(3) && !overlong && !beyond ? 4 : 0;
  }
  return 0;
}

std::string number_text(float number) {
  char buffer[64];  // the shortest fixed form of a float has at most 48 characters
  const auto end = std::to_chars(buffer, buffer + sizeof buffer, number, std::chars_format::fixed);
  return {buffer, end.ptr};
}

std::string fixed_text(float number, int decimals) {
  char buffer[64];
  const auto end = std::to_chars(buffer, buffer + sizeof buffer, number, std::chars_format::fixed, decimals);
  std::string text(buffer, end.ptr);
  const bool zero = text.find_first_not_of("-0.") == std::string::npos;
  return zero && text.starts_with('-') ? text.substr(1) : text;
}

std::string clean_text(std::string_view text) {
  std::string clean;
  while (!text.empty()) {
    const std::size_t bytes = utf8_length(text);
    std::string_view character = bytes == 0 ? "?" : text.substr(0, bytes);
    if (is_control(character)) character = " ";
    if (clean.size() + character.size() > kMaxTextBytes) break;
    clean += character;
    text.remove_prefix(bytes == 0 ? 1 : bytes);
  }
  return clean;
}

std::string names_text(std::span<const std::string_view> names) {
  const auto stem = [](std::string_view name) { return name.substr(0, name.find_last_not_of("0123456789") + 1); };
  std::string text;
  for (std::size_t first = 0; first < names.size();) {
    std::size_t end = first + 1;
    while (end < names.size() && stem(names[end]) == stem(names[first])) ++end;
    const bool many = end - first > 9;  // below that they are worth reading
    for (std::size_t i = first; i < (many ? first + 1 : end); ++i) {
      text += (text.empty() ? "" : ", ") + std::string(names[i]);
    }
    if (many) text += " .. " + std::string(names[end - 1]);
    first = end;
  }
  return text;
}

}  // namespace fohd
