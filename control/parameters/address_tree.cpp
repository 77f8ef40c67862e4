#include "control/parameters/address_tree.h"

#include <algorithm>

namespace fohd {
namespace {

/// Bit i: i characters of the text are used up. A text of 63 bytes needs 64 of them.
using Positions = std::uint64_t;

/// The positions reached by taking one more character that `accept` allows.
template <class Accept>
Positions step(Positions from, std::string_view text, Accept accept) noexcept {
  Positions to = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if ((from >> i & 1) != 0 && accept(text[i])) to |= Positions{2} << i;
  }
  return to;
}

/// [abc], [a-z], [!a-z]; `set` is what stands between the brackets.
bool in_set(std::string_view set, char c) noexcept {
  const bool negated = set.starts_with('!');
  if (negated) set.remove_prefix(1);
  bool found = false;
  for (std::size_t i = 0; i < set.size(); ++i) {
    if (i + 2 < set.size() && set[i + 1] == '-') {
      found = found || (set[i] <= c && c <= set[i + 2]);
      i += 2;
    } else {
      found = found || set[i] == c;  // a '-' at either end means itself
    }
  }
  return found != negated;
}

/// {one,two}; `list` is what stands between the braces. Alternatives are plain text.
Positions alternatives(Positions from, std::string_view list, std::string_view text) noexcept {
  Positions to = 0;
  for (;;) {
    const std::string_view word = list.substr(0, list.find(','));
    for (std::size_t i = 0; i + word.size() <= text.size(); ++i) {
      if ((from >> i & 1) != 0 && text.substr(i, word.size()) == word) to |= Positions{1} << (i + word.size());
    }
    if (word.size() == list.size()) return to;
    list.remove_prefix(word.size() + 1);
  }
}

}  // namespace

bool segment_matches(std::string_view pattern, std::string_view text) noexcept {
  if (text.size() > 63) return false;
  Positions reached = 1;
  for (std::size_t i = 0; i < pattern.size() && reached != 0; ++i) {
    switch (pattern[i]) {
      case '?':
        reached = step(reached, text, [](char) { return true; });
        break;
      case '*':
        reached = ~Positions{0} << std::min<std::size_t>(63, static_cast<std::size_t>(__builtin_ctzll(reached)));
        break;
      case '[': {
        const std::size_t end = pattern.find(']', i);
        if (end == std::string_view::npos) return false;
        const std::string_view set = pattern.substr(i + 1, end - i - 1);
        reached = step(reached, text, [set](char c) { return in_set(set, c); });
        i = end;
        break;
      }
      case '{': {
        const std::size_t end = pattern.find('}', i);
        if (end == std::string_view::npos) return false;
        reached = alternatives(reached, pattern.substr(i + 1, end - i - 1), text);
        i = end;
        break;
      }
      default:
        reached = step(reached, text, [c = pattern[i]](char other) { return c == other; });
    }
  }
  return (reached >> text.size() & 1) != 0;
}

bool is_pattern(std::string_view address) noexcept { return address.find_first_of("?*[{") != std::string_view::npos; }

std::uint32_t AddressTree::segment_index(std::string_view text) {
  const auto [at, is_new] = segment_indices_.try_emplace(text, static_cast<std::uint32_t>(segments_.size()));
  if (is_new) segments_.push_back(text);
  return at->second;
}

std::uint32_t AddressTree::child(std::uint32_t node, std::uint32_t segment) {
  // Newest first: addresses come in table order, so the wanted child is nearly always the last.
  const auto& children = nodes_[node].children;
  for (auto it = children.rbegin(); it != children.rend(); ++it) {
    if (nodes_[*it].segment == segment) return *it;
  }
  const auto made = static_cast<std::uint32_t>(nodes_.size());
  nodes_.push_back({segment, {}, std::nullopt});
  nodes_[node].children.push_back(made);
  return made;
}

void AddressTree::reserve(std::size_t addresses) {
  by_address_.reserve(addresses);
  nodes_.reserve(addresses + addresses / 2);  // a send or band adds one inner node to its four leaves
}

void AddressTree::add(std::string_view address, Id id) {
  by_address_.emplace(address, id);
  std::uint32_t node = 0;
  for (std::string_view rest = address; !rest.empty();) {
    rest.remove_prefix(1);  // the slash
    const std::string_view text = rest.substr(0, rest.find('/'));
    node = child(node, segment_index(text));
    rest.remove_prefix(text.size());
  }
  nodes_[node].id = id;
}

std::optional<AddressTree::Id> AddressTree::find(std::string_view address) const {
  const auto at = by_address_.find(address);
  return at == by_address_.end() ? std::nullopt : std::optional<Id>(at->second);
}

std::vector<AddressTree::Id> AddressTree::match(std::string_view pattern) const {
  if (!pattern.starts_with('/') || pattern.size() > kMaxPatternBytes) return {};
  std::vector<std::uint32_t> level{0}, next;
  std::vector<signed char> known(segments_.size());  // 0 not compared, 1 matches, -1 does not
  while (!pattern.empty() && !level.empty()) {
    pattern.remove_prefix(1);
    const std::string_view segment = pattern.substr(0, pattern.find('/'));
    pattern.remove_prefix(segment.size());
    std::fill(known.begin(), known.end(), static_cast<signed char>(0));
    next.clear();
    for (const std::uint32_t node : level) {
      for (const std::uint32_t below : nodes_[node].children) {
        signed char& answer = known[nodes_[below].segment];
        if (answer == 0) answer = segment_matches(segment, segments_[nodes_[below].segment]) ? 1 : -1;
        if (answer > 0) next.push_back(below);
      }
    }
    level.swap(next);
  }
  std::vector<Id> found;
  for (const std::uint32_t node : level) {
    if (nodes_[node].id) found.push_back(*nodes_[node].id);
  }
  std::sort(found.begin(), found.end());
  return found;
}

}  // namespace fohd
