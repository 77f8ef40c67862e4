#include "daemon/doctor/probes.h"

#include <grp.h>
#include <hwy/targets.h>
#include <pthread.h>
#include <pwd.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/statvfs.h>
#include <sys/timex.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <ctime>
#include <filesystem>
#include <memory>
#include <thread>

#include "daemon/doctor/checks.h"
#include "daemon/fohctl/connection.h"
#include "daemon/net/addresses.h"

namespace fohd::doctor {
namespace {

/// -1: no limit.
std::int64_t limit_of(int resource) {
  rlimit limit{};
  if (::getrlimit(static_cast<__rlimit_resource_t>(resource), &limit) != 0) return 0;
  return limit.rlim_cur == RLIM_INFINITY ? -1 : static_cast<std::int64_t>(limit.rlim_cur);
}

std::string user_name(uid_t id) {
  const passwd* entry = ::getpwuid(id);
  return entry != nullptr ? entry->pw_name : std::to_string(id);
}

std::vector<gid_t> groups_of_process() {
  std::vector<gid_t> groups(static_cast<std::size_t>(std::max(::getgroups(0, nullptr), 0)));
  const int count = ::getgroups(static_cast<int>(groups.size()), groups.data());
  groups.resize(static_cast<std::size_t>(std::max(count, 0)));
  groups.push_back(::getegid());
  return groups;
}

/// The Pi's own tool, where the kernel's file is missing. It asks the firmware, which may hang as anything may.
std::string ask_vcgencmd() {
  for (const char* tool : {"/usr/bin/vcgencmd", "/opt/vc/bin/vcgencmd"}) {
    if (::access(tool, X_OK) != 0) continue;
    const std::string command = std::string("timeout 0.5 ") + tool + " get_throttled 2>/dev/null";
    const std::unique_ptr<std::FILE, int (*)(std::FILE*)> pipe(::popen(command.c_str(), "r"), ::pclose);
    std::array<char, 64> line{};
    if (pipe != nullptr && std::fgets(line.data(), line.size(), pipe.get()) != nullptr) return line.data();
  }
  return "";
}

/// Of the instruction sets that the engine was compiled for and this CPU has, the best; Highway numbers them so that
/// the lowest bit is the best.
void name_simd_target(Machine& machine) {
  const std::int64_t usable = hwy::SupportedTargets() & HWY_TARGETS;
  const std::int64_t best = usable & -usable;
  machine.simd_target = hwy::TargetName(best);
  const std::string& name = machine.simd_target;
  if (name.starts_with("AVX3")) machine.simd_lanes = 16;
  if (name == "AVX2") machine.simd_lanes = 8;
  if (name.starts_with("SSE") || name.starts_with("SSSE") || name.starts_with("NEON")) machine.simd_lanes = 4;
  if (name == "SCALAR" || name == "EMU128") machine.simd_lanes = 1;
}

}  // namespace

RealtimeTrial try_realtime() {
  RealtimeTrial trial{false, limit_of(RLIMIT_RTPRIO), limit_of(RLIMIT_RTTIME) != -1};
  pthread_attr_t attributes;
  if (::pthread_attr_init(&attributes) != 0) return trial;
  sched_param parameters{};
  parameters.sched_priority = kRealtimePriority;
  ::pthread_attr_setinheritsched(&attributes, PTHREAD_EXPLICIT_SCHED);
  ::pthread_attr_setschedpolicy(&attributes, SCHED_FIFO);
  ::pthread_attr_setschedparam(&attributes, &parameters);
  pthread_t thread{};
  trial.granted = ::pthread_create(
                      &thread, &attributes, [](void*) -> void* { return nullptr; }, nullptr) == 0;
  if (trial.granted) ::pthread_join(thread, nullptr);
  ::pthread_attr_destroy(&attributes);
  return trial;
}

MemoryTrial try_memory_lock() {
  MemoryTrial trial{false, limit_of(RLIMIT_MEMLOCK)};
  void* memory = ::mmap(nullptr, kLockBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) return trial;
  trial.granted = ::mlock(memory, kLockBytes) == 0;
  ::munmap(memory, kLockBytes);  // and so unlocks it
  return trial;
}

DeskAnswer ask_desk(const OscConfig& osc) {
  std::string ignored;
  const auto desk = ctl::Connection::open(osc.address == "0.0.0.0" ? "127.0.0.1" : osc.address, osc.port, ignored);
  if (desk == nullptr) return {};
  constexpr int kAttempts = 2;  // a busy desk's buffer may be full for one
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    desk->send(ctl::Request{"/info"});
    const double deadline_s = ctl::now_s() + kDeskPatience_s / kAttempts;
    for (auto event = ctl::Connection::Event::messages; event == ctl::Connection::Event::messages;) {
      std::vector<ctl::Reply> replies;
      event = desk->receive(deadline_s, replies);
      for (const ctl::Reply& reply : replies) {
        constexpr std::size_t kRate = 8;  // docs/OSC.md, /info
        if (reply.address == "/info") return {true, reply.text(0), reply.text(1), reply.real(kRate)};
      }
      if (event == ctl::Connection::Event::nobody_listens) return {};
      if (ctl::now_s() >= deadline_s) break;  // somebody who answers anything, for ever
    }
  }
  return {};
}

FolderRoom look_at_folder(const std::string& folder) {
  std::error_code ignored;
  std::filesystem::path nearest = std::filesystem::absolute(folder, ignored).lexically_normal();
  if (!nearest.has_filename() && nearest.has_relative_path()) nearest = nearest.parent_path();  // "a/" is "a"
  FolderRoom room{nearest.string(), "", false, false, -1};
  while (!std::filesystem::is_directory(nearest, ignored) && nearest.has_relative_path())
    nearest = nearest.parent_path();
  room.nearest = nearest.string();
  room.writable = ::access(nearest.c_str(), W_OK | X_OK) == 0;
  room.read_only = !room.writable && errno == EROFS;
  struct statvfs disk {};
  if (::statvfs(nearest.c_str(), &disk) == 0) {
    room.free_bytes = static_cast<std::int64_t>(disk.f_bavail) * static_cast<std::int64_t>(disk.f_frsize);
  }
  return room;
}

ClockState look_at_clock() {
  timex state{};  // modes 0: asks only
  const int answer = ::adjtimex(&state);
  const std::time_t now = std::time(nullptr);
  std::tm parts{};
  ::gmtime_r(&now, &parts);
  return {answer != -1 && answer != TIME_ERROR && (state.status & STA_UNSYNC) == 0, parts.tm_year + 1900};
}

Machine look_at_machine(const std::string& config_file) {
  Machine machine;
  machine.config_file = config_file;
  if (!config_file.empty()) {
    ConfigResult result = load_config(config_file);
    machine.config_errors = std::move(result.errors);
    if (machine.config_errors.empty()) machine.config = std::move(result.config);
  }
  machine.jack = survey_jack(machine.config.audio.server_name());  // first: before there is any thread
  machine.user_id = ::geteuid();
  machine.user = user_name(machine.user_id);
  machine.groups = groups_of_process();
  machine.cpus = static_cast<int>(std::thread::hardware_concurrency());
  name_simd_target(machine);
  machine.realtime = try_realtime();
  machine.memory_lock = try_memory_lock();
  machine.addresses = local_addresses();
  if (holder_of_port(machine).held) machine.desk = ask_desk(machine.config.osc);
  machine.state =
      look_at_folder(!machine.config.state_folder.empty() ? machine.config.state_folder : default_state_folder());
  machine.clock = look_at_clock();
  machine.vcgencmd = ask_vcgencmd();
  return machine;
}

}  // namespace fohd::doctor
