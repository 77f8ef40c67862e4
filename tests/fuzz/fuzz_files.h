// What the fuzzers of files share.
#pragma once

#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tests/fuzz/fuzz.h"

namespace fohd::fuzz {

inline std::string_view as_text(const std::uint8_t* data, std::size_t size) {
  return {reinterpret_cast<const char*>(data), size};
}

/// Several files in one text: a line "%% name" begins each; what stands before the first one has the name `first`.
inline std::vector<std::pair<std::string, std::string>> split_files(std::string_view text, const std::string& first) {
  std::vector<std::pair<std::string, std::string>> files = {{first, ""}};
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    if (line.starts_with("%% ")) {
      files.emplace_back(line.substr(3), "");
    } else {
      files.back().second += text.substr(0, line.size() + 1);
    }
    text.remove_prefix(std::min(text.size(), line.size() + 1));
  }
  return files;
}

/// A folder of this process, in memory where the machine has such a place; it goes with the process.
class Folder {
 public:
  Folder() {
    namespace fs = std::filesystem;
    const fs::path memory = "/dev/shm";
    const bool has_memory = ::access(memory.c_str(), W_OK) == 0;
    std::string name = ((has_memory ? memory : fs::temp_directory_path()) / "fohd_fuzz_XXXXXX").string();
    check(::mkdtemp(name.data()) != nullptr);
    path_ = name;
  }
  ~Folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  const std::filesystem::path& path() const { return path_; }
  std::filesystem::path write(const std::string& name, std::string_view text) const {
    std::ofstream file(path_ / name, std::ios::binary);
    file << text;
    check(static_cast<bool>(file.flush()));
    return path_ / name;
  }

 private:
  std::filesystem::path path_;
};

}  // namespace fohd::fuzz
