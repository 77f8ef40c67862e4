// Which MIDI ports are one device. Systems list ports by name, sources and sinks apart; a wrong
// pair makes faders oscillate, since each follows the other's moves.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace fohd {

/// A device as the system's port names describe it.
struct MidiPortPair {
  std::string name;    ///< the device's, without direction and numbers: what profiles' patterns are matched with
  int ordinal = 1;     ///< from 1 among devices of the same name, in the order of their card or client numbers
  std::string source;  ///< the port that the desk reads; empty: none
  std::string sink;    ///< the port that the desk writes; empty: none
  bool operator==(const MidiPortPair&) const = default;
};

/// [any] Names as RtMidi gives them: "X-Touch:X-Touch X-Touch INT 24:0" (ALSA), "a2j:X-Touch [24] (capture): X-Touch
/// MIDI 1", "FakeBCF:out" (JACK). Ports of the same device, number and place are a pair; what has no counterpart stays
/// alone.
std::vector<MidiPortPair> pair_midi_ports(const std::vector<std::string>& sources,
                                          const std::vector<std::string>& sinks);

}  // namespace fohd
