#include "daemon/base/event.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <ctime>

#include "daemon/base/clock.h"

namespace fohd {
namespace {

constexpr std::array<const char*, kEventKinds> kKinds = {
    "start", "end", "desk", "jack", "xrun", "load", "outputs", "midi", "osc", "access", "config", "machine", "store"};
constexpr std::array<const char*, 3> kLevels = {"info", "warn", "error"};

constexpr std::size_t kTimeBytes = 24;  // "2026-11-27T10:15:00.123Z"

std::string utc_text(std::int64_t utc_ms) {
  const std::int64_t ms = ((utc_ms % 1000) + 1000) % 1000;
  const std::time_t seconds = static_cast<std::time_t>((utc_ms - ms) / 1000);
  std::tm parts{};
  ::gmtime_r(&seconds, &parts);
  std::array<char, 64> text;
  const std::size_t size = std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%S", &parts);
  std::snprintf(text.data() + size, text.size() - size, ".%03dZ", static_cast<int>(ms));
  return text.data();
}

/// A number of just these digits.
bool read_digits(std::string_view text, std::int64_t& number) {
  if (text.empty() || text.size() > 15) return false;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size() && number >= 0;
}

bool read_utc(std::string_view text, std::int64_t& utc_ms) {
  constexpr std::string_view kForm = "0000-00-00T00:00:00.000Z";
  if (text.size() != kForm.size()) return false;
  for (std::size_t i = 0; i < kForm.size(); ++i) {
    const bool digit = text[i] >= '0' && text[i] <= '9';
    if (kForm[i] == '0' ? !digit : text[i] != kForm[i]) return false;
  }
  const auto number = [&](std::size_t at, std::size_t size) {
    std::int64_t value = 0;
    read_digits(text.substr(at, size), value);
    return static_cast<int>(value);
  };
  std::tm parts{};
  parts.tm_year = number(0, 4) - 1900;
  parts.tm_mon = number(5, 2) - 1;
  parts.tm_mday = number(8, 2);
  parts.tm_hour = number(11, 2);
  parts.tm_min = number(14, 2);
  parts.tm_sec = number(17, 2);
  utc_ms = static_cast<std::int64_t>(::timegm(&parts)) * 1000 + number(20, 3);
  return utc_text(utc_ms) == text;  // refuses dates such as the 31st of February
}

/// The word up to the next blank, which is taken off as well.
std::string_view take_word(std::string_view& line) {
  const std::size_t blank = line.find(' ');
  const std::string_view word = line.substr(0, blank);
  line.remove_prefix(blank == std::string_view::npos ? line.size() : blank + 1);
  return word;
}

template <class Names>
int index_of(const Names& names, std::string_view word) {
  const auto at = std::find(names.begin(), names.end(), word);
  return at == names.end() ? -1 : static_cast<int>(at - names.begin());
}

bool is_control(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }

}  // namespace

const char* name_of(EventKind kind) noexcept { return kKinds[static_cast<std::size_t>(kind)]; }

std::vector<std::string> event_kind_names() { return {kKinds.begin(), kKinds.end()}; }

std::optional<EventKind> event_kind_called(std::string_view name) noexcept {
  const int index = index_of(kKinds, name);
  return index < 0 ? std::nullopt : std::optional(static_cast<EventKind>(index));
}

Event make_event(EventKind kind, EventLevel level, std::string_view text) {
  using namespace std::chrono;
  Event event{duration_cast<milliseconds>(system_clock::now().time_since_epoch()).count(), now_ms(), kind, level,
              std::string(text.substr(0, kMaxEventBytes))};
  if (text.size() > kMaxEventBytes) {
    // Not in the middle of a character of UTF-8.
    while (!event.text.empty() && (static_cast<unsigned char>(text[event.text.size()]) & 0xc0) == 0x80)
      event.text.pop_back();
  }
  std::replace_if(event.text.begin(), event.text.end(), is_control, ' ');
  return event;
}

std::string to_line(const Event& event) {
  std::array<char, 48> mono;
  std::snprintf(mono.data(), mono.size(), " %lld.%03d ", static_cast<long long>(event.mono_ms / 1000),
                static_cast<int>(event.mono_ms % 1000));
  return utc_text(event.utc_ms) + mono.data() + kLevels[static_cast<std::size_t>(event.level)] + " " +
         name_of(event.kind) + " " + event.text;
}

std::optional<Event> parse_event(std::string_view line) {
  Event event;
  if (line.size() < kTimeBytes || std::any_of(line.begin(), line.end(), is_control)) return std::nullopt;
  if (!read_utc(take_word(line), event.utc_ms)) return std::nullopt;
  const std::string_view mono = take_word(line);
  const std::size_t dot = mono.find('.');
  std::int64_t seconds = 0, thousandths = 0;
  if (dot == std::string_view::npos || mono.size() != dot + 4) return std::nullopt;
  if (!read_digits(mono.substr(0, dot), seconds) || !read_digits(mono.substr(dot + 1), thousandths))
    return std::nullopt;
  event.mono_ms = seconds * 1000 + thousandths;
  const int level = index_of(kLevels, take_word(line));
  const auto kind = event_kind_called(take_word(line));
  if (level < 0 || !kind || line.size() > kMaxEventBytes) return std::nullopt;
  event.level = static_cast<EventLevel>(level);
  event.kind = *kind;
  event.text = line;
  return event;
}

}  // namespace fohd
