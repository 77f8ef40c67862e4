#include "daemon/store/restore.h"

namespace fohd {

Restored restore(Desk& desk, const StoredState& state) {
  Unapplied unapplied = Snapshot(state.values).apply(desk, {Origin::Side::start, 0});
  Restored result;
  for (const std::string& note : unapplied.notes) result.warnings.push_back("State: " + note);
  if (!unapplied.foreign.empty()) {
    result.warnings.push_back("State: this desk does not have " + listed_addresses(unapplied.foreign) +
                              ". Kept on disk, without effect.");
  }
  result.foreign = std::move(unapplied.foreign);
  return result;
}

}  // namespace fohd
