// Which clients may control the desk: the one place that puts the configuration's answer (control/access) into words.
#include "daemon/doctor/checks.h"

namespace fohd::doctor {
namespace {

std::string let_in(const AccessConfig& access) {
  if (access.trust == Trust::lan) {
    return " There is no password: whoever is in the network, guests of its Wi-Fi too, can move faders, unless a rule "
           "of "
           "[access] says otherwise. Other addresses are not heard.";
  }
  return std::string(" Of these only those that a rule, a key or `fohctl approve` lets in; others ") +
         (access.strangers == Role::viewer ? "look." : "are not heard.");
}

std::string rules_text(const AccessConfig& access) {
  if (access.rules.empty() && access.keys.empty()) return "";
  return " The configuration has " + std::to_string(access.rules.size()) + " rules and " +
         std::to_string(access.keys.size()) + " keys; `fohctl access` shows them.";
}

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
    text += let_in(config.access) + rules_text(config.access);
  }
  return text;
}

}  // namespace

std::optional<Finding> check_access(const Machine& machine) {
  return Finding{Level::note, "Who may control", access_text(machine.config), ""};
}

}  // namespace fohd::doctor
