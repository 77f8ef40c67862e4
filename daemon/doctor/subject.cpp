#include "daemon/doctor/subject.h"

#include <pwd.h>

#include <algorithm>
#include <cstdlib>
#include <sstream>

#include "daemon/doctor/checks.h"

namespace fohd::doctor {
namespace {

using Kind = Subject::Kind;

/// /proc's "unlimited", systemd's "infinity", and what that was in its older versions: -1.
std::int64_t to_limit(const std::string& text) {
  if (text == "unlimited" || text == "infinity" || text == "18446744073709551615") return -1;
  return std::strtoll(text.c_str(), nullptr, 10);
}

/// /proc keeps lists of words with a zero byte behind each.
std::vector<std::string> split_zeros(const std::string& text) {
  std::vector<std::string> words;
  std::istringstream stream(text);
  for (std::string word; std::getline(stream, word, '\0');) words.push_back(word);
  return words;
}

std::vector<std::string> split_blanks(const std::string& text) {
  std::vector<std::string> words;
  std::istringstream stream(text);
  for (std::string word; stream >> word;) words.push_back(word);
  return words;
}

void read_status(const Machine& machine, const std::string& folder, Subject& subject) {
  for (const std::string& line : lines_of(read(machine, folder + "/status"))) {
    std::istringstream fields(line);
    std::string name;
    fields >> name;
    unsigned long real = 0, effective = 0;
    if (name == "Uid:" && fields >> real >> effective) subject.user_id = static_cast<uid_t>(effective);
    if (name == "Gid:" && fields >> real >> effective) subject.group_id = static_cast<gid_t>(effective);
    if (name == "Groups:") {
      for (unsigned long group = 0; fields >> group;) subject.groups.push_back(static_cast<gid_t>(group));
    }
    std::int64_t kilobytes = 0;
    if (name == "VmLck:" && fields >> kilobytes) subject.locked_bytes = kilobytes * 1024;
    if (name == "CapEff:") fields >> std::hex >> subject.capabilities;
  }
  subject.groups.push_back(subject.group_id);
}

void read_limits(const Machine& machine, const std::string& folder, Subject& subject) {
  for (const std::string& line : lines_of(read(machine, folder + "/limits"))) {
    const auto soft = [&](const std::string& title, std::int64_t& limit) {
      if (!line.starts_with(title)) return;
      std::istringstream fields(line.substr(title.size()));
      std::string value;
      if (fields >> value) limit = to_limit(value);
    };
    soft("Max realtime priority", subject.rtprio);
    soft("Max locked memory", subject.memlock_bytes);
    soft("Max realtime timeout", subject.rttime_us);
  }
}

/// Whether that process is a desk, and not another of our commands.
bool is_a_desk(const Subject& subject) {
  const std::vector<std::string>& words = subject.arguments;
  return subject.process.name == "fohd" && std::find(words.begin(), words.end(), "run") != words.end();
}

std::string as_user(const Subject& subject) {
  std::string text = "as user " + subject.user;
  if (subject.process.id != 0) text += " (process " + std::to_string(subject.process.id) + ")";
  return text;
}

}  // namespace

Unit parse_unit(const std::string& text) {
  Unit unit;
  Subject& rights = unit.rights;
  for (const std::string& line : lines_of(text)) {
    const std::size_t equals = line.find('=');
    if (equals == std::string::npos) continue;
    const std::string name = line.substr(0, equals), value = line.substr(equals + 1);
    if (name == "LoadState") unit.installed = value == "loaded";
    if (name == "MainPID") unit.main_process = to_number(value);
    if (name == "User") rights.user = value;
    if (name == "SupplementaryGroups") unit.supplementary_groups = value;
    if (name == "LimitRTPRIOSoft") rights.rtprio = to_limit(value);
    if (name == "LimitMEMLOCKSoft") rights.memlock_bytes = to_limit(value);
    if (name == "LimitRTTIMESoft") rights.rttime_us = to_limit(value);
    if (name == "Environment") rights.environment = split_blanks(value);
    if (name == "StateDirectory" && !value.empty()) rights.state_folder = "/var/lib/" + split_blanks(value).front();
    // { path=/usr/bin/fohd ; argv[]=/usr/bin/fohd run --config /etc/fohd/fohd.toml ; ignore_errors=no ; ...
    const std::size_t begin = value.find("argv[]=");
    if (name == "ExecStart" && begin != std::string::npos) {
      rights.arguments = split_blanks(value.substr(begin + 7, value.find(" ;", begin) - begin - 7));
    }
  }
  rights.kind = Kind::unit;
  rights.service = true;
  rights.folder = "/";
  if (rights.user.empty()) rights.user = "root";
  if (!rights.state_folder.empty()) rights.environment.push_back("STATE_DIRECTORY=" + rights.state_folder);
  return unit;
}

Subject subject_of(const Machine& machine, int id) {
  const std::string folder = "/proc/" + std::to_string(id);
  Subject subject;
  subject.kind = Kind::desk;
  subject.process = process(machine, id);
  read_status(machine, folder, subject);
  read_limits(machine, folder, subject);
  subject.user = user_name(machine, subject.user_id);
  subject.arguments = split_zeros(read(machine, folder + "/cmdline"));
  subject.environment = split_zeros(read(machine, folder + "/environ"));
  subject.folder = link_of(machine, folder + "/cwd");
  return subject;
}

std::string user_name(const Machine& machine, uid_t id) {
  if (machine.root.empty()) {
    const passwd* entry = ::getpwuid(id);
    return entry != nullptr ? entry->pw_name : std::to_string(id);
  }
  for (const std::string& line : lines_of(read(machine, "/etc/passwd"))) {
    std::istringstream fields(line);  // name:password:number:...
    std::string name, skipped, number;
    std::getline(fields, name, ':');
    std::getline(fields, skipped, ':');
    std::getline(fields, number, ':');
    if (number == std::to_string(id)) return name;
  }
  return std::to_string(id);
}

uid_t owner_of(const Machine& machine, int id) {
  return machine::user_of(machine, id).value_or(static_cast<uid_t>(-1));
}

std::string argument_of(const Subject& subject, const std::string& option) {
  std::string found;
  for (auto word = subject.arguments.begin(); word != subject.arguments.end(); ++word) {
    if (*word == option && word + 1 != subject.arguments.end()) found = *(word + 1);
    if (word->starts_with(option + "=")) found = word->substr(option.size() + 1);
  }
  return found;
}

std::string config_file_of(const Subject& subject) {
  std::string file = argument_of(subject, "--config");
  if (file.empty() || file.front() == '/' || subject.folder.empty()) return file;
  return subject.folder + "/" + file;
}

Subject choose_subject(const Machine& machine, const Unit& unit, const Subject& caller, bool config_named) {
  const auto may_see = [&](const Subject& other) { return caller.user_id == 0 || caller.user_id == other.user_id; };
  const PortHolder holder = holder_of_port(machine);
  Subject on_port;
  if (holder.known && holder.process.id != unit.main_process) on_port = subject_of(machine, holder.process.id);
  const bool another = is_a_desk(on_port) && may_see(on_port);
  Subject service = unit.rights;
  if (unit.main_process != 0) {
    service = subject_of(machine, unit.main_process);
    service.service = true;
    service.state_folder = unit.rights.state_folder;
    // A desk with capabilities shows its own to root only.
    if (service.environment.empty()) service.environment = unit.rights.environment;
  }
  if (unit.installed) on_port.service_text = as_user(service);
  if (another && config_named) return on_port;
  if (unit.main_process != 0 && may_see(service)) return service;
  if (another) return on_port;
  if (unit.installed && unit.main_process == 0 && (caller.user_id == 0 || caller.user == service.user)) return service;
  Subject self = caller;
  if (unit.installed) {
    self.kind = config_named ? Kind::caller : Kind::visitor;
    self.service_text = as_user(service);
  }
  return self;
}

std::string headline(const Machine& machine) {
  const Subject& subject = machine.subject;
  std::string text = "Looks at ";
  if (subject.kind == Kind::desk) {
    text += std::string("the desk that runs ") + as_user(subject) + ".";
    if (!subject.service_text.empty()) text += " It is not the service's.";
  } else if (subject.kind == Kind::unit) {
    text += "the service fohd, which does not run now, with the rights it would have " + as_user(subject) + ".";
  } else {
    text += "what " + machine.user + " may do; no desk of this user has UDP port " +
            std::to_string(machine.config.osc.port) + ".";
    if (!subject.service_text.empty()) {
      text += " What the service may do, which runs " + subject.service_text +
              ", can be seen by root only: sudo fohd doctor";
    }
  }
  return text;
}

}  // namespace fohd::doctor
