// What the fuzzers share.
#pragma once

#include <cstdlib>

#include "control/commands.h"
#include "control/desk/desk.h"

namespace fohd::fuzz {

struct NoCommands : CommandSink {
  bool execute(const CommandCall&, const Origin&, std::span<const Value>, std::string&) override { return true; }
};

/// What must hold whatever came in: else the fuzzer has found something.
inline void check(bool holds) {
  if (!holds) std::abort();
}

/// Every value is one that its row takes unchanged.
inline void check_values(const Desk& desk) {
  for (ParameterId id = 0; id < desk.table().size(); ++id) {
    std::string error;
    const Value value = desk.get(id);
    const auto fitting = desk.table().coerce(id, value, error);
    check(fitting && *fitting == value);
  }
}

}  // namespace fohd::fuzz
