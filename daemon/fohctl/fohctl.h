// fohctl, the desk from a terminal or a script.
#pragma once

#include <iosfwd>
#include <string>
#include <vector>

#include "engine/crossing/flag.h"

namespace fohd::ctl {

/// Everything main() does. arguments: without the program's name. Returns the exit code: 0 ok, 1 the desk refused, 2 no
/// answer, 3 the command line is wrong.
int run(std::vector<std::string> arguments, std::ostream& out, std::ostream& err, const Flag& stop);

}  // namespace fohd::ctl
