// What `fohd run` was asked on the command line. Empty and 0: not given; the configuration decides.
#pragma once

#include <string>

namespace fohd {

struct RunOptions {
  std::string config, jack_server, state, state_dir, play, record;
  int osc_port = 0;
  double seconds = 0;            ///< 0: until a signal
  bool live = false;             ///< open the outputs after a cold boot, whatever the configuration says
  bool live_by_default = false;  ///< the same if the configuration says nothing
  bool meters = false;           ///< show levels on the terminal
};

}  // namespace fohd
