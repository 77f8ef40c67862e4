// What is wrong with a file that people write: a configuration, a profile of a MIDI device, a session.
#pragma once

#include <string>

namespace fohd {

struct ConfigError {
  std::string file;
  int line = 0, column = 0;  ///< from 1; 0: the whole file
  std::string text;          ///< what is wrong and what is allowed
  std::string to_string() const;
};

}  // namespace fohd
