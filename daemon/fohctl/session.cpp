#include "daemon/fohctl/session.h"

#include <algorithm>
#include <ostream>

#include "daemon/fohctl/value_text.h"

namespace fohd::ctl {
namespace {

constexpr int kAttempts = 3;
constexpr double kKeepAlive_s = 2;  // a fifth of the shortest lease: three may be lost
constexpr double kSilence_s = 5;
constexpr std::string_view kBundleRemark = " (nothing of its bundle was applied)";

void keep(std::vector<OscReply>& replies, OscReply&& reply) {
  const auto same = [&](const OscReply& other) { return other.address == reply.address; };
  const auto known = std::find_if(replies.begin(), replies.end(), same);
  if (known != replies.end()) {
    *known = std::move(reply);
  } else {
    replies.push_back(std::move(reply));
  }
}

/// True when the answer is complete.
bool take(Answer& answer, OscReply&& reply) {
  if (reply.address == "/error") {
    answer.code = kRefused;
    answer.address = reply.text(0);
    answer.reason = reply.text(1);
    if (answer.reason.ends_with(kBundleRemark)) {
      answer.reason.erase(answer.reason.size() - kBundleRemark.size());  // the bundle was ours, not the user's
    }
    return true;
  }
  if (reply.address == "/info") {
    answer.code = kOk;
    answer.info = std::move(reply);
    return true;
  }
  keep(answer.replies, std::move(reply));
  return false;
}

}  // namespace

Answer ask(Session& session, std::vector<OscRequest> requests, Repeat repeat) {
  requests.push_back({"/info"});
  Answer answer;
  const int attempts = repeat == Repeat::allowed ? kAttempts : 1;
  for (int attempt = 0; attempt < attempts; ++attempt) {
    session.desk.send(requests);
    const double deadline_s = now_s() + session.timeout_s / attempts;
    for (;;) {
      std::vector<OscReply> replies;
      const OscConnection::Event event = session.desk.receive(deadline_s, replies);
      for (OscReply& reply : replies) {
        if (take(answer, std::move(reply))) return answer;
      }
      if (event == OscConnection::Event::nobody_listens || session.stop.raised()) return answer;
      if (event == OscConnection::Event::timeout) break;
    }
  }
  return answer;
}

bool looks_like_address(Session& session, const std::string& text) {
  if (text.starts_with('/')) return true;
  session.err << "fohctl: \"" << printable(text) << "\" is not an address; one begins with /, such as /ch/1/fader\n";
  return false;
}

int explain_silence(Session& session) {
  session.err << "fohctl: no answer from " << session.desk.where()
              << ". Is fohd running there? (--host and --port choose another desk)\n";
  return kNoAnswer;
}

int explain(Session& session, const Answer& answer) {
  if (answer.code == kNoAnswer) return explain_silence(session);
  if (answer.code == kRefused) {
    const std::string place = answer.address.empty() ? "the desk" : printable(answer.address);
    session.err << "fohctl: " << place << ": " << printable(answer.reason) << "\n";
  }
  return answer.code;
}

void KeepAlive::turn(const std::vector<OscRequest>& extra) {
  const double now = now_s();
  if (heard_s_ == 0) heard_s_ = now;
  if (now >= next_s_) {
    // One by one: a desk without buses refuses a question about their names, and only that.
    for (const OscRequest& request : extra) session_.desk.send(request);
    session_.desk.send(OscRequest{"/info"});
    next_s_ = now + kKeepAlive_s;
  }
  if (!silent_ && now - heard_s_ > kSilence_s) {
    silent_ = true;
    session_.err << "fohctl: the desk at " << session_.desk.where() << " is silent; waiting for it\n";
  }
}

void KeepAlive::heard(const OscReply& reply) {
  heard_s_ = now_s();
  constexpr std::size_t kLeaseLeft = 10;  // the eleventh argument of /info: seconds of our lease, 0 without one
  const bool stranger = reply.address == "/info" && reply.integer(kLeaseLeft) == 0;
  if (silent_ || stranger || reply.address == "/unsubscribed") subscribe_ = true;
  if (silent_) session_.err << "fohctl: the desk is back\n";
  silent_ = false;
}

}  // namespace fohd::ctl
