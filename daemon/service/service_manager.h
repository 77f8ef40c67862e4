// Notifications to systemd, and when (sd_notify(3), sd_watchdog_enabled(3)). Started by hand, all of it does nothing.
#pragma once

#include <cstdint>
#include <string>

namespace fohd {

/// When to ping systemd's watchdog. A ping is due at half the interval that systemd allows, and only while the
/// control loop turns (it asks) and audio moves or is known to be away: a desk whose control or audio stands still is
/// restarted. A JACK server that does not call the desk is no reason: it would not call the next one either.
class Watchdog {
 public:
  /// interval_ms: 0: no watchdog.
  explicit Watchdog(std::int64_t interval_ms = 0) : interval_ms_(interval_ms) {}
  /// [control] frames: the audio thread's own counter. audio_expected: a callback has begun and is to end.
  bool due(std::int64_t now_ms, std::uint64_t frames, bool audio_expected) {
    if (interval_ms_ == 0 || now_ms < next_ms_) return false;
    if (audio_expected && frames == frames_) return false;
    frames_ = frames;
    next_ms_ = now_ms + interval_ms_ / 2;
    return true;
  }

 private:
  std::int64_t interval_ms_, next_ms_ = 0;
  std::uint64_t frames_ = ~std::uint64_t{0};
};

/// [control]
class ServiceManager {
 public:
  ServiceManager();
  /// The control ports are open and the mix is loaded; audio may still be away.
  void ready();
  void stopping();
  /// One line for `systemctl status`; sent when it has changed.
  void status(const std::string& text);
  /// Pings if it is due. Often, cheap.
  void turn(std::int64_t now_ms, std::uint64_t frames, bool audio_expected);

 private:
  Watchdog watchdog_;
  std::string status_;
};

}  // namespace fohd
