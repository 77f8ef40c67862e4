// A push button on a pin of the machine (GPIO) that shuts all outputs, for the person at the rack.
#pragma once

#include <functional>
#include <string>
#include <thread>

#include "daemon/base/event_fd.h"
#include "daemon/config/config.h"

namespace fohd {

/// A thread of its own waits for the button, so that it works while the control thread hangs.
class PanicButton {
 public:
  /// [main thread] `pressed` is called on the button's thread at every press. Check error() then.
  PanicButton(const PanicButtonConfig& config, std::function<void()> pressed);
  /// Takes presses from `events` instead (owned from now on), which gives gpio_v2_line_event after gpio_v2_line_event.
  PanicButton(int events, std::function<void()> pressed);
  ~PanicButton();
  PanicButton(const PanicButton&) = delete;
  PanicButton& operator=(const PanicButton&) = delete;

  /// "" or, in words, why the button cannot be used.
  const std::string& error() const noexcept { return error_; }

 private:
  void watch();

  std::string error_;
  int events_ = -1;
  std::function<void()> pressed_;
  EventFd stop_;
  std::thread thread_;
};

}  // namespace fohd
