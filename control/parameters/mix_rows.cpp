// What a bus and main have (docs/DESK.md, "Signal flow" and "Defaults and ranges").
#include "control/parameters/dynamics_rows.h"

namespace fohd {
namespace {

using namespace rows;
using M = MixSettings;
constexpr Repeat kBand = {[](const Geometry&) { return kMixEqBands; }, 'B', "band"};
constexpr Defaults kEqTypes = {1, 2, 2, 2, 2, 4};
constexpr Defaults kEqFrequencies = {80, 160, 500, 2000, 5000, 10000};

// A physical output does not follow a stereo link: copying would take the ear protection off the even one.
constexpr Persistence kOut = Persistence::output;
constexpr ParameterRow output_delay_on(std::string_view path) {
  return of_class(kOut, toggle(path, false, kNotOnX32, "Delay of this output is in the signal path."));
}
constexpr ParameterRow output_delay(std::string_view path) {
  return {.path = path,
          .unit = Unit::ms,
          .max = 500,
          .persistence = kOut,
          .doc = "Delay that aligns this loudspeaker; 1 ms is 34 cm."};
}
constexpr ParameterRow output_level(std::string_view path) {
  return of_class(kOut, level(path, 0, kNotOnX32, "Level of this output, behind the fader and before the limiter."));
}
constexpr ParameterRow output_polarity(std::string_view path) {
  return of_class(kOut, toggle(path, false, kNotOnX32, "Inverts this output."));
}
constexpr ParameterRow output_limiter_on(std::string_view path) {
  return of_class(
      kOut, toggle(path, true, kNotOnX32, "Safety limiter of this output; always on where the ears flag is set."));
}
constexpr ParameterRow output_ceiling(std::string_view path) {
  return {.path = path,
          .unit = Unit::db,
          .min = -30,
          .max = 0,
          .def = -1.0f,
          .persistence = kOut,
          .doc = "No sample leaves this output above it (dBFS)."};
}
constexpr ParameterRow output_ears(std::string_view path) {
  return of_class(kOut, toggle(path, false, kNotOnX32,
                               "In-ear monitors hang here: the limiter stays on, its ceiling at most -12 dBFS."));
}

constexpr std::array kBusStart = {
    Row<M>{kName, [](M& m, int) -> std::string& { return m.identity.name; }},
    Row<M>{kColor, [](M& m, int) -> int& { return m.identity.color; }},
    Row<M>{kIcon, [](M& m, int) -> int& { return m.identity.icon; }},
    Row<M>{
        link(
            {"/config/buslink/#", X32Law::toggle, 0, 1, 2},
            "Stereo pair of an odd bus and the even one behind it: both halves and all sends into them move together."),
        [](M& m, int) -> bool& { return m.link; }},
    Row<M>{kEqOn, [](M& m, int) -> bool& { return m.eq_on; }},
    Row<M>{eq_type(kBand, kEqTypes), [](M& m, int i) -> unsigned char& { return as_index(m.eq[i].type); }},
    Row<M>{eq_frequency(kBand, kEqFrequencies), [](M& m, int i) -> float& { return m.eq[i].frequency_hz; }},
    Row<M>{eq_gain(kBand), [](M& m, int i) -> float& { return m.eq[i].gain_db; }},
    Row<M>{eq_q(kBand), [](M& m, int i) -> float& { return m.eq[i].q; }},
};
constexpr std::array kBusEnd = {
    Row<M>{linked(toggle("mute", false, x32_inverted("mix/on"), "Silences the bus at its output and in main.")),
           [](M& m, int) -> bool& { return m.mute; }},
    Row<M>{linked(level("fader", 0, kX32Fader, "Level of the bus at its output and into main.")),
           [](M& m, int) -> float& { return m.fader_db; }},
    Row<M>{linked(pan("pan", x32_linear("mix/pan", -100, 100, 101),
                      "Place of the bus in main, -3 dB each in the middle; the balance of a linked pair.")),
           [](M& m, int) -> float& { return m.pan; }},
    Row<M>{reaches_main(linked(toggle("main/on", false, x32_switch("mix/st"),
                                      "The bus goes to main as well; off, so that no wedge mix lands in the PA."))),
           [](M& m, int) -> bool& { return m.main_on; }},
    Row<M>{output_delay_on("out/delay/on"), [](M& m, int) -> bool& { return m.output[0].delay_on; }},
    Row<M>{output_delay("out/delay/time"), [](M& m, int) -> float& { return m.output[0].delay_ms; }},
    Row<M>{output_level("out/level"), [](M& m, int) -> float& { return m.output[0].level_db; }},
    Row<M>{output_polarity("out/polarity"), [](M& m, int) -> bool& { return m.output[0].polarity_inverted; }},
    Row<M>{output_limiter_on("out/limiter/on"), [](M& m, int) -> bool& { return m.output[0].limiter_on; }},
    Row<M>{output_ceiling("out/limiter/ceiling"), [](M& m, int) -> float& { return m.output[0].limiter_ceiling_db; }},
    Row<M>{output_ears("out/ears"), [](M& m, int) -> bool& { return m.output[0].ears; }},
};
constexpr auto kBusRows =
    joined(in_stage(Stage::mix, kBusStart), compressor_rows<M>(Detector::rms), in_stage(Stage::mix, kBusEnd));
static_assert(well_formed(kBusRows));

// Whose defaults stand with the sound.
constexpr StereoWidthParams kWidth;
constexpr TruePeakLimiterParams kLimiter;

constexpr std::array kMainStart = {
    Row<M>{kName, [](M& m, int) -> std::string& { return m.identity.name; }},
    Row<M>{kColor, [](M& m, int) -> int& { return m.identity.color; }},
    Row<M>{kIcon, [](M& m, int) -> int& { return m.identity.icon; }},
    Row<M>{alone(kEqOn), [](M& m, int) -> bool& { return m.eq_on; }},
    Row<M>{alone(eq_type(kBand, kEqTypes)), [](M& m, int i) -> unsigned char& { return as_index(m.eq[i].type); }},
    Row<M>{alone(eq_frequency(kBand, kEqFrequencies)), [](M& m, int i) -> float& { return m.eq[i].frequency_hz; }},
    Row<M>{alone(eq_gain(kBand)), [](M& m, int i) -> float& { return m.eq[i].gain_db; }},
    Row<M>{alone(eq_q(kBand)), [](M& m, int i) -> float& { return m.eq[i].q; }},
};
constexpr std::array kMainEnd = {
    Row<M>{toggle("mute", false, x32_inverted("mix/on"), "Silences main."), [](M& m, int) -> bool& { return m.mute; }},
    Row<M>{level("fader", kLevelOffDb, kX32Fader, "Level of main."), [](M& m, int) -> float& { return m.fader_db; }},
    Row<M>{
        alone(pan("pan", x32_linear("mix/pan", -100, 100, 101), "Balance of main left and right, 0 dB in the middle.")),
        [](M& m, int) -> float& { return m.pan; }},
    Row<M>{
        {.path = "width",
         .unit = Unit::percent,
         .max = 200,
         .def = kWidth.width_percent,
         .doc = "Stereo width: 0 is mono, 100 as mixed, 200 twice as far apart; a mono listener hears no difference."},
        [](M& m, int) -> float& { return m.main_bus.width.width_percent; }},
    Row<M>{toggle("mono_below/on", false, kNotOnX32, "Below a frequency main is mono, for subwoofers."),
           [](M& m, int) -> bool& { return m.main_bus.width.mono_below_on; }},
    Row<M>{{.path = "mono_below/freq",
            .unit = Unit::hz,
            .min = 20,
            .max = 500,
            .taper = Taper::logarithmic,
            .def = kWidth.mono_below_hz,
            .doc = "Below this main is mono (12 dB per octave)."},
           [](M& m, int) -> float& { return m.main_bus.width.mono_below_hz; }},
    Row<M>{toggle("limiter/on", kLimiter.on, kNotOnX32,
                  "True-peak limiter of main; its look-ahead (configuration) makes main late, on or off."),
           [](M& m, int) -> bool& { return m.main_bus.limiter.on; }},
    Row<M>{{.path = "limiter/ceiling",
            .unit = Unit::db,
            .min = -24,
            .max = 0,
            .def = kLimiter.ceiling_db,
            .doc = "Nothing in main is louder, between the samples either (dBTP)."},
           [](M& m, int) -> float& { return m.main_bus.limiter.ceiling_db; }},
    Row<M>{{.path = "limiter/release",
            .unit = Unit::ms,
            .min = 20,
            .max = 1000,
            .taper = Taper::logarithmic,
            .def = kLimiter.release_ms,
            .doc = "How long the limiter takes to let go (63 % in dB)."},
           [](M& m, int) -> float& { return m.main_bus.limiter.release_ms; }},
    Row<M>{output_delay_on("out/left/delay/on"), [](M& m, int) -> bool& { return m.output[0].delay_on; }},
    Row<M>{output_delay("out/left/delay/time"), [](M& m, int) -> float& { return m.output[0].delay_ms; }},
    Row<M>{output_level("out/left/level"), [](M& m, int) -> float& { return m.output[0].level_db; }},
    Row<M>{output_polarity("out/left/polarity"), [](M& m, int) -> bool& { return m.output[0].polarity_inverted; }},
    Row<M>{output_limiter_on("out/left/limiter/on"), [](M& m, int) -> bool& { return m.output[0].limiter_on; }},
    Row<M>{output_ceiling("out/left/limiter/ceiling"),
           [](M& m, int) -> float& { return m.output[0].limiter_ceiling_db; }},
    Row<M>{output_ears("out/left/ears"), [](M& m, int) -> bool& { return m.output[0].ears; }},
    Row<M>{output_delay_on("out/right/delay/on"), [](M& m, int) -> bool& { return m.output[1].delay_on; }},
    Row<M>{output_delay("out/right/delay/time"), [](M& m, int) -> float& { return m.output[1].delay_ms; }},
    Row<M>{output_level("out/right/level"), [](M& m, int) -> float& { return m.output[1].level_db; }},
    Row<M>{output_polarity("out/right/polarity"), [](M& m, int) -> bool& { return m.output[1].polarity_inverted; }},
    Row<M>{output_limiter_on("out/right/limiter/on"), [](M& m, int) -> bool& { return m.output[1].limiter_on; }},
    Row<M>{output_ceiling("out/right/limiter/ceiling"),
           [](M& m, int) -> float& { return m.output[1].limiter_ceiling_db; }},
    Row<M>{output_ears("out/right/ears"), [](M& m, int) -> bool& { return m.output[1].ears; }},
};
constexpr auto kMainRows = joined(in_stage(Stage::mix, kMainStart), alone(compressor_rows<M>(Detector::rms, kNotOnX32)),
                                  in_stage(Stage::output, kMainEnd));
static_assert(well_formed(kMainRows));

}  // namespace

std::span<const Row<MixSettings>> bus_rows() noexcept { return kBusRows; }
std::span<const Row<MixSettings>> main_rows() noexcept { return kMainRows; }

}  // namespace fohd
