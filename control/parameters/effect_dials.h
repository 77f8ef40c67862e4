// What the rows of all effects share.
#pragma once

#include <tuple>

#include "control/parameters/rows.h"

namespace fohd::rows {

/// Specialised once an effect: its rows, below its name ("reverb/decay").
template <class Effect>
struct EffectRows;

/// The X32 numbers the dials of an effect, and which number is which depends on its own list of effects: its dialect's.
constexpr ParameterRow effect_dial(std::string_view path, Unit unit, float min, float max, float def, Taper taper,
                                   std::string_view doc) {
  return {.path = path,
          .stage = Stage::effect,
          .unit = unit,
          .min = min,
          .max = max,
          .taper = taper,
          .def = def,
          .doc = doc};
}

/// Does every path begin with the effect's name?
template <std::size_t N>
constexpr bool below(std::string_view name, const std::array<Row<EffectSettings>, N>& all) {
  for (const auto& row : all) {
    if (!row.info.path.starts_with(name) || row.info.path[name.size()] != '/') return false;
  }
  return true;
}

}  // namespace fohd::rows
