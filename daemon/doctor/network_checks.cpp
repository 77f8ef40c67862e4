// The way from a tablet to the desk: addresses, the OSC port, and the kernel's buffer behind it.
#include <arpa/inet.h>

#include <algorithm>
#include <cstdlib>
#include <sstream>

#include "control/access/access_book.h"
#include "daemon/doctor/checks.h"
#include "daemon/net/addresses.h"

namespace fohd::doctor {
namespace {

bool is_loopback(const std::string& address) { return address.starts_with("127."); }

std::uint32_t address_number(const std::string& address) {
  in_addr parsed{};
  return ::inet_pton(AF_INET, address.c_str(), &parsed) == 1 ? ntohl(parsed.s_addr) : 0;
}

/// Whether a socket there is in the way of one on `wanted`. `local` is as the kernel's tables write it: the address's
/// bytes as this machine reads them as a number, in hexadecimals; 32 of them for IPv6, whose :: takes IPv4's port as
/// well.
bool is_in_the_way(const std::string& local, const std::string& wanted) {
  const bool takes_all = local.find_first_not_of('0') == std::string::npos;
  if (takes_all || local.size() != 8) return takes_all;
  if (wanted == "0.0.0.0") return true;
  return ntohl(static_cast<std::uint32_t>(std::strtoul(local.c_str(), nullptr, 16))) == address_number(wanted);
}

/// The inode of a socket of /proc/net/udp (or udp6) on the configured port; "" if there is none.
std::string inode_on_port(const Machine& machine, const std::string& table) {
  for (const std::string& line : lines_of(read(machine, table))) {
    std::istringstream fields(line);
    // sl local_address rem_address st tx:rx tr:when retrnsmt uid timeout inode
    std::string number, local, word, inode;
    fields >> number >> local;
    for (int field = 2; field < 9; ++field) fields >> word;
    fields >> inode;
    const std::size_t colon = local.find(':');
    if (inode.empty() || colon == std::string::npos) continue;
    if (std::strtol(local.c_str() + colon + 1, nullptr, 16) != machine.config.osc.port) continue;
    if (is_in_the_way(local.substr(0, colon), machine.config.osc.address)) return inode;
  }
  return "";
}

Process process_with(const Machine& machine, const std::string& inode) {
  const std::string wanted = "socket:[" + inode + "]";
  for (const std::string& entry : list(machine, "/proc")) {
    const int id = to_number(entry);
    if (id <= 0) continue;
    const std::string folder = "/proc/" + entry + "/fd";
    for (const std::string& file : list(machine, folder)) {
      if (link_of(machine, folder + "/" + file) == wanted) return process(machine, id);
    }
  }
  return {};
}

/// CAP_NET_ADMIN passes the limit of receive buffers (SO_RCVBUFFORCE).
bool may_force_buffers(const Machine& machine) {
  constexpr int kNetAdmin = 12;
  if (machine.subject.is_desk()) return (machine.subject.capabilities >> kNetAdmin & 1) != 0;
  for (const std::string& line : lines_of(read(machine, "/proc/self/status"))) {
    if (line.starts_with("CapEff:")) return (std::strtoull(line.c_str() + 7, nullptr, 16) >> kNetAdmin & 1) != 0;
  }
  return false;
}

}  // namespace

PortHolder holder_of_port(const Machine& machine) {
  std::string inode = inode_on_port(machine, "/proc/net/udp");
  if (inode.empty()) inode = inode_on_port(machine, "/proc/net/udp6");
  if (inode.empty()) return {};
  PortHolder holder{true, false, process_with(machine, inode)};
  holder.known = holder.process.id != 0;
  return holder;
}

std::optional<Finding> check_addresses(const Machine& machine) {
  const std::string& bound = machine.config.osc.address;
  Finding finding{Level::ok, "Network", "", ""};
  std::vector<std::string> reachable;
  for (const std::string& address : machine.addresses) {
    if (!is_loopback(address)) reachable.push_back(address);
  }
  const auto has = [](const std::vector<std::string>& list, const std::string& item) {
    return std::find(list.begin(), list.end(), item) != list.end();
  };
  if (bound != "0.0.0.0" && !is_loopback(bound) && !has(reachable, bound)) {
    finding.level = Level::fail;
    finding.text = "The configuration binds " + bound + ", which this machine does not have (it has " +
                   (reachable.empty() ? "none but loopback" : enumerate(reachable)) + "): nobody can control the desk.";
    finding.remedy = "address = \"0.0.0.0\" under [osc] in the configuration";
  } else if (is_loopback(bound)) {
    finding.text = "The desk listens on this machine alone (" + bound + ").";
  } else if (reachable.empty()) {
    finding.level = Level::warn;
    finding.text = "This machine has no network address, so no tablet reaches it; programs on it do.";
    finding.remedy = "plug a cable in or join a Wi-Fi, then: ip -br address";
  } else if (std::none_of(reachable.begin(), reachable.end(),
                          [](const auto& a) { return is_local_network(address_number(a)); })) {
    finding.level = Level::warn;
    finding.text = enumerate(reachable) +
                   " is no address of a private network, and the desk hears only such: neighbours "
                   "with addresses like this one are refused.";
    finding.remedy = "give the stage a network of its own (a router with 192.168.x addresses)";
  } else {
    const std::vector<std::string>& shown = bound == "0.0.0.0" ? reachable : std::vector<std::string>{bound};
    finding.text =
        "Tablets reach the desk at " + enumerate(shown) + ", UDP port " + std::to_string(machine.config.osc.port) + ".";
  }
  return finding;
}

std::optional<Finding> check_port(const Machine& machine) {
  const std::string port = std::to_string(machine.config.osc.port);
  Finding finding{Level::ok, "OSC port", "", ""};
  const PortHolder holder = holder_of_port(machine);
  std::string who =
      holder.process.name + " (process " + std::to_string(holder.process.id) + ": " + holder.process.command + ")";
  if (!holder.known) who = "a program that only root may see";
  if (machine.desk.answered) {
    finding.text =
        "A desk runs on UDP port " + port + ": \"" + machine.desk.name + "\", version " + machine.desk.version;
    if (holder.known) finding.text += ", process " + std::to_string(holder.process.id);
    finding.text += machine.desk.rate_hz > 0 ? ", with audio." : ", without audio.";
    if (machine.desk.name != machine.config.desk) {
      finding.level = Level::note;
      finding.text += " By this configuration it would be \"" + machine.config.desk + "\".";
    }
  } else if (!holder.held) {
    finding.text = "UDP port " + port + " is free; no desk runs on it now.";
    if (machine.subject.kind == Subject::Kind::unit) {
      finding.level = Level::fail;
      finding.remedy = "sudo systemctl start fohd";
    }
    for (const Process& other : processes_called(machine, "fohd")) {
      if (other.command.find(" run") == std::string::npos) continue;  // ourselves
      finding.level = std::max(finding.level, Level::note);
      finding.text +=
          " But process " + std::to_string(other.id) + " is a desk on another port (" + other.command + ").";
    }
  } else {
    finding.level = Level::fail;
    finding.text =
        "UDP port " + port + " is held by " + who + ", which does not answer as a desk: nobody can control ours.";
    const bool hangs = machine.subject.service && holder.process.id == machine.subject.process.id;
    if (hangs) finding.remedy = "sudo systemctl restart fohd";
    if (hangs) return finding;
    finding.remedy =
        holder.known ? "kill " + std::to_string(holder.process.id) : "sudo ss -ulpn 'sport = :" + port + "'";
    finding.remedy += "\nor another `port` under [osc] in the configuration";
  }
  return finding;
}

std::optional<Finding> check_desk_realtime(const Machine& machine) {
  const Subject& subject = machine.subject;
  const PortHolder holder = machine.desk.answered ? holder_of_port(machine) : PortHolder{};
  const int process = subject.kind == Subject::Kind::desk ? subject.process.id : holder.process.id;
  if (process == 0 || machine.desk.rate_hz == 0 || !machine.jack.realtime) return std::nullopt;
  const int priority = realtime_priority(machine, process);
  if (priority > 0) {
    return Finding{Level::ok, "Desk's audio thread", "It runs with priority " + std::to_string(priority) + ".", ""};
  }
  const std::string again = subject.service ? "sudo systemctl restart fohd" : "start the desk again";
  std::string remedy = "mend \"Real-time priority\" above, then: " + again;
  if (subject.kind == Subject::Kind::visitor) remedy = "sudo fohd doctor";
  if (subject.is_desk() && machine.realtime.granted) {
    // Its limits allow it, so it is the container's or the control group's budget (or it was started with others).
    remedy =
        "in a container: give it CAP_SYS_NICE; in a control group: put time into cpu.rt_runtime_us\nthen: " + again;
  }
  return Finding{
      Level::warn, "Desk's audio thread",
      "It has no real-time priority, though the JACK server asks for it: every other program may hold it up.", remedy};
}

std::optional<Finding> check_receive_buffer(const Machine& machine) {
  const int wanted = machine.config.osc.receive_buffer_bytes;
  const std::string text = read(machine, "/proc/sys/net/core/rmem_max");
  const long limit = std::strtol(text.c_str(), nullptr, 10);
  Finding finding{Level::ok, "Receive buffer", "", ""};
  const std::string sizes = "the kernel allows " + text + " bytes of the " + std::to_string(wanted) +
                            " that [osc] receive_buffer_bytes asks for";
  if (text.empty()) {
    finding.level = Level::note;
    finding.text = "The kernel does not tell how large receive buffers may be (net.core.rmem_max).";
  } else if (limit >= wanted) {
    finding.text =
        "The kernel allows the " + std::to_string(wanted) + " bytes that [osc] receive_buffer_bytes asks for.";
  } else if (may_force_buffers(machine)) {
    finding.text = "This user gets the whole buffer by right (CAP_NET_ADMIN). For others " + sizes + ".";
  } else {
    finding.level = Level::warn;
    finding.text = "Of bursts, such as a tablet that sends a whole scene, some may be lost: " + sizes + ".";
    // Not 60-fohd.conf: in /etc that takes the place of the package's file. Not less than the package grants, either.
    constexpr int kPackages = 16 << 20;
    finding.remedy = "echo net.core.rmem_max=" + std::to_string(std::max(wanted, kPackages)) +
                     " | sudo tee -a /etc/sysctl.d/70-local.conf && sudo sysctl --system";
  }
  return finding;
}

}  // namespace fohd::doctor
