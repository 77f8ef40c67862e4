// An effect, whatever it is: what a slot of the desk holds (engine/effects/effect_slot.h). It owns memory, so it is
// made on the control side and handed over; what people turn comes with the targets, as of every processor.
//
// Each effect is one row, a type in its own file: its name (on the wire, and of its parameters' addresses), traits,
// Params, Coeffs and Processor. Enumeration, variant, factory, names and the settings' members follow from the list
// below.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string_view>
#include <tuple>
#include <variant>

#include "engine/effects/effect_traits.h"
#include "engine/effects/reverb.h"

namespace fohd {

template <class... Rows>
struct EffectList {
  using Coeffs = std::variant<std::monostate, typename Rows::Coeffs...>;
  using Params = std::tuple<typename Rows::Params...>;
  static constexpr std::array<std::string_view, 1 + sizeof...(Rows)> kNames = {"none", Rows::kName...};
  static constexpr std::array<EffectTraits, 1 + sizeof...(Rows)> kTraits = {EffectTraits{}, Rows::kTraits...};
};
/// All effects, in the order of their numbers, which are for ever: a new one goes to the end.
using Effects = EffectList<ReverbEffect>;

/// 0: none; else an effect's place in the list, from 1: of its name in Effects::kNames, of its traits in
/// Effects::kTraits.
enum class EffectType : unsigned char { none };
/// What the loop of each effect reads; the alternative's number is the type's. The first: no effect.
using EffectCoeffs = Effects::Coeffs;
/// What people turn, of every effect.
using EffectParams = Effects::Params;

/// [control] The coefficients of the effect `type` with its own of `params`; monostate for none. rate_hz
/// 8,000..192,000.
EffectCoeffs design(EffectType type, const EffectParams& params, double rate_hz) noexcept;

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
