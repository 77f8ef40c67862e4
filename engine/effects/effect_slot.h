// One effect slot of the desk: a stereo effect, fed by the mix, with a pair of return strips as its output.
//
// Instances come through a Swap (docs/DESIGN.md, "Effects"). The targets name the required instance by its id. An
// instance that they no longer name gets no more input (10 ms) and plays its tail beside the next one until it is
// silent; then it goes back to be freed. A third instance waits until the first is gone, which is then killed: 20 ms,
// and the time to clear it. Coefficients apply to the instance that they name only. Instances change at grid points
// alone, and the output is the same for any split.
#pragma once

#include "engine/crossing/swap.h"
#include "engine/effects/effect.h"
#include "engine/tile/ramp.h"
#include "engine/tile/tile.h"

namespace fohd {

/// One slot's share of DeskTargets.
struct EffectTargets {
  std::uint32_t revision = 0;
  EffectId id = 0;          ///< of the instance; every change of it has a higher one, also a change to none
  EffectCoeffs coeffs;      ///< of that instance
  std::uint32_t kills = 0;  ///< a change of it: whatever sounds in the slot is to end
  bool operator==(const EffectTargets&) const = default;
};

class EffectSlot {
 public:
  explicit EffectSlot(double rate_hz);  ///< [control]
  ~EffectSlot();                        ///< [control]
  EffectSlot(const EffectSlot&) = delete;
  EffectSlot& operator=(const EffectSlot&) = delete;

  /// [control: offer, collect] Offer an instance before the targets that name it are published.
  Swap<Effect>& swap() noexcept { return swap_; }

  void set(const EffectTargets& targets) noexcept;  ///< [audio]
  void settle() noexcept;                           ///< [control] the named instance is in, at full input
  void sub_block_boundary() noexcept;               ///< [audio] at each multiple of 64 frames

  /// [audio] 1..64 frames. in: two lanes next to each other in a tile, or null for silence. False: nothing sounds, out
  /// (two lanes as well) was not written.
  bool process(const float* in, float* out, int frames) noexcept;

 private:
  struct Instance {
    Effect* effect = nullptr;
    EffectCoeffs coeffs;
    Ramp input{0};
  };
  void move_out() noexcept;
  void move_in() noexcept;
  bool sounds(const Instance& instance, const float* in) const noexcept;
  void run(Instance& instance, const float* in, int frames) noexcept;

  const int input_ramp_frames_;
  Swap<Effect> swap_;
  EffectTargets wanted_;
  Instance playing_, ending_;
  Effect* incoming_ = nullptr;  ///< taken, and not named or not let in yet
  float heard_[2][kSubBlockFrames] = {}, sum_[2][kSubBlockFrames] = {};
};

}  // namespace fohd
