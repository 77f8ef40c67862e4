// An effect, whatever it is: what a slot of the desk holds (engine/effects/effect_slot.h). It owns memory, so it is
// made on the control side and handed over; what people turn comes with the targets, as of every processor.
//
// A new kind of effect: its Params, Coeffs and design() in a file of its own, a class that takes its coefficients in
// process(), and one more line in each of the two lists below.
#pragma once

#include <cstdint>
#include <memory>
#include <variant>

#include "engine/effects/reverb.h"

namespace fohd {

/// What the loop of each kind of effect reads; which one it is names the kind. The first: no effect.
using EffectCoeffs = std::variant<std::monostate, ReverbCoeffs>;

/// One instance has one number, from 1 and never again; 0 is no instance.
using EffectId = std::uint32_t;

class Effect {
 public:
  explicit Effect(EffectId id) noexcept : id_(id) {}
  virtual ~Effect() = default;
  Effect(const Effect&) = delete;
  Effect& operator=(const Effect&) = delete;

  EffectId id() const noexcept { return id_; }  ///< [any]

  /// [audio] 1..64 frames, stereo, planar; out may be in. Only what the effect adds, nothing of the input itself.
  /// coeffs of another kind than its own change nothing. Any split gives the same bits.
  virtual void process(const EffectCoeffs& coeffs, const float* left, const float* right, float* out_left,
                       float* out_right, int frames) noexcept = 0;
  /// [audio] Its tail fades out in 20 ms and is cleared.
  virtual void kill() noexcept = 0;
  /// [audio] It is silent: until its input is not zero, its output is exact zeros.
  virtual bool silent() const noexcept = 0;

 private:
  EffectId id_;
};

/// [control] An effect of the kind that the coefficients are for, beginning with them; null for none. Allocates.
std::unique_ptr<Effect> make_effect(const EffectCoeffs& coeffs, EffectId id, double rate_hz);

}  // namespace fohd
