// Faders and knobs without motors: how the hand takes a value over that it does not stand at. Places are
// 0..1 of the control's range.
#pragma once

#include <cstdint>
#include <optional>

namespace fohd {

enum class MidiTakeover : std::uint8_t {
  pickup,  ///< nothing happens until the hand has come to the value or past it
  jump,    ///< the value jumps to the hand
  scaled,  ///< the value goes the same part of its remaining way as the hand of its own
};

/// [control]
class Takeover {
 public:
  /// `step`: the control's smallest, 1/127 where it has 7 bits. A value that others moved by less than half of it
  /// counts as not moved.
  explicit Takeover(MidiTakeover mode = MidiTakeover::pickup, double step = 1.0 / 127) : mode_(mode), step_(step) {}

  /// It controls something else, was away, or the desk was recalled: the hand must come to the value again.
  void rearm() noexcept { has_place_ = engaged_ = false; }
  /// The hand moved to `place` while the value stands at `value`. Returns where the value is to go. The first report
  /// after rearm() only reports where the hand is (but for jump).
  std::optional<double> move(double place, double value) noexcept;
  /// What the value became by it: a value with steps, or one that is limited, differs.
  void settled(double value) noexcept { last_value_ = value; }

  /// Where the hand must go to take over: +1 up, -1 down, 0 it has, or its place is unknown.
  int way(double value) const noexcept;

 private:
  MidiTakeover mode_;
  double step_;
  bool has_place_ = false, engaged_ = false;
  double place_ = 0, last_value_ = 0;
};

}  // namespace fohd
