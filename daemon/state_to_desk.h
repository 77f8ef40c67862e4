// Between the desk and its state on disk: what is saved, and how a stored mix becomes the mix. Used by the running desk
// and by the offline render.
#pragma once

#include <string>
#include <vector>

#include "control/desk/desk.h"
#include "daemon/store/state.h"

namespace fohd {

/// [control] Applies a stored mix as one change. Returns whole sentences about what did not fit (unknown addresses,
/// values of a wrong type): that is left out, the rest applies.
std::vector<std::string> apply_state(Desk& desk, const StoredState& state);

/// [control] Is this parameter kept? Momentary ones never are (DESK section 4).
bool is_saved(const Desk& desk, ParameterId id);
/// [control] As it stands on disk: enumerations by name.
AddressedValue to_stored(const Desk& desk, ParameterId id);
/// [control] The whole mix.
std::vector<AddressedValue> to_stored(const Desk& desk);

}  // namespace fohd
