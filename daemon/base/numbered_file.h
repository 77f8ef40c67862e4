// Names of files that are told apart by a number which only grows: state-000017.json, events-00000042.log.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace fohd {

/// A desk that wrote a file every second would reach it in 30 million years. What is above was not written by a desk,
/// and no number follows the largest of all.
inline constexpr std::uint64_t kHighestFileNumber = 999'999'999'999'999;

struct NumberedName {
  std::string_view prefix;
  std::size_t digits;  ///< at least so many, so that ls sorts
  std::string_view suffix;
};

/// [any] {"state-", 6, ".json"} and 17 -> "state-000017.json".
std::string numbered_name(const NumberedName& kind, std::uint64_t number);

/// [any] The number in `name`, from 1 on; 0: no name of this kind. Where all but the number fits, and that is above
/// kHighestFileNumber, it is 0 too, and the name is added to `absurd`.
std::uint64_t number_in_name(const NumberedName& kind, std::string_view name, std::vector<std::string>& absurd);

/// [any] A sentence about such names for a person, "" for none: FOLDER/NAME and 2 more have ...
std::string absurd_names_text(const std::string& folder, const std::vector<std::string>& absurd);

}  // namespace fohd
