#include "daemon/state_to_desk.h"

#include <algorithm>

namespace fohd {
namespace {

// A mix of another desk can hold thousands of addresses that this one does not have; a person reads a few.
constexpr std::size_t kExamples = 3;

std::string unknown_sentence(const std::vector<std::string>& addresses) {
  std::string text = std::to_string(addresses.size()) + " stored values have no place on this desk and were left out: ";
  for (std::size_t i = 0; i < std::min(addresses.size(), kExamples); ++i) text += (i != 0 ? ", " : "") + addresses[i];
  if (addresses.size() > kExamples) text += " ...";
  return text;
}

}  // namespace

std::vector<std::string> apply_state(Desk& desk, const StoredState& state) {
  const ParameterTable& table = desk.table();
  std::vector<std::string> warnings, unknown;
  std::vector<Change> links, others;
  for (const auto& [address, value] : state.values) {
    const auto id = table.find(address);
    if (!id) {
      unknown.push_back(address);
      continue;
    }
    std::string error;
    const auto fitting = table.coerce(*id, value, error);
    if (!fitting) {
      warnings.push_back("the stored value of " + address + " was left out: " + error);
    } else if (is_saved(desk, *id)) {
      (table[*id].row->link_role == LinkRole::toggle ? links : others).push_back({*id, *fitting});
    }
  }
  if (!unknown.empty()) warnings.push_back(unknown_sentence(unknown));
  // Linking copies one half of a pair onto the other and centres its pans; what was stored comes after it and stands.
  links.insert(links.end(), others.begin(), others.end());
  std::string error;
  if (!desk.apply({Origin::Side::start, 0}, links, error)) {
    warnings.push_back("the stored mix could not be applied: " + error);
  }
  return warnings;
}

bool is_saved(const Desk& desk, ParameterId id) { return desk.table()[id].row->persistence != Persistence::momentary; }

AddressedValue to_stored(const Desk& desk, ParameterId id) {
  const Parameter& parameter = desk.table()[id];
  Value value = desk.get(id);
  if (parameter.row->kind == Kind::enumeration) {
    value = std::string(parameter.row->names[static_cast<std::size_t>(std::get<std::int32_t>(value))]);
  }
  return {parameter.address, std::move(value)};
}

std::vector<AddressedValue> to_stored(const Desk& desk) {
  std::vector<AddressedValue> values;
  for (ParameterId id = 0; id < desk.table().size(); ++id) {
    if (is_saved(desk, id)) values.push_back(to_stored(desk, id));
  }
  return values;
}

}  // namespace fohd
