// What an input strip has (DESK sections 1, 2, 3 and 6).
#include "control/parameters/dynamics_rows.h"

namespace fohd {
namespace {

using namespace rows;
using C = ChannelSettings;
constexpr Repeat kBand = Repeat::channel_band, kBus = Repeat::bus;

constexpr float own_number(int owner, int) { return static_cast<float>(owner + 1); }
/// Buses 13 to 16 feed the effects 1 to 4, so they hear the fader; all others are monitor mixes.
constexpr float send_tap_default(int, int bus) {
  return static_cast<float>(bus >= 12 && bus < 16 ? SendTap::post_fader : SendTap::pre_fader);
}

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
    Row<C>{linked(toggle("lowcut/on", false, x32_switch("preamp/hpon"), "Low cut in the signal path.")),
           [](C& c, int) -> bool& { return c.low_cut_on; }},
    Row<C>{linked({.path = "lowcut/freq",
                   .unit = Unit::hz,
                   .min = 20,
                   .max = 400,
                   .taper = Taper::logarithmic,
                   .def = 100.0f,
                   .x32 = x32_log("preamp/hpf", 20, 400, 101),
                   .doc = "Below this the low cut takes rumble and stage noise away (-3 dB point)."}),
           [](C& c, int) -> float& { return c.low_cut_hz; }},
    Row<C>{linked(choice("lowcut/slope", kSlopeNames, 1, x32_index("preamp/hpslope"), "Steepness per octave.")),
           [](C& c, int) -> int& { return c.low_cut_slope; }},
};
constexpr std::array kEqualiser = {
    Row<C>{kEqOn, [](C& c, int) -> bool& { return c.eq_on; }},
    Row<C>{eq_type(kBand, {2, 2, 2, 4}), [](C& c, int i) -> int& { return c.eq[i].type; }},
    Row<C>{eq_frequency(kBand, {125, 500, 2000, 10000}), [](C& c, int i) -> float& { return c.eq[i].frequency_hz; }},
    Row<C>{eq_gain(kBand), [](C& c, int i) -> float& { return c.eq[i].gain_db; }},
    Row<C>{eq_q(kBand), [](C& c, int i) -> float& { return c.eq[i].q; }},
};
constexpr std::array kMixing = {
    Row<C>{
        linked(toggle("mute", false, x32_inverted("mix/on"),
                      "Silences the channel in main and in every send (pre-fader ones: see /config/mute_pre_sends).")),
        [](C& c, int) -> bool& { return c.mute; }},
    Row<C>{linked(level("fader", kLevelOffDb, kX32Fader, "Level into main and into post-fader sends.")),
           [](C& c, int) -> float& { return c.fader_db; }},
    Row<C>{linked(pan("pan", x32_linear("mix/pan", -100, 100, 101),
                      "Place between left and right, -3 dB each in the middle; the balance of a linked pair.")),
           [](C& c, int) -> float& { return c.pan; }},
    Row<C>{linked(toggle("main/on", true, x32_switch("mix/st"), "The channel goes to main.")),
           [](C& c, int) -> bool& { return c.main_on; }},
    Row<C>{linked(each(kBus, toggle("send/#/on", true, x32_switch("mix/##/on"), "The channel goes to this bus."))),
           [](C& c, int i) -> bool& { return c.sends[static_cast<std::size_t>(i)].on; }},
    Row<C>{
        linked(each(kBus, level("send/#/level", kLevelOffDb, {"mix/##/level", X32Law::level161, kLevelOffDb, 10, 161},
                                "Level into this bus; a subgroup ignores it."))),
        [](C& c, int i) -> float& { return c.sends[static_cast<std::size_t>(i)].level_db; }},
    Row<C>{linked(each(kBus, pan("send/#/pan", x32_linear("mix/##/pan", -100, 100, 101),
                                 "Place between the buses of a linked pair; without effect on a single bus."))),
           [](C& c, int i) -> float& { return c.sends[static_cast<std::size_t>(i)].pan; }},
    Row<C>{linked(each(kBus, {.path = "send/#/tap",
                              .kind = Kind::enumeration,
                              .max = kTapNames.size() - 1,
                              .taper = Taper::stepped,
                              .default_of = send_tap_default,
                              .default_text = "pre_fader; buses 13 to 16: post_fader",
                              .names = kTapNames,
                              .x32 = x32_index("mix/##/type"),
                              .doc = "Where the send leaves the channel; subgroup is post fader and pan, at unity."})),
           [](C& c, int i) -> int& { return c.sends[static_cast<std::size_t>(i)].tap; }},
};
constexpr auto kRows = joined(kInput, gate_rows<C>(), kEqualiser, compressor_rows<C>(Detector::peak), kMixing);
static_assert(well_formed(kRows));

}  // namespace

std::span<const Row<ChannelSettings>> channel_rows() noexcept { return kRows; }

}  // namespace fohd
