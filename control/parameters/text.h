// Small texts: numbers independent of the locale, names without bytes that would break a file or a terminal.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace fohd {

/// [any] The shortest text that reads back as the same float: "2500", "0.3", "-inf", "nan".
std::string number_text(float number);
/// [any] With a fixed number of decimals: fixed_text(-6, 1) is "-6.0".
std::string fixed_text(float number, int decimals);
/// [any] Bytes of the UTF-8 character at the front of `text`; 0 if there is none that is well-formed (Unicode 15, table
/// 3-7: no overlong forms, no surrogates, nothing above U+10FFFF).
std::size_t utf8_length(std::string_view text) noexcept;
/// [any] Valid UTF-8 of at most kMaxTextBytes bytes, cut at a character's edge. Bytes that are no UTF-8 become '?',
/// control characters a space.
std::string clean_text(std::string_view text);
/// [any] Numbered names by the first and the last of each run: "self, ch_1 .. ch_128, bus_1 .. bus_64".
std::string names_text(std::span<const std::string_view> names);

}  // namespace fohd
