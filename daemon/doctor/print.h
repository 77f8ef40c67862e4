// How findings look: a word for the level, the title, the text beside it, and what mends it below.
#pragma once

#include <span>
#include <string>

#include "daemon/doctor/finding.h"

namespace fohd::doctor {

/// [any] A text by itself, with an empty line below.
std::string to_paragraph(const std::string& text);
/// [any] Wrapped at 100 columns; commands are never broken, so that they can be copied. Ends with a line that sums up.
/// colour: escape sequences, for a terminal.
std::string to_text(std::span<const Finding> findings, bool colour);

}  // namespace fohd::doctor
