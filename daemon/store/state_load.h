// The names of the files in a state folder, and loading through a FileSystem (tests bring their own).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/base/file_system.h"
#include "daemon/store/state_format.h"

namespace fohd {

inline constexpr std::string_view kStatePrefix = "state-", kGenerationSuffix = ".json", kLogSuffix = ".log",
                                  kTemporarySuffix = ".json.part";

std::string generation_path(const std::string& folder, std::uint64_t number);
std::string log_path(const std::string& folder, std::uint64_t number);

struct StateFiles {
  std::vector<std::uint64_t> generations, logs;  ///< rising
  std::vector<std::string> leftovers;            ///< names of generations that never got their name
  std::vector<std::string> absurd;               ///< names with a number that no desk reaches; left alone
};
/// Returns an error in words, or nothing.
std::string list_state_files(const std::string& folder, FileSystem& files, StateFiles& present);

StoredState load_state(const std::string& path, FileSystem& files);

}  // namespace fohd
