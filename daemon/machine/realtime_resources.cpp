#include "daemon/machine/realtime_resources.h"

#include <malloc.h>
#include <pthread.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <system_error>

#include "daemon/machine/system_files.h"

namespace fohd {
namespace {

cpu_set_t set_of(const std::vector<int>& cpus) noexcept {
  cpu_set_t set;
  CPU_ZERO(&set);
  for (const int cpu : cpus) CPU_SET(static_cast<std::size_t>(cpu), &set);
  return set;
}

/// "" if this process may lock any amount. Below a limit a lock of all may succeed now, and every later allocation
/// beyond it fail.
std::string lock_limit() {
  rlimit limit{};
  ::getrlimit(RLIMIT_MEMLOCK, &limit);
  if (limit.rlim_cur == RLIM_INFINITY) return "";
  // A process with the capability CAP_IPC_LOCK is not bound by it: a lock just beyond shows that.
  const std::size_t beyond = limit.rlim_cur + 4096;
  void* const probe = ::mmap(nullptr, beyond, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  const bool unheld = probe != MAP_FAILED && ::mlock2(probe, beyond, MLOCK_ONFAULT) == 0;
  if (probe != MAP_FAILED) ::munmap(probe, beyond);
  if (unheld) return "";
  return "this user may lock " + std::to_string(limit.rlim_cur / 1024) + " KiB only (RLIMIT_MEMLOCK)";
}

}  // namespace

std::string lock_memory() {
  if (std::string limit = lock_limit(); !limit.empty()) return limit;
  // What is here is locked and read in, program and libraries too. What comes later is locked when it is first touched:
  // thread stacks of 8 MB, hardly used, would else be filled with zeros.
  if (::mlockall(MCL_CURRENT) == 0 && ::mlockall(MCL_FUTURE | MCL_ONFAULT) == 0) return "";
  const int reason = errno;
  ::munlockall();
  return std::strerror(reason);
}

void share_memory_pool() noexcept { ::mallopt(M_ARENA_MAX, 1); }

std::string leave_cpus(const std::vector<int>& cpus) {
  const long there = ::sysconf(_SC_NPROCESSORS_CONF);
  for (const int cpu : cpus) {
    if (cpu >= there)
      return "there is no CPU " + std::to_string(cpu) + "; this machine has 0 to " + std::to_string(there - 1);
  }
  cpu_set_t rest;
  if (cpus.empty() || ::sched_getaffinity(0, sizeof rest, &rest) != 0) return "";
  for (const int cpu : cpus) CPU_CLR(static_cast<std::size_t>(cpu), &rest);
  if (CPU_COUNT(&rest) == 0) return "";  // none is left to go to
  std::error_code code;
  for (const auto& task : std::filesystem::directory_iterator("/proc/self/task", code)) {
    const auto thread = static_cast<pid_t>(machine::to_number(task.path().filename().string()));
    if (::sched_setaffinity(thread, sizeof rest, &rest) != 0 && errno != ESRCH) return std::strerror(errno);
  }
  return code ? code.message() : "";
}

void settle_audio_thread(const std::vector<int>& cpus) noexcept {
  sigset_t signals;
  ::sigfillset(&signals);
  ::pthread_sigmask(SIG_BLOCK, &signals, nullptr);  // faults of its own come all the same
  if (cpus.empty()) return;
  const cpu_set_t set = set_of(cpus);
  ::sched_setaffinity(0, sizeof set, &set);
}

}  // namespace fohd
