// What the fuzzers of surfaces share.
#pragma once

#include "control/midi/midi_hub.h"
#include "tests/fuzz/fuzz.h"

namespace fohd::fuzz {

/// Takes all that is to be sent: whole MIDI messages, one at a time.
inline void drain(MidiHub& hub) {
  hub.drain([](MidiUnitId, MidiBytes message) {
    check(!message.empty() && message[0] >= 0x80);
    const std::size_t end = message[0] == 0xF0 ? message.size() - 1 : message.size();
    check(message[0] != 0xF0 || message.back() == 0xF7);
    check(message[0] == 0xF0 || message.size() == static_cast<std::size_t>(1 + midi_data_bytes(message[0])));
    for (std::size_t i = 1; i < end; ++i) check(message[i] < 0x80);
    return true;
  });
}

}  // namespace fohd::fuzz
