// What must work whatever state everything else is in. SIGUSR1 is the panic button of last resort: `kill -USR1 $(pidof
// fohd)` shuts all outputs within 20 ms even if the control thread hangs, because the handler raises the flag that the
// audio thread looks at. And when the process is about to die of a fatal signal (a fault of our own, or the watchdog's
// SIGABRT), the audio thread still ramps the outputs down: a loudspeaker gets 20 ms of fade, not a step. SIGKILL and a
// fault inside the audio callback itself leave no thread that could.
#pragma once

namespace fohd {

class AudioCore;

/// [main thread, before other threads start] Takes SIGUSR1 and the fatal signals. The calling thread gets a stack of
/// its own for the handlers, so that an overflow of its stack is survived for as long as the ramp takes.
void install_emergency_signals();
/// [control] The running core, or null; it must outlive the next call.
void set_emergency_core(AudioCore* core) noexcept;
/// [any thread, signal handler] What SIGUSR1 does: for buttons that cannot wait for the control thread.
void press_panic() noexcept;
/// [control] True once after each press.
bool take_panic_press() noexcept;

}  // namespace fohd
