#include "daemon/service/panic_button.h"

#include <fcntl.h>
#include <linux/gpio.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <system_error>
#include <utility>

namespace fohd {
namespace {

/// Asks the kernel for the pin's presses. -1 and a reason in `error` where that cannot be.
int request_line(const PanicButtonConfig& config, std::string& error) {
  const std::string where = "the panic button on pin " + std::to_string(config.line) + " of " + config.chip;
  const int chip = ::open(config.chip.c_str(), O_RDWR | O_CLOEXEC);
  if (chip < 0) {
    error = where + " cannot be used: " + std::strerror(errno);
    return -1;
  }
  gpio_v2_line_request request{};
  request.offsets[0] = static_cast<__u32>(config.line);
  request.num_lines = 1;
  std::strncpy(request.consumer, "fohd panic button", sizeof request.consumer - 1);
  // With active_low a press counts as rising, and the pull-up holds the pin while the button is not pressed.
  request.config.flags = GPIO_V2_LINE_FLAG_INPUT | GPIO_V2_LINE_FLAG_EDGE_RISING |
                         (config.active_low ? GPIO_V2_LINE_FLAG_ACTIVE_LOW | GPIO_V2_LINE_FLAG_BIAS_PULL_UP
                                            : GPIO_V2_LINE_FLAG_BIAS_PULL_DOWN);
  const int result = ::ioctl(chip, GPIO_V2_GET_LINE_IOCTL, &request);
  if (result < 0) error = where + " cannot be used: " + std::strerror(errno);
  ::close(chip);
  return result < 0 ? -1 : request.fd;
}

}  // namespace

PanicButton::PanicButton(const PanicButtonConfig& config, std::function<void()> pressed)
    : events_(request_line(config, error_)), pressed_(std::move(pressed)) {
  try {
    if (events_ >= 0) thread_ = std::thread([this] { watch(); });
  } catch (const std::system_error& error) {
    error_ = std::string("the panic button cannot be watched: ") + error.what();
  }
}

PanicButton::PanicButton(int events, std::function<void()> pressed) : events_(events), pressed_(std::move(pressed)) {
  thread_ = std::thread([this] { watch(); });
}

PanicButton::~PanicButton() {
  stop_.ring();
  if (thread_.joinable()) thread_.join();
  if (events_ >= 0) ::close(events_);
}

void PanicButton::watch() {
  pollfd wanted[] = {{events_, POLLIN, 0}, {stop_.fd(), POLLIN, 0}};
  for (;;) {
    if (::poll(wanted, 2, -1) < 0 && errno != EINTR) return;
    if (wanted[1].revents != 0) return;
    gpio_v2_line_event event{};
    if (wanted[0].revents == 0) continue;
    if (::read(events_, &event, sizeof event) != sizeof event) return;  // the chip was unplugged
    pressed_();
  }
}

}  // namespace fohd
