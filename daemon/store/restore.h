// Between the desk and its state on disk: which values are kept, under what name, and how they go back through
// Desk::apply(). The only part of the store that uses a Desk; it touches no disk.
#pragma once

#include <string>
#include <vector>

#include "control/desk/desk.h"
#include "daemon/store/state.h"

namespace fohd {

struct Restored {
  /// What could not be used, in whole sentences; `state.warnings` are not repeated.
  std::vector<std::string> warnings;
  /// Values of addresses that this desk does not have, such as channels beyond its geometry. Give them to the Store
  /// with the others: they are kept, and there again when the desk is larger again.
  std::vector<AddressedValue> foreign;
};

/// [control] Applies what the state holds as one change of Origin::Side::start; the rest stays as it is. Values that do
/// not fit their row are left out one by one. Links go first, so that no rule of linking touches what follows.
Restored restore(Desk& desk, const StoredState& state);

/// [control] The whole mix as it is stored: all but momentary parameters, enumerations by name.
std::vector<AddressedValue> stored_values(const Desk& desk);

/// [control] The same of what `observer` saw change; its dirty set is empty afterwards. For Store::submit().
std::vector<AddressedValue> take_stored_changes(const Desk& desk, Observer& observer);

}  // namespace fohd
