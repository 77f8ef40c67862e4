// What must work whatever state everything else is in. SIGUSR1 is the panic button of last resort: `kill -USR1 $(pidof
// fohd)` shuts all outputs within 20 ms even if the control thread hangs, because the handler raises the flag that the
// audio thread looks at. And when the process is about to die of a fatal signal (a fault of our own, or the watchdog's
// SIGABRT), the audio thread still ramps the outputs down: a loudspeaker gets 20 ms of fade, not a step. SIGKILL and a
// fault inside the audio callback itself leave no thread that could.
//
// No other signal ends the desk by itself: those that ask for an end (TERM, INT, QUIT, HUP) are the control loop's, and
// are kept for it until it runs; those that mean nothing to a desk are ignored.
#pragma once

#include <array>
#include <csignal>

namespace fohd {

class AudioCore;

/// The control loop's signals.
inline constexpr std::array kLoopSignals = {SIGTERM, SIGINT, SIGQUIT, SIGHUP};

/// [main thread, the first thing that a desk does, before other threads start] Decides about every signal, and lets in
/// those that the parent process has blocked. The calling thread gets a stack of its own for the handlers, so that an
/// overflow of its stack is survived for as long as the ramp takes.
void install_signals() noexcept;
/// [control] True once if one of kLoopSignals came before the control loop took it over. A second TERM, INT or QUIT
/// before that ends the process: a start may wait for a disk for ever.
bool take_early_signal(int signal) noexcept;
/// [control] The running core, or null; it must outlive the next call. A panic that was pressed before reaches it.
void set_emergency_core(AudioCore* core) noexcept;
/// [any thread] From now on the process has 9 s to end; the service has 10. Then SIGALRM ends it, with the outputs
/// ramped out and a sentence on stderr: whatever stands still, who asked for the end gets it. Once; later calls change
/// nothing.
void end_at_latest() noexcept;
/// [any thread, signal handler] What SIGUSR1 does: for buttons that cannot wait for the control thread.
void press_panic() noexcept;
/// [control] True once after each press.
bool take_panic_press() noexcept;

}  // namespace fohd
