// fohctl approve, revoke, access, login, logout: the rights of clients on the desk.
#include <termios.h>
#include <unistd.h>

#include <iostream>
#include <ostream>

#include "daemon/base/regular_file.h"
#include "daemon/fohctl/commands.h"
#include "daemon/fohctl/conversation.h"

namespace fohd::ctl {
namespace {

/// A terminal that shows nothing of what is typed while one of these lives.
class Unseen {
 public:
  Unseen() : terminal_(::tcgetattr(STDIN_FILENO, &before_) == 0) {
    termios quiet = before_;
    quiet.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    if (terminal_) ::tcsetattr(STDIN_FILENO, TCSANOW, &quiet);
  }
  ~Unseen() {
    if (terminal_) ::tcsetattr(STDIN_FILENO, TCSANOW, &before_);
  }
  Unseen(const Unseen&) = delete;
  Unseen& operator=(const Unseen&) = delete;
  bool terminal() const { return terminal_; }

 private:
  termios before_{};
  bool terminal_;
};

/// The first line of a file, or what is typed. Never an argument: every user of the machine can see those.
bool read_key(Session& session, const std::string& file, std::string& key) {
  if (!file.empty()) {
    std::string text;
    const std::string why = read_regular_file(file, kKeyFile, text);
    key = text.substr(0, text.find('\n'));
    if (why.empty() && !key.empty()) return true;
    session.err << "fohctl: " << printable(file) << (why.empty() ? " has no key in its first line" : ": " + why)
                << "\n";
    return false;
  }
  const Unseen unseen;
  if (unseen.terminal()) session.err << "Key: " << std::flush;
  const bool read = static_cast<bool>(std::getline(std::cin, key));
  if (unseen.terminal()) session.err << "\n";
  if (read && !key.empty()) return true;
  session.err << "fohctl: no key was given\n";
  return false;
}

}  // namespace

int approve(Session& session, const std::string& address, const std::string& rights) {
  return ask_lines(session, {"/access/approve", {address, rights}});
}

int revoke(Session& session, const std::string& address) { return ask_lines(session, {"/access/revoke", {address}}); }

int access_list(Session& session) { return ask_lines(session, {"/access/list"}); }

int login(Session& session, const std::string& key_file) {
  std::string key;
  if (!read_key(session, key_file, key)) return kUsage;
  return ask_lines(session, {"/login", {key}});
}

int logout(Session& session) { return ask_lines(session, {"/logout"}); }

}  // namespace fohd::ctl
