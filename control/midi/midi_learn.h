// MIDI learn: finds the kind of the control that was just moved, from all that it sent in a moment, since a single
// message does not distinguish an encoder from a knob, nor a controller of 14 bits from one of 7.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "control/midi/midi_profile.h"

namespace fohd {

/// [any] The control that sent these events, all of one device, in order: its kind, message and coding. Nullopt: too
/// little was received yet (a released button, a touch).
///
/// A knob never sends a value twice; an encoder that turns evenly does. NRPN wins over the controllers it is made of, a
/// controller below 32 that is always followed by the one 32 above has 14 bits.
std::optional<MidiControlSpec> recognise_control(const std::vector<MidiEvent>& events);

}  // namespace fohd
