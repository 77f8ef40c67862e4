#include "engine/effects/effect.h"

#include <utility>

namespace fohd {
namespace {

template <class Row>
class EffectOf final : public Effect {
 public:
  using Coeffs = typename Row::Coeffs;
  EffectOf(const Coeffs& coeffs, EffectId id, double rate_hz) : Effect(id), processor_(rate_hz), coeffs_(coeffs) {}

  void process(const EffectCoeffs& coeffs, const float* left, const float* right, float* out_left, float* out_right,
               int frames) noexcept override {
    if (const auto* own = std::get_if<Coeffs>(&coeffs)) coeffs_ = *own;
    processor_.process(coeffs_, left, right, out_left, out_right, frames);
  }
  void kill() noexcept override { processor_.kill(); }
  bool silent() const noexcept override { return processor_.silent(); }

 private:
  typename Row::Processor processor_;
  Coeffs coeffs_;
};

template <class Row>
void make_if(const EffectCoeffs& coeffs, EffectId id, double rate_hz, std::unique_ptr<Effect>& made) {
  if (const auto* own = std::get_if<typename Row::Coeffs>(&coeffs))
    made = std::make_unique<EffectOf<Row>>(*own, id, rate_hz);
}
template <class... Rows>
std::unique_ptr<Effect> make_one_of(const EffectCoeffs& coeffs, EffectId id, double rate_hz, EffectList<Rows...>) {
  std::unique_ptr<Effect> made;
  (make_if<Rows>(coeffs, id, rate_hz, made), ...);
  return made;
}

template <std::size_t... Index>
EffectCoeffs design_one_of(EffectType type, const EffectParams& params, double rate_hz, std::index_sequence<Index...>) {
  EffectCoeffs coeffs;
  ((static_cast<std::size_t>(type) == Index + 1 ? void(coeffs = design(std::get<Index>(params), rate_hz)) : void()),
   ...);
  return coeffs;
}

}  // namespace

EffectCoeffs design(EffectType type, const EffectParams& params, double rate_hz) noexcept {
  return design_one_of(type, params, rate_hz, std::make_index_sequence<std::tuple_size_v<EffectParams>>());
}

std::unique_ptr<Effect> make_effect(const EffectCoeffs& coeffs, EffectId id, double rate_hz) {
  return make_one_of(coeffs, id, rate_hz, Effects());
}

}  // namespace fohd
