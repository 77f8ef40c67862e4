// Long answers over OSC, thousands of lines that arrive complete although datagrams get lost and a client may ask for
// so much in a second only: numbered lines are asked for in pages, and what is missing is asked for again.
//
//     to the desk   /log ,ii   first count
//     answer        /log ,iii  first oldest end       what is there: the numbers oldest to end - 1
//                   /log ,is   number line            from first on, count of them or up to the end
//
// If the client's allowance runs out in the middle, the answer ends there; the rest is there for a request a moment
// later.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "control/parameters/parameter.h"
#include "daemon/blackbox/black_box.h"

namespace fohd {

/// So that a page fits a receive buffer and an allowance of 1,000 values a second.
inline constexpr std::int32_t kMostLinesAPage = 200;

/// [any] Sends a page; tell(values) is false when no more may be sent.
template <class Tell>
void tell_page(const BlackBox::Page& page, Tell tell) {
  const std::array<Value, 3> head = {page.first, page.oldest, page.end};
  if (!tell(head)) return;
  std::int32_t number = page.first;
  for (const std::string& line : page.lines) {
    const std::array<Value, 2> numbered = {number++, line};
    if (!tell(numbered)) return;
  }
}

/// [any] A page of a text, whose lines count from 0.
inline BlackBox::Page page_of(std::string_view text, std::int32_t first, std::int32_t count) {
  BlackBox::Page page;
  page.end = static_cast<std::int32_t>(std::count(text.begin(), text.end(), '\n'));
  page.first = std::clamp(first, 0, page.end);
  const std::int32_t last = page.first + std::clamp(count, 0, page.end - page.first);
  for (std::int32_t number = 0; number < last; ++number) {
    const std::size_t end = text.find('\n');
    if (number >= page.first) page.lines.emplace_back(text.substr(0, end));
    text.remove_prefix(end + 1);
  }
  return page;
}

}  // namespace fohd
