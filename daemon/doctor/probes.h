// What only a trial can show. Nothing here changes the machine, and all of it may be done during a show.
#pragma once

#include <string>

#include "daemon/doctor/machine.h"
#include "daemon/doctor/subject.h"

namespace fohd::doctor {

/// How long the JACK server may take to answer everything; one second of it is measuring. A server that is well lets a
/// client in within some ms.
inline constexpr int kJackPatience_ms = 2200;
/// How long a desk on this machine may take to answer; its loop turns every few ms.
inline constexpr double kDeskPatience_s = 0.3;

/// [main thread] Starts a thread with SCHED_FIFO, which ends at once.
RealtimeTrial try_realtime();
/// [main thread] Locks kLockBytes into memory and lets them go.
MemoryTrial try_memory_lock();
/// [main thread; no other threads] Asks the server through a client without ports or process callback, in a process of
/// its own that is killed when its time is up: a server that hangs does not block the caller. as: the server accepts
/// its own user only, so that process runs as this user; nullptr: as ours.
JackSurvey survey_jack(const std::string& server, const Subject* as = nullptr, int patience_ms = kJackPatience_ms);
/// [main thread] Asks /info on the configured port of this machine, by the address the desk binds.
DeskAnswer ask_desk(const OscConfig& osc);
/// [any] The folder, or the lowest above it that exists, by the effective user. view: put before the path, where
/// another process's view of the disks lies.
FolderRoom look_at_folder(const std::string& folder, const std::string& view = "");
/// [any] What a desk's limits, or the service's, allow it, and what a desk that runs has locked.
RealtimeTrial realtime_of(const Subject& subject);
MemoryTrial memory_lock_of(const Subject& subject);
/// [any] Of the system's clock.
ClockState look_at_clock();

/// [main thread] All facts of this machine. Takes up to kJackPatience_ms and kDeskPatience_s, usually half of it.
/// config_file: may be empty. Wrong configurations are facts, too; nothing throws except when memory runs out.
Machine look_at_machine(const std::string& config_file);

}  // namespace fohd::doctor
