// What the commands of fohctl share: where to print, how long to wait, how to ask the desk and how to say what went
// wrong.
#pragma once

#include <iosfwd>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "daemon/base/clock.h"
#include "daemon/net/osc_connection.h"
#include "engine/crossing/flag.h"

namespace fohd::ctl {

/// Exit codes, for scripts.
enum ExitCode : int { kOk = 0, kRefused = 1, kNoAnswer = 2, kUsage = 3, kNoOutput = 4 };

struct Session {
  OscConnection& desk;
  std::ostream& out;
  std::ostream& err;
  double timeout_s;
  const Flag& stop;  ///< Ctrl-C
};

struct Answer {
  ExitCode code = kNoAnswer;
  std::vector<OscReply> replies;  ///< without /info; each address once, its last value
  OscReply info;                  ///< the reply to /info, where the code is kOk
  std::string address, reason;    ///< kRefused: what the desk said
};

/// How often an unanswered question is put again within the time-out. A datagram may be lost; a command (not a value)
/// must not be carried out twice.
enum class Repeat { allowed, forbidden };

/// Sends all requests as one bundle and collects what comes back. /info is asked last, so its answer is the end.
Answer ask(Session& session, std::vector<OscRequest> requests, Repeat repeat = Repeat::allowed);

/// Whether `text` begins as an address does; says so if not.
bool looks_like_address(Session& session, const std::string& text);

/// Says in words why `answer` is none, and returns its code.
int explain(Session& session, const Answer& answer);
int explain_silence(Session& session);

/// A live connection for watch and meters: asks /info now and then, which keeps the lease and shows whether the desk is
/// there.
class KeepAlive {
 public:
  explicit KeepAlive(Session& session) : session_(session) {}
  /// When something is to be done next, seconds of now_s().
  double next_s() const { return next_s_; }
  /// True once whenever the caller is to subscribe: at the start, after silence, when the lease has ended. To be
  /// asked before turn(): /info then finds a lease.
  bool take_subscribe() { return std::exchange(subscribe_, false); }
  /// Asks /info if it is time, with `extra` questions. Says once when the desk is silent.
  void turn(const std::vector<OscRequest>& extra = {});
  void heard(const OscReply& reply);

 private:
  Session& session_;
  double next_s_ = 0, heard_s_ = 0;
  bool subscribe_ = true, silent_ = false;
};

}  // namespace fohd::ctl
