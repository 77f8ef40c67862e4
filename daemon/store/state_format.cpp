#include "daemon/store/state_format.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>
#include <optional>

#include "control/parameters/text.h"
#include "daemon/store/crc32.h"

namespace fohd {
namespace {

constexpr std::string_view kFormat = "fohd state";
constexpr int kVersion = 1;
constexpr std::size_t kChecksumDigits = 8;
constexpr char kOfChange = '@';          // a line of a change of several
constexpr double kHuge = 1e300;          // stands for a number that no double can hold
constexpr int kMaxOverflows = 100;       // each is a pass over the file; no hand-written state has more
constexpr std::size_t kMostNotes = 100;  // of values left out: each is a pass over the file, and a person reads a few
constexpr std::string_view kChecksumLine = "\n\"checksum\": \"";

template <class Number>
std::string shortest(Number number) {
  std::array<char, 32> buffer;  // the longest double takes 24
  const auto result = std::to_chars(buffer.data(), buffer.data() + buffer.size(), number);
  std::string text(buffer.data(), result.ptr);
  if constexpr (std::is_floating_point_v<Number>) {
    if (text.find_first_of(".e") == std::string::npos) text += ".0";
  }
  return text;
}

/// A JSON parser would reject the whole file for one name from an old tablet that is no UTF-8.
std::string json_quoted(std::string_view text) {
  std::string out = "\"";
  while (!text.empty()) {
    const std::size_t length = utf8_length(text);
    const auto byte = static_cast<unsigned char>(text.front());
    if (length == 0 || byte < 0x20 || byte == 0x7F) {
      constexpr std::string_view kHex = "0123456789abcdef";
      out += "\\u00";
      out += kHex[byte >> 4];
      out += kHex[byte & 15];
    } else {
      if (byte == '"' || byte == '\\') out += '\\';
      out += text.substr(0, length);
    }
    text.remove_prefix(std::max<std::size_t>(length, 1));
  }
  return out + '"';
}

/// Takes the events of nlohmann's parser; keeps the text of numbers, so that a float is rounded once, not twice.
class Reader final : public nlohmann::json_sax<nlohmann::json> {
 public:
  Reader(bool values_only, std::string_view text)
      : section_(values_only ? Section::values : Section::top), text_(text) {}

  ParsedGeneration result;
  std::string checksum;
  std::size_t left_out = 0;  ///< values; the first kMostNotes of them are in the notes
  /// Where a number stands that no double can hold: the parser stops there. 0 bytes: nowhere.
  std::size_t overflow_at = 0, overflow_bytes = 0;

  bool null() override { return refuse(); }
  bool boolean(bool value) override {
    if (skipping_ > 0) return true;
    if (section_ == Section::values) return take(Value(std::int32_t{value}));
    if (key_ != "clean_exit") return refuse();
    result.meta.clean_exit = value;
    return true;
  }
  bool number_integer(number_integer_t value) override { return integer(value); }
  bool number_unsigned(number_unsigned_t value) override {
    constexpr auto kLargest = static_cast<number_unsigned_t>(std::numeric_limits<std::int64_t>::max());
    return integer(static_cast<std::int64_t>(std::min(value, kLargest)));
  }
  bool number_float(number_float_t value, const string_t& text) override {
    if (skipping_ > 0) return true;
    if (section_ == Section::values) return take_float(value, text);
    return section_ == Section::top && key_ == "rate_hz" && std::abs(value) < kHuge ? rate(value) : refuse();
  }
  bool string(string_t& value) override {
    if (skipping_ > 0) return true;
    if (section_ == Section::values) return take(Value(value));
    if (section_ != Section::top) return refuse();
    if (key_ == "format") return value == kFormat || fail("this is a \"" + value + "\", not a \"fohd state\"");
    std::string* const field = key_ == "written"    ? &result.written_utc
                               : key_ == "program"  ? &result.meta.program_version
                               : key_ == "device"   ? &result.meta.device
                               : key_ == "boot_id"  ? &result.meta.boot_id
                               : key_ == "checksum" ? &checksum
                                                    : nullptr;
    if (field == nullptr) return refuse();
    *field = value;
    return true;
  }
  bool binary(binary_t&) override { return refuse(); }
  bool start_object(std::size_t) override {
    if (section_ == Section::values && depth_ > 0) return skip();
    if (depth_++ == 0) return true;
    if (depth_ == 2 && section_ == Section::top && key_ == "values") return enter(Section::values);
    if (depth_ == 2 && section_ == Section::top && key_ == "geometry") return enter(Section::geometry);
    return refuse();
  }
  bool end_object() override {
    if (skipping_ > 0) return --skipping_, true;
    --depth_;
    if (section_ == Section::geometry) {
      if (!result.meta.geometry.valid()) return fail("\"geometry\" is outside what a desk can have");
    }
    if (depth_ == 1) section_ = Section::top;
    return true;
  }
  bool start_array(std::size_t) override { return section_ == Section::values && depth_ > 0 ? skip() : refuse(); }
  bool end_array() override {
    if (skipping_ > 0) --skipping_;
    return true;
  }
  bool key(string_t& name) override {
    if (skipping_ > 0) return true;
    key_ = name;
    if (section_ == Section::values && (name.empty() || name.front() != '/')) {
      return fail("\"" + name + "\" is not an address: it must begin with /");
    }
    return true;
  }
  bool parse_error(std::size_t position, const std::string& token, const nlohmann::detail::exception& error) override {
    constexpr int kOverflow = 406;  // nlohmann's number for it
    if (error.id == kOverflow && position >= token.size()) {
      overflow_at = position - token.size();
      overflow_bytes = token.size();
    }
    std::string text = error.what();  // "[json.exception.parse_error.101] parse error at line 3, column 5: ..."
    const std::size_t line = text.find("at line ");
    const std::size_t end = line == std::string::npos ? line : text.find(',', line);
    return fail("it is not JSON" +
                (end == std::string::npos ? "" : " (" + text.substr(line + 3, end - line - 3) + ")"));
  }

 private:
  enum class Section { top, values, geometry };

  bool enter(Section section) {
    section_ = section;
    return true;
  }
  bool fail(std::string why) {
    if (result.error.empty()) result.error = std::move(why);
    return false;
  }
  bool refuse() {
    if (depth_ == 0 || key_.empty()) return fail("it must be one JSON object, { ... }");
    if (section_ == Section::values) return leave_out("must be a number, true, false or text in quotes");
    return fail("\"" + key_ + "\" is not known here or has the wrong kind of value");
  }
  /// One value that makes no sense costs itself only.
  bool leave_out(const std::string& why) {
    if (skipping_ > 0) return true;
    if (++left_out > kMostNotes) return true;
    const std::size_t at = text_.find('"' + key_ + '"', searched_);
    std::string line;
    if (at != std::string_view::npos) {
      searched_ = at + 1;
      line = "line " +
             std::to_string(1 + std::count(text_.begin(), text_.begin() + static_cast<std::ptrdiff_t>(at), '\n')) +
             ": ";
    }
    result.notes.push_back(line + key_ + " " + why + ", and is left out");
    return true;
  }
  /// A list or a table where a value should be, with all that is in it.
  bool skip() {
    if (skipping_ == 0) refuse();
    ++skipping_;
    return true;
  }
  bool take(Value value) {
    result.values.emplace_back(key_, std::move(value));
    return true;
  }
  bool take_float(double value, std::string text) {
    std::replace(text.begin(), text.end(), ',', '.');  // the parser hands over the locale's decimal point
    float exact = 0;
    const auto read = std::from_chars(text.data(), text.data() + text.size(), exact);
    if (read.ec != std::errc()) exact = static_cast<float>(value);
    if (!std::isfinite(exact)) return leave_out("is too large a number");
    return take(Value(exact));
  }
  bool rate(double value) {
    result.meta.rate_hz = value;
    return true;
  }
  bool integer(std::int64_t value) {
    if (skipping_ > 0) return true;
    if (section_ == Section::values) {
      using Limits = std::numeric_limits<std::int32_t>;
      if (value < Limits::min() || value > Limits::max()) return leave_out("is too large a number");
      return take(Value(static_cast<std::int32_t>(value)));
    }
    if (section_ == Section::geometry) return geometry(value);
    if (key_ == "rate_hz") return rate(static_cast<double>(value));
    if (key_ == "generation") return true;  // for people; the file's name counts
    if (key_ != "version") return refuse();
    return value == kVersion || fail("it is written in format " + std::to_string(value) + ", this fohd reads format " +
                                     std::to_string(kVersion));
  }
  bool geometry(std::int64_t value) {
    Geometry& desk = result.meta.geometry;
    for (std::size_t i = 0; i < kCountRows.size(); ++i) {
      if (key_ != kCountRows[i].word) continue;
      desk.*kCountRows[i].count =
          static_cast<int>(std::clamp<std::int64_t>(value, -1, 1'000'000));  // valid() refuses both
      result.meta.geometry_counts |= 1u << i;
      return true;
    }
    return refuse();
  }

  Section section_;
  std::string_view text_;
  std::size_t searched_ = 0;  ///< addresses that were left out stand before this place
  int depth_ = 0, skipping_ = 0;
  std::string key_;
};

void sort_and_keep_last(ParsedGeneration& generation) {
  auto& values = generation.values;
  std::stable_sort(values.begin(), values.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  std::size_t kept = 0;
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (kept > 0 && values[kept - 1].first == values[i].first) {
      generation.notes.push_back(values[i].first + " is there more than once; the last one counts");
      values[kept - 1] = std::move(values[i]);
    } else if (kept++ != i) {
      values[kept - 1] = std::move(values[i]);
    }
  }
  values.resize(kept);
}

/// A number from 1 on, with what ends it.
std::optional<std::size_t> take_count(std::string_view& text, char end) {
  constexpr std::size_t kMostDigits = 9;
  std::size_t count = 0;
  const std::string_view digits = text.substr(0, text.find(end));
  if (digits.size() > kMostDigits || digits.size() == text.size()) return std::nullopt;
  const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), count);
  if (read.ec != std::errc() || read.ptr != digits.data() + digits.size() || count == 0) return std::nullopt;
  text.remove_prefix(digits.size() + 1);
  return count;
}

/// One line of a log.
struct LogLine {
  enum class Kind { alone, of_change, more_follows, bare };  ///< more_follows: of earlier versions; bare: by hand
  Kind kind = Kind::alone;
  std::string_view change, text;      ///< the mark of its change; its state_line()
  std::size_t number = 1, count = 1;  ///< of_change
  AddressedValue value;
};

/// What stands between the checksum and the state_line(). False: not what a desk writes.
bool take_mark(std::string_view& text, LogLine& line) {
  const char mark = text.front();
  text.remove_prefix(1);
  if (mark == ' ' || mark == '+') {
    line.kind = mark == ' ' ? LogLine::Kind::alone : LogLine::Kind::more_follows;
    return true;
  }
  if (mark != kOfChange || text.size() <= kChecksumDigits || text[kChecksumDigits] != ' ') return false;
  line.kind = LogLine::Kind::of_change;
  line.change = text.substr(0, kChecksumDigits);
  text.remove_prefix(kChecksumDigits + 1);
  const auto number = take_count(text, '/'), count = take_count(text, ' ');
  if (!number || !count || *number > *count) return false;
  line.number = *number;
  line.count = *count;
  return true;
}

/// Takes the checksum off. False: it does not fit.
bool take_checksum(std::string_view& text) {
  if (text.size() <= kChecksumDigits + 1) return false;
  const std::string_view digits = text.substr(0, kChecksumDigits);
  text.remove_prefix(kChecksumDigits);
  return crc32_text(text) == digits;
}

/// Nothing: damaged. may_be_bare: without a checksum, as people write it.
std::optional<LogLine> parse_log_line(std::string_view text, bool may_be_bare) {
  LogLine line;
  if (may_be_bare && text.front() == '"') {
    line.kind = LogLine::Kind::bare;
    if (text.back() == ',') text.remove_suffix(1);  // a line copied from a generation
  } else if (!take_checksum(text) || !take_mark(text, line)) {
    return std::nullopt;
  }
  Reader reader(true, text);
  const bool whole = nlohmann::json::sax_parse("{" + std::string(text) + "}", &reader);
  if (!whole || reader.result.values.size() != 1) return std::nullopt;
  line.text = text;
  line.value = std::move(reader.result.values.front());
  return line;
}

/// Puts the lines of changes together; only whole ones come into the log.
class ChangeReader {
 public:
  explicit ChangeReader(bool is_old) : is_old_(is_old) {}

  void take(LogLine&& line) {
    switch (line.kind) {
      case LogLine::Kind::bare:
        lose_open();
        broken_ = false;
        values.push_back(std::move(line.value));
        break;
      case LogLine::Kind::of_change:
        take_of_change(std::move(line));
        break;
      case LogLine::Kind::more_follows:
      case LogLine::Kind::alone:
        take_of_old_change(std::move(line));
        break;
    }
  }
  /// In a log of an earlier version nobody can tell where the change of a damaged line begins and ends: what is open is
  /// lost, and all up to the next end of a change.
  void take_damaged() {
    if (!is_old_) return;
    lose_open();
    broken_ = true;
  }
  bool is_open() const { return !open_.empty(); }
  void lose_open() {
    lost += is_open();
    open_.clear();
  }

  std::vector<AddressedValue> values;  ///< of whole changes
  std::size_t lost = 0;                ///< changes of which there are some lines only

 private:
  void take_of_change(LogLine&& line) {
    broken_ = false;
    const bool follows = is_open() && line.change == change_ && line.count == count_ && line.number == open_.size() + 1;
    if (!follows) {
      lose_open();
      if (line.number != 1) {
        if (line.change != lost_change_) ++lost;  // its first line is missing
        lost_change_ = line.change;
        return;
      }
      change_ = line.change;
      count_ = line.count;
      joined_.clear();
    }
    joined_ += line.text;
    joined_ += '\n';
    open_.push_back(std::move(line.value));
    if (open_.size() < count_) return;
    if (crc32_text(joined_) == change_) return keep_open();
    lose_open();
  }
  void take_of_old_change(LogLine&& line) {
    const bool is_last = line.kind == LogLine::Kind::alone;
    if (is_open() && count_ != 0) lose_open();
    if (broken_) {
      broken_ = !is_last;
      lost += is_last;
      return;
    }
    count_ = 0;
    open_.push_back(std::move(line.value));
    if (is_last) keep_open();
  }
  void keep_open() {
    std::move(open_.begin(), open_.end(), std::back_inserter(values));
    open_.clear();
  }

  bool is_old_;
  bool broken_ = false;               ///< of an earlier version: up to its end this change is lost
  std::vector<AddressedValue> open_;  ///< of a change that is not complete
  std::string_view change_, lost_change_;
  std::size_t count_ = 0;  ///< of the lines of `change_`; 0: of an earlier version, which does not say
  std::string joined_;
};

std::string_view take_line(std::string_view& text) {
  const std::size_t end = text.find('\n');
  std::string_view line = text.substr(0, end);
  text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
  return line;
}

/// Whether no line has a checksum that fits. In a log of the desk a bare line is the rest of a damaged one.
bool is_by_hand(std::string_view text) {
  while (!text.empty()) {
    std::string_view line = take_line(text);
    if (take_checksum(line)) return false;
  }
  return true;
}

/// Whether a line of it has the mark of earlier versions.
bool has_old_changes(std::string_view text) {
  for (std::size_t at = 0; at < text.size();) {
    if (text.size() - at > kChecksumDigits && text[at + kChecksumDigits] == '+') return true;
    at = std::min(text.find('\n', at), text.size() - 1) + 1;
  }
  return false;
}

}  // namespace

std::string state_line(std::string_view address, const Value& value) {
  std::string text = json_quoted(address) + ": ";
  if (const float* real = std::get_if<float>(&value)) return std::isfinite(*real) ? text + shortest(*real) : "";
  if (const std::int32_t* integer = std::get_if<std::int32_t>(&value)) return text + shortest(*integer);
  return text + json_quoted(std::get<std::string>(value));
}

std::string generation_text(const StateMeta& meta, std::uint64_t number, std::string_view written_utc, const Mix& mix) {
  std::string text = "{\n\"format\": " + json_quoted(kFormat) + ",\n\"version\": " + std::to_string(kVersion) +
                     ",\n\"generation\": " + std::to_string(number) + ",\n\"written\": " + json_quoted(written_utc) +
                     ",\n\"program\": " + json_quoted(meta.program_version) +
                     ",\n\"clean_exit\": " + (meta.clean_exit ? "true" : "false") +
                     ",\n\"boot_id\": " + json_quoted(meta.boot_id) + ",\n\"device\": " + json_quoted(meta.device);
  if (std::isfinite(meta.rate_hz)) text += ",\n\"rate_hz\": " + shortest(meta.rate_hz);
  if (meta.geometry_counts != 0) {
    const Geometry& desk = meta.geometry;
    std::string counts;
    for (std::size_t i = 0; i < kCountRows.size(); ++i) {
      const CountRow& row = kCountRows[i];
      if ((meta.geometry_counts >> i & 1) == 0) continue;
      counts += (counts.empty() ? "" : ", ") + json_quoted(row.word) + ": " + std::to_string(desk.*row.count);
    }
    text += ",\n\"geometry\": {" + counts + "}";
  }
  text += ",\n\"values\": {";
  const char* separator = "\n";
  for (const auto& [address, value] : mix) {
    const std::string line = state_line(address, value);
    if (line.empty()) continue;
    text += separator;
    text += line;
    separator = ",\n";
  }
  text += "\n},";
  const std::string sum = crc32_text(text);
  return text + std::string(kChecksumLine) + sum + "\"\n}\n";
}

std::string log_text(std::span<const AddressedValue> change) {
  std::vector<std::string> lines;
  std::string joined;
  for (const auto& [address, value] : change) {
    std::string line = state_line(address, value);
    if (line.empty()) continue;
    joined += line + '\n';
    lines.push_back(std::move(line));
  }
  const std::string mark = kOfChange + crc32_text(joined) + ' ', count = '/' + std::to_string(lines.size()) + ' ';
  std::string text;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const std::string marked = (lines.size() == 1 ? " " : mark + std::to_string(i + 1) + count) + lines[i];
    text += crc32_text(marked) + marked + '\n';
  }
  return text;
}

ParsedGeneration parse_generation(std::string_view text) {
  std::string copy;
  std::string_view readable = text;
  Reader reader(false, readable);
  nlohmann::json::sax_parse(readable, &reader);
  for (int pass = 0; reader.overflow_bytes > 0 && pass < kMaxOverflows; ++pass) {
    copy = readable;
    copy.replace(reader.overflow_at, reader.overflow_bytes, "1e300");
    readable = copy;
    reader = Reader(false, readable);
    nlohmann::json::sax_parse(readable, &reader);
  }
  ParsedGeneration& generation = reader.result;
  if (!generation.error.empty()) return std::move(generation);
  if (reader.left_out > kMostNotes) {
    generation.notes.push_back(std::to_string(reader.left_out - kMostNotes) + " more values are left out");
  }
  generation.checksummed = !reader.checksum.empty();
  if (generation.checksummed) {
    const std::size_t line = text.rfind(kChecksumLine);
    const std::string sum = crc32_text(text.substr(0, line == std::string_view::npos ? text.size() : line));
    if (sum != reader.checksum) {
      generation.error =
          "its checksum does not fit (after an edit by hand, delete the \"checksum\" line and the comma "
          "before it)";
    }
  }
  if (generation.values.empty() && generation.error.empty()) {
    generation.error = "it holds no values that can be used";
    for (const std::string& note : generation.notes) generation.error += "; " + note;
  }
  sort_and_keep_last(generation);
  return std::move(generation);
}

ParsedLog parse_log(std::string_view text) {
  ParsedLog log;
  ChangeReader changes(has_old_changes(text));
  const bool by_hand = is_by_hand(text);
  std::vector<std::size_t> damaged;
  std::size_t number = 0, bare = 0, last_good = 0;
  while (!text.empty()) {
    ++number;
    const std::string_view line = take_line(text);
    if (line.empty()) continue;
    std::optional<LogLine> parsed = parse_log_line(line, by_hand);
    if (!parsed) {
      damaged.push_back(number);
      if (!text.empty()) changes.take_damaged();
      continue;
    }
    last_good = number;
    bare += parsed->kind == LogLine::Kind::bare;
    changes.take(*std::move(parsed));
  }
  const bool cut_off = changes.is_open() || (!damaged.empty() && damaged.back() > last_good);
  while (!damaged.empty() && damaged.back() > last_good) damaged.pop_back();
  if (!damaged.empty()) {
    log.notes.push_back("line " + std::to_string(damaged.front()) +
                        (damaged.size() > 1 ? " and " + std::to_string(damaged.size() - 1) + " more are" : " is") +
                        " damaged; every change with such a line is left out as a whole, the others are used");
  } else if (changes.lost > 0) {
    log.notes.emplace_back(
        "lines are missing; every change without all of its lines is left out as a whole, the others are used");
  }
  if (cut_off) log.notes.push_back("the last change was cut off while it was written and is left out");
  if (bare > 0) log.notes.push_back(std::to_string(bare) + " lines have no checksum and are taken as they are");
  log.values = std::move(changes.values);
  return log;
}

}  // namespace fohd
