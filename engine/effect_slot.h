// One place of the desk where a stereo effect stands: fed by the mix, heard through a pair of return strips.
//
// Tenants come through a Swap (DESIGN section 3). The targets name the tenant that is wanted by its id; who is not
// named any more gets no more input (10 ms) and plays its tail beside the next one, until it is silent; then it goes
// back to be freed. A third tenant waits until the first is gone, which is then killed: 20 ms, and what it takes to
// forget. Coefficients count for the tenant that they name only. Tenants change at grid points alone, and whatever
// sounds is the same for any split.
#pragma once

#include "engine/effect.h"
#include "engine/ramp.h"
#include "engine/swap.h"
#include "engine/tile.h"

namespace fohd {

/// One slot's share of DeskTargets.
struct EffectTargets {
  std::uint32_t revision = 0;
  EffectId id = 0;          ///< of the tenant; every change of it has a higher one, also a change to none
  EffectCoeffs coeffs;      ///< of that tenant
  std::uint32_t kills = 0;  ///< a change of it: whatever sounds in the slot is to end
  bool operator==(const EffectTargets&) const = default;
};

class EffectSlot {
 public:
  explicit EffectSlot(double rate_hz);  ///< [control]
  ~EffectSlot();                        ///< [control]
  EffectSlot(const EffectSlot&) = delete;
  EffectSlot& operator=(const EffectSlot&) = delete;

  /// [control: offer, collect] Offer a tenant before the targets that name it are published.
  Swap<Effect>& swap() noexcept { return swap_; }

  void set(const EffectTargets& targets) noexcept;  ///< [audio]
  void settle() noexcept;                           ///< [control] the named tenant is in, at full input
  void grid() noexcept;                             ///< [audio] at each multiple of 64 frames

  /// [audio] 1..64 frames. in: two lanes next to each other in a tile, or null for silence. False: nothing sounds, out
  /// (two lanes as well) was not written.
  bool process(const float* in, float* out, int frames) noexcept;

 private:
  struct Tenant {
    Effect* effect = nullptr;
    EffectCoeffs coeffs;
    Ramp input{0};
  };
  void move_out() noexcept;
  void move_in() noexcept;
  bool sounds(const Tenant& tenant, const float* in) const noexcept;
  void run(Tenant& tenant, const float* in, int frames) noexcept;

  const int input_ramp_frames_;
  Swap<Effect> swap_;
  EffectTargets wanted_;
  Tenant playing_, ending_;
  Effect* incoming_ = nullptr;  ///< taken, and not named or not let in yet
  float heard_[2][kSubBlockFrames] = {}, sum_[2][kSubBlockFrames] = {};
};

}  // namespace fohd
