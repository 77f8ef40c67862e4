// The commands of fohctl. Each returns the exit code.
#pragma once

#include <string>
#include <vector>

#include "daemon/fohctl/session.h"

namespace fohd::ctl {

int get(Session& session, const std::string& address, bool only_value);
int set(Session& session, const std::string& address, const std::string& text, bool as_text);
/// A command of the desk, such as /start/release.
int carry_out(Session& session, const std::string& address, const std::vector<std::string>& arguments);
int list(Session& session, const std::vector<std::string>& patterns);
int info(Session& session);
/// seconds: 0 for ever. Ends with kOk on Ctrl-C.
int watch(Session& session, const std::vector<std::string>& patterns, double seconds);

/// What is there, or the controls of one device. "" for all devices.
int midi_list(Session& session, const std::string& device);
/// Waits for the control that is moved.
int midi_learn(Session& session, const std::string& target);
int midi_forget(Session& session, const std::string& what);
int midi_save(Session& session, const std::string& name, const std::string& device);
int midi_spill(Session& session, const std::vector<std::string>& strips);
/// seconds: 0 for ever.
int midi_monitor(Session& session, double seconds);

/// rights: "engineer", "viewer", "monitor 1 2".
int approve(Session& session, const std::string& address, const std::string& rights);
int revoke(Session& session, const std::string& address);
int access_list(Session& session);
/// "": the key is read from the terminal, or from standard input.
int login(Session& session, const std::string& key_file);
int logout(Session& session);

struct MeterOptions {
  double seconds = 0;  ///< 0: for ever
  int interval_ms = 50;
  bool plain = false;         ///< lines for a program instead of bars for a person
  int columns = 0, rows = 0;  ///< of the terminal; 0: not one, so plain
};
int meters(Session& session, const MeterOptions& options);

}  // namespace fohd::ctl
