#include "daemon/config/toml_file.h"

#include <fstream>

namespace fohd {

std::optional<ConfigError> read_toml_text(const std::filesystem::path& file, std::string& text) {
  const auto fail = [&](const char* why) { return ConfigError{file.string(), 0, 0, why}; };
  std::error_code code;
  const auto status = std::filesystem::status(file, code);
  if (!std::filesystem::exists(status)) return fail("there is no such configuration file");
  if (std::filesystem::is_directory(status)) return fail("this is a folder; a configuration file (.toml) is wanted");
  std::ifstream stream(file, std::ios::binary);
  text.resize(kLargestTomlBytes + 1);
  stream.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (!stream.is_open() || stream.bad()) {
    return fail("the configuration file cannot be read (are the rights missing?)");
  }
  text.resize(static_cast<std::size_t>(stream.gcount()));
  if (text.size() > kLargestTomlBytes) return fail("this is larger than 1 MB, so it is no configuration");
  return std::nullopt;
}

}  // namespace fohd
