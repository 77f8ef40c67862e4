// The text of a TOML file, checked before its meaning. toml++ 3.3 has faults that a file can reach: it does not
// expect letters such as é outside quotes, behind a backslash, or inside a quote that stands in the middle of a value,
// which is none to it; a table's name that begins with another sign than a name's; a value that is missing before a
// comma or a bracket; nor what may follow a date (all are undefined behaviour there), and a name of a hundred thousand
// parts ends the program. Here such files are refused, each with its place, and with them all dates and times, which no
// file of fohd has; the rest is left to toml++.
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
