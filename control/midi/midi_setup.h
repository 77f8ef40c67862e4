// What an engineer decides about surfaces before the desk runs: which devices are one surface, which strips a layer
// has.
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace fohd {

/// Several devices as one surface, from left to right.
struct SurfaceSetup {
  std::string name;
  std::vector<std::string> units;  ///< profile ids; "x-touch#2" is the second device of that name
  bool operator==(const SurfaceSetup&) const = default;
};

/// [any] "x-touch" of "x-touch#2".
inline std::string profile_of_unit(const std::string& unit) { return unit.substr(0, unit.find('#')); }

/// Strips that belong together, in any order.
struct MidiLayer {
  std::string name;
  std::vector<std::string> strips;  ///< "/ch/3", "/bus/[1-4]"; what a desk does not have is left out
  bool operator==(const MidiLayer&) const = default;
};

}  // namespace fohd
