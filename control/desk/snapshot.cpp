#include "control/desk/snapshot.h"

#include <algorithm>

namespace fohd {
namespace {

constexpr std::size_t kListed = 5;  // a state of a larger desk has thousands; a person reads a few

}  // namespace

bool is_remembered(const Parameter& parameter) noexcept { return parameter.row->persistence != Persistence::momentary; }

AddressedValue kept_value(const Desk& desk, ParameterId id) {
  const Parameter& parameter = desk.table()[id];
  Value value = desk.get(id);
  if (parameter.row->kind == Kind::enumeration) {
    const auto index = static_cast<std::size_t>(std::get<std::int32_t>(value));
    if (index < parameter.row->names.size()) value = std::string(parameter.row->names[index]);
  }
  return {parameter.address, std::move(value)};
}

Snapshot::Snapshot(std::vector<AddressedValue> values) : values_(std::move(values)) {
  std::stable_sort(values_.begin(), values_.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  // From behind, so that the last of equal addresses is the one that stays.
  const auto first =
      std::unique(values_.rbegin(), values_.rend(), [](const auto& a, const auto& b) { return a.first == b.first; });
  values_.erase(values_.begin(), first.base());
}

Snapshot Snapshot::take(const Desk& desk, const SnapshotFilter& filter) {
  std::vector<AddressedValue> values;
  values.reserve(desk.table().size());
  for (ParameterId id = 0; id < desk.table().size(); ++id) {
    if (filter(desk.table()[id])) values.push_back(kept_value(desk, id));
  }
  return Snapshot(std::move(values));
}

std::vector<SnapshotDifference> Snapshot::compare(const Snapshot& there) const {
  std::vector<SnapshotDifference> differences;
  auto a = values_.begin(), b = there.values_.begin();
  while (a != values_.end() || b != there.values_.end()) {
    if (b == there.values_.end() || (a != values_.end() && a->first < b->first)) {
      differences.push_back({a->first, a->second, std::nullopt});
      ++a;
    } else if (a == values_.end() || b->first < a->first) {
      differences.push_back({b->first, std::nullopt, b->second});
      ++b;
    } else {
      if (a->second != b->second) differences.push_back({a->first, a->second, b->second});
      ++a, ++b;
    }
  }
  return differences;
}

Unapplied Snapshot::apply(Desk& desk, const Origin& origin, const SnapshotFilter& filter, StepId step) const {
  Unapplied result;
  std::vector<Change> changes;
  for (const auto& [address, value] : values_) {
    const auto id = desk.table().find(address);
    if (!id) {
      result.foreign.emplace_back(address, value);
      continue;
    }
    if (!is_remembered(desk.table()[*id])) {
      result.notes.push_back(address + " is never restored and is left out.");
      continue;
    }
    if (!filter(desk.table()[*id])) continue;
    std::string error;
    if (std::optional<Value> fitting = desk.table().coerce(*id, value, error)) {
      changes.push_back({*id, *std::move(fitting)});
    } else {
      result.notes.push_back(error + ". It is left out.");
    }
  }
  std::stable_partition(changes.begin(), changes.end(), [&](const Change& change) {
    return desk.table()[change.id].row->link_role == LinkRole::toggle;
  });
  std::string error;
  if (!desk.apply(origin, changes, error, nullptr, step))
    result.notes.push_back("nothing was restored: " + error + ".");
  return result;
}

std::vector<AddressedValue> take_changes(const Desk& desk, Observer& observer) {
  std::vector<AddressedValue> values;
  values.reserve(observer.dirty.size());
  for (const ParameterId id : observer.dirty.ids()) {
    if (is_remembered(desk.table()[id])) values.push_back(kept_value(desk, id));
  }
  observer.dirty.clear();
  return values;
}

std::string listed_addresses(const std::vector<AddressedValue>& values) {
  std::string text;
  for (std::size_t i = 0; i < std::min(values.size(), kListed); ++i) text += (i == 0 ? "" : ", ") + values[i].first;
  if (values.size() > kListed) text += " and " + std::to_string(values.size() - kListed) + " more";
  return text;
}

}  // namespace fohd
