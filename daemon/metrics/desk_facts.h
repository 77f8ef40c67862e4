// Facts that only the parts of the daemon have, collected on request.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "control/access/access_book.h"
#include "daemon/doors/door.h"
#include "daemon/jack/jack_supervisor.h"

namespace fohd {

struct DeskFacts {
  JackFigures jack;
  std::vector<DoorMetric> doors;
  std::vector<std::string> subscribers;
  std::optional<std::uint32_t> recorder_lost_blocks;  ///< nothing: no recorder
  std::optional<bool> store_failing;                  ///< nothing: the mix is not kept
  LoginCounts logins;
};

}  // namespace fohd
