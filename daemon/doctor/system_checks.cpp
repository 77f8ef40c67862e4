// What the system grants to audio: priority, memory, devices, and how soon the kernel can be preempted.
#include <algorithm>
#include <sstream>

#include "daemon/doctor/checks.h"
#include "daemon/doctor/remedies.h"

namespace fohd::doctor {
namespace {

constexpr std::int64_t kMebibyte = 1 << 20;

/// Rights of one's own say nothing of the service's.
bool are_unknown(const Machine& machine) { return machine.subject.kind == Subject::Kind::visitor; }

/// "The desk" that runs, or "The service".
std::string subject_name(const Machine& machine) {
  return machine.subject.kind == Subject::Kind::desk ? "The desk" : "The service";
}

/// How the user comes by Debian's usual limits. One file serves both checks.
std::string grant_limits(const Machine& machine) {
  if (machine.subject.service) return raise_unit_limits("fohd");  // services do not read limits.d
  const std::string in_a_unit = "log out and in again; in a systemd unit: LimitRTPRIO=95 and LimitMEMLOCK=infinity";
  if (read(machine, "/etc/security/limits.d/audio.conf").find("rtprio") != std::string::npos) {
    return "sudo usermod -aG audio " + machine.user + "\n" + in_a_unit;  // the group has them already
  }
  return "printf '@audio - rtprio 95\\n@audio - memlock unlimited\\n' | sudo tee /etc/security/limits.d/audio.conf\n" +
         in_a_unit;
}

constexpr const char* kPackagesArchitecture =
#if defined(__aarch64__)
    "arm64";
#elif defined(__arm__)
    "armmp";
#else
    "amd64";
#endif

/// -1: none.
std::string limit_text(const Machine& machine, std::int64_t limit, std::int64_t unit, const std::string& name) {
  const std::string whose = machine.subject.is_desk() ? "its limit" : "this user's limit";
  if (limit < 0) return whose + " is not the reason";
  return whose + " is " + std::to_string(limit / unit) + name;
}

std::string as_root(const Machine& machine) {
  return machine.user_id == 0 && !machine.subject.is_desk()
             ? " You are root: another user may be refused it, so run this as the user who runs the desk."
             : "";
}

struct Group {
  bool there = false;
  gid_t id = 0;
  std::vector<std::string> members;
};

/// A line of /etc/group: name:password:number:member,member
Group group_called(const Machine& machine, const std::string& name) {
  for (const std::string& line : lines_of(read(machine, "/etc/group"))) {
    if (!line.starts_with(name + ":")) continue;
    std::istringstream fields(line);
    std::string skipped, number, members;
    std::getline(fields, skipped, ':');
    std::getline(fields, skipped, ':');
    std::getline(fields, number, ':');
    std::getline(fields, members);
    Group group{true, static_cast<gid_t>(std::strtoul(number.c_str(), nullptr, 10)), {}};
    std::istringstream names(members);
    for (std::string member; std::getline(names, member, ',');) group.members.push_back(member);
    return group;
  }
  return {};
}

/// "full", "voluntary", "none" of "none voluntary (full)"; else what the kernel was started with; "" without either.
std::string preemption_mode(const Machine& machine) {
  const std::string modes = read(machine, "/sys/kernel/debug/sched/preempt");
  const std::size_t open = modes.find('('), close = modes.find(')');
  if (open != std::string::npos && close != std::string::npos && open < close) {
    return modes.substr(open + 1, close - open - 1);
  }
  std::istringstream words(read(machine, "/proc/cmdline"));
  for (std::string word; words >> word;) {
    if (word.starts_with("preempt=")) return word.substr(8);
  }
  return "";
}

std::string preempt_full_remedy(const Machine& machine) {
  if (exists(machine, "/boot/firmware/cmdline.txt")) {
    return "sudo sed -i '1s/$/ preempt=full threadirqs/' /boot/firmware/cmdline.txt && sudo reboot";
  }
  return "sudo sed -i 's/^GRUB_CMDLINE_LINUX_DEFAULT=\"/&preempt=full threadirqs /' /etc/default/grub\n"
         "sudo update-grub && sudo reboot";
}

constexpr const char* kLate =
    " While it works for others, audio may have to wait a few ms: keep the period at 128 or more.";

/// A kernel that chooses its preemption when it starts.
void judge_dynamic(const Machine& machine, const std::string& kernel, Finding& finding) {
  const std::string mode = preemption_mode(machine);
  if (mode == "full") {
    finding.text = kernel + " lets itself be interrupted almost everywhere (preempt=full).";
  } else if (mode == "lazy") {
    finding.text = kernel + " lets itself be interrupted by real-time threads (preempt=lazy).";
  } else if (mode.empty()) {
    finding.level = Level::note;
    finding.text = kernel + " can be preemptible or not; " +
                   (machine.root_asks ? "it does not tell which it is (no debugfs). preempt=full on its command line "
                                        "makes it sure."
                                      : "which it is, only root may see.");
  } else {
    finding.level = Level::warn;
    finding.text = kernel + " lets itself be interrupted seldom (preempt=" + mode + ")." + kLate;
    finding.remedy = preempt_full_remedy(machine);
  }
}

}  // namespace

std::optional<Finding> check_realtime(const Machine& machine) {
  if (are_unknown(machine)) return std::nullopt;
  Finding finding{Level::ok, "Real-time priority", "", ""};
  const std::string priority = std::to_string(kRealtimePriority);
  const bool tried = !machine.subject.is_desk();  // else its limits were read
  if (!machine.realtime.granted) {
    finding.level = Level::warn;
    finding.text =
        (tried ? "A thread with real-time priority " + priority + " was refused ("
               : subject_name(machine) + " may not have a thread with real-time priority " + priority + " (") +
        limit_text(machine, machine.realtime.priority_limit, 1, "") +
        "). Without it every other program may hold up the audio thread, which is heard as clicks.";
    finding.remedy = grant_limits(machine);
    if (machine.user_id == 0 && tried) {
      // Root needs no limit; what refuses it is a container, or a control group without real-time budget.
      finding.text += " You are root, so no limit of a user is the reason, but a container or a control group is.";
      finding.remedy = "in a container: give it CAP_SYS_NICE; in a control group: put time into cpu.rt_runtime_us";
    }
    return finding;
  }
  finding.text = (tried ? "A thread with real-time priority " + priority + " was granted."
                        : subject_name(machine) + " may have threads with real-time priority " + priority + ".") +
                 as_root(machine);
  if (machine.realtime.time_limited) {
    finding.level = Level::warn;
    finding.text +=
        " But its time is limited (RLIMIT_RTTIME): the kernel ends the desk when a thread computes for longer.";
    finding.remedy = machine.subject.service ? raise_unit_limits("fohd")
                                             : "ulimit -R unlimited; in a systemd unit: LimitRTTIME=infinity";
  }
  return finding;
}

std::optional<Finding> check_memory_lock(const Machine& machine) {
  if (are_unknown(machine)) return std::nullopt;
  const MemoryTrial& lock = machine.memory_lock;
  const std::string late = "Memory that the kernel swaps out comes back from the disk too late for audio.";
  if (machine.subject.is_desk()) {
    const std::string who = subject_name(machine);
    const bool runs = machine.subject.kind == Subject::Kind::desk;
    if (lock.granted) {
      return Finding{Level::ok, "Memory lock",
                     runs
                         ? who + "'s memory is locked (what it uses of " +
                               std::to_string(lock.locked_bytes / kMebibyte) + " MB of addresses): none is swapped out."
                         : who + " may lock its memory: none will be swapped out.",
                     ""};
    }
    return Finding{
        Level::warn, "Memory lock",
        who + (runs ? "'s memory is not locked (" : " may not lock its memory (") +
            limit_text(machine, lock.limit_bytes, 1024, " KB") + "). " + late,
        lock.limit_bytes < 0 ? "journalctl -b -o cat -u fohd -g 'Memory is not locked'" : grant_limits(machine)};
  }
  const std::string size = std::to_string(kLockBytes / kMebibyte) + " MB";
  if (machine.memory_lock.granted) {
    return Finding{Level::ok, "Memory lock", size + " were kept from being swapped out." + as_root(machine), ""};
  }
  return Finding{
      Level::warn, "Memory lock",
      size + " of memory could not be locked (" + limit_text(machine, lock.limit_bytes, 1024, " KB") + "). " + late,
      grant_limits(machine)};
}

std::optional<Finding> check_audio_group(const Machine& machine) {
  if (are_unknown(machine)) return std::nullopt;
  const std::string again = machine.subject.service ? "sudo systemctl restart fohd fohd-jack" : "log out and in again";
  Finding finding{Level::ok, "Audio group", "", ""};
  const Group audio = group_called(machine, "audio");
  const auto holds = [](const auto& list, const auto& item) {
    return std::find(list.begin(), list.end(), item) != list.end();
  };
  if (!audio.there) {
    finding.level = Level::note;
    finding.text = "This system has no group \"audio\"; who may use sound cards is decided elsewhere.";
  } else if (holds(machine.groups, audio.id)) {
    finding.text = machine.user + " is in the group \"audio\", which may use sound cards and MIDI devices.";
  } else if (machine.user_id == 0) {
    finding.text = "root may use sound cards without the group \"audio\"; the user who runs the desk needs it.";
  } else if (holds(audio.members, machine.user)) {
    finding.level = Level::warn;
    finding.text = machine.user + " was put into the group \"audio\" later, so what runs now is not in it yet.";
    finding.remedy = again;
  } else {
    finding.level = Level::warn;
    finding.text = machine.user + " is not in the group \"audio\", which is who may open sound cards and MIDI devices.";
    finding.remedy = "sudo usermod -aG audio " + machine.user + "\n" + again;
  }
  return finding;
}

std::optional<Finding> check_kernel(const Machine& machine) {
  Finding finding{Level::ok, "Kernel", "", ""};
  const std::string version = read(machine, "/proc/version");
  const auto built_with = [&](const char* word) { return version.find(word) != std::string::npos; };
  std::istringstream words(version);
  std::string skipped, release;
  words >> skipped >> skipped >> release;
  const std::string kernel = "Linux " + release;
  if (read(machine, "/sys/kernel/realtime") == "1" || built_with("PREEMPT_RT")) {
    finding.text = kernel + " is a real-time kernel (PREEMPT_RT).";
  } else if (built_with("PREEMPT_DYNAMIC")) {
    judge_dynamic(machine, kernel, finding);
  } else if (built_with("PREEMPT")) {
    finding.text = kernel + " lets itself be interrupted almost everywhere (PREEMPT).";
  } else {
    finding.level = Level::warn;
    finding.text = kernel + " does not let itself be interrupted (no PREEMPT)." + kLate;
    // Debian's real-time kernel is not made for a Pi, whose own kernels of today are preemptible.
    finding.remedy = is_raspberry_pi(machine) ? "sudo apt-get update && sudo apt-get full-upgrade && sudo reboot"
                                              : std::string("sudo apt-get install linux-image-rt-") +
                                                    kPackagesArchitecture + " && sudo reboot";
  }
  return finding;
}

}  // namespace fohd::doctor
