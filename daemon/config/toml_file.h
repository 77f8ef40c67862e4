// The text of a TOML file from the disk.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "control/toml/config_error.h"
#include "daemon/base/regular_file.h"

namespace fohd {

/// [any, reads the disk] The text of a file. Returns nothing, or why it cannot be had.
std::optional<ConfigError> read_toml_text(const std::filesystem::path& file, std::string& text,
                                          const FileKind& kind = kConfigurationFile);

}  // namespace fohd
