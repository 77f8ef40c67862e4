// The files: the configuration, which users may read it, and the folder that keeps the mix.
#include <sys/stat.h>

#include <algorithm>
#include <cctype>

#include "control/parameters/owner_rows.h"
#include "daemon/doctor/checks.h"

namespace fohd::doctor {
namespace {

/// The largest desk's state has some 2 MB; two generations are kept, a third is written beside them.
constexpr std::int64_t kLeastFreeBytes = 8'000'000;

std::string megabytes(std::int64_t bytes) { return std::to_string(bytes / 1'000'000) + " MB"; }

/// Whether a line sets something by one of the names that secrets have.
bool holds_keys(const std::string& text) {
  for (std::string line : lines_of(text)) {
    std::transform(line.begin(), line.end(), line.begin(), [](unsigned char c) { return std::tolower(c); });
    const std::size_t begin = line.find_first_not_of(" \t");
    if (begin == std::string::npos || line[begin] == '#') continue;
    if (line.find('=') == std::string::npos) continue;
    const std::string name = line.substr(begin, line.find_first_of(" \t=", begin) - begin);
    if (name == "pin") return true;  // no more than that: "mapping" is no secret
    for (const char* secret : {"key", "password", "secret", "token"}) {
      if (name.find(secret) != std::string::npos) return true;
    }
  }
  return false;
}

/// With a path that a shell takes as one word.
std::string quoted(const std::string& path) {
  const bool plain = std::all_of(path.begin(), path.end(), [](unsigned char c) {
    return std::isalnum(c) != 0 || c == '/' || c == '.' || c == '-' || c == '_' || c == '+';
  });
  if (plain && !path.empty()) return path;
  std::string text = "'";
  for (const char c : path) text += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return text + "'";
}

}  // namespace

std::optional<Finding> check_config(const Machine& machine) {
  const Config& config = machine.config;
  Finding finding{Level::ok, "Configuration", "", ""};
  if (!machine.config_errors.empty()) {
    finding.level = Level::fail;
    finding.text = "The desk does not start with it: ";
    for (const ConfigError& error : machine.config_errors) finding.text += error.to_string() + ". ";
    finding.text += "What follows is said for the default desk.";
    finding.remedy = "mend the file, then: fohd check-config " + quoted(machine.config_file);
    return finding;
  }
  const bool runs_without = machine.subject.kind == Subject::Kind::desk;
  finding.text = (machine.config_file.empty() ? std::string(runs_without ? "The desk was started with none (--config), "
                                                                           "so it is the default desk"
                                                                         : "No file was given (--config), so this is "
                                                                           "for the default desk")
                                              : machine.config_file + " is fine") +
                 ": " + counts_text(config.geometry) + ".";
  return finding;
}

std::optional<Finding> check_config_rights(const Machine& machine) {
  struct stat status {};
  if (machine.config_file.empty() || ::stat(machine.config_file.c_str(), &status) != 0) return std::nullopt;
  Machine here;  // the file was named by the user: it lies where it lies, not under a test's root
  Finding finding{Level::ok, "Configuration rights", "", ""};
  const std::string sudo = machine.config_file.starts_with("/etc/") ? "sudo " : "";
  if ((status.st_mode & S_IWOTH) != 0) {
    finding.level = Level::warn;
    finding.text = "Every user of this machine may change the configuration file, and with it who controls the desk.";
    finding.remedy = sudo + "chmod o-w " + quoted(machine.config_file);
  } else if ((status.st_mode & S_IROTH) != 0 && holds_keys(read(here, machine.config_file))) {
    finding.level = Level::warn;
    finding.text = "The configuration file holds keys, and every user of this machine may read it.";
    finding.remedy = sudo + "chmod o-r " + quoted(machine.config_file);
  } else {
    finding.text = "Other users may not change the configuration file, and it tells them no keys.";
  }
  return finding;
}

std::optional<Finding> check_state_folder(const Machine& machine) {
  if (machine.subject.kind == Subject::Kind::visitor) return std::nullopt;  // the service's is not ours to see
  const FolderRoom& state = machine.state;
  Finding finding{Level::ok, "State folder", "", ""};
  const bool there = state.folder == state.nearest;
  if (!state.writable) {
    finding.level = Level::fail;
    const std::string lost = ": changes would be lost with the power.";
    finding.text = "The mix is kept in " + state.folder + ", but ";
    if (state.closed_by_unit) {
      finding.text += "the service may not write there (ProtectSystem=): changes would be lost with the power.";
      finding.remedy = "sudo systemctl edit fohd  # [Service] and ReadWritePaths=-" + state.nearest +
                       "\nsudo systemctl restart fohd";
      return finding;
    }
    if (state.read_only) {
      finding.text += "the disk at " + state.nearest + " is read-only" + lost;
      finding.remedy = "sudo mount -o remount,rw $(findmnt -no TARGET -T " + quoted(state.nearest) + ")";
      return finding;
    }
    finding.text += machine.user + " may not write to " + state.nearest + lost;
    const std::string owner = "-o " + machine.user + " ";
    finding.remedy = there ? "sudo chown " + machine.user + " " + quoted(state.folder)
                           : "sudo install -d " + owner + quoted(state.folder);
    return finding;
  }
  finding.text =
      "The mix is kept in " + state.folder + (there ? ", which may be written to" : ", which the desk will make");
  if (state.free_bytes < 0) {
    finding.text += "; how much room there is, the disk does not say.";
    return finding;
  }
  finding.text += "; " + megabytes(state.free_bytes) + " are free there.";
  if (state.free_bytes < kLeastFreeBytes) {
    finding.level = Level::fail;
    finding.text += " The mix needs up to " + megabytes(kLeastFreeBytes) + ": it cannot be saved.";
  } else if (state.free_bytes < machine.config.recorder.reserve_bytes) {
    finding.level = Level::warn;
    finding.text += " Recordings on this disk do not begin: they leave " +
                    megabytes(machine.config.recorder.reserve_bytes) + " free ([recorder] reserve_bytes).";
  }
  if (finding.level != Level::ok)
    finding.remedy = "du -xh --max-depth=2 " + quoted(state.nearest) + " | sort -h | tail";
  return finding;
}

}  // namespace fohd::doctor
