// The text of a TOML file from the disk.
#pragma once

#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>

#include "control/toml/config_error.h"

namespace fohd {

/// A hundred times the longest that comes with fohd. A longer one was not written by hand.
inline constexpr std::size_t kLargestTomlBytes = 1'000'000;

/// [any, reads the disk] The text of a file, which may be a pipe. Returns nothing, or why it cannot be had.
std::optional<ConfigError> read_toml_text(const std::filesystem::path& file, std::string& text);

}  // namespace fohd
