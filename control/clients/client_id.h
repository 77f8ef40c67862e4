// Who a client is.
#pragma once

#include <cstdint>

namespace fohd {

/// A client of one door, as a number that the door gives: of OSC over UDP its address and port. Never 0. A number is
/// not used again for another client without that one having been dropped in between.
using ClientId = std::uint64_t;

}  // namespace fohd
