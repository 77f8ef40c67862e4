#include "daemon/base/regular_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <system_error>

namespace fohd {
namespace {

std::string in_words(int error) { return std::generic_category().message(error); }

/// "" for a regular file.
std::string what_else_it_is(mode_t mode) {
  if (S_ISREG(mode)) return "";
  if (S_ISDIR(mode)) return "a folder";
  if (S_ISFIFO(mode)) return "a pipe";
  if (S_ISSOCK(mode)) return "a socket";
  return "a device";
}

std::string refusal_of(mode_t mode, std::string_view wanted) {
  const std::string what = what_else_it_is(mode);
  if (what.empty()) return "";
  return "this is " + what + ", not a regular file; a regular file" +
         (wanted.empty() ? "" : " (" + std::string(wanted) + ")") + " is wanted";
}

std::string in_bytes(std::uint64_t bytes) {
  if (bytes >= 1'000'000'000'000) return std::to_string(bytes / 1'000'000'000'000) + " TB";
  return bytes >= 1'000'000 ? std::to_string(bytes / 1'000'000) + " MB" : std::to_string(bytes / 1'000) + " kB";
}

std::string too_large(const FileKind& kind) {
  return "this is larger than " + in_bytes(kind.most_bytes) + ", so it is no " + std::string(kind.name);
}

std::string why_not_opened(const std::string& path, int error, const FileKind& kind) {
  struct stat status {};
  if (error == ENOENT) return "there is no such " + std::string(kind.name) + " file";
  // A socket, or a device without a driver, cannot even be opened.
  if (error == ENXIO && ::stat(path.c_str(), &status) == 0) return refusal_of(status.st_mode, kind.name);
  return "cannot read it: " + in_words(error);
}

}  // namespace

Descriptor::~Descriptor() {
  if (fd_ >= 0) ::close(fd_);
}

std::string open_regular_file(const std::string& path, const FileKind& kind, Descriptor& file) {
  Descriptor opened(::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
  if (!opened) return why_not_opened(path, errno, kind);
  struct stat status {};
  if (::fstat(opened.get(), &status) != 0) return "cannot read it: " + in_words(errno);
  if (std::string why = refusal_of(status.st_mode, kind.name); !why.empty()) return why;
  if (static_cast<std::uint64_t>(status.st_size) > kind.most_bytes) return too_large(kind);
  file = std::move(opened);
  return "";
}

std::string read_regular_file(const std::string& path, const FileKind& kind, std::string& text) {
  text.clear();
  Descriptor file;
  if (std::string why = open_regular_file(path, kind, file); !why.empty()) return why;
  std::array<char, 65536> part;
  for (;;) {
    const ssize_t count = ::read(file.get(), part.data(), part.size());
    if (count < 0 && errno == EINTR) continue;
    if (count == 0) return "";
    std::string why;
    if (count < 0) {
      why = "cannot read it: " + in_words(errno);
    } else if (text.size() + static_cast<std::size_t>(count) > kind.most_bytes) {
      why = too_large(kind);  // it grows, or the kernel does not tell its size
    }
    if (!why.empty()) {
      text.clear();
      return why;
    }
    text.append(part.data(), static_cast<std::size_t>(count));
  }
}

std::string open_regular_file_to_write(const std::string& path, int flags, Descriptor& file) {
  constexpr mode_t kReadableByAll = 0644;
  Descriptor opened(::open(path.c_str(), flags | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, kReadableByAll));
  const int error = errno;
  struct stat status {};
  const bool known = opened ? ::fstat(opened.get(), &status) == 0 : ::stat(path.c_str(), &status) == 0;
  if (known) {
    if (std::string why = refusal_of(status.st_mode, ""); !why.empty()) return why;
  }
  if (!opened || !known) return "cannot write it: " + in_words(opened ? errno : error);
  file = std::move(opened);
  return "";
}

}  // namespace fohd
