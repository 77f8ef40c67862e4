#include "daemon/doctor/probes.h"

#include <fcntl.h>
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
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <memory>
#include <sstream>
#include <thread>

#include "daemon/base/clock.h"
#include "daemon/doctor/checks.h"
#include "daemon/net/addresses.h"
#include "daemon/net/osc_connection.h"

namespace fohd::doctor {
namespace {

/// -1: no limit.
std::int64_t limit_of(int resource) {
  rlimit limit{};
  if (::getrlimit(static_cast<__rlimit_resource_t>(resource), &limit) != 0) return 0;
  return limit.rlim_cur == RLIM_INFINITY ? -1 : static_cast<std::int64_t>(limit.rlim_cur);
}

std::vector<gid_t> groups_of_process() {
  std::vector<gid_t> groups(static_cast<std::size_t>(std::max(::getgroups(0, nullptr), 0)));
  const int count = ::getgroups(static_cast<int>(groups.size()), groups.data());
  groups.resize(static_cast<std::size_t>(std::max(count, 0)));
  groups.push_back(::getegid());
  return groups;
}

/// What a command prints; "" if it cannot be run. It is ended after that time.
std::string output_of(const std::string& command, const std::string& patience_s) {
  const std::string whole = "timeout " + patience_s + " " + command + " 2>/dev/null";
  // NOLINTNEXTLINE(bugprone-command-processor): the commands stand in this file
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> pipe(::popen(whole.c_str(), "re"), ::pclose);
  std::string text;
  std::array<char, 1024> line{};
  while (pipe != nullptr && std::fgets(line.data(), line.size(), pipe.get()) != nullptr) text += line.data();
  return text;
}

/// The Pi's own tool, where the kernel's file is missing. It asks the firmware, which may hang.
std::string ask_vcgencmd() {
  for (const char* tool : {"/usr/bin/vcgencmd", "/opt/vc/bin/vcgencmd"}) {
    if (::access(tool, X_OK) != 0) continue;
    if (std::string text = output_of(std::string(tool) + " get_throttled", "0.5"); !text.empty()) return text;
  }
  return "";
}

/// The user of the service: number and groups, which systemd looks up when it starts it.
void look_up_user(Unit& unit) {
  Subject& rights = unit.rights;
  const passwd* entry = ::getpwnam(rights.user.c_str());
  if (entry == nullptr) return;
  rights.user_id = entry->pw_uid;
  rights.group_id = entry->pw_gid;
  int count = 64;  // more than any user is in
  rights.groups.resize(static_cast<std::size_t>(count));
  ::getgrouplist(rights.user.c_str(), rights.group_id, rights.groups.data(), &count);
  rights.groups.resize(static_cast<std::size_t>(std::clamp(count, 0, 64)));
  std::istringstream names(unit.supplementary_groups);
  for (std::string name; names >> name;) {
    if (const group* more = ::getgrnam(name.c_str()); more != nullptr) rights.groups.push_back(more->gr_gid);
  }
}

Unit ask_systemd() {
  if (::access("/run/systemd/system", F_OK) != 0 || ::access("/bin/systemctl", X_OK) != 0) return {};
  Unit unit = parse_unit(output_of(std::string("/bin/systemctl show fohd.service -p ") + kUnitProperties, "1"));
  if (unit.installed) look_up_user(unit);
  return unit;
}

Subject look_at_caller(const Machine& machine) {
  Subject caller;
  caller.user_id = ::geteuid();
  caller.group_id = ::getegid();
  caller.user = user_name(machine, caller.user_id);
  caller.groups = groups_of_process();
  return caller;
}

/// While it lives, files are opened with that user's rights: root must not print a file that a user named but may not
/// read. Only root can; for others it changes nothing.
class AsUser {
 public:
  explicit AsUser(const Subject& user) : mine_(groups_of_process()), group_(::getegid()), user_(::geteuid()) {
    if (user_ != 0) return;
    changed_ = ::setgroups(user.groups.size(), user.groups.data()) == 0 && ::setegid(user.group_id) == 0 &&
               ::seteuid(user.user_id) == 0;
  }
  ~AsUser() {
    if (user_ != 0) return;
    [[maybe_unused]] bool back = ::seteuid(user_) == 0 && ::setegid(group_) == 0;
    back = back && ::setgroups(mine_.size(), mine_.data()) == 0;
  }
  AsUser(const AsUser&) = delete;
  AsUser& operator=(const AsUser&) = delete;
  bool changed() const { return changed_ || user_ != 0; }

 private:
  std::vector<gid_t> mine_;
  gid_t group_;
  uid_t user_;
  bool changed_ = false;
};

/// What decides on JACK servers and folders: from here on it is as the desk has it, for libjack too.
void take_environment(const Subject& subject) {
  const auto decides = [](const std::string& entry) {
    for (const char* name : {"JACK_", "STATE_DIRECTORY=", "XDG_STATE_HOME=", "HOME="}) {
      if (entry.starts_with(name)) return true;
    }
    return false;
  };
  if (subject.environment.empty()) return;
  std::vector<std::string> own;
  for (char** entry = environ; *entry != nullptr; ++entry) own.emplace_back(*entry);
  for (const std::string& entry : own) {
    if (decides(entry)) ::unsetenv(entry.substr(0, entry.find('=')).c_str());
  }
  for (const std::string& entry : subject.environment) {
    const std::size_t equals = entry.find('=');
    if (decides(entry)) ::setenv(entry.substr(0, equals).c_str(), entry.substr(equals + 1).c_str(), 1);
  }
}

void load(Machine& machine, const std::string& file) {
  machine.config_file = file;
  machine.config = {};
  machine.config_errors.clear();
  if (file.empty()) return;
  ConfigResult result = load_config(file);
  machine.config_errors = std::move(result.errors);
  if (machine.config_errors.empty()) machine.config = std::move(result.config);
}

/// What the desk's command line puts in place of the configuration's.
void apply_arguments(Machine& machine) {
  const Subject& desk = machine.subject;
  if (const int port = to_number(argument_of(desk, "--osc-port")); port > 0 && port < 65536) {
    machine.config.osc.port = port;
  }
  if (std::string server = argument_of(desk, "--jack-server"); !server.empty()) {
    machine.config.audio.server = std::move(server);
  }
  if (std::string folder = argument_of(desk, "--state-dir"); !folder.empty()) {
    machine.config.state_folder = std::move(folder);
  }
}

/// With the desk's rights, and where the desk's own view of the disks may be had, through it: the service sees most of
/// the machine read-only.
FolderRoom look_at_state(const Machine& machine) {
  const Subject& subject = machine.subject;
  std::string folder = !machine.config.state_folder.empty() ? machine.config.state_folder : default_state_folder();
  if (!subject.is_desk()) return look_at_folder(folder);
  if (folder.front() != '/') folder = subject.folder + "/" + folder;
  // systemd makes this one when it starts the unit, and gives it to the user.
  if (subject.kind == Subject::Kind::unit && folder == subject.state_folder) return look_at_folder(folder);
  const std::string root = "/proc/" + std::to_string(subject.process.id) + "/root";
  const int sight = subject.process.id != 0 ? ::open(root.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC) : -1;
  FolderRoom room;
  {
    const AsUser as(subject);
    room = look_at_folder(folder);
    if (sight >= 0) {
      FolderRoom seen = look_at_folder(folder, "/proc/self/fd/" + std::to_string(sight));
      seen.closed_by_unit = seen.read_only && !room.read_only;
      room = seen;
    }
  }
  if (sight >= 0) ::close(sight);
  return room;
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

RealtimeTrial realtime_of(const Subject& subject) {
  constexpr int kSysNice = 23;  // a process with this capability needs no limit
  const bool by_limit = subject.rtprio < 0 || subject.rtprio >= kRealtimePriority;
  return {by_limit || (subject.capabilities >> kSysNice & 1) != 0, subject.rtprio, subject.rttime_us >= 0};
}

MemoryTrial memory_lock_of(const Subject& subject) {
  const bool may = subject.memlock_bytes < 0 || subject.memlock_bytes >= kLockBytes;
  const bool runs = subject.kind == Subject::Kind::desk;
  return {runs ? subject.locked_bytes > 0 : may, subject.memlock_bytes, subject.locked_bytes};
}

DeskAnswer ask_desk(const OscConfig& osc) {
  std::string ignored;
  const auto desk = OscConnection::open(osc.address == "0.0.0.0" ? "127.0.0.1" : osc.address, osc.port, ignored);
  if (desk == nullptr) return {};
  constexpr int kAttempts = 2;  // a busy desk's buffer may be full for one
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    desk->send(OscRequest{"/info"});
    const double deadline_s = now_s() + kDeskPatience_s / kAttempts;
    for (auto event = OscConnection::Event::messages; event == OscConnection::Event::messages;) {
      std::vector<OscReply> replies;
      event = desk->receive(deadline_s, replies);
      for (const OscReply& reply : replies) {
        constexpr std::size_t kRate = 8;  // docs/OSC.md, /info
        if (reply.address == "/info") return {true, reply.text(0), reply.text(1), reply.real(kRate)};
      }
      if (event == OscConnection::Event::nobody_listens) return {};
      if (now_s() >= deadline_s) break;  // a peer that sends other packets without end
    }
  }
  return {};
}

FolderRoom look_at_folder(const std::string& folder, const std::string& view) {
  std::error_code ignored;
  std::filesystem::path nearest = std::filesystem::absolute(folder, ignored).lexically_normal();
  if (!nearest.has_filename() && nearest.has_relative_path()) nearest = nearest.parent_path();  // "a/" is "a"
  FolderRoom room{nearest.string(), "", false, false, false, -1};
  while (!std::filesystem::is_directory(view + nearest.string(), ignored) && nearest.has_relative_path())
    nearest = nearest.parent_path();
  room.nearest = nearest.string();
  const std::string path = view + room.nearest;
  room.writable = ::faccessat(AT_FDCWD, path.c_str(), W_OK | X_OK, AT_EACCESS) == 0;
  room.read_only = !room.writable && errno == EROFS;
  struct statvfs disk {};
  if (::statvfs(path.c_str(), &disk) == 0) {
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
  const Unit unit = ask_systemd();
  const Subject caller = look_at_caller(machine);
  const bool named = !config_file.empty();
  if (named) {
    load(machine, config_file);
  } else if (unit.installed) {  // for its port
    const AsUser as(unit.rights);
    load(machine, config_file_of(unit.rights));
  }
  Subject& subject = machine.subject = choose_subject(machine, unit, caller, named);
  if (subject.is_desk()) take_environment(subject);
  if (subject.is_desk() && !named) {
    const AsUser as(subject);
    if (as.changed()) load(machine, config_file_of(subject));
  }
  if (!subject.is_desk() && !named && !machine.config_errors.empty()) load(machine, "");  // not ours to read
  if (subject.is_desk()) apply_arguments(machine);
  const Subject* another = subject.is_desk() && caller.user_id == 0 ? &subject : nullptr;
  machine.jack = survey_jack(machine.config.audio.server_name(), another);  // before there is any thread
  machine.user_id = subject.user_id;
  machine.user = subject.user;
  machine.root_asks = caller.user_id == 0;
  machine.groups = subject.groups;
  machine.cpus = static_cast<int>(std::thread::hardware_concurrency());
  name_simd_target(machine);
  machine.realtime = subject.is_desk() ? realtime_of(subject) : try_realtime();
  machine.memory_lock = subject.is_desk() ? memory_lock_of(subject) : try_memory_lock();
  machine.addresses = local_addresses();
  if (holder_of_port(machine).held) machine.desk = ask_desk(machine.config.osc);
  machine.state = look_at_state(machine);
  machine.clock = look_at_clock();
  machine.vcgencmd = ask_vcgencmd();
  return machine;
}

}  // namespace fohd::doctor
