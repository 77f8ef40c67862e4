#include "daemon/base/non_blocking_writer.h"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace fohd {
namespace {

/// O_NONBLOCK belongs to the open file, which the shell and its other programs share; so the terminal is opened once
/// more, for us alone. -1 where that is not allowed (a terminal of another user).
int open_terminal_again(int fd) {
  const std::string name = "/proc/self/fd/" + std::to_string(fd);
  return ::open(name.c_str(), O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
}

}  // namespace

NonBlockingWriter::NonBlockingWriter(int fd) : fd_(fd), own_fd_(-1), terminal_(::isatty(fd) != 0) {
  if (terminal_) own_fd_ = open_terminal_again(fd);
  if (own_fd_ >= 0) fd_ = own_fd_;
}

NonBlockingWriter::~NonBlockingWriter() {
  if (own_fd_ >= 0) ::close(own_fd_);
}

bool NonBlockingWriter::flush(std::chrono::milliseconds patience) {
  const auto deadline = std::chrono::steady_clock::now() + patience;
  while (!kept_.empty()) {
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
    if (!write_some(static_cast<int>(std::max<std::int64_t>(left.count(), 0))) && left.count() <= 0) return false;
  }
  return true;
}

/// False: nothing went.
bool NonBlockingWriter::write_some(int patience_ms) {
  pollfd wanted{fd_, POLLOUT, 0};
  if (::poll(&wanted, 1, patience_ms) <= 0) return false;
  if ((wanted.revents & (POLLERR | POLLHUP | POLLNVAL)) != 0) {  // no reader; a write would raise SIGPIPE
    drop();
    return true;
  }
  // A pipe that poll calls writable takes 4096 bytes (PIPE_BUF) at once. A terminal that could not be opened again
  // has no such guarantee; little is likely to fit.
  const std::size_t most = terminal_ && own_fd_ < 0 ? 256 : 4096;
  const ssize_t written = ::write(fd_, kept_.data(), std::min(kept_.size(), most));
  if (written < 0 && (errno == EAGAIN || errno == EINTR)) return false;
  if (written < 0) {
    drop();
  } else {
    kept_.erase(0, static_cast<std::size_t>(written));
  }
  return true;
}

}  // namespace fohd
