// The text of a TOML file, checked before its meaning. toml++ 3.3 has faults that a file can reach: it does not
// expect letters such as é outside quotes, a table's name that begins with another sign than a name's, nor a value that
// is missing before a comma or a bracket (all are undefined behaviour there), and a name of a hundred thousand parts
// ends the program. Here such files are refused, each with its place; the rest is left to toml++.
#pragma once

#include <toml++/toml.h>
#include <optional>
#include <string>
#include <string_view>

#include "control/toml/config_error.h"

namespace fohd {

/// [any] Returns nothing, or why the text is no TOML; then `table` is as it was. file: its name in errors.
std::optional<ConfigError> parse_toml(std::string_view text, const std::string& file, toml::table& table);

}  // namespace fohd
