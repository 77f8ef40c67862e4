// SIGUSR1 is the panic button of last resort: `kill -USR1 $(pidof fohd)` shuts all outputs within 20 ms even if the
// control thread hangs, because the handler raises the flag that the audio thread looks at.
#pragma once

#include "engine/flag.h"

namespace fohd {

void install_panic_signal();                 ///< [main thread]
void set_panic_target(Flag* flag) noexcept;  ///< [control] the running core's flag; it must outlive the next call
bool take_panic_signal() noexcept;           ///< [control] true once after each signal

}  // namespace fohd
