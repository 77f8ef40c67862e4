// The text of state files: a generation (the whole mix as JSON, one address per line) and a log (the same lines, each
// with its own checksum). Pure: text in, text out. docs/STATE.md shows both.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/store/state.h"

namespace fohd {

/// Sorted by address, bytewise, as `LC_ALL=C sort` does.
using Mix = std::map<std::string, Value, std::less<>>;

/// [any] `"/ch/1/fader": -6.0`. Numbers in the shortest form that reads back as the same bits; floats always with a
/// point or an exponent, so that 1.0 stays a float. Bytes that are not UTF-8 are taken as Latin-1. Empty for NaN and
/// infinity, which JSON cannot say and the desk never holds.
std::string state_line(std::string_view address, const Value& value);

/// [any] A whole generation with its checksum.
std::string generation_text(const StateMeta& meta, std::uint64_t number, std::string_view written_utc, const Mix& mix);

/// [any] One change as log lines. A line is eight digits of CRC-32 over all that follows them, then ' ' and
/// state_line() for a change of one line. Each line of a longer one has the change's mark between: '@', eight digits of
/// CRC-32 over all its state_line()s (each with a line end), ' ', its number from 1, '/', how many there are.
std::string log_text(std::span<const AddressedValue> change);

struct ParsedGeneration {
  std::string error;  ///< not empty: not usable, and why
  StateMeta meta;
  std::string written_utc;
  bool checksummed = false;
  std::vector<AddressedValue> values;  ///< sorted, one per address
  std::vector<std::string> notes;      ///< what was left out or odd
};
ParsedGeneration parse_generation(std::string_view text);

struct ParsedLog {
  std::vector<AddressedValue> values;  ///< in order; an address may come several times
  std::vector<std::string> notes;      ///< damaged lines, a change that was cut off
};
/// A change is there whole or not at all: one with a line that is damaged or missing is left out, the others are used.
/// Logs of earlier versions, where a '+' after the checksum says that more of a change follows, are read too.
ParsedLog parse_log(std::string_view text);

}  // namespace fohd
