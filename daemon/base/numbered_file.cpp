#include "daemon/base/numbered_file.h"

#include <charconv>

namespace fohd {

std::string numbered_name(const NumberedName& kind, std::uint64_t number) {
  std::string digits = std::to_string(number);
  if (digits.size() < kind.digits) digits.insert(0, kind.digits - digits.size(), '0');
  return std::string(kind.prefix) + digits + std::string(kind.suffix);
}

std::uint64_t number_in_name(const NumberedName& kind, std::string_view name, std::vector<std::string>& absurd) {
  if (!name.starts_with(kind.prefix) || !name.ends_with(kind.suffix)) return 0;
  if (name.size() <= kind.prefix.size() + kind.suffix.size()) return 0;
  const std::string_view digits =
      name.substr(kind.prefix.size(), name.size() - kind.prefix.size() - kind.suffix.size());
  if (digits.find_first_not_of("0123456789") != std::string_view::npos) return 0;
  std::uint64_t number = 0;
  const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (read.ec != std::errc() || number > kHighestFileNumber) {
    absurd.emplace_back(name);
    return 0;
  }
  return numbered_name(kind, number) == name ? number : 0;
}

std::string absurd_names_text(const std::string& folder, const std::vector<std::string>& absurd) {
  if (absurd.empty()) return "";
  const std::string more = absurd.size() > 1 ? " and " + std::to_string(absurd.size() - 1) + " more" : "";
  return folder + "/" + absurd.front() + more + (more.empty() ? " has" : " have") +
         " a number that no desk reaches (above " + std::to_string(kHighestFileNumber) + "); ignored";
}

}  // namespace fohd
