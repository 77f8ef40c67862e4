// The text of a TOML file, before anybody asks what it means. toml++ 3.3 has faults that a file can reach: it does not
// expect letters such as é outside quotes, a table's name that begins with another sign than a name's, nor a value that
// is missing before a comma or a bracket (all are undefined behaviour there), and a name of a hundred thousand parts
// ends the program. Here such files are refused, each with its place; the rest is left to toml++.
#pragma once

#include <toml++/toml.h>
#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "daemon/config/config.h"

namespace fohd {

/// A hundred times the longest that comes with fohd. More is no file that somebody wrote.
inline constexpr std::size_t kLargestTomlBytes = 1'000'000;

/// [any, reads the disk] The text of a file, which may be a pipe. Returns nothing, or why it cannot be had.
std::optional<ConfigError> read_toml_text(const std::filesystem::path& file, std::string& text);

/// [any] Returns nothing, or why the text is no TOML; then `table` is as it was. file: what errors call it.
std::optional<ConfigError> parse_toml(std::string_view text, const std::string& file, toml::table& table);

}  // namespace fohd
