// Rows that channels and effect returns share: the four-band equaliser, and the way into the mixes (docs/DESK.md,
// "Sends and assignments").
#pragma once

#include "control/parameters/rows.h"

namespace fohd::rows {

template <class O>
constexpr auto equaliser_rows() {
  constexpr Repeat kBand = {[](const Geometry&) { return kChannelEqBands; }, 'B', "band"};
  return std::array{
      Row<O>{kEqOn, [](O& o, int) -> bool& { return o.eq_on; }},
      Row<O>{eq_type(kBand, {2, 2, 2, 4}), [](O& o, int i) -> unsigned char& { return as_index(o.eq[i].type); }},
      Row<O>{eq_frequency(kBand, {125, 500, 2000, 10000}), [](O& o, int i) -> float& { return o.eq[i].frequency_hz; }},
      Row<O>{eq_gain(kBand), [](O& o, int i) -> float& { return o.eq[i].gain_db; }},
      Row<O>{eq_q(kBand), [](O& o, int i) -> float& { return o.eq[i].q; }},
  };
}

/// The bus, from 1, that feeds an effect slot by default: 13 to 16 the slots 1 to 4 (docs/DESK.md, "Defaults and
/// ranges"), on a smaller desk its last ones; 0: none.
constexpr int default_effect_bus(const Geometry& desk, int slot) {
  constexpr int kFed = 4, kFirst = 13;
  if (slot >= kFed || slot >= desk.effects()) return 0;
  const int fed = desk.effects() < kFed ? desk.effects() : kFed;
  const int bus = desk.buses >= kFirst + kFed - 1 ? kFirst + slot : desk.buses - fed + slot + 1;
  return bus > 0 ? bus : 0;
}

/// Where sends leave a strip by default.
struct SendTapDefault {
  float (*of)(const Geometry& desk, int owner, int bus);
  std::string_view text;
};

template <class O>
constexpr auto mixing_rows(float fader_default_db, SendTapDefault tap) {
  constexpr Repeat kBus = kEachBus;
  return in_stage(
      Stage::mix,
      std::array{
          Row<O>{linked(toggle(
                     "mute", false, x32_inverted("mix/on"),
                     "Silences the strip in main and in every send (pre-fader ones: see /config/mute_pre_sends).")),
                 [](O& o, int) -> bool& { return o.mute; }},
          Row<O>{linked(level("fader", fader_default_db, kX32Fader, "Level into main and into post-fader sends.")),
                 [](O& o, int) -> float& { return o.fader_db; }},
          Row<O>{linked(pan("pan", x32_linear("mix/pan", -100, 100, 101),
                            "Place between left and right, -3 dB each in the middle; the balance of a linked pair.")),
                 [](O& o, int) -> float& { return o.pan; }},
          Row<O>{linked(toggle("main/on", true, x32_switch("mix/st"), "The strip goes to main.")),
                 [](O& o, int) -> bool& { return o.main_on; }},
          Row<O>{linked(each(kBus, toggle("send/#/on", true, x32_switch("mix/##/on"), "The strip goes to this bus."))),
                 [](O& o, int i) -> bool& { return o.sends[static_cast<std::size_t>(i)].on; }},
          Row<O>{linked(each(
                     kBus, level("send/#/level", kLevelOffDb, {"mix/##/level", X32Law::level161, kLevelOffDb, 10, 161},
                                 "Level into this bus; a subgroup ignores it."))),
                 [](O& o, int i) -> float& { return o.sends[static_cast<std::size_t>(i)].level_db; }},
          Row<O>{linked(each(kBus, pan("send/#/pan", x32_linear("mix/##/pan", -100, 100, 101),
                                       "Place between the buses of a linked pair; without effect on a single bus."))),
                 [](O& o, int i) -> float& { return o.sends[static_cast<std::size_t>(i)].pan; }},
          Row<O>{
              linked(each(kBus, {.path = "send/#/tap",
                                 .kind = Kind::enumeration,
                                 .max = kTapNames.size() - 1,
                                 .taper = Taper::stepped,
                                 .default_of = tap.of,
                                 .default_text = tap.text,
                                 .names = kTapNames,
                                 .x32 = x32_index("mix/##/type"),
                                 .doc = "Where the send leaves the strip; subgroup is post fader and pan, at unity."})),
              [](O& o, int i) -> unsigned char& { return as_index(o.sends[static_cast<std::size_t>(i)].tap); }},
      });
}

}  // namespace fohd::rows
