// Values as they are typed and printed at a terminal.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "control/parameters/parameter.h"

namespace fohd::ctl {

/// What a typed `text` may mean, best guess first; the desk, which has the kind of the parameter, takes
/// the first that fits: a number, else a text ("12" can be a channel's name); `off` and `-inf` on a level.
std::vector<Value> readings(const std::string& text);

/// "-6.0", "1", "bell". A text comes without bytes that could do something to a terminal.
std::string printed(const Value& value);
std::string printable(std::string_view text);

/// True if the desk made something else of what it was asked: limited a number, cut a text.
bool altered(const Value& asked, const Value& result);

/// Columns that `text` takes: characters of UTF-8, not bytes.
std::size_t width_of(std::string_view text);
/// Cut or filled with spaces to exactly `columns`.
std::string fitted(std::string_view text, std::size_t columns);

}  // namespace fohd::ctl
