// Facts that only the parts of the daemon have, collected on request.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "control/osc/osc_server.h"
#include "daemon/jack/jack_supervisor.h"
#include "daemon/net/udp_port.h"

namespace fohd {

struct DeskFacts {
  JackFigures jack;
  OscCounters osc;
  UdpCounters udp;
  std::vector<ClientId> subscribers;
  std::size_t midi_devices = 0;
  std::optional<std::uint32_t> recorder_lost_blocks;  ///< nothing: no recorder
  std::optional<bool> store_failing;                  ///< nothing: the mix is not kept
};

}  // namespace fohd
