// The values of a desk by address: what is stored, recalled and compared. No file is known here.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "control/desk/desk.h"

namespace fohd {

/// A native address ("/ch/1/fader") and its value. Enumerations are kept by name, so their value is text here, and a
/// later fohd may put a new choice between two old ones; booleans are 0 or 1. ParameterTable::coerce makes each fit its
/// row.
using AddressedValue = std::pair<std::string, Value>;

/// [control] Which parameters a snapshot is about.
using SnapshotFilter = std::function<bool(const Parameter&)>;
/// [any] All that is ever remembered: everything but momentary parameters.
bool is_remembered(const Parameter& parameter) noexcept;

/// [control] One value as it is kept.
AddressedValue kept_value(const Desk& desk, ParameterId id);

/// What could not be applied.
struct Unapplied {
  std::vector<std::string> notes;  ///< values that do not fit their row and are left out: whole sentences
  std::vector<AddressedValue>
      foreign;  ///< addresses that this desk does not have, such as channels beyond its geometry
};

/// What differs between two snapshots; a side that does not have the address is empty.
struct SnapshotDifference {
  std::string address;
  std::optional<Value> here, there;
};

/// [control]
class Snapshot {
 public:
  Snapshot() = default;
  /// Sorts them; of an address that is there more than once the last counts.
  explicit Snapshot(std::vector<AddressedValue> values);
  /// What the desk holds of what the filter lets pass.
  static Snapshot take(const Desk& desk, const SnapshotFilter& filter = is_remembered);

  /// By address, each once.
  const std::vector<AddressedValue>& values() const& noexcept { return values_; }
  std::vector<AddressedValue> values() && noexcept { return std::move(values_); }
  /// By address.
  std::vector<SnapshotDifference> compare(const Snapshot& there) const;
  /// Applies, as one change and one step of the journal, what the filter lets pass; the rest of the desk stays as it
  /// is. Links go first, so that no rule of linking touches what follows.
  Unapplied apply(Desk& desk, const Origin& origin, const SnapshotFilter& filter = is_remembered,
                  StepId step = 0) const;

 private:
  std::vector<AddressedValue> values_;
};

/// [control] What `observer` saw change of what is remembered; its dirty set is empty afterwards.
std::vector<AddressedValue> take_changes(const Desk& desk, Observer& observer);

/// [any] "/ch/41/fader, /ch/42/fader and 12 more".
std::string listed_addresses(const std::vector<AddressedValue>& values);

}  // namespace fohd
