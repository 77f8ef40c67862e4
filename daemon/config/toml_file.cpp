#include "daemon/config/toml_file.h"

namespace fohd {

std::optional<ConfigError> read_toml_text(const std::filesystem::path& file, std::string& text, const FileKind& kind) {
  std::string why = read_regular_file(file.string(), kind, text);
  if (why.empty()) return std::nullopt;
  return ConfigError{file.string(), 0, 0, std::move(why)};
}

}  // namespace fohd
