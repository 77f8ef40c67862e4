// What a change of the settings asks of the targets, and how long it takes (docs/DESK.md, "Ramps").
#pragma once

namespace fohd {

inline constexpr double kGainRampMs = 5, kMuteRampMs = 10;
/// A filter or compressor that is switched changes as much as a mute does, and takes as long.
inline constexpr double kCoefficientRampMs = kMuteRampMs;
inline constexpr double kStartRampMs = 200, kPanicRampMs = 20, kPanicReleaseRampMs = 500;

/// What has to be redesigned of one strip.
struct TargetWork {
  bool processing = false;  ///< low cut, gate, equaliser, compressor
  bool gains = false;       ///< everything else
  bool switched = false;    ///< a mute or another on/off was among it: the longer ramp
  bool any() const noexcept { return processing || gains; }
  double ramp_ms() const noexcept { return switched ? kMuteRampMs : kGainRampMs; }
  void merge(const TargetWork& more) noexcept {
    processing |= more.processing;
    gains |= more.gains;
    switched |= more.switched;
  }
};

}  // namespace fohd
