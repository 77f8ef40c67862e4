// The disk operations of the store in one place, so that tests can have a full, a read-only or a failing disk.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/base/regular_file.h"

namespace fohd {

/// Every function returns an empty string, or what went wrong in words. None throws. [store thread, or any thread that
/// may wait for a disk]
class FileSystem {
 public:
  FileSystem() = default;
  FileSystem(const FileSystem&) = delete;
  FileSystem& operator=(const FileSystem&) = delete;
  virtual ~FileSystem();

  /// With all folders above it. No error if it is there.
  virtual std::string make_folder(const std::string& path);
  enum class Kind : std::uint8_t { nothing, folder, file };  ///< file: anything that is no folder, readable or not
  virtual Kind kind(const std::string& path);
  virtual std::string list(const std::string& folder, std::vector<std::string>& names);
  /// A regular file of a sane size (regular_file.h): never waits on a pipe or a device.
  virtual std::string read(const std::string& path, std::string& text, const FileKind& kind);
  std::string read(const std::string& path, std::string& text) { return read(path, text, kStateFile); }
  /// Makes or replaces a regular file; returns after fsync.
  virtual std::string write(const std::string& path, std::string_view text);
  /// Writes at `offset` into a file that exists and cuts off what is behind, such as the rest of an attempt that
  /// failed; returns after fdatasync.
  virtual std::string append(const std::string& path, std::uint64_t offset, std::string_view text);
  virtual std::string rename(const std::string& from, const std::string& to);
  virtual std::string remove(const std::string& path);
  /// Makes new names and renames in it last through a power cut.
  virtual std::string sync_folder(const std::string& folder);
  /// One process per folder; held until unlock() or the end of the process, however it ends.
  virtual std::string lock(const std::string& folder);
  virtual void unlock();
  /// "2026-11-22T10:15:00Z"
  virtual std::string utc_now();

 private:
  int lock_fd_ = -1;
};

/// [any thread that may wait for a disk] Makes or replaces folder/name, whole or not at all, and lasting through a
/// power cut; makes the folder if it is missing. Returns "" or what went wrong.
std::string write_whole(FileSystem& disk, const std::string& folder, const std::string& name, std::string_view text);

}  // namespace fohd
