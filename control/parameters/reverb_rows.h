// The reverb's parameters; their defaults stand with the sound.
#pragma once

#include "control/parameters/effect_dials.h"
#include "engine/effects/reverb.h"

namespace fohd::rows {

template <>
struct EffectRows<ReverbEffect> {
  static constexpr ReverbParams kReverb = {};
  static constexpr std::array kRows = {
      Row<EffectSettings>{
          effect_dial("reverb/predelay", Unit::ms, 0, 200, kReverb.predelay_ms, Taper::linear,
                      "How long the room waits; keeps a voice in front of it."),
          [](EffectSettings& e, int) -> float& { return std::get<ReverbParams>(e.params).predelay_ms; }},
      Row<EffectSettings>{effect_dial("reverb/decay", Unit::s, 0.2f, 10, kReverb.decay_s, Taper::logarithmic,
                                      "Time in which the tail falls by 60 dB, at 1 kHz."),
                          [](EffectSettings& e, int) -> float& { return std::get<ReverbParams>(e.params).decay_s; }},
      Row<EffectSettings>{
          effect_dial("reverb/size", Unit::percent, 2, 100, kReverb.size_percent, Taper::linear,
                      "How large the room is: a plate below 20, a hall above 60."),
          [](EffectSettings& e, int) -> float& { return std::get<ReverbParams>(e.params).size_percent; }},
      Row<EffectSettings>{effect_dial("reverb/damping", Unit::hz, 1'000, 20'000, kReverb.damping_hz, Taper::logarithmic,
                                      "Above this the tail decays more than twice as fast."),
                          [](EffectSettings& e, int) -> float& { return std::get<ReverbParams>(e.params).damping_hz; }},
      Row<EffectSettings>{
          effect_dial("reverb/bass", Unit::none, 0.5f, 2, kReverb.bass_multiply, Taper::logarithmic,
                      "Decay far below 200 Hz, as a multiple of the decay."),
          [](EffectSettings& e, int) -> float& { return std::get<ReverbParams>(e.params).bass_multiply; }},
      Row<EffectSettings>{
          effect_dial("reverb/diffusion", Unit::percent, 0, 100, kReverb.diffusion_percent, Taper::linear,
                      "How soon single echoes blur; low for voices, high for drums."),
          [](EffectSettings& e, int) -> float& { return std::get<ReverbParams>(e.params).diffusion_percent; }},
      Row<EffectSettings>{
          effect_dial("reverb/modulation", Unit::percent, 0, 100, kReverb.modulation_percent, Taper::linear,
                      "How much the room moves, against ringing; 100 bends a pass by 3 cents."),
          [](EffectSettings& e, int) -> float& { return std::get<ReverbParams>(e.params).modulation_percent; }},
      Row<EffectSettings>{effect_dial("reverb/lowcut", Unit::hz, 10, 500, kReverb.low_cut_hz, Taper::logarithmic,
                                      "Low cut of what goes in, 12 dB per octave."),
                          [](EffectSettings& e, int) -> float& { return std::get<ReverbParams>(e.params).low_cut_hz; }},
      Row<EffectSettings>{
          effect_dial("reverb/highcut", Unit::hz, 200, 20'000, kReverb.high_cut_hz, Taper::logarithmic,
                      "High cut of what goes in, 12 dB per octave."),
          [](EffectSettings& e, int) -> float& { return std::get<ReverbParams>(e.params).high_cut_hz; }},
  };
};

}  // namespace fohd::rows
