// What the fuzzers share.
#pragma once

#include <cstdio>
#include <cstdlib>
#include <source_location>

#include "control/commands/commands.h"
#include "control/desk/desk.h"

namespace fohd::fuzz {

struct NoCommands : CommandSink {
  bool execute(const CommandCall&, const Origin&, std::span<const Value>, std::string&) override { return true; }
};

/// What must hold whatever came in: else the fuzzer has found something.
inline void check(bool holds, const std::source_location& at = std::source_location::current()) {
  if (holds) return;
  std::fprintf(stderr, "%s:%u does not hold\n", at.file_name(), static_cast<unsigned>(at.line()));
  std::abort();
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
