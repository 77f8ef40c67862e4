// Effect slots (/fx) and the strips that return them to the mix (/fxrtn): docs/DESK.md, "Effects".
// Each kind of effect has rows of its own below its name; their values are kept while another kind is in the slot.
#include "control/parameters/strip_rows.h"

namespace fohd {
namespace {

using namespace rows;
using E = EffectSettings;
using R = ReturnSettings;

constexpr std::array<std::string_view, 2> kTypeNames = {"none", "reverb"};

/// Buses 13 to 16 feed the effects 1 to 4 (docs/DESK.md, "Defaults and ranges"); on a smaller desk the last buses do.
constexpr float source_default(const Geometry& desk, int slot, int) {
  constexpr int kFed = 4, kFirst = 13;
  if (slot >= kFed) return 0;
  const int fed = desk.effects() < kFed ? desk.effects() : kFed;
  const int bus = desk.buses >= kFirst + kFed - 1 ? kFirst + slot : desk.buses - fed + slot + 1;
  return static_cast<float>(bus > 0 ? bus : 0);
}
constexpr ParameterRow source(std::string_view path, X32Mapping x32, std::string_view doc) {
  ParameterRow row = choice(path, kBusNames.names, 0, x32, doc);
  row.default_of = source_default;
  row.default_text = "bus_13 to bus_16 for the slots 1 to 4; on a desk with fewer buses its last ones; else none";
  return row;
}

constexpr ReverbParams kReverb;  // whose defaults stand with the sound
/// The X32 numbers the dials of an effect, and which number is which depends on its own list of effects: its dialect's.
constexpr ParameterRow reverb_dial(std::string_view path, Unit unit, float min, float max, float def, Taper taper,
                                   std::string_view doc) {
  return {.path = path, .unit = unit, .min = min, .max = max, .taper = taper, .def = def, .doc = doc};
}

constexpr std::array kEffectRows = {
    Row<E>{choice("type", kTypeNames, 0, kNotOnX32,
                  "Which effect is in the slot; the one that leaves plays its tail beside the one that comes."),
           [](E& e, int) -> unsigned char& { return as_index(e.type); }},
    Row<E>{source("source/left", x32_index("source/l"),
                  "Which bus feeds the left input, behind its fader and mute; one that this desk lacks is silence. Its "
                  "sends are best post fader."),
           [](E& e, int) -> int& { return e.source[0]; }},
    Row<E>{source("source/right", x32_index("source/r"), "Which bus feeds the right input; mostly the same."),
           [](E& e, int) -> int& { return e.source[1]; }},
    Row<E>{reverb_dial("reverb/predelay", Unit::ms, 0, 200, kReverb.predelay_ms, Taper::linear,
                       "How long the room waits; keeps a voice in front of it."),
           [](E& e, int) -> float& { return e.reverb.predelay_ms; }},
    Row<E>{reverb_dial("reverb/decay", Unit::s, 0.2f, 10, kReverb.decay_s, Taper::logarithmic,
                       "Time in which the tail falls by 60 dB, at 1 kHz."),
           [](E& e, int) -> float& { return e.reverb.decay_s; }},
    Row<E>{reverb_dial("reverb/size", Unit::percent, 2, 100, kReverb.size_percent, Taper::linear,
                       "How large the room is: a plate below 20, a hall above 60."),
           [](E& e, int) -> float& { return e.reverb.size_percent; }},
    Row<E>{reverb_dial("reverb/damping", Unit::hz, 1'000, 20'000, kReverb.damping_hz, Taper::logarithmic,
                       "Above this the tail decays more than twice as fast."),
           [](E& e, int) -> float& { return e.reverb.damping_hz; }},
    Row<E>{reverb_dial("reverb/bass", Unit::none, 0.5f, 2, kReverb.bass_multiply, Taper::logarithmic,
                       "Decay far below 200 Hz, as a multiple of the decay."),
           [](E& e, int) -> float& { return e.reverb.bass_multiply; }},
    Row<E>{reverb_dial("reverb/diffusion", Unit::percent, 0, 100, kReverb.diffusion_percent, Taper::linear,
                       "How soon single echoes blur; low for voices, high for drums."),
           [](E& e, int) -> float& { return e.reverb.diffusion_percent; }},
    Row<E>{reverb_dial("reverb/modulation", Unit::percent, 0, 100, kReverb.modulation_percent, Taper::linear,
                       "How much the room moves, against ringing; 100 bends a pass by 3 cents."),
           [](E& e, int) -> float& { return e.reverb.modulation_percent; }},
    Row<E>{reverb_dial("reverb/lowcut", Unit::hz, 10, 500, kReverb.low_cut_hz, Taper::logarithmic,
                       "Low cut of what goes in, 12 dB per octave."),
           [](E& e, int) -> float& { return e.reverb.low_cut_hz; }},
    Row<E>{reverb_dial("reverb/highcut", Unit::hz, 200, 20'000, kReverb.high_cut_hz, Taper::logarithmic,
                       "High cut of what goes in, 12 dB per octave."),
           [](E& e, int) -> float& { return e.reverb.high_cut_hz; }},
};
static_assert(well_formed(kEffectRows));

/// A monitor mix with an effect takes what the return's fader leaves of it.
constexpr float send_tap_default(const Geometry&, int, int) { return static_cast<float>(SendTap::post_fader); }
constexpr SendTapDefault kSendTap = {send_tap_default, "post_fader"};

/// Both sides of an effect are one strip until they are unlinked.
constexpr ParameterRow linked_at_start(ParameterRow row) { return row.def = 1.0f, row; }

constexpr std::array kIdentity = {
    Row<R>{kName, [](R& r, int) -> std::string& { return r.identity.name; }},
    Row<R>{kColor, [](R& r, int) -> int& { return r.identity.color; }},
    Row<R>{kIcon, [](R& r, int) -> int& { return r.identity.icon; }},
    Row<R>{
        linked_at_start(link({"/config/fxlink/#", X32Law::toggle, 0, 1, 2},
                             "Left (odd) and right (even) of an effect: both halves move together, pan is a balance.")),
        [](R& r, int) -> bool& { return r.link; }},
};
constexpr auto kReturnRows = joined(kIdentity, equaliser_rows<R>(), mixing_rows<R>(0, kSendTap));
static_assert(well_formed(kReturnRows));

}  // namespace

std::span<const Row<EffectSettings>> effect_rows() noexcept { return kEffectRows; }
std::span<const Row<ReturnSettings>> return_rows() noexcept { return kReturnRows; }

}  // namespace fohd
