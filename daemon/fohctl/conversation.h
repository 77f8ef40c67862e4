// A command of the desk that answers with lines, and the code that prints them.
#pragma once

#include <ostream>
#include <string>
#include <vector>

#include "daemon/fohctl/session.h"
#include "daemon/fohctl/value_text.h"

namespace fohd::ctl {

/// What comes back after a command: lines at its address, a refusal, or the answer to an /info behind it.
struct Conversation {
  Session& session;
  std::string address;
  int code = kNoAnswer;

  /// True: the reply ends it, or on_line(text) says so.
  template <class Line>
  bool hear(const OscReply& reply, Line on_line) {
    if (reply.address == "/error") {
      session.err << "fohctl: " << printable(reply.text(1)) << "\n";
      code = kRefused;
      return true;
    }
    if (reply.address == "/info") {  // asked last: everything that came at once has come
      code = kOk;
      return true;
    }
    return reply.address == address && on_line(reply.text(0));
  }

  template <class Line>
  void run(double seconds, Line on_line) {
    const double end_s = now_s() + seconds;
    while (now_s() < end_s && !session.stop.raised()) {
      std::vector<OscReply> replies;
      const auto event = session.desk.receive(end_s, replies);
      for (const OscReply& reply : replies) {
        if (hear(reply, on_line)) return;
      }
      if (event == OscConnection::Event::nobody_listens) return;
    }
  }
};

/// A command whose answers come at once; prints them. Returns the exit code.
int ask_lines(Session& session, const OscRequest& request);

}  // namespace fohd::ctl
