// The rows: what each kind of strip has, once. A row joins what is known about a parameter with the place in the
// settings that it describes. The table repeats them for every strip.
#pragma once

#include <array>
#include <span>
#include <type_traits>
#include <variant>

#include "control/parameters/parameter.h"
#include "control/parameters/settings.h"
#include "control/parameters/strip_names.h"

namespace fohd {

template <class Owner>
using FieldOf = std::variant<float& (*)(Owner&, int), int& (*)(Owner&, int), bool& (*)(Owner&, int),
                             std::string& (*)(Owner&, int), unsigned char& (*)(Owner&, int)>;

/// The number of an enumeration's value, for the field of its row: enumerations of the engine are as small as this.
template <class Enumeration>
unsigned char& as_index(Enumeration& value) noexcept {
  static_assert(std::is_same_v<std::underlying_type_t<Enumeration>, unsigned char>);
  return reinterpret_cast<unsigned char&>(value);
}

template <class Owner>
struct Row {
  ParameterRow info;
  FieldOf<Owner> field;
};

/// [any] In the order of the reference page; a link stands before all that it moves.
std::span<const Row<ChannelSettings>> channel_rows() noexcept;
std::span<const Row<MixSettings>> bus_rows() noexcept;
std::span<const Row<MixSettings>> main_rows() noexcept;
std::span<const Row<EffectSettings>> effect_rows() noexcept;
std::span<const Row<ReturnSettings>> return_rows() noexcept;
std::span<const Row<GlobalSettings>> global_rows() noexcept;

/// Names on the wire, in index order.
inline constexpr std::array<std::string_view, 6> kEqTypeNames = {"low_cut",      "low_shelf",  "bell",
                                                                 "vintage_bell", "high_shelf", "high_cut"};
inline constexpr std::array<std::string_view, 3> kSlopeNames = {"12dB", "18dB", "24dB"};
inline constexpr std::array<std::string_view, 6> kTapNames = {"input",     "pre_eq",     "post_eq",
                                                              "pre_fader", "post_fader", "subgroup"};
inline constexpr std::array<std::string_view, 16> kColorNames = {"off",
                                                                 "red",
                                                                 "green",
                                                                 "yellow",
                                                                 "blue",
                                                                 "magenta",
                                                                 "cyan",
                                                                 "white",
                                                                 "off_inverted",
                                                                 "red_inverted",
                                                                 "green_inverted",
                                                                 "yellow_inverted",
                                                                 "blue_inverted",
                                                                 "magenta_inverted",
                                                                 "cyan_inverted",
                                                                 "white_inverted"};

namespace rows {

// The laws that many rows share (docs/X32.md).
inline constexpr X32Mapping kNotOnX32 = {};
constexpr X32Mapping x32_switch(std::string_view path) { return {path, X32Law::toggle, 0, 1, 2}; }
constexpr X32Mapping x32_inverted(std::string_view path) { return {path, X32Law::inverted_toggle, 0, 1, 2}; }
constexpr X32Mapping x32_index(std::string_view path) { return {path, X32Law::index}; }
constexpr X32Mapping x32_linear(std::string_view path, float min, float max, int steps) {
  return {path, X32Law::linear, min, max, steps};
}
constexpr X32Mapping x32_log(std::string_view path, float min, float max, int steps) {
  return {path, X32Law::logarithmic, min, max, steps};
}
constexpr X32Mapping kX32Fader = {"mix/fader", X32Law::fader1024, kLevelOffDb, 10, 1024};

constexpr ParameterRow of_stage(Stage stage, ParameterRow row) { return row.stage = stage, row; }
constexpr ParameterRow toggle(std::string_view path, bool def, X32Mapping x32, std::string_view doc) {
  return {
      .path = path, .kind = Kind::boolean, .taper = Taper::stepped, .def = def ? 1.0f : 0.0f, .x32 = x32, .doc = doc};
}
constexpr ParameterRow choice(std::string_view path, std::span<const std::string_view> names, int def, X32Mapping x32,
                              std::string_view doc) {
  return {.path = path,
          .kind = Kind::enumeration,
          .max = static_cast<float>(names.size() - 1),
          .taper = Taper::stepped,
          .def = static_cast<float>(def),
          .names = names,
          .x32 = x32,
          .doc = doc};
}
constexpr ParameterRow level(std::string_view path, float def, X32Mapping x32, std::string_view doc) {
  return {.path = path,
          .unit = Unit::db,
          .min = kLevelOffDb,
          .max = 10,
          .taper = Taper::fader,
          .def = def,
          .x32 = x32,
          .doc = doc};
}
constexpr ParameterRow pan(std::string_view path, X32Mapping x32, std::string_view doc) {
  return {.path = path, .min = -100, .max = 100, .link_role = LinkRole::pan, .x32 = x32, .doc = doc};
}
constexpr ParameterRow link(X32Mapping x32, std::string_view doc) {
  ParameterRow row = toggle("link", false, x32, doc);
  row.link_role = LinkRole::toggle;
  return of_stage(Stage::mix, row);
}

/// The same row, following a stereo link / repeated / of another class.
constexpr ParameterRow linked(ParameterRow row) { return row.linked = true, row; }
/// The row decides what of a bus comes into main.
constexpr ParameterRow reaches_main(ParameterRow row) { return row.reaches_main = true, row; }
/// The same row on main, which has no partner.
constexpr ParameterRow alone(ParameterRow row) {
  row.linked = false;
  row.link_role = LinkRole::none;
  return row;
}
constexpr ParameterRow each(Repeat repeat, ParameterRow row) { return row.repeat = repeat, row; }
constexpr ParameterRow of_class(Persistence persistence, ParameterRow row) {
  return row.persistence = persistence, row;
}
/// The same rows, those that have no stage yet with this one.
template <class Owner, std::size_t N>
constexpr std::array<Row<Owner>, N> in_stage(Stage stage, std::array<Row<Owner>, N> all) {
  for (Row<Owner>& row : all) {
    if (row.info.stage == Stage::unset) row.info.stage = stage;
  }
  return all;
}

// Identity and equaliser are alike on every kind of strip.
constexpr ParameterRow kName = {.path = "name",
                                .stage = Stage::none,
                                .kind = Kind::text,
                                .max = kMaxTextBytes,
                                .taper = Taper::stepped,
                                .x32 = {"config/name", X32Law::text},
                                .doc = "Name on the scribble strip."};
constexpr ParameterRow kColor =
    of_stage(Stage::none, choice("color", kColorNames, 7, x32_index("config/color"),
                                 "Colour of the scribble strip; inverted ones show the text in the colour."));
constexpr ParameterRow kIcon = {.path = "icon",
                                .stage = Stage::none,
                                .kind = Kind::integer,
                                .min = 1,
                                .max = 74,
                                .taper = Taper::stepped,
                                .def = 1.0f,
                                .x32 = x32_index("config/icon"),
                                .doc = "Icon of the scribble strip, numbered as on the X32; 1 is none."};
constexpr ParameterRow kEqOn =
    of_stage(Stage::equaliser, linked(toggle("eq/on", true, x32_switch("eq/on"), "Equaliser in the signal path.")));

constexpr ParameterRow eq_type(Repeat repeat, Defaults def) {
  ParameterRow row = choice("eq/#/type", kEqTypeNames, 0, x32_index("eq/#/type"),
                            "What this band does; every band can be every type.");
  row.def = def;
  return of_stage(Stage::equaliser, linked(each(repeat, row)));
}
constexpr ParameterRow eq_frequency(Repeat repeat, Defaults def) {
  return of_stage(Stage::equaliser, linked(each(repeat, {.path = "eq/#/freq",
                                                         .unit = Unit::hz,
                                                         .min = 20,
                                                         .max = 20000,
                                                         .taper = Taper::logarithmic,
                                                         .def = def,
                                                         .x32 = x32_log("eq/#/f", 20, 20000, 201),
                                                         .doc = "Centre of a bell, corner of a shelf or cut."})));
}
constexpr ParameterRow eq_gain(Repeat repeat) {
  return of_stage(Stage::equaliser, linked(each(repeat, {.path = "eq/#/gain",
                                                         .unit = Unit::db,
                                                         .min = -15,
                                                         .max = 15,
                                                         .x32 = x32_linear("eq/#/g", -15, 15, 121),
                                                         .doc = "Boost or cut of a bell or shelf; cuts ignore it."})));
}
constexpr ParameterRow eq_q(Repeat repeat) {
  return of_stage(
      Stage::equaliser,
      linked(each(repeat, {.path = "eq/#/q",
                           .min = 0.3f,
                           .max = 10,
                           .taper = Taper::logarithmic,
                           .def = 2.0f,
                           .x32 = x32_log("eq/#/q", 10, 0.3f, 72),
                           .doc = "Width of a bell: the higher, the narrower; shelves and cuts have a fixed one."})));
}

/// All rows of several arrays, in order.
template <class Owner, std::size_t... N>
constexpr std::array<Row<Owner>, (N + ...)> joined(const std::array<Row<Owner>, N>&... parts) {
  std::array<Row<Owner>, (N + ...)> all{};
  std::size_t at = 0;
  const auto append = [&](const auto& part) {
    for (const auto& row : part) all[at++] = row;
  };
  (append(parts), ...);
  return all;
}

/// The same rows on main, which has no partner.
template <class Owner, std::size_t N>
constexpr std::array<Row<Owner>, N> alone(std::array<Row<Owner>, N> all) {
  for (Row<Owner>& row : all) row.info = alone(row.info);
  return all;
}

/// Is everything there that a row needs, and does the field match the row? Checked while compiling.
template <class Owner>
constexpr bool well_formed(const Row<Owner>& row) {
  const ParameterRow& info = row.info;
  constexpr std::size_t kFieldOf[] = {0, 1, 2, 1, 1, 3};  // by Kind: which alternative of FieldOf
  constexpr std::size_t kEnumeration = 4;                 // or of an enumeration
  if (info.path.empty() || info.doc.empty() || !info.doc.ends_with('.') || !(info.min < info.max)) return false;
  const bool enumeration = info.kind == Kind::enumeration && row.field.index() == kEnumeration;
  if (!enumeration && row.field.index() != kFieldOf[static_cast<std::size_t>(info.kind)]) return false;
  if ((info.kind == Kind::enumeration) != !info.names.empty()) return false;
  if (info.kind == Kind::enumeration && info.max != static_cast<float>(info.names.size() - 1)) return false;
  if (info.kind == Kind::boolean && (info.min != 0 || info.max != 1)) return false;
  if ((info.repeat == kOnce) != (info.path.find('#') == std::string_view::npos)) return false;
  if ((info.default_of == nullptr) != info.default_text.empty() || info.stage == Stage::unset) return false;
  for (int i = 0; i < info.def.count; ++i) {
    if (info.kind != Kind::text && (info.def.at(i) < info.min || info.def.at(i) > info.max)) return false;
  }
  return info.x32.path.empty() == (info.x32.law == X32Law::none);
}
template <class Owner, std::size_t N>
consteval bool well_formed(const std::array<Row<Owner>, N>& all) {
  for (std::size_t i = 0; i < N; ++i) {
    if (!well_formed(all[i])) return false;
    for (std::size_t j = 0; j < i; ++j) {
      if (all[i].info.path == all[j].info.path) return false;
    }
  }
  return true;
}

}  // namespace rows
}  // namespace fohd
