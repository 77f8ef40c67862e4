// For what only a new process can mend: the library of another that waits inside of this one for ever.
#pragma once

namespace fohd {

/// [main thread, when all that is to be kept is on the disk] This process becomes the same program, with the same
/// arguments, environment and number, and nothing of what it has open but its three standard streams. Returns only
/// where that cannot be.
void become_anew() noexcept;

}  // namespace fohd
