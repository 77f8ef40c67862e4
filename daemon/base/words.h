// Lists of words as a sentence has them.
#pragma once

#include <string>
#include <vector>

namespace fohd {

/// [any] "a", "a and b", "a, b and c".
std::string enumerate(const std::vector<std::string>& words);

}  // namespace fohd
