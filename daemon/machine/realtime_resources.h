// What the process asks of the machine for the audio thread's sake: memory that stays in memory, and processors.
#pragma once

#include <string>
#include <vector>

namespace fohd {

/// [main thread] Locks all memory, also what comes later, so that nothing the audio thread
/// touches must first be fetched from a disk. Returns "" or, in words, why not; then nothing is locked.
std::string lock_memory();
/// [main thread, before others start] All threads allocate from one pool. glibc gives each thread one of its own, of
/// 64 MB of addresses; where a limit (ulimit -v) does not leave room for that, every small allocation of the thread
/// becomes a call of the kernel, and what takes ms takes minutes. The audio thread allocates nothing.
void share_memory_pool() noexcept;

/// [main thread, before audio runs] Keeps all threads, and those that they start, off these CPUs (from 0), as far as
/// others are left. Returns "" or what is wrong.
std::string leave_cpus(const std::vector<int>& cpus);
/// [the audio thread, before its first callback] Keeps it on these CPUs (none: wherever it is), and away from
/// signals that other threads are there for.
void settle_audio_thread(const std::vector<int>& cpus) noexcept;

}  // namespace fohd
