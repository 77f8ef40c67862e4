// Writes to a terminal, a pipe or a file without ever waiting longer than allowed: a user may have pressed Ctrl-S, or
// the program at the other end of the pipe may stand still.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

namespace fohd {

/// [one thread]
class NonBlockingWriter {
 public:
  explicit NonBlockingWriter(int fd);  ///< stays the caller's and open
  ~NonBlockingWriter();                ///< what is still kept is lost
  NonBlockingWriter(const NonBlockingWriter&) = delete;
  NonBlockingWriter& operator=(const NonBlockingWriter&) = delete;

  bool is_terminal() const noexcept { return terminal_; }
  /// Keeps the text, to be written by flush().
  void take(std::string_view text) { kept_ += text; }
  /// Writes what is kept. False: the reader did not take all of it in time, and the rest is still kept. Text without a
  /// reader (the window was closed, the pipe has no other end) counts as written.
  bool flush(std::chrono::milliseconds patience);
  void drop() { kept_.clear(); }

 private:
  bool write_some(int patience_ms);

  int fd_, own_fd_;
  bool terminal_;
  std::string kept_;
};

}  // namespace fohd
