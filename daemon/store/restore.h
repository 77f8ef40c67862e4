// The desk gets back what its state holds, in words for the log. It touches no disk.
#pragma once

#include <string>
#include <vector>

#include "control/desk/snapshot.h"
#include "daemon/store/state.h"

namespace fohd {

struct Restored {
  /// What could not be used, in whole sentences; `state.warnings` are not repeated.
  std::vector<std::string> warnings;
  /// Values of addresses that this desk does not have, such as channels beyond its geometry. Give them to the Store
  /// with the others: they are kept, and there again when the desk is larger again.
  std::vector<AddressedValue> foreign;
};

/// [control] Applies what the state holds as one change of Origin::Side::start; the rest stays as it is.
Restored restore(Desk& desk, const StoredState& state);

}  // namespace fohd
