#include "control/osc/osc_hints.h"

#include <algorithm>
#include <array>
#include <charconv>

namespace fohd::osc {
namespace {

/// Twice the widest level of the largest desk, its 128 channels: nothing that exists is left out.
constexpr std::size_t kMaxChildren = 256;
/// Longer words are not compared: no segment of the desk is.
constexpr std::size_t kMaxWord = 31;

/// Levenshtein distance: letters to insert, delete or replace.
std::size_t distance(std::string_view a, std::string_view b) {
  std::array<std::size_t, kMaxWord + 1> row{};
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t replaced = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({replaced, row[j] + 1, row[j - 1] + 1});
    }
  }
  return row[b.size()];
}

/// A whole number from 1, or 0.
int number_in(std::string_view text) {
  int number = 0;
  const auto [end, status] = std::from_chars(text.data(), text.data() + text.size(), number);
  return status == std::errc() && end == text.data() + text.size() ? number : 0;
}

std::string_view nearest(std::string_view word, const std::vector<std::string_view>& words) {
  std::string_view best;
  std::size_t best_distance = std::max<std::size_t>(1, word.size() / 2) + 1;  // half the letters wrong is another word
  if (word.size() > kMaxWord) return best;
  for (const std::string_view candidate : words) {
    if (candidate.size() > kMaxWord) continue;
    const std::size_t d = distance(word, candidate);
    if (d < best_distance) best_distance = d, best = candidate;
  }
  return best;
}

}  // namespace

Hints::Hints(std::vector<std::string_view> addresses) : sorted_(std::move(addresses)) {
  std::sort(sorted_.begin(), sorted_.end());
}

bool Hints::exists(std::string_view prefix) const {
  const auto at = std::lower_bound(sorted_.begin(), sorted_.end(), prefix);
  if (at != sorted_.end() && *at == prefix) return true;
  const std::string below = std::string(prefix) + '/';
  const auto first = std::lower_bound(at, sorted_.end(), below);
  return first != sorted_.end() && first->starts_with(below);
}

std::vector<std::string_view> Hints::children(const std::string& prefix) const {
  std::vector<std::string_view> found;
  const std::string below = prefix + '/';
  auto at = std::lower_bound(sorted_.begin(), sorted_.end(), below);
  while (at != sorted_.end() && at->starts_with(below) && found.size() < kMaxChildren) {
    std::string_view word = at->substr(below.size());
    word = word.substr(0, word.find('/'));
    found.push_back(word);
    // '0' is the character behind '/': the first address that is neither the word nor below it.
    at = std::lower_bound(at + 1, sorted_.end(), below + std::string(word) + '0');
  }
  return found;
}

std::string Hints::about(std::string_view address) const {
  std::string known;
  std::string_view rest = address;
  while (rest.size() > 1) {
    const std::size_t end = rest.find('/', 1);
    const std::string_view segment = rest.substr(0, end);
    const std::string longer = known + std::string(segment);
    if (!exists(longer)) break;
    known = longer;
    rest.remove_prefix(segment.size());
  }
  const std::vector<std::string_view> below = children(known);
  if (rest.size() <= 1 && !below.empty()) {
    std::string text = "names no value itself; below it are";
    for (std::size_t i = 0; i < below.size() && i < 8; ++i) text += " " + std::string(below[i]);
    return text + (below.size() > 8 ? " ..." : "");
  }
  if (below.empty()) return "unknown address; " + known + " has nothing below it";
  const std::string_view word = rest.substr(1, rest.find('/', 1) - 1);
  if (number_in(word) > 0 || word == "0") {
    int last = 0;
    for (const std::string_view child : below) last = std::max(last, number_in(child));
    if (last > 0) return "unknown address; " + known + " goes from 1 to " + std::to_string(last);
  }
  const std::string_view meant = nearest(word, below);
  if (meant.empty()) return "unknown address";
  const std::string better = known + "/" + std::string(meant) + std::string(rest.substr(1 + word.size()));
  return exists(better) ? "unknown address; did you mean " + better + "?" : "unknown address";
}

}  // namespace fohd::osc
