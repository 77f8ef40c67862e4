// Addresses as a tree of segments: finds one by its exact text, and all that match an OSC 1.0 pattern.
//
// A pattern is matched segment by segment ('/' is never crossed): ? one character, * any run, [a-z] [!a-z] sets,
// {a,b} alternatives. Work is bounded whatever the pattern: a segment is matched by following the set of all positions
// it can have reached (one bit per character, no backtracking), and every distinct segment text is compared once.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace fohd {

/// [any] Does one segment of a pattern match one segment of an address (at most 63 bytes)? Malformed patterns (an
/// unclosed bracket) match nothing.
bool segment_matches(std::string_view pattern, std::string_view text) noexcept;

/// [any] True if the text has one of ?*[{ in it.
bool is_pattern(std::string_view address) noexcept;

class AddressTree {
 public:
  using Id = std::uint32_t;
  /// Longer patterns match nothing: no client needs one, and a datagram could carry 64 KB of them.
  static constexpr std::size_t kMaxPatternBytes = 1024;

  /// [control] Room for so many addresses, so that adding them moves nothing.
  void reserve(std::size_t addresses);
  /// [control] address must stay where it is as long as the tree lives.
  void add(std::string_view address, Id id);
  /// [control] Constant time.
  std::optional<Id> find(std::string_view address) const;
  /// [control] Ids of all addresses that match, ascending.
  std::vector<Id> match(std::string_view pattern) const;

 private:
  struct Node {
    std::uint32_t segment = 0;  ///< index into segments_
    std::vector<std::uint32_t> children;
    std::optional<Id> id;
  };
  std::uint32_t segment_index(std::string_view text);
  std::uint32_t child(std::uint32_t node, std::uint32_t segment);

  std::vector<Node> nodes_ = std::vector<Node>(1);
  std::vector<std::string_view> segments_;
  std::unordered_map<std::string_view, std::uint32_t> segment_indices_;
  std::unordered_map<std::string_view, Id> by_address_;
};

}  // namespace fohd
