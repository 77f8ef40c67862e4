#include "daemon/machine/system_files.h"

#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <charconv>
#include <filesystem>
#include <sstream>

#include "daemon/base/regular_file.h"

namespace fohd::machine {
namespace {

namespace fs = std::filesystem;

/// cpu2 before cpu10: shorter first where the rest are digits.
bool in_order(const std::string& a, const std::string& b) {
  const auto head = [](const std::string& text) { return text.substr(0, text.find_first_of("0123456789")); };
  if (head(a) != head(b)) return a < b;
  return a.size() != b.size() ? a.size() < b.size() : a < b;
}

}  // namespace

int to_number(std::string_view text) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  while (text.ends_with(' ')) text.remove_suffix(1);
  int number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size() ? number : 0;
}

std::string read(const SystemFiles& system, const std::string& path) {
  constexpr std::size_t kMostBytes = 1 << 18;  // the longest, /proc/net/udp, has 130 bytes for each socket
  Descriptor file;
  if (!open_regular_file(system.root + path, kSystemFile, file).empty()) return "";
  std::string text(kMostBytes, '\0');
  std::size_t filled = 0;
  while (filled < text.size()) {
    const ssize_t count = ::read(file.get(), text.data() + filled, text.size() - filled);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) break;
    filled += static_cast<std::size_t>(count);
  }
  text.resize(filled);
  while (!text.empty() && std::isspace(static_cast<unsigned char>(text.back())) != 0) text.pop_back();
  return text;
}

bool exists(const SystemFiles& system, const std::string& path) {
  std::error_code ignored;
  return fs::exists(system.root + path, ignored);
}

std::vector<std::string> list(const SystemFiles& system, const std::string& folder, const std::string& prefix) {
  std::vector<std::string> names;
  std::error_code failure;
  for (fs::directory_iterator entry(system.root + folder, failure), end; !failure && entry != end;
       entry.increment(failure)) {
    std::string name = entry->path().filename().string();
    if (name.starts_with(prefix)) names.push_back(std::move(name));
  }
  std::sort(names.begin(), names.end(), in_order);
  return names;
}

std::string link_of(const SystemFiles& system, const std::string& path) {
  std::error_code failure;
  const fs::path target = fs::read_symlink(system.root + path, failure);
  return failure ? "" : target.string();
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) {
    if (!line.empty()) lines.push_back(line);
  }
  return lines;
}

Process process(const SystemFiles& system, int id) {
  const std::string folder = "/proc/" + std::to_string(id);
  Process found{id, read(system, folder + "/comm"), read(system, folder + "/cmdline")};
  while (!found.command.empty() && found.command.back() == '\0') found.command.pop_back();
  std::replace(found.command.begin(), found.command.end(), '\0', ' ');
  return found;
}

std::vector<Process> processes_called(const SystemFiles& system, const std::string& name) {
  std::vector<Process> found;
  for (const std::string& entry : list(system, "/proc")) {
    const int id = to_number(entry);
    if (id > 0 && read(system, "/proc/" + entry + "/comm") == name) found.push_back(process(system, id));
  }
  return found;
}

std::optional<uid_t> user_of(const SystemFiles& system, int id) {
  for (const std::string& line : lines_of(read(system, "/proc/" + std::to_string(id) + "/status"))) {
    std::istringstream fields(line);
    std::string name;
    unsigned long real = 0, effective = 0;
    if (fields >> name >> real >> effective && name == "Uid:") return static_cast<uid_t>(effective);
  }
  return std::nullopt;
}

int realtime_priority(const SystemFiles& system, int id) {
  int highest = 0;
  const std::string tasks = "/proc/" + std::to_string(id) + "/task";
  for (const std::string& task : list(system, tasks)) {
    const std::string stat = read(system, tasks + "/" + task + "/stat");
    const std::size_t bracket = stat.rfind(')');  // the name before it may hold blanks
    if (bracket == std::string::npos) continue;
    // man 5 proc: field 3 follows the bracket, 40 is rt_priority, 41 the policy.
    std::istringstream fields(stat.substr(bracket + 1));
    std::string word, priority, policy;
    for (int field = 3; field <= 41 && fields >> word; ++field) {
      if (field == 40) priority = word;
      if (field == 41) policy = word;
    }
    const int kind = to_number(policy);
    if (kind == SCHED_FIFO || kind == SCHED_RR) highest = std::max(highest, to_number(priority));
  }
  return highest;
}

}  // namespace fohd::machine
