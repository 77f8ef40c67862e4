// One fader with a motor: what moves it, the hand or the desk, and what may be sent to it when. Positions are the
// device's own numbers, 0..full_scale.
//
// The rules: while a hand is on it, nothing is sent. What was true before the last touch is never sent, because only
// the present is: there is no queue. After a touch a servo is sent the place it stands at, once, or it would return to
// where it was commanded last; a device that is disturbed by echoes is sent only a new place, after a rest. Only
// another position of the device's resolution is worth a message. The desk's own moves take time: motors do not slam.
#pragma once

#include <cstdint>
#include <optional>

namespace fohd {

/// What a device needs to be sent of its own moves.
enum class MidiEcho : std::uint8_t {
  never,       ///< it has no motor, or takes no feedback
  after_move,  ///< only once it has rested: an echo would stop it under the hand
  required,    ///< its servo returns to the last commanded place unless that is where it stands
};

struct MotorFaderSpec {
  int full_scale = 16383;
  int resolution = 1023;  ///< distinct positions above 0
  MidiEcho echo = MidiEcho::required;
  bool has_touch = true;
  int hold_off_ms = 250;  ///< rest that ends a move without a touch sensor
  /// It may report the places that its motor passes. Then a report on the way, untouched, is not a hand's.
  bool reports_motor = true;
};

/// [control]
class MotorFader {
 public:
  /// From end to end; slower than a hand, too short to wait for.
  static constexpr int kTravelMs = 200;
  /// A motor has arrived by then, and what it reports on its way is no hand's move.
  static constexpr int kSettleMs = 400;
  /// A touch without a move that lasts longer has lost its end on the wire.
  static constexpr int kTouchMs = 60'000;

  explicit MotorFader(const MotorFaderSpec& spec = {}) : spec_(spec) {}

  /// It is there again, and may stand anywhere: nothing is sent before start_ms, then its place.
  void connected(std::int64_t start_ms) noexcept;
  void touch(bool down, std::int64_t now_ms) noexcept;
  /// It reports where it stands. False: its own motor on the way to where it was sent, no hand.
  bool moved(int position, std::int64_t now_ms) noexcept;
  /// Whether a hand is on it, as far as the device reports.
  bool held(std::int64_t now_ms) const noexcept;
  /// What is to be sent now so that it comes to `target`; nothing if it is there, held, or must rest.
  std::optional<int> next(int target, std::int64_t now_ms) noexcept;
  /// Whether next() has more to send later, without anything else happening.
  bool busy() const noexcept { return busy_; }

 private:
  bool same(int a, int b) const noexcept;
  int command(int position, std::int64_t now_ms) noexcept;

  MotorFaderSpec spec_;
  bool known_ = false, touched_ = false, owes_ = false, busy_ = true;
  int position_ = 0;  ///< where it stands or was sent to
  int reported_ = 0;  ///< what it reported last
  std::int64_t start_ms_ = 0, hand_ms_ = 0, sent_ms_ = 0;
  // Where its motor may be until then: everything between where it stood and all it was sent since.
  int travel_low_ = 0, travel_high_ = 0;
  std::int64_t travel_until_ms_ = 0;
};

}  // namespace fohd
