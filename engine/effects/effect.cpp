#include "engine/effects/effect.h"

namespace fohd {
namespace {

/// Which processor each kind of coefficients belongs to.
template <class Coeffs>
struct ProcessorOf;
template <>
struct ProcessorOf<ReverbCoeffs> {
  using Type = Reverb;
};

template <class Coeffs>
class EffectOf final : public Effect {
 public:
  EffectOf(const Coeffs& coeffs, EffectId id, double rate_hz) : Effect(id), processor_(rate_hz), coeffs_(coeffs) {}

  void process(const EffectCoeffs& coeffs, const float* left, const float* right, float* out_left, float* out_right,
               int frames) noexcept override {
    if (const auto* own = std::get_if<Coeffs>(&coeffs)) coeffs_ = *own;
    processor_.process(coeffs_, left, right, out_left, out_right, frames);
  }
  void kill() noexcept override { processor_.kill(); }
  bool silent() const noexcept override { return processor_.silent(); }

 private:
  typename ProcessorOf<Coeffs>::Type processor_;
  Coeffs coeffs_;
};

}  // namespace

std::unique_ptr<Effect> make_effect(const EffectCoeffs& coeffs, EffectId id, double rate_hz) {
  return std::visit(
      [&]<class Coeffs>(const Coeffs& own) -> std::unique_ptr<Effect> {
        if constexpr (std::is_same_v<Coeffs, std::monostate>) {
          return nullptr;
        } else {
          return std::make_unique<EffectOf<Coeffs>>(own, id, rate_hz);
        }
      },
      coeffs);
}

}  // namespace fohd
