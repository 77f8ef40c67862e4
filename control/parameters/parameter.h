// What is known about one parameter: all of it in one row. Everything that handles parameters (OSC, X32, MIDI,
// state files, the reference page, tests) is a loop over rows; there is no second list.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>

#include "control/parameters/owner_kind.h"
#include "engine/tile/geometry.h"

namespace fohd {

enum class Kind : std::uint8_t { real, integer, boolean, enumeration, bitmask, text };
enum class Unit : std::uint8_t { none, db, hz, ms, s, percent };
/// How a 0..1 knob or fader position maps to the value. `fader` is the four-segment law of docs/X32.md, "The fader".
enum class Taper : std::uint8_t { linear, logarithmic, fader, stepped };
/// What is saved, recalled and safe: docs/DESK.md, "What is remembered".
enum class Persistence : std::uint8_t { mix, patch, output, momentary };
/// The X32 dialect's number law for a row (docs/X32.md); the dialect itself is not built yet.
enum class X32Law : std::uint8_t {
  none,
  text,
  index,
  toggle,
  inverted_toggle,
  linear,
  logarithmic,
  fader1024,
  level161,
  ratio  ///< the twelve of its compressors, sent as their index
};

/// The part of the desk that a row turns: what has to be designed anew when its value changes (control/targets).
enum class Stage : std::uint8_t {
  unset,  ///< a row without one does not compile
  none,   ///< nothing that sounds: names, colours
  input,
  low_cut,
  gate,
  equaliser,
  compressor,
  mix,            ///< gains: fader, pan, mute, sends, assignments
  output,         ///< a physical output, or main behind its fader
  effect_source,  ///< which bus feeds which slot
  effect,
  key_listen,
  shutter
};

/// What a row means to a stereo link (docs/DESK.md, "Stereo links"), beside following it.
enum class LinkRole : std::uint8_t {
  none,
  pan,     ///< becomes a balance: linking sets both halves to 0, unlinking to -100 and +100
  toggle,  ///< the link itself, the same on both halves
};
/// What the '#' of a row's path counts; the reference calls it by a letter.
struct Repeat {
  int (*count)(const Geometry&) = nullptr;  ///< null: there is none
  char letter = 'B';
  std::string_view of = {};               ///< in words
  std::optional<OwnerKind> towards = {};  ///< each is a send to one of these

  constexpr bool operator==(const Repeat&) const = default;
};
inline constexpr Repeat kOnce = {};
inline constexpr Repeat kEachBus = {[](const Geometry& g) { return g.buses; }, 'M', "bus", OwnerKind::bus};

inline constexpr std::size_t kMaxTextBytes = 32;
inline constexpr float kLevelOffDb = -90.0f;  ///< at and below: off, true silence (docs/DESK.md, "Levels")

struct X32Mapping {
  /// Below the strip, e.g. "eq/#/f", "mix/##/level" (two digits). With a leading slash: absolute, '#' is then the pair
  /// as the console writes it ("1-2"). Empty: the X32 has no such thing.
  std::string_view path = {};
  X32Law law = X32Law::none;
  float min = 0, max = 0;  ///< the X32's own range in real units; may be descending (its Q runs 10 to 0.3)
  int steps = 0;           ///< grid points, where the law has a grid
};

/// The default of a row whose second index matters (EQ bands) is per index; a shorter list repeats its last.
struct Defaults {
  std::array<float, 6> values{};
  int count = 1;
  constexpr Defaults(float v) : values{v} {}
  constexpr Defaults(std::initializer_list<float> list) : count(0) {
    for (float v : list) values[static_cast<std::size_t>(count++)] = v;
  }
  constexpr float at(int index) const { return values[static_cast<std::size_t>(index < count ? index : count - 1)]; }
};

struct ParameterRow {
  std::string_view path = {};  ///< below the owner: "eq/#/freq". '#' is the second index, counted from 1
  Stage stage = Stage::unset;
  Kind kind = Kind::real;
  Unit unit = Unit::none;
  float min = 0, max = 1;
  Taper taper = Taper::linear;
  Defaults def = 0.0f;
  /// Where the default follows from the place (from 0) of the parameter instead; default_text then says it in words.
  float (*default_of)(const Geometry& desk, int owner, int index) = nullptr;
  std::string_view default_text = {};
  Persistence persistence = Persistence::mix;
  bool linked = false;  ///< follows a stereo link (odd -> even on linking, then both together)
  LinkRole link_role = LinkRole::none;
  Repeat repeat = kOnce;
  bool reaches_main = false;  ///< of a bus: decides what comes into main, so it is not for a monitor of that bus only
  std::span<const std::string_view> names = {};  ///< enumerations: index order
  X32Mapping x32 = {};
  std::string_view doc = {};  ///< one sentence that a sound engineer understands; required
};

using ParameterId = std::uint32_t;  ///< dense, from 0, constant while the process runs (not across geometries)

/// A value as it travels: reals as float, integers, booleans (0/1), enumerations (index) and bitmasks as int32, text.
using Value = std::variant<float, std::int32_t, std::string>;

/// [any] The number in a value, as wide as both kinds need; nothing for text.
inline std::optional<double> number_in(const Value& value) {
  if (const auto* real = std::get_if<float>(&value)) return static_cast<double>(*real);
  if (const auto* whole = std::get_if<std::int32_t>(&value)) return static_cast<double>(*whole);
  return std::nullopt;
}

}  // namespace fohd
