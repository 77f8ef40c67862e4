// The reference of all addresses, written from the tables: docs/PARAMETERS.md and `fohd parameters`.
#pragma once

#include <string>

#include "control/parameters/table.h"

namespace fohd {

/// [control] One line per row, not per strip: "/ch/N/eq/B/freq", N 1 to 32, B 1 to 4. Parameters, read-outs, commands.
std::string parameters_markdown(const ParameterTable& table);
/// [control] The same as one JSON object {"parameters": [...], "readouts": [...], "commands": [...]}.
std::string parameters_json(const ParameterTable& table);

}  // namespace fohd
