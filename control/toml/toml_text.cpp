#include "control/toml/toml_text.h"

#include <algorithm>
#include <utility>

namespace fohd {
namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
constexpr int kMostDots = 32;  // of one name, "a.b.c"; those of fohd have 2

bool is_blank(char c) { return c == ' ' || c == '\t'; }
bool is_space(char c) { return is_blank(c) || c == '\r' || c == '\n'; }
bool is_ascii(char c) { return static_cast<unsigned char>(c) < 0x80; }
bool is_quote(char c) { return c == '"' || c == '\''; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_of_name(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || is_digit(c) || c == '_' || c == '-';
}
/// What TOML allows outside quotes and comments.
bool is_known_outside(char c) {
  return is_of_name(c) || is_space(c) || std::string_view(".+=,[]{}").find(c) != std::string_view::npos;
}

/// Where it is wrong, and how. Follows quotes, comments and brackets; ignores values.
class Look {
 public:
  explicit Look(std::string_view text)
      : text_(text), begin_(text.starts_with(kByteOrderMark) ? kByteOrderMark.size() : 0), at_(begin_) {}

  /// "" if nothing is wrong; else the place is at().
  std::string find_fault() {
    std::string fault;
    while (fault.empty() && at_ < text_.size()) {
      const char c = text_[at_];
      if (lacks_value(c)) return "a value is missing here";
      if (!is_space(c) && c != '#') last_ = c;
      if (c == '#') {
        at_ = std::min(text_.find('\n', at_), text_.size());
      } else if (is_quote(c)) {
        fault = may_begin() ? skip_quoted() : "a quote may not stand in the middle of a name or a value";
        line_begins_ = false;
      } else {
        fault = take_outside(c);
      }
    }
    return fault;
  }
  std::size_t at() const { return at_; }

 private:
  /// "a = ", "[1,, 2]", "{a = }"
  bool lacks_value(char c) const {
    if (last_ == '=') return std::string_view("#\r\n,]}").find(c) != std::string_view::npos;
    return (last_ == ',' || last_ == '[') && (c == ',' || c == '}');
  }
  /// Whether a text, a list or a table may begin here. Behind anything else, such as `0"`, toml++ goes on reading what
  /// is none.
  bool may_begin() const {
    const char before = at_ == begin_ ? '\n' : text_[at_ - 1];
    if (before == '.') return !is_value_ && is_quote(text_[at_]);  // parts of a name; a number has none
    return is_space(before) || std::string_view("=,[{").find(before) != std::string_view::npos;
  }
  char peek(std::size_t at) const { return at < text_.size() ? text_[at] : '\n'; }

  std::string take_outside(char c) {
    if (!is_known_outside(c)) {
      return "only plain letters a to z, digits and the signs . + - _ = , [ ] { } may stand outside quotes and "
             "comments; put quotes around text";
    }
    if (c == '.' && ++dots_ > kMostDots) {
      return "a name may have at most " + std::to_string(kMostDots + 1) + " parts with dots between them";
    }
    if (c == '=' || c == ',' || c == '\n' || c == '[' || c == '{') dots_ = 0;
    if (c == '-' && is_value_ && is_digit(text_[at_ - 1])) {
      return "dates and times have no place here; put quotes around text";
    }
    if (c == '=' && is_value_) return "a second = may not stand in a value";
    if ((c == '[' || c == '{') && !may_begin()) return "a bracket may not stand in the middle of a name or a value";
    if (c == '[' && line_begins_ && open_.empty()) return take_header();
    follow(c);
    line_begins_ = c == '\n' || (line_begins_ && is_space(c));
    ++at_;
    return "";
  }

  /// Whether a name or a value follows, by the brackets that are open.
  void follow(char c) {
    if (c == '[' || c == '{') {
      open_ += c;
      is_value_ = c == '[';
    } else if (c == ']' || c == '}') {
      if (!open_.empty()) open_.pop_back();
      is_value_ = true;
    } else if (c == '=') {
      is_value_ = true;
    } else if (c == ',') {
      is_value_ = open_.empty() || open_.back() == '[';
    } else if (c == '\n' && open_.empty()) {
      is_value_ = false;
    }
  }

  /// "[name]" or "[[name]]", up to its name.
  std::string take_header() {
    line_begins_ = false;
    open_ = "[";
    is_value_ = false;
    if (peek(++at_) == '[') open_ += '[', ++at_;
    while (is_blank(peek(at_))) ++at_;
    const char first = peek(at_);
    if (is_of_name(first) || is_quote(first) || first == ']') return "";
    return "the name of a table in [ ] must begin with a letter, a digit, _, - or a quote";
  }

  std::string skip_quoted() {
    const char quote = text_[at_];
    const bool is_long = peek(at_ + 1) == quote && peek(at_ + 2) == quote;
    at_ += is_long ? 3 : 1;
    int quotes = 0;  // of its end
    while (at_ < text_.size() && quotes < (is_long ? 3 : 1)) {
      const char c = text_[at_++];
      quotes = c == quote ? quotes + 1 : 0;
      if (c == '\n' && !is_long) break;  // not closed, as toml++ will report
      if (c != '\\' || quote == '\'') continue;
      if (!is_ascii(peek(at_))) return "after \\ only a plain letter may stand";
      if (!is_space(peek(at_))) {
        ++at_;
        continue;
      }
      while (at_ < text_.size() && is_space(text_[at_])) ++at_;
      if (!is_ascii(peek(at_))) return "after \\ at the end of a line the next one must begin with a plain letter";
    }
    // Two quotes more belong to the text itself.
    for (int more = 0; is_long && more < 2 && at_ < text_.size() && text_[at_] == quote; ++more) ++at_;
    at_ = std::min(at_, text_.size());
    return "";
  }

  std::string_view text_;
  std::size_t begin_, at_;
  std::string open_;  ///< brackets, the innermost last
  int dots_ = 0;
  bool is_value_ = false;
  char last_ = '\n';  ///< no space and not of a comment; of a quoted text its quote
  bool line_begins_ = true;
};

ConfigError error_at(std::string_view text, std::size_t at, const std::string& file, const std::string& what) {
  const std::string_view before = text.substr(0, at);
  const std::size_t line = before.rfind('\n');
  const std::string_view in_line = before.substr(line == std::string_view::npos ? 0 : line + 1);
  const auto starts_letter = [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80; };
  return {file, static_cast<int>(1 + std::count(before.begin(), before.end(), '\n')),
          static_cast<int>(1 + std::count_if(in_line.begin(), in_line.end(), starts_letter)),
          "this is not TOML: " + what};
}

}  // namespace

std::string ConfigError::to_string() const {
  if (line == 0) return file + ": " + text;
  return file + ":" + std::to_string(line) + ":" + std::to_string(column) + ": " + text;
}

std::optional<ConfigError> parse_toml(std::string_view text, const std::string& file, toml::table& table) {
  Look look(text);
  if (const std::string fault = look.find_fault(); !fault.empty()) return error_at(text, look.at(), file, fault);
  try {
    table = toml::parse(text, file);
    return std::nullopt;
  } catch (const toml::parse_error& error) {
    const auto& where = error.source().begin;
    return ConfigError{file, static_cast<int>(where.line), static_cast<int>(where.column),
                       "this is not TOML: " + std::string(error.description())};
  }
}

}  // namespace fohd
