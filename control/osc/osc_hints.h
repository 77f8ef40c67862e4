// Hints for an unknown address: how far the address exists, and what was probably meant.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace fohd::osc {

/// [control] Costs a few binary searches, so it stays cheap on a desk of 40,000 addresses.
class Hints {
 public:
  /// The texts must outlive this.
  explicit Hints(std::vector<std::string_view> addresses);
  /// A sentence about an address that is not in the list, e.g. "unknown address; did you mean /ch/1/fader?"
  std::string about(std::string_view address) const;

 private:
  bool exists(std::string_view prefix) const;
  /// The distinct next segments below a prefix ("" for the root), at most 256.
  std::vector<std::string_view> children(const std::string& prefix) const;

  std::vector<std::string_view> sorted_;
};

}  // namespace fohd::osc
