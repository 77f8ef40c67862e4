// Effect slots (/fx) and the strips that return them to the mix (/fxrtn): docs/DESK.md, "Effects".
// Each kind of effect has rows of its own below its name; their values are kept while another kind is in the slot.
#include "control/parameters/reverb_rows.h"
#include "control/parameters/strip_rows.h"

namespace fohd {
namespace {

using namespace rows;
using E = EffectSettings;
using R = ReturnSettings;

constexpr float source_default(const Geometry& desk, int slot, int) {
  return static_cast<float>(default_effect_bus(desk, slot));
}
constexpr ParameterRow source(std::string_view path, X32Mapping x32, std::string_view doc) {
  ParameterRow row = choice(path, kBusNames.names, 0, x32, doc);
  row.stage = Stage::effect_source;
  row.default_of = source_default;
  row.default_text = "bus_13 to bus_16 for the slots 1 to 4; on a desk with fewer buses its last ones; else none";
  return row;
}

constexpr std::array kSlotRows = {
    Row<E>{
        of_stage(Stage::effect_source,
                 choice("type", Effects::kNames, 0, kNotOnX32,
                        "Which effect is in the slot; the one that leaves plays its tail beside the one that comes.")),
        [](E& e, int) -> unsigned char& { return as_index(e.type); }},
    Row<E>{source("source/left", x32_index("source/l"),
                  "Which bus feeds the left input, behind its fader and mute; one that this desk lacks is silence. Its "
                  "sends are best post fader."),
           [](E& e, int) -> int& { return e.source[0]; }},
    Row<E>{source("source/right", x32_index("source/r"), "Which bus feeds the right input; mostly the same."),
           [](E& e, int) -> int& { return e.source[1]; }},
};

/// Behind them those of each effect of the list.
template <class... Effect>
constexpr auto rows_of_all(EffectList<Effect...>) {
  static_assert((below(Effect::kName, EffectRows<Effect>::kRows) && ...), "an effect's rows begin with its name");
  return joined(kSlotRows, EffectRows<Effect>::kRows...);
}
constexpr auto kEffectRows = rows_of_all(Effects());
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
constexpr auto kReturnRows = joined(in_stage(Stage::mix, kIdentity), equaliser_rows<R>(), mixing_rows<R>(0, kSendTap));
static_assert(well_formed(kReturnRows));

}  // namespace

std::span<const Row<EffectSettings>> effect_rows() noexcept { return kEffectRows; }
std::span<const Row<ReturnSettings>> return_rows() noexcept { return kReturnRows; }

}  // namespace fohd
