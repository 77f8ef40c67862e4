#include "daemon/base/file_system.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <ctime>
#include <filesystem>
#include <system_error>

namespace fohd {
namespace {

std::string reason(const char* what, const std::string& path, int error = errno) {
  return std::string(what) + " " + path + ": " + std::generic_category().message(error);
}

bool write_all(int fd, std::string_view text, off_t offset) {
  while (!text.empty()) {
    const ssize_t written = ::pwrite(fd, text.data(), text.size(), offset);
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return false;
    text.remove_prefix(static_cast<std::size_t>(written));
    offset += written;
  }
  return true;
}

}  // namespace

FileSystem::~FileSystem() { FileSystem::unlock(); }

std::string FileSystem::make_folder(const std::string& path) {
  std::error_code error;
  std::filesystem::create_directories(path, error);
  return error ? "cannot make the folder " + path + ": " + error.message() : "";
}

FileSystem::Kind FileSystem::kind(const std::string& path) {
  struct stat status = {};
  if (::stat(path.c_str(), &status) != 0) return errno == ENOENT ? Kind::nothing : Kind::file;
  return S_ISDIR(status.st_mode) ? Kind::folder : Kind::file;
}

std::string FileSystem::list(const std::string& folder, std::vector<std::string>& names) {
  std::error_code error;
  std::filesystem::directory_iterator entry(folder, error);
  for (; !error && entry != std::filesystem::directory_iterator(); entry.increment(error)) {
    names.push_back(entry->path().filename().string());
  }
  return error ? "cannot read the folder " + folder + ": " + error.message() : "";
}

std::string FileSystem::read(const std::string& path, std::string& text, const FileKind& kind) {
  const std::string why = read_regular_file(path, kind, text);
  return why.empty() ? "" : path + ": " + why;
}

std::string FileSystem::write(const std::string& path, std::string_view text) {
  Descriptor file;
  if (std::string why = open_regular_file_to_write(path, O_WRONLY | O_CREAT, file); !why.empty()) {
    return path + ": " + why;
  }
  if (::ftruncate(file.get(), 0) != 0 || !write_all(file.get(), text, 0) || ::fsync(file.get()) != 0) {
    return reason("cannot write", path);
  }
  return "";
}

std::string FileSystem::append(const std::string& path, std::uint64_t offset, std::string_view text) {
  Descriptor file;
  if (std::string why = open_regular_file_to_write(path, O_WRONLY, file); !why.empty()) return path + ": " + why;
  struct stat status = {};
  if (::fstat(file.get(), &status) != 0) return reason("cannot write", path);
  const auto end = static_cast<off_t>(offset);
  if (status.st_size < end) return path + " has become shorter: somebody else changed it";
  if (status.st_size > end && ::ftruncate(file.get(), end) != 0) return reason("cannot write", path);
  if (!write_all(file.get(), text, end) || ::fdatasync(file.get()) != 0) return reason("cannot write", path);
  return "";
}

std::string FileSystem::rename(const std::string& from, const std::string& to) {
  return ::rename(from.c_str(), to.c_str()) == 0 ? "" : reason("cannot rename to", to);
}

std::string FileSystem::remove(const std::string& path) {
  return ::unlink(path.c_str()) == 0 || errno == ENOENT ? "" : reason("cannot remove", path);
}

std::string FileSystem::sync_folder(const std::string& folder) {
  const Descriptor directory(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  // EINVAL: a file system (some network ones) that has no such thing.
  if (!directory || (::fsync(directory.get()) != 0 && errno != EINVAL)) return reason("cannot write", folder);
  return "";
}

std::string FileSystem::lock(const std::string& folder) {
  const std::string path = folder + "/lock";
  unlock();
  Descriptor file;
  if (std::string why = open_regular_file_to_write(path, O_RDWR | O_CREAT, file); !why.empty())
    return path + ": " + why;
  lock_fd_ = file.release();
  // Any other error: a file system without locks; the desk starts without the check.
  if (::flock(lock_fd_, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK) return "";
  unlock();
  return "the folder " + folder + " is in use by another fohd";
}

void FileSystem::unlock() {
  if (lock_fd_ >= 0) ::close(lock_fd_);
  lock_fd_ = -1;
}

std::string FileSystem::utc_now() {
  const std::time_t now = std::time(nullptr);
  std::tm parts = {};
  ::gmtime_r(&now, &parts);
  std::array<char, 32> text;
  return std::string(text.data(), std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%SZ", &parts));
}

std::string write_whole(FileSystem& disk, const std::string& folder, const std::string& name, std::string_view text) {
  const std::string path = (std::filesystem::path(folder) / name).string(), part = path + ".part";
  std::string error = disk.make_folder(folder);
  if (error.empty()) error = disk.write(part, text);
  if (error.empty()) error = disk.rename(part, path);
  if (error.empty()) error = disk.sync_folder(folder);
  return error;
}

}  // namespace fohd
