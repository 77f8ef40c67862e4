// Rows of gate and compressor, the same for every kind of strip that has them (docs/DESK.md, "Defaults and ranges").
#pragma once

#include "control/parameters/rows.h"
#include "engine/processors/compressor.h"
#include "engine/processors/gate.h"

namespace fohd::rows {

inline constexpr std::array<std::string_view, 5> kGateModeNames = {"expander_2", "expander_3", "expander_4", "gate",
                                                                   "ducker"};
inline constexpr std::array<std::string_view, 2> kCompressorModeNames = {"compressor", "expander"};
inline constexpr std::array<std::string_view, 2> kDetectorNames = {"peak", "rms"};
inline constexpr std::array<std::string_view, 2> kEnvelopeNames = {"linear", "logarithmic"};
inline constexpr std::array<std::string_view, 2> kPositionNames = {"before_eq", "after_eq"};
inline constexpr std::array<std::string_view, 9> kKeyFilterNames = {
    "low_cut_6", "low_cut_12", "high_cut_6", "high_cut_12", "band_q1", "band_q2", "band_q3", "band_q5", "band_q10"};

/// A time or a number of a gate or compressor.
constexpr ParameterRow dynamics_number(std::string_view path, Unit unit, float min, float max, float def, Taper taper,
                                       X32Mapping x32, std::string_view doc) {
  return linked(
      {.path = path, .unit = unit, .min = min, .max = max, .taper = taper, .def = def, .x32 = x32, .doc = doc});
}
constexpr ParameterRow key_source(std::string_view path, X32Mapping x32) {
  ParameterRow row = choice(path, kKeySources.names, 0, x32,
                            "What it listens to: what it works on (self), or another strip; a channel is heard behind "
                            "its low cut, a bus 64 samples late, and one that this desk does not have counts as self.");
  return linked(row);
}
constexpr ParameterRow key_filter_on(std::string_view path, X32Mapping x32) {
  return linked(toggle(path, false, x32, "The key passes a filter; the sound does not."));
}
constexpr ParameterRow key_filter_type(std::string_view path, X32Mapping x32) {
  return linked(choice(path, kKeyFilterNames, 6, x32, "Cut of 6 or 12 dB per octave, or a band of this Q."));
}
constexpr ParameterRow key_filter_frequency(std::string_view path, X32Mapping x32) {
  return dynamics_number(path, Unit::hz, 20, 20000, 1000, Taper::logarithmic, x32, "Corner, or middle of the band.");
}

// Whose defaults stand with the sound.
inline constexpr GateParams kGate;
inline constexpr CompressorParams kCompressor;

template <class O>
constexpr auto gate_rows() {
  constexpr Taper kLog = Taper::logarithmic, kLinear = Taper::linear;
  return in_stage(
      Stage::gate,
      std::array{Row<O>{linked(toggle("gate/on", kGate.on, x32_switch("gate/on"), "Gate in the signal path.")),
                        [](O& o, int) -> bool& { return o.gate.on; }},
                 Row<O>{linked(choice(
                            "gate/mode", kGateModeNames, static_cast<int>(kGate.mode), x32_index("gate/mode"),
                            "A gate shuts, an expander of 2:1 to 4:1 turns down what is below the threshold, a ducker "
                            "turns down while the key is above it.")),
                        [](O& o, int) -> unsigned char& { return as_index(o.gate.mode); }},
                 Row<O>{dynamics_number("gate/threshold", Unit::db, -80, 0, kGate.threshold_db, kLinear,
                                        x32_linear("gate/thr", -80, 0, 161),
                                        "Level of the key at which it opens; it shuts 4 dB below."),
                        [](O& o, int) -> float& { return o.gate.threshold_db; }},
                 Row<O>{dynamics_number("gate/range", Unit::db, 3, 60, kGate.range_db, kLinear,
                                        x32_linear("gate/range", 3, 60, 58), "How much it turns down at most."),
                        [](O& o, int) -> float& { return o.gate.range_db; }},
                 Row<O>{dynamics_number("gate/attack", Unit::ms, 0, 120, kGate.attack_ms, kLinear,
                                        x32_linear("gate/attack", 0, 120, 121),
                                        "Time to do 63 % of the way (in dB) when the key gets loud."),
                        [](O& o, int) -> float& { return o.gate.attack_ms; }},
                 Row<O>{dynamics_number("gate/hold", Unit::ms, 0.02f, 2000, kGate.hold_ms, kLog,
                                        x32_log("gate/hold", 0.02f, 2000, 101),
                                        "How long it waits after the last sound above the threshold."),
                        [](O& o, int) -> float& { return o.gate.hold_ms; }},
                 Row<O>{dynamics_number("gate/release", Unit::ms, 5, 4000, kGate.release_ms, kLog,
                                        x32_log("gate/release", 5, 4000, 101),
                                        "Time to do 63 % of the way back (in dB), after the hold."),
                        [](O& o, int) -> float& { return o.gate.release_ms; }},
                 Row<O>{key_source("gate/key/source", x32_index("gate/keysrc")),
                        [](O& o, int) -> int& { return o.gate.key.source; }},
                 Row<O>{key_filter_on("gate/key/filter/on", x32_switch("gate/filter/on")),
                        [](O& o, int) -> bool& { return o.gate.key.filter_on; }},
                 Row<O>{key_filter_type("gate/key/filter/type", x32_index("gate/filter/type")),
                        [](O& o, int) -> unsigned char& { return as_index(o.gate.key.filter_type); }},
                 Row<O>{key_filter_frequency("gate/key/filter/freq", x32_log("gate/filter/f", 20, 20000, 201)),
                        [](O& o, int) -> float& { return o.gate.key.filter_hz; }},
                 Row<O>{linked(of_class(
                            Persistence::momentary,
                            toggle("gate/key/listen", false, kNotOnX32,
                                   "The key, behind its filter, is heard in the bus of /config/listen_bus; of several "
                                   "channels that listen, the first one's."))),
                        [](O& o, int) -> bool& { return o.gate.key_listen; }}});
}

/// detector: what the strip's kind begins with. x32_key_source: kNotOnX32 where the console has none.
template <class O>
constexpr auto compressor_rows(Detector detector, X32Mapping x32_key_source = x32_index("dyn/keysrc")) {
  constexpr Taper kLog = Taper::logarithmic, kLinear = Taper::linear;
  return in_stage(
      Stage::compressor,
      std::array{
          Row<O>{linked(toggle("comp/on", kCompressor.on, x32_switch("dyn/on"), "Compressor in the signal path.")),
                 [](O& o, int) -> bool& { return o.compressor.on; }},
          Row<O>{linked(choice("comp/mode", kCompressorModeNames, static_cast<int>(kCompressor.mode),
                               x32_index("dyn/mode"),
                               "A compressor turns down what is above the threshold, an expander what is below.")),
                 [](O& o, int) -> unsigned char& { return as_index(o.compressor.mode); }},
          Row<O>{linked(choice("comp/detector", kDetectorNames, static_cast<int>(detector), x32_index("dyn/det"),
                               "Listens to peaks, or to the power over 10 ms (a sine reads 3 dB below its peak).")),
                 [](O& o, int) -> unsigned char& { return as_index(o.compressor.detector); }},
          Row<O>{linked(choice(
                     "comp/envelope", kEnvelopeNames, static_cast<int>(kCompressor.envelope), x32_index("dyn/env"),
                     "Attack and release as exponentials of dB (logarithmic), or of the gain itself (linear: slow "
                     "at first, quick in the end).")),
                 [](O& o, int) -> unsigned char& { return as_index(o.compressor.envelope); }},
          Row<O>{
              linked(toggle("comp/auto_time", kCompressor.auto_time, x32_switch("dyn/auto"),
                            "The more a sound is made of peaks, the shorter attack and release get, up to 20 times.")),
              [](O& o, int) -> bool& { return o.compressor.auto_time; }},
          Row<O>{linked(choice("comp/position", kPositionNames, 1, x32_index("dyn/pos"),
                               "In front of the equaliser or behind it.")),
                 [](O& o, int) -> unsigned char& { return as_index(o.compressor.position); }},
          Row<O>{dynamics_number("comp/threshold", Unit::db, -60, 0, kCompressor.threshold_db, kLinear,
                                 x32_linear("dyn/thr", -60, 0, 121), "Level of the key from which it works."),
                 [](O& o, int) -> float& { return o.compressor.threshold_db; }},
          Row<O>{dynamics_number("comp/ratio", Unit::none, 1.1f, 100, kCompressor.ratio, kLog,
                                 {"dyn/ratio", X32Law::ratio, 1.1f, 100, 12},
                                 "So many dB more of input make one dB more of output."),
                 [](O& o, int) -> float& { return o.compressor.ratio; }},
          Row<O>{dynamics_number("comp/knee", Unit::db, 0, 10, kCompressor.knee_db, kLinear,
                                 x32_linear("dyn/knee", 0, 5, 6), "Width of the bend around the threshold."),
                 [](O& o, int) -> float& { return o.compressor.knee_db; }},
          Row<O>{dynamics_number("comp/makeup", Unit::db, 0, 24, kCompressor.makeup_db, kLinear,
                                 x32_linear("dyn/mgain", 0, 24, 49), "Gain behind the compressor."),
                 [](O& o, int) -> float& { return o.compressor.makeup_db; }},
          Row<O>{linked(toggle("comp/auto_makeup", kCompressor.auto_makeup, kNotOnX32,
                               "Adds half of what full scale would lose, so that the loudness stays about the same.")),
                 [](O& o, int) -> bool& { return o.compressor.auto_makeup; }},
          Row<O>{dynamics_number("comp/attack", Unit::ms, 0, 120, kCompressor.attack_ms, kLinear,
                                 x32_linear("dyn/attack", 0, 120, 121),
                                 "Time to do 63 % of the reduction (in dB; of the gain with a linear envelope)."),
                 [](O& o, int) -> float& { return o.compressor.attack_ms; }},
          Row<O>{dynamics_number("comp/hold", Unit::ms, 0.02f, 2000, kCompressor.hold_ms, kLog,
                                 x32_log("dyn/hold", 0.02f, 2000, 101), "How long it waits before it lets go."),
                 [](O& o, int) -> float& { return o.compressor.hold_ms; }},
          Row<O>{dynamics_number("comp/release", Unit::ms, 5, 4000, kCompressor.release_ms, kLog,
                                 x32_log("dyn/release", 5, 4000, 101),
                                 "Time to do 63 % of the way back (in the envelope's terms), after the hold."),
                 [](O& o, int) -> float& { return o.compressor.release_ms; }},
          Row<O>{dynamics_number("comp/mix", Unit::percent, 0, 100, kCompressor.mix_percent, kLinear,
                                 x32_linear("dyn/mix", 0, 100, 21),
                                 "Compressed against untouched sound: less than 100 is parallel compression."),
                 [](O& o, int) -> float& { return o.compressor.mix_percent; }},
          Row<O>{key_source("comp/key/source", x32_key_source),
                 [](O& o, int) -> int& { return o.compressor.key.source; }},
          Row<O>{key_filter_on("comp/key/filter/on", x32_switch("dyn/filter/on")),
                 [](O& o, int) -> bool& { return o.compressor.key.filter_on; }},
          Row<O>{key_filter_type("comp/key/filter/type", x32_index("dyn/filter/type")),
                 [](O& o, int) -> unsigned char& { return as_index(o.compressor.key.filter_type); }},
          Row<O>{key_filter_frequency("comp/key/filter/freq", x32_log("dyn/filter/f", 20, 20000, 201)),
                 [](O& o, int) -> float& { return o.compressor.key.filter_hz; }}});
}

}  // namespace fohd::rows
