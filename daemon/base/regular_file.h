// The one way in which the desk opens a file to read it: a regular file, and none that is larger than what it is for.
// Opening a pipe without a writer waits for ever, a device may never end, and what is too large would take the memory
// of the sound.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace fohd {

/// A descriptor that is closed at its end; -1: none.
class Descriptor {
 public:
  explicit Descriptor(int fd = -1) noexcept : fd_(fd) {}
  Descriptor(Descriptor&& other) noexcept : fd_(other.release()) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor();
  int get() const noexcept { return fd_; }
  int release() noexcept { return std::exchange(fd_, -1); }
  explicit operator bool() const noexcept { return fd_ >= 0; }

 private:
  int fd_;
};

/// What is wanted of a file: what it is called in messages, and the size above which it is no such thing.
struct FileKind {
  std::string_view name;
  std::uint64_t most_bytes;
};
inline constexpr FileKind kStateFile{"state", 64'000'000};  // the largest desk's has about 2 MB, a log 1 MB
inline constexpr FileKind kConfigurationFile{"configuration",
                                             1'000'000};           // a hundred times the longest that is shipped
inline constexpr FileKind kApprovalsFile{"approvals", 1'000'000};  // of 20,000 clients
inline constexpr FileKind kSessionFile{"session", 1'000'000};
inline constexpr FileKind kScriptFile{"script", 16'000'000};  // a move of a fader every ms, for five minutes
inline constexpr FileKind kKeyFile{"key", 4'000};             // its first line is the key
inline constexpr FileKind kAudioFile{"audio",
                                     1'000'000'000'000};      // 15 days of stereo at 96 kHz; a larger one is damaged
inline constexpr FileKind kEventsFile{"events", 64'000'000};  // the black box begins a new one at 512 KiB

inline constexpr FileKind kSystemFile{"system", 1ull << 62};  // the kernel's own; its reader takes a beginning

/// [any thread that may wait for a disk] Never waits for the other end of a pipe, nor for a device. Returns "" or why
/// not, in words that follow the file's name and a colon, and `file` is as it was.
std::string open_regular_file(const std::string& path, const FileKind& kind, Descriptor& file);

/// [any thread that may wait for a disk] All of it. Returns the same; then `text` is empty.
std::string read_regular_file(const std::string& path, const FileKind& kind, std::string& text);

/// [any thread that may wait for a disk] Opens for writing what is a regular file or not there yet (`flags`: O_CREAT
/// and others beside O_WRONLY or O_RDWR; never O_TRUNC). Returns "" or why not, as above.
std::string open_regular_file_to_write(const std::string& path, int flags, Descriptor& file);

}  // namespace fohd
