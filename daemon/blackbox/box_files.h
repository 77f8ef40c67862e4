// The black box on disk: a few files of lines, the oldest removed when a new one is begun, so their sum is bounded
// whatever is logged. Lines are appended in chunks; what a crash or power cut leaves behind the last whole line is cut
// off before the next.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/base/event.h"

namespace fohd {

class FileSystem;

struct BoxLimits {
  std::uint64_t file_bytes = 512 << 10;
  int files = 8;  ///< 4 MB in all: two days and more of samples every 10 s
};

/// [box thread] Every function returns "" or what went wrong in words.
class BoxFiles {
 public:
  BoxFiles(FileSystem& disk, std::string folder, const BoxLimits& limits = {})
      : disk_(disk), folder_(std::move(folder)), limits_(limits) {}

  /// Makes the folder, takes its lock and finds the end of what is there. To be called again until it works.
  std::string open();
  /// Whole lines, each with its end; at most file_bytes. On the disk when it returns; after a failure none of it
  /// counts, and the next attempt writes over what there is of it.
  std::string append(std::string_view lines);
  /// A sentence about files that open() found and leaves alone; "" for none.
  std::string warning() const;

 private:
  std::string path(std::uint64_t number) const;
  void find_again();
  std::string begin_file(std::string_view lines);

  FileSystem& disk_;
  std::string folder_;
  BoxLimits limits_;
  bool locked_ = false;
  std::vector<std::uint64_t> numbers_;  ///< of the files that are there, oldest first
  std::vector<std::string> absurd_;     ///< names whose number no desk reaches
  std::uint64_t size_ = 0;              ///< of the newest, up to its last whole line
};

/// [any thread that may wait for a disk] The newest events of a folder, oldest first. damaged: lines that were none.
std::vector<Event> read_box(FileSystem& disk, const std::string& folder, std::size_t most, std::size_t* damaged);

}  // namespace fohd
