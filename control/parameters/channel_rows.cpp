// What an input strip has (docs/DESK.md, "Signal flow" and "Defaults and ranges").
#include "control/parameters/dynamics_rows.h"
#include "control/parameters/strip_rows.h"

namespace fohd {
namespace {

using namespace rows;
using C = ChannelSettings;

constexpr float own_number(const Geometry&, int owner, int) { return static_cast<float>(owner + 1); }
constexpr LowCutParams kLowCut;  // whose defaults stand with the sound
constexpr std::array kInput = {
    Row<C>{kName, [](C& c, int) -> std::string& { return c.identity.name; }},
    Row<C>{kColor, [](C& c, int) -> int& { return c.identity.color; }},
    Row<C>{kIcon, [](C& c, int) -> int& { return c.identity.icon; }},
    Row<C>{
        link({"/config/chlink/#", X32Law::toggle, 0, 1, 2},
             "Stereo pair of an odd channel and the even one behind it: both halves move together, pan is a balance."),
        [](C& c, int) -> bool& { return c.link; }},
    Row<C>{{.path = "source",
            .kind = Kind::integer,
            .min = 0,
            .max = kMaxInputs,
            .taper = Taper::stepped,
            .default_of = own_number,
            .default_text = "own number",
            .persistence = Persistence::patch,
            .x32 = x32_index("config/source"),
            .doc = "Which JACK input feeds this channel; 0 and inputs that do not exist are silence."},
           [](C& c, int) -> int& { return c.source; }},
    Row<C>{{.path = "trim",
            .unit = Unit::db,
            .min = -18,
            .max = 18,
            .persistence = Persistence::patch,
            .x32 = x32_linear("preamp/trim", -18, 18, 145),
            .doc = "Level of the input before everything else."},
           [](C& c, int) -> float& { return c.trim_db; }},
    Row<C>{of_class(Persistence::patch, toggle("polarity", false, x32_switch("preamp/invert"),
                                               "Inverts the input, for the lower microphone of a snare.")),
           [](C& c, int) -> bool& { return c.polarity_inverted; }},
    Row<C>{of_class(Persistence::patch,
                    toggle("delay/on", false, x32_switch("delay/on"), "The input's delay is in the signal path.")),
           [](C& c, int) -> bool& { return c.delay_on; }},
    Row<C>{{.path = "delay/time",
            .unit = Unit::ms,
            .max = 500,
            .persistence = Persistence::patch,
            .x32 = x32_linear("delay/time", 0.3f, 500, 4998),
            .doc = "Delay that aligns this microphone with one further away; 1 ms is 34 cm."},
           [](C& c, int) -> float& { return c.delay_ms; }},
    Row<C>{of_stage(Stage::low_cut,
                    linked(toggle("lowcut/on", kLowCut.on, x32_switch("preamp/hpon"), "Low cut in the signal path."))),
           [](C& c, int) -> bool& { return c.low_cut.on; }},
    Row<C>{linked({.path = "lowcut/freq",
                   .stage = Stage::low_cut,
                   .unit = Unit::hz,
                   .min = 20,
                   .max = 400,
                   .taper = Taper::logarithmic,
                   .def = kLowCut.cutoff_hz,
                   .x32 = x32_log("preamp/hpf", 20, 400, 101),
                   .doc = "Below this the low cut takes rumble and stage noise away (-3 dB point)."}),
           [](C& c, int) -> float& { return c.low_cut.cutoff_hz; }},
    Row<C>{of_stage(Stage::low_cut, linked(choice("lowcut/slope", kSlopeNames, static_cast<int>(kLowCut.slope),
                                                  x32_index("preamp/hpslope"), "Steepness per octave."))),
           [](C& c, int) -> unsigned char& { return as_index(c.low_cut.slope); }},
};
/// A bus that feeds an effect follows the fader, so that a fader that is down leaves no reverb; all others are monitor
/// mixes.
constexpr float send_tap_default(const Geometry& desk, int, int bus) {
  bool feeds = false;
  for (int slot = 0; slot < desk.effects(); ++slot) feeds = feeds || default_effect_bus(desk, slot) == bus + 1;
  return static_cast<float>(feeds ? SendTap::post_fader : SendTap::pre_fader);
}
constexpr SendTapDefault kSendTap = {
    send_tap_default, "pre_fader; post_fader where the bus feeds an effect by default (/fx/N/source/left)"};

constexpr auto kRows = joined(in_stage(Stage::input, kInput), gate_rows<C>(), equaliser_rows<C>(),
                              compressor_rows<C>(Detector::peak), mixing_rows<C>(kLevelOffDb, kSendTap));
static_assert(well_formed(kRows));

}  // namespace

std::span<const Row<ChannelSettings>> channel_rows() noexcept { return kRows; }

}  // namespace fohd
