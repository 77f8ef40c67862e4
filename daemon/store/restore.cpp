#include "daemon/store/restore.h"

#include <algorithm>

namespace fohd {
namespace {

constexpr std::size_t kListed = 5;  // a state of a larger desk has thousands; a person reads a few

AddressedValue stored(const Desk& desk, ParameterId id) {
  const Parameter& parameter = desk.table()[id];
  Value value = desk.get(id);
  if (parameter.row->kind == Kind::enumeration) {
    // By name, so that a later fohd may put a new choice between two old ones.
    const auto index = static_cast<std::size_t>(std::get<std::int32_t>(value));
    if (index < parameter.row->names.size()) value = std::string(parameter.row->names[index]);
  }
  return {parameter.address, std::move(value)};
}

bool kept(const Desk& desk, ParameterId id) { return desk.table()[id].row->persistence != Persistence::momentary; }

std::string listed(const std::vector<AddressedValue>& values) {
  std::string text;
  for (std::size_t i = 0; i < std::min(values.size(), kListed); ++i) text += (i == 0 ? "" : ", ") + values[i].first;
  if (values.size() > kListed) text += " and " + std::to_string(values.size() - kListed) + " more";
  return text;
}

}  // namespace

Restored restore(Desk& desk, const StoredState& state) {
  Restored result;
  std::vector<Change> changes;
  for (const auto& [address, value] : state.values) {
    const auto id = desk.table().find(address);
    if (!id) {
      result.foreign.emplace_back(address, value);
      continue;
    }
    if (!kept(desk, *id)) {
      result.warnings.push_back("State: " + address + " is never restored and is left out.");
      continue;
    }
    std::string error;
    std::optional<Value> fitting = desk.table().coerce(*id, value, error);
    if (fitting) {
      changes.push_back({*id, *std::move(fitting)});
    } else {
      result.warnings.push_back("State: " + error + ". It is left out.");
    }
  }
  if (!result.foreign.empty()) {
    result.warnings.push_back("State: this desk does not have " + listed(result.foreign) +
                              ". Kept on disk, without effect.");
  }
  std::stable_partition(changes.begin(), changes.end(), [&](const Change& change) {
    return desk.table()[change.id].row->link_role == LinkRole::toggle;
  });
  std::string error;
  Origin origin;
  origin.side = Origin::Side::start;
  if (!desk.apply(origin, changes, error)) result.warnings.push_back("State: nothing was restored: " + error + ".");
  return result;
}

std::vector<AddressedValue> stored_values(const Desk& desk) {
  std::vector<AddressedValue> values;
  values.reserve(desk.table().size());
  for (ParameterId id = 0; id < desk.table().size(); ++id) {
    if (kept(desk, id)) values.push_back(stored(desk, id));
  }
  return values;
}

std::vector<AddressedValue> take_stored_changes(const Desk& desk, Observer& observer) {
  std::vector<AddressedValue> values;
  values.reserve(observer.dirty.size());
  for (ParameterId id : observer.dirty.ids()) {
    if (kept(desk, id)) values.push_back(stored(desk, id));
  }
  observer.dirty.clear();
  return values;
}

}  // namespace fohd
