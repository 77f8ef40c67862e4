// Who may control the desk. The one place that puts the configuration's answer into words: whatever decides it later
// (see is_heard() in daemon/net/addresses.h for what decides it now) is told in access_text().
#include "daemon/doctor/checks.h"

namespace fohd::doctor {
namespace {

/// A paragraph: from where, then with what, each a sentence of its own.
std::string access_text(const Config& config) {
  std::string text;
  if (config.osc.address.starts_with("127.")) {
    text = "Only programs on this machine (the configuration binds " + config.osc.address + ").";
  } else {
    text =
        "Every device whose address is private (10.x, 172.16-31.x, 192.168.x) or link-local (169.254.x), and programs "
        "on "
        "this machine, over OSC on UDP port " +
        std::to_string(config.osc.port);
    text += config.osc.address == "0.0.0.0" ? "." : " of " + config.osc.address + ".";
    text +=
        " There is no password: whoever is in the network, guests of its Wi-Fi too, can move faders. Other addresses "
        "are not heard.";
  }
  return text;
}

}  // namespace

std::optional<Finding> check_access(const Machine& machine) {
  return Finding{Level::note, "Who may control", access_text(machine.config), ""};
}

}  // namespace fohd::doctor
