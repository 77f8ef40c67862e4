// A notification between threads: the ringing side may be a library's callback or a signal handler, the waiting side
// is an Asio loop that waits for the descriptor. Flags and rings beside it say what happened.
#pragma once

#include <sys/eventfd.h>
#include <unistd.h>

#include <cstdint>
#include <system_error>

namespace fohd {

class EventFd {
 public:
  /// [control] Throws std::system_error when the process has no descriptor left.
  EventFd() : fd_(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {
    if (fd_ < 0) throw std::system_error(errno, std::generic_category(), "eventfd");
  }
  ~EventFd() { ::close(fd_); }
  EventFd(const EventFd&) = delete;
  EventFd& operator=(const EventFd&) = delete;

  /// [any thread but audio, signal handler]
  void ring() const noexcept {
    const std::uint64_t one = 1;
    [[maybe_unused]] const auto written = ::write(fd_, &one, sizeof one);
  }
  /// [waiting side] Clears it until the next ring().
  void clear() const noexcept {
    std::uint64_t count = 0;
    [[maybe_unused]] const auto got = ::read(fd_, &count, sizeof count);
  }
  int fd() const noexcept { return fd_; }

 private:
  int fd_;
};

}  // namespace fohd
