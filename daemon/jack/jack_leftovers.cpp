#include "daemon/jack/jack_leftovers.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <charconv>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <filesystem>
#include <sstream>
#include <string_view>

namespace fohd {
namespace {

using machine::Process;
using machine::SystemFiles;

constexpr const char* kSharedMemory = "/dev/shm";

std::string database_of(uid_t user) { return std::string(kSharedMemory) + "/jack_db-" + std::to_string(user); }

// The head of /dev/shm/jack-shm-registry, as jackd2 has written it since 2004 (jack/shm.h of its sources).
struct Place {
  std::int32_t server_id = 0;  ///< its process; 0: the place is free
  char name[257] = {};         ///< "jack-USER_ID:NAME:"
};
struct RegistryHead {
  static constexpr std::uint32_t kMagic = 0x4a41434b;  // "JACK"
  std::uint32_t magic = 0;
  std::uint16_t protocol = 0;
  std::uint32_t type = 0, bytes = 0, head_bytes = 0, entry_bytes = 0;
  Place places[8];
};
static_assert(sizeof(RegistryHead) == 2136, "jackd2's own number for it");

/// The registry in memory; null if there is none, or it has another form than we know.
class Registry {
 public:
  explicit Registry(const SystemFiles& system) {
    const int file = ::open((system.root + kSharedMemory + "/jack-shm-registry").c_str(), O_RDWR | O_CLOEXEC);
    if (file < 0) return;
    struct stat status {};
    if (::fstat(file, &status) == 0 && status.st_size >= static_cast<off_t>(sizeof(RegistryHead))) {
      void* memory = ::mmap(nullptr, sizeof(RegistryHead), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
      if (memory != MAP_FAILED) head_ = static_cast<RegistryHead*>(memory);
    }
    ::close(file);
    if (head_ == nullptr) return;
    if (head_->magic != RegistryHead::kMagic || head_->head_bytes != sizeof(RegistryHead)) unmap();
  }
  ~Registry() { unmap(); }
  Registry(const Registry&) = delete;
  Registry& operator=(const Registry&) = delete;

  RegistryHead* head() const { return head_; }

 private:
  void unmap() {
    if (head_ != nullptr) ::munmap(head_, sizeof(RegistryHead));
    head_ = nullptr;
  }
  RegistryHead* head_ = nullptr;
};

/// Where other users' processes are not shown (hidepid), the kernel still tells that they are there.
bool process_lives(const SystemFiles& system, int id) {
  if (exists(system, "/proc/" + std::to_string(id))) return true;
  return system.root.empty() && (::kill(id, 0) == 0 || errno != ESRCH);
}

/// A server in a container has another /dev/shm and is none of ours. Where that is not shown it counts as ours.
bool shares_our_memory(const SystemFiles& system, int id) {
  struct stat ours {
  }, theirs{};
  const std::string root = system.root + "/proc/" + std::to_string(id) + "/root";
  if (::stat((system.root + kSharedMemory).c_str(), &ours) != 0) return true;
  if (::stat((root + kSharedMemory).c_str(), &theirs) != 0) return true;
  return ours.st_dev == theirs.st_dev && ours.st_ino == theirs.st_ino;
}

/// "jack-0:stage:" is "0:stage".
std::string place_name(const Place& place) {
  std::string name(place.name, ::strnlen(place.name, sizeof place.name));
  if (name.starts_with("jack-")) name.erase(0, 5);
  if (name.ends_with(':')) name.pop_back();
  return name;
}

/// jackd2's socket, "jack_NAME_USER_0" or, where it is for all users, "jack_NAME_0".
std::string socket_of(std::string server, uid_t user) {
  std::replace(server.begin(), server.end(), '/', '_');
  std::replace(server.begin(), server.end(), '\\', '_');
  const std::string whose = std::getenv("JACK_PROMISCUOUS_SERVER") != nullptr ? "" : "_" + std::to_string(user);
  return std::string(kSharedMemory) + "/jack_" + server + whose + "_0";
}

/// A server takes a connection that ends at once for nothing.
bool somebody_listens(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) return true;  // not for us to decide
  path.copy(address.sun_path, path.size());
  const int connection = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (connection < 0) return true;
  const int result = ::connect(connection, reinterpret_cast<const sockaddr*>(&address), sizeof address);
  const bool refused = result != 0 && (errno == ECONNREFUSED || errno == ENOENT);
  ::close(connection);
  return !refused;
}

/// A server in a container may share our memory and have processes that we do not see: its socket tells.
bool place_listens(const Place& place) {
  const std::string name = place_name(place);
  const std::size_t colon = name.find(':');
  uid_t user = 0;
  const auto read = std::from_chars(name.data(), name.data() + std::min(colon, name.size()), user);
  if (colon == std::string::npos || read.ec != std::errc()) return false;
  return somebody_listens(socket_of(name.substr(colon + 1), user));
}

bool is_dead(const SystemFiles& system, const Place& place) {
  if (place.server_id <= 0 || process_lives(system, place.server_id)) return false;
  return !system.root.empty() || !place_listens(place);
}

bool server_runs(const SystemFiles& system, uid_t user) {
  for (const Process& server : jack_servers(system)) {
    if (machine::user_of(system, server.id) == user) return true;
  }
  // A server inside of another program.
  const Registry registry(system);
  if (registry.head() == nullptr) return false;
  const std::string mine = std::to_string(user) + ":";
  for (const Place& place : registry.head()->places) {
    if (place.server_id > 0 && !is_dead(system, place) && place_name(place).starts_with(mine)) return true;
  }
  return false;
}

/// The name goes first: a free place with a name would count as one whose server runs.
void free_place(Place& place, std::int32_t dead) {
  std::atomic_ref<std::int32_t> server_id(place.server_id);
  if (server_id.load() != dead) return;
  std::memset(place.name, 0, sizeof place.name);
  server_id.compare_exchange_strong(dead, 0);
}

/// PipeWire's library and JACK 1 have no such database, and other sockets. Which one it is shows at run time only, and
/// not each has the function that tells.
bool library_is_jackd2() {
  using Version = const char* (*)();
  const auto version = reinterpret_cast<Version>(::dlsym(RTLD_DEFAULT, "jack_get_version_string"));
  return version != nullptr && std::string_view(version()).starts_with("1.9.");
}

constexpr double kBegins_s = 5;  // a server that is well listens within one, a slow card's within two

/// Of a process; 0 if it is not known.
double age_s(int id) {
  const std::string stat = machine::read(SystemFiles{}, "/proc/" + std::to_string(id) + "/stat");
  const std::size_t bracket = stat.rfind(')');  // the name before it may hold blanks
  if (bracket == std::string::npos) return 0;
  std::istringstream fields(stat.substr(bracket + 1));
  std::string word;
  for (int field = 3; field < 22; ++field) fields >> word;
  double began_ticks = 0;  // man 5 proc: field 22, since the machine was switched on
  timespec now{};
  if (!(fields >> began_ticks) || ::clock_gettime(CLOCK_BOOTTIME, &now) != 0) return 0;
  return static_cast<double>(now.tv_sec) - began_ticks / static_cast<double>(::sysconf(_SC_CLK_TCK));
}

}  // namespace

std::vector<Process> jack_servers(const SystemFiles& system) {
  std::vector<Process> servers;
  for (const char* name : {"jackd", "jackdmp", "jackdbus"}) {
    for (Process& server : machine::processes_called(system, name)) {
      const std::string status = machine::read(system, "/proc/" + std::to_string(server.id) + "/status");
      const bool dead = status.find("\nState:\tZ") != std::string::npos;
      if (!dead && shares_our_memory(system, server.id)) servers.push_back(std::move(server));
    }
  }
  return servers;
}

std::string jack_server_name(const std::string& command) {
  std::istringstream words(command);
  for (std::string word; words >> word;) {
    std::string next;
    if (word == "-d" || word == "--driver") break;  // what follows is the driver's, which has a -n of its own
    if (word == "-n" || word == "--name") return words >> next ? next : "default";
    if (word.starts_with("--name=")) return word.substr(7);
    if (word.starts_with("-n")) return word.substr(2);
  }
  return "default";
}

Process jack_server_called(const SystemFiles& system, const std::string& name, uid_t user) {
  for (Process& server : jack_servers(system)) {
    if (jack_server_name(server.command) == name && machine::user_of(system, server.id) == user) return server;
  }
  return {};
}

JackLeftovers jack_leftovers(const SystemFiles& system, uid_t user) {
  JackLeftovers left;
  const std::string database = database_of(user);
  if (exists(system, database) && !server_runs(system, user)) left.database = database;
  const Registry registry(system);
  if (registry.head() == nullptr) return left;
  left.no_place_left = true;
  for (const Place& place : registry.head()->places) {
    if (place.server_id == 0) left.no_place_left = false;
    if (is_dead(system, place)) left.places.push_back(place_name(place));
  }
  return left;
}

std::string clear_jack_leftovers(const SystemFiles& system, uid_t user, std::vector<std::string>& removed) {
  if (server_runs(system, user)) return "";
  const std::string database = system.root + database_of(user);
  struct stat before {
  }, now{};
  // Looked at before the servers: one that begins meanwhile has made a database of its own.
  const bool there = ::lstat(database.c_str(), &before) == 0;
  if (there && !server_runs(system, user) && ::lstat(database.c_str(), &now) == 0 && before.st_ino == now.st_ino) {
    std::error_code failure;
    std::filesystem::remove_all(database, failure);  // follows no link
    if (failure) return database + " cannot be removed: " + failure.message();
    removed.push_back(database + ", which a JACK server has left that was killed");
  }
  const Registry registry(system);
  if (registry.head() == nullptr) return "";
  for (Place& place : registry.head()->places) {
    if (!is_dead(system, place)) continue;
    removed.push_back("the place of the dead JACK server " + place_name(place));
    free_place(place, place.server_id);
  }
  return "";
}

std::uint64_t jack_database_number() noexcept {
  struct stat status {};
  return ::lstat(database_of(::geteuid()).c_str(), &status) == 0 ? status.st_ino : 0;
}

std::string why_not_open_jack(const std::string& server, std::vector<std::string>& removed) {
  if (!library_is_jackd2()) return "";
  const SystemFiles system;
  const uid_t user = ::geteuid();
  if (somebody_listens(socket_of(server, user))) return "";
  std::string none = "no JACK server \"" + server + "\" is running";
  if (!server_runs(system, user)) {
    const std::string error = clear_jack_leftovers(system, user, removed);
    return error.empty() ? none : none + "; " + error;
  }
  const Process process = jack_server_called(system, server, user);
  if (process.id == 0 || age_s(process.id) < kBegins_s) return none;
  return "the JACK server \"" + server + "\" (process " + std::to_string(process.id) +
         ") does not get ready. If it stays so, it hangs: systemctl restart fohd-jack, or kill -KILL " +
         std::to_string(process.id) + " and start it again";
}

}  // namespace fohd
