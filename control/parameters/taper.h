// Knobs and faders: how a place of 0 to 1 on a surface maps to a parameter's value and back, by its row's taper. What
// MIDI and later the browser turn; the X32 has laws of its own (x32_law.h).
#pragma once

#include "control/parameters/parameter.h"

namespace fohd {

/// The part of a parameter that a control covers, as places on the whole dial; low above high turns it round.
struct TaperRange {
  double low = 0, high = 1;
};

/// [any] Whether a knob can turn it at all: everything but text and bit masks.
bool has_taper(const ParameterRow& row) noexcept;
/// [any] Whether it has few distinct values: whole numbers, choices, switches.
bool is_stepped(const ParameterRow& row) noexcept;
/// [any] The place 0..1 of a number in the row's unit; outside the row's range: the nearer end.
double taper_position(const ParameterRow& row, double number) noexcept;
/// [any] The number at a place (clamped to 0..1): the inverse; stepped rows give the nearest step.
double taper_number(const ParameterRow& row, double position) noexcept;

/// [any] A value that came from ParameterTable::read (not text) on a dial that covers `range` only.
double taper_position(const ParameterRow& row, const Value& value, TaperRange range) noexcept;
/// [any] The inverse, as a value that ParameterTable::coerce takes unchanged.
Value taper_value(const ParameterRow& row, double position, TaperRange range) noexcept;

}  // namespace fohd
