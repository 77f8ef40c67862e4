#include <algorithm>
#include <limits>
#include <ostream>
#include <unordered_map>

#include "daemon/fohctl/commands.h"
#include "daemon/fohctl/value_text.h"

namespace fohd::ctl {
namespace {

/// The desk's replies, and which of their values are new.
class Watcher {
 public:
  Watcher(Session& session, const std::vector<std::string>& patterns) : session_(session), alive_(session) {
    for (const std::string& pattern : patterns) subscribe_.values.emplace_back(pattern);
    subscribe_.values.emplace_back("echo");
  }

  void turn() {
    if (alive_.take_subscribe()) {
      sequence_ = 0;
      session_.desk.send(subscribe_);
    }
    alive_.turn();
  }
  double next_s() const { return alive_.next_s(); }

  /// False: the desk refuses to be watched.
  bool take(const OscReply& reply) {
    alive_.heard(reply);
    if (reply.address == "/error") {
      session_.err << "fohctl: " << printable(reply.text(0)) << ": " << printable(reply.text(1)) << "\n";
      return reply.text(0) != "/subscribe";
    }
    if (reply.address == "/seq") {
      // The full state comes again; values that differ from those here were missed.
      if (reply.integer(0) != ++sequence_) session_.desk.send(OscRequest{"/resync"});
      sequence_ = reply.integer(0);
      return true;
    }
    if (reply.address == "/subscribed" || reply.address == "/synced" || reply.address == "/info" ||
        reply.address == "/unsubscribed" || reply.values.empty()) {
      return true;
    }
    const auto [known, is_new] = known_.try_emplace(reply.address, reply.values.front());
    if (is_new || known->second == reply.values.front()) return true;
    known->second = reply.values.front();
    session_.out << printable(reply.address) << ' ' << printed(reply.values.front()) << "\n" << std::flush;
    return true;
  }

 private:
  Session& session_;
  KeepAlive alive_;
  OscRequest subscribe_{"/subscribe"};
  int sequence_ = 0;
  std::unordered_map<std::string, Value> known_;
};

}  // namespace

int watch(Session& session, const std::vector<std::string>& patterns, double seconds) {
  for (const std::string& pattern : patterns) {
    if (!looks_like_address(session, pattern)) return kUsage;
  }
  const double end_s = seconds > 0 ? now_s() + seconds : std::numeric_limits<double>::max();
  Answer there = ask(session, {});
  if (there.code != kOk) return explain(session, there);
  Watcher watcher(session, patterns);
  while (now_s() < end_s && !session.stop.raised() && session.out.good()) {
    watcher.turn();
    std::vector<OscReply> replies;
    const auto event = session.desk.receive(std::min(watcher.next_s(), end_s), replies);
    for (const OscReply& reply : replies) {
      if (!watcher.take(reply)) return kRefused;
    }
    // The desk is being restarted: KeepAlive asks again in its own time.
    if (event == OscConnection::Event::nobody_listens) continue;
  }
  session.desk.send(OscRequest{"/unsubscribe"});
  return kOk;
}

}  // namespace fohd::ctl
