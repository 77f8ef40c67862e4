#include "control/parameters/address_tree.h"

#include <catch2/catch.hpp>

#include <random>
#include <string>
#include <vector>

using namespace fohd;

namespace {

/// OSC 1.0's rules by trying everything. Exponential, which is why the desk does it otherwise.
bool brute_force(std::string_view pattern, std::string_view text) {
  if (pattern.empty()) return text.empty();
  const char c = pattern.front();
  if (c == '*') {
    for (std::size_t n = 0; n <= text.size(); ++n) {
      if (brute_force(pattern.substr(1), text.substr(n))) return true;
    }
    return false;
  }
  if (c == '{') {
    const std::size_t end = pattern.find('}');
    if (end == std::string_view::npos) return false;
    std::string_view list = pattern.substr(1, end - 1);
    for (;;) {
      const std::size_t comma = list.find(',');
      const std::string_view word = list.substr(0, comma);
      if (text.starts_with(word) && brute_force(pattern.substr(end + 1), text.substr(word.size()))) return true;
      if (comma == std::string_view::npos) return false;
      list = list.substr(comma + 1);
    }
  }
  if (text.empty()) return false;
  if (c == '[') {
    const std::size_t end = pattern.find(']');
    if (end == std::string_view::npos) return false;
    std::string_view set = pattern.substr(1, end - 1);
    const bool negated = !set.empty() && set.front() == '!';
    if (negated) set = set.substr(1);
    bool in = false;
    for (std::size_t i = 0; i < set.size();) {
      const bool range = i + 2 < set.size() && set[i + 1] == '-';
      const char low = set[i], high = range ? set[i + 2] : set[i];
      for (int x = low; x <= high; ++x) in = in || x == text.front();
      i += range ? 3 : 1;
    }
    return in != negated && brute_force(pattern.substr(end + 1), text.substr(1));
  }
  return (c == '?' || c == text.front()) && brute_force(pattern.substr(1), text.substr(1));
}

template <class T>
const T& pick(const std::vector<T>& from, std::mt19937& random) {
  return from[random() % from.size()];
}

}  // namespace

TEST_CASE("patterns: a segment matches exactly when trying everything finds a way", "[control][patterns]") {
  // A small alphabet, so that many of them do match; broken brackets among the pieces.
  const std::vector<std::string> pieces = {"a",    "b",      "c",    "*",      "?",    "[ab]", "[!a]", "[a-c]",
                                           "{ab}", "{a,bc}", "{,a}", "{b,ba}", "[b-]", "[!]",  "[]",   "[c-a]",
                                           "[a",   "{a,",    "]",    "}",      ",",    "-",    "!"};
  std::mt19937 random(1);
  int matches = 0;
  for (int i = 0; i < 100000; ++i) {
    std::string pattern, text;
    for (auto n = random() % 6; n > 0; --n) pattern += pick(pieces, random);
    for (auto n = random() % 6; n > 0; --n) text += "abc-"[random() % 4];
    const bool expected = brute_force(pattern, text);
    if (segment_matches(pattern, text) != expected) FAIL("pattern " << pattern << " and text " << text);
    matches += expected ? 1 : 0;
  }
  CHECK(matches > 5000);
}

TEST_CASE("patterns: many stars cost no more than their length", "[control][patterns]") {
  // By backtracking this takes 63 over 30 steps, about 1e18: the test would not end.
  const std::string text(63, 'a');
  std::string pattern;
  for (int i = 0; i < 500; ++i) pattern += "*a";
  CHECK_FALSE(segment_matches(pattern + "b", text));
  CHECK(segment_matches(std::string(1000, '*') + "a", text));
  CHECK_FALSE(segment_matches(std::string(1000, '*') + "b", text));
  CHECK_FALSE(segment_matches("*", std::string(64, 'a')));  // longer than any of ours
}

TEST_CASE("patterns: an address matches segment by segment, in table order, and a star crosses no slash",
          "[control][patterns]") {
  const std::vector<std::string> addresses = {"/ch/1/mute",  "/ch/1/send/1/on", "/ch/1/send/2/on",
                                              "/ch/2/mute",  "/ch/2/send/1/on", "/ch/2/send/2/on",
                                              "/ch/10/mute", "/panic",          "/ch/1/send/1/level"};
  AddressTree tree;
  for (std::size_t i = 0; i < addresses.size(); ++i) tree.add(addresses[i], static_cast<AddressTree::Id>(i));
  using Ids = std::vector<AddressTree::Id>;
  CHECK(tree.match("/ch/*/mute") == Ids{0, 3, 6});
  CHECK(tree.match("/ch/?/mute") == Ids{0, 3});
  CHECK(tree.match("/ch/{1,10}/mute") == Ids{0, 6});
  CHECK(tree.match("/ch/[!1]/mute") == Ids{3});
  CHECK(tree.match("/ch/*/send/2/on") == Ids{2, 5});
  CHECK(tree.match("/*/*/*/*/*") == Ids{1, 2, 4, 5, 8});
  CHECK(tree.match("/panic") == Ids{7});
  CHECK(tree.match("/*") == Ids{7});
  for (const char* nothing : {"", "/", "//panic", "/panic/", "panic", "*", "/ch*mute", "/ch/1", "/ch/[1/mute"}) {
    CAPTURE(nothing);
    CHECK(tree.match(nothing).empty());
  }
  CHECK(tree.match("/" + std::string(AddressTree::kMaxPatternBytes, '*')).empty());
  CHECK(tree.find("/ch/2/mute") == 3u);
  CHECK_FALSE(tree.find("/ch/*/mute"));
}
