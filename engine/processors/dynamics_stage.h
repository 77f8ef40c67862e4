// Gate and compressor of sixteen strips, as stages of a tile: which lanes are at work, their ramps, their keys, and
// what they leave behind when all is quiet. The arithmetic is in engine/processors/gate.h and
// engine/processors/compressor.h.
//
// A lane starts when its processor is switched on, in the state that a silent key leaves (but a gate begins open, so
// that nothing is lost while its detector settles; a ducker does not attenuate in that state); it stops when it is off
// and its ramp has ended. A stage in which all lanes are stopped does not run. What a lane does never depends on
// whether its neighbours run. awake(): started and not stopped.
//
// The compressor in front of the equaliser and the one behind it are two stages, of which a lane uses one: switching
// cross-fades them, and the new one takes over where the old one is (adopt()).
#pragma once

#include <algorithm>
#include <cmath>

#include "engine/processors/compressor.h"
#include "engine/processors/gate.h"
#include "engine/processors/key_tile.h"

namespace fohd {

/// [any] Of the peak detectors: 2.5 ms as whole sub-blocks, at least one.
inline int peak_block_frames(double rate_hz) noexcept {
  constexpr double kPeakBlockSeconds = 0.0025;  // head of gate_kernels.cpp
  return kSubBlockFrames * std::max(static_cast<int>(std::lround(kPeakBlockSeconds * rate_hz / kSubBlockFrames)), 1);
}

/// What the stage needs of its processor. Two ramps each.
struct GateKind {
  using Coeffs = GateCoeffs;
  using BankCoeffs = GateBankCoeffs;
  using BankState = GateBankState;
  static constexpr Coeffs kOff{};
  static LaneRamp& first(BankCoeffs& bank) noexcept { return bank.shut_scale; }
  static LaneRamp& second(BankCoeffs& bank) noexcept { return bank.open_gain; }
  static float first_of(const Coeffs& c) noexcept { return c.closed_gain - c.open_gain; }
  static float second_of(const Coeffs& c) noexcept { return c.open_gain; }
  /// All that does not ramp; a state that the new coefficients read in other terms keeps its meaning.
  static void put(BankCoeffs& bank, BankState& state, int lane, const Coeffs& c) noexcept;
  /// A state that was read with the coefficients `before` gets the same meaning with `bank`.
  static void translate(const BankCoeffs&, const BankCoeffs&, BankState&, int) noexcept {}
  static void wake(const BankCoeffs& bank, BankState& state, int lane, const Coeffs& c) noexcept;
  /// Fed with silence, would this lane's state stay as it is (to a millionth)?
  static bool rests(const BankCoeffs& bank, const BankState& state, int lane) noexcept;
  static void rest(const BankCoeffs& bank, BankState& state, int lane) noexcept;  ///< ... and now it does, exactly
  static void process(BankCoeffs& bank, BankState& state, const float* active, const float* key, const float* in,
                      float* out, int frames, int lanes) noexcept;
};

struct CompressorKind {
  using Coeffs = CompressorCoeffs;
  using BankCoeffs = CompressorBankCoeffs;
  using BankState = CompressorBankState;
  static constexpr Coeffs kOff{};
  static LaneRamp& first(BankCoeffs& bank) noexcept { return bank.dry; }
  static LaneRamp& second(BankCoeffs& bank) noexcept { return bank.wet; }
  static float first_of(const Coeffs& c) noexcept { return c.dry; }
  static float second_of(const Coeffs& c) noexcept { return c.wet; }
  static void put(BankCoeffs& bank, BankState& state, int lane, const Coeffs& c) noexcept;
  static void translate(const BankCoeffs& before, const BankCoeffs& bank, BankState& state, int lane) noexcept;
  static void wake(const BankCoeffs& bank, BankState& state, int lane, const Coeffs& c) noexcept;
  static bool rests(const BankCoeffs& bank, const BankState& state, int lane) noexcept;
  static void rest(const BankCoeffs& bank, BankState& state, int lane) noexcept;
  static void process(BankCoeffs& bank, BankState& state, const float* active, const float* key, const float* in,
                      float* out, int frames, int lanes) noexcept;
};

template <class Kind>
class DynamicsStage {
 public:
  /// [audio] Coefficients that are not finite switch the lane off.
  void set(int lane, const typename Kind::Coeffs& coeffs, const KeyTargets& key, int ramp_frames) noexcept;
  /// [audio] A lane that has just started goes on from its state in `other`.
  void adopt(int lane, const DynamicsStage& other) noexcept;
  void settle() noexcept;  ///< [control]

  bool awake() const noexcept { return awake_ != 0; }                             ///< [audio] something to do
  bool awake(int lane) const noexcept { return (awake_ & lane_bit(lane)) != 0; }  ///< [audio]
  bool moving() const noexcept { return (coeffs_ramps_moving() & awake_) != 0 || key_.moving(); }  ///< [audio]
  /// [audio] in and out are [frames][16]; out may be in. Only while awake().
  void process(const float* in, float* out, KeySources sources, int frames, int lanes, const Resets& resets) noexcept;

  /// [audio] Active lanes whose key source is another strip: their own silence does not make them quiet.
  LaneMask foreign() const noexcept { return static_cast<LaneMask>(awake_ & key_.foreign()); }
  /// [audio] Of these lanes, fed with silence, the ones in which nothing moves any more.
  LaneMask quiet(LaneMask lanes) const noexcept;
  /// [audio] Resets these lanes: as after a long silence.
  void clear_state(LaneMask lanes) noexcept;

  /// [audio] The deepest gain in octaves since restart_meter(), this call included. 0: it is stopped, or does nothing.
  float lowest_gain(int lane) const noexcept { return std::min(lowest_[lane], state_.lowest_gain[lane]); }
  void begin_call() noexcept;  ///< [audio]
  /// [audio] Every peak_block_frames() of the engine's counter, whether it is awake or not.
  void end_peak_block() noexcept {
    if (awake()) fohd::end_peak_block(state_);
  }
  void restart_meter() noexcept;  ///< [audio] the deepest gain starts again at this call's

 private:
  LaneMask coeffs_ramps_moving() const noexcept {
    auto& bank = const_cast<typename Kind::BankCoeffs&>(coeffs_);
    return static_cast<LaneMask>(Kind::first(bank).moving | Kind::second(bank).moving);
  }
  void suspend_disabled() noexcept;

  typename Kind::BankCoeffs coeffs_;
  typename Kind::BankState state_;
  KeyTile key_;
  LaneMask awake_ = 0, off_ = 0xffff;
  alignas(64) float active_[kLanes] = {};  ///< awake_, as the kernel reads it
  float lowest_[kLanes] = {};
  bool worked_ = false;  ///< in the call before: there is something to carry over
};

using GateStage = DynamicsStage<GateKind>;
using CompressorStage = DynamicsStage<CompressorKind>;

extern template class DynamicsStage<GateKind>;
extern template class DynamicsStage<CompressorKind>;

}  // namespace fohd
