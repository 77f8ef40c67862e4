// Changes of a desk as a stage full of people would make them: any parameter, any legal value.
#pragma once

#include <random>
#include <string>

#include "control/desk/desk.h"

namespace fohd {

inline Value random_value(const Parameter& p, std::mt19937& random) {
  const ParameterRow& row = *p.row;
  if (row.kind == Kind::text) return std::string(random() % 8, static_cast<char>('a' + random() % 26));
  if (row.kind != Kind::real) {
    return std::uniform_int_distribution<std::int32_t>(static_cast<std::int32_t>(row.min),
                                                       static_cast<std::int32_t>(row.max))(random);
  }
  // The ends are special places (off, hard left), so they come often.
  if (random() % 4 == 0) return random() % 2 == 0 ? row.min : row.max;
  return std::uniform_real_distribution<float>(row.min, row.max)(random);
}

inline Change random_change(const ParameterTable& table, std::mt19937& random) {
  const auto id = static_cast<ParameterId>(random() % table.size());
  return {id, random_value(table[id], random)};
}

/// Sets one address, true if the desk took it.
inline bool set(Desk& desk, const std::string& address, Value value) {
  std::string error;
  const Change change{desk.table().find(address).value(), std::move(value)};
  return desk.apply({}, {&change, 1}, error);
}

}  // namespace fohd
