#include "daemon/offline/script.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <map>
#include <optional>
#include <sstream>
#include <utility>

#include "control/commands/commands.h"
#include "daemon/base/regular_file.h"
#include "daemon/disk/audio_file.h"
#include "engine/tile/geometry.h"

namespace fohd {
namespace {

constexpr double kLongestSeconds = 86'400;  // a day: beyond it a time is a mistake

struct Word {
  std::string text;
  bool quoted = false;
};

/// Nothing if a quote is left open.
std::optional<std::vector<Word>> split(const std::string& line) {
  std::vector<Word> words;
  for (std::size_t at = 0; at < line.size();) {
    if (line[at] == ' ' || line[at] == '\t' || line[at] == '\r') {
      ++at;
    } else if (line[at] == '#') {
      break;
    } else if (line[at] == '"') {
      const std::size_t end = line.find('"', at + 1);
      if (end == std::string::npos) return std::nullopt;
      words.push_back({line.substr(at + 1, end - at - 1), true});
      at = end + 1;
    } else {
      const std::size_t end = std::min(line.find_first_of(" \t\r", at), line.size());
      words.push_back({line.substr(at, end - at), false});
      at = end;
    }
  }
  return words;
}

template <class Number>
std::optional<Number> number_in(const std::string& text) {
  Number number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

/// As fohctl does: whole numbers are integers, others reals, the rest is text.
Value value_of(const Word& word) {
  if (!word.quoted) {
    if (const auto whole = number_in<std::int32_t>(word.text)) return *whole;
    if (const auto real = number_in<float>(word.text)) return *real;
  }
  return word.text;
}

class ScriptLine {
 public:
  ScriptLine(const std::filesystem::path& file, int number, const ParameterTable& table)
      : where_(file.string() + ":" + std::to_string(number) + ": "), table_(table) {}

  [[noreturn]] void fail(const std::string& text) const { throw FileError(where_ + text); }

  double seconds(const Word& word) const {
    const auto seconds = number_in<double>(word.text);
    if (!seconds || !(*seconds >= 0 && *seconds <= kLongestSeconds)) {
      fail("'" + word.text + "' is no time; a number of seconds from 0 is needed first, such as 12.5");
    }
    return *seconds;
  }
  std::vector<ParameterId> ids(const std::string& address) const {
    if (const auto id = table_.find(address)) return {*id};
    std::vector<ParameterId> matching;
    if (address.find_first_of("*?[{") != std::string::npos) matching = table_.match(address);
    if (find_command(address)) fail("'" + address + "' is a command; a script sets parameters");
    if (matching.empty()) fail("this desk has no address '" + address + "' (fohd parameters lists all)");
    return matching;
  }
  Change change(ParameterId id, const Word& word) const {
    std::string error;
    auto value = table_.coerce(id, value_of(word), error);
    if (!value) fail(error);
    return {id, *std::move(value)};
  }

 private:
  std::string where_;
  const ParameterTable& table_;
};

}  // namespace

std::vector<ScriptStep> load_script(const std::filesystem::path& file, const ParameterTable& table, double rate_hz) {
  std::string script;
  if (const std::string why = read_regular_file(file.string(), kScriptFile, script); !why.empty()) {
    throw FileError(file.string() + ": " + why + "; a text file of lines like \"12.5 /ch/1/fader -6.0\" is needed");
  }
  std::istringstream stream(std::move(script));
  std::map<std::int64_t, std::vector<Change>> steps;
  std::string text;
  for (int number = 1; std::getline(stream, text); ++number) {
    const ScriptLine line(file, number, table);
    const auto words = split(text);
    if (!words) line.fail("a quote is not closed");
    if (words->empty()) continue;
    if (words->size() != 3) line.fail("a time, an address and one value are needed, such as 12.5 /ch/1/fader -6.0");
    const double grid = line.seconds((*words)[0]) * rate_hz / kSubBlockFrames;
    auto& changes = steps[std::llround(grid) * kSubBlockFrames];
    const auto ids = line.ids((*words)[1].text);
    changes.reserve(changes.size() + ids.size());
    for (const ParameterId id : ids) changes.push_back(line.change(id, (*words)[2]));
  }
  std::vector<ScriptStep> result;
  result.reserve(steps.size());
  for (auto& [frame, changes] : steps) result.push_back({frame, std::move(changes)});
  return result;
}

}  // namespace fohd
