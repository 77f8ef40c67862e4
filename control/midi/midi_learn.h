// MIDI learn: what kind of control is it that somebody just moved? Judged from all that it sent in a moment, since a
// single message does not tell an encoder from a knob, nor a controller of 14 bits from one of 7.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "control/midi/midi_profile.h"

namespace fohd {

/// [any] The control that sent these events, all of one device, in order: its kind, message and coding. Nullopt: too
/// little was heard yet (a released button, a touch).
///
/// A knob never says the same twice; an encoder that turns evenly does. NRPN wins over the controllers it is made of, a
/// controller below 32 that is always followed by the one 32 above has 14 bits.
std::optional<MidiControlSpec> recognise_control(const std::vector<MidiEvent>& events);

}  // namespace fohd
