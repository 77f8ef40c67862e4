#include "daemon/fohctl/commands.h"

#include <ostream>
#include <unordered_map>

#include "control/commands.h"
#include "daemon/fohctl/value_text.h"

namespace fohd::ctl {
namespace {

int not_an_address(Session& session, const std::string& text) {
  session.err << "fohctl: \"" << printable(text) << "\" is not an address; one begins with /, such as /ch/1/fader\n";
  return kUsage;
}

void print_line(Session& session, const Reply& reply) {
  session.out << printable(reply.address);
  for (const Value& value : reply.values) session.out << ' ' << printed(value);
}

Answer refusal(const Reply& error) {
  Answer answer;
  answer.code = kRefused;
  answer.address = error.text(0);
  answer.reason = error.text(1);
  return answer;
}

/// Values in the order in which they first came. A fader may move meanwhile: then its address comes twice and the later
/// value counts.
class Listing {
 public:
  void take(Reply&& reply) {
    if (reply.address == "/seq" || reply.address == "/subscribed" || reply.address == "/unsubscribed") return;
    const auto [place, is_new] = places_.try_emplace(reply.address, replies_.size());
    if (is_new) {
      replies_.push_back(std::move(reply));
    } else {
      replies_[place->second] = std::move(reply);
    }
  }
  std::size_t size() const { return replies_.size(); }
  const std::vector<Reply>& replies() const { return replies_; }

 private:
  std::vector<Reply> replies_;
  std::unordered_map<std::string, std::size_t> places_;
};

}  // namespace

int get(Session& session, const std::string& address, bool only_value) {
  if (!address.starts_with('/')) return not_an_address(session, address);
  if (find_command(address)) {
    // Asked without an argument it would be carried out.
    session.err << "fohctl: " << address << " is a command and has no value; fohctl do " << address << "\n";
    return kUsage;
  }
  const Answer answer = ask(session, {{address}});
  if (answer.code != kOk) return explain(session, answer);
  for (const Reply& reply : answer.replies) {
    if (only_value) {
      session.out << (reply.values.empty() ? "" : printed(reply.values.front()));
    } else {
      print_line(session, reply);
    }
    session.out << '\n';
  }
  return kOk;
}

int set(Session& session, const std::string& address, const std::string& text, bool as_text) {
  if (!address.starts_with('/')) return not_an_address(session, address);
  if (find_command(address)) {
    session.err << "fohctl: " << address << " is a command; fohctl do " << address << "\n";
    return kUsage;
  }
  const std::vector<Value> choices = as_text ? std::vector<Value>{text} : readings(text);
  Answer first;
  for (std::size_t i = 0; i < choices.size(); ++i) {
    Answer answer = ask(session, {{address, {choices[i]}}, {address}});
    if (answer.code == kRefused && i == 0) first = answer;
    if (answer.code == kRefused) continue;
    if (answer.code != kOk) return explain(session, answer);
    for (const Reply& reply : answer.replies) {
      print_line(session, reply);
      const bool other = !reply.values.empty() && altered(choices[i], reply.values.front());
      session.out << (other ? "  (asked for " + printable(text) + ", which is out of range)\n" : "\n");
    }
    return kOk;
  }
  return explain(session, first);  // the first reading is the likeliest, so its refusal tells most
}

int carry_out(Session& session, const std::string& address, const std::vector<std::string>& arguments) {
  if (!address.starts_with('/')) return not_an_address(session, address);
  Request request{address};
  for (const std::string& argument : arguments) request.values.push_back(readings(argument).front());
  const Answer answer = ask(session, {request}, Repeat::forbidden);
  if (answer.code == kNoAnswer) session.err << "fohctl: it is not known whether " << address << " was carried out\n";
  return explain(session, answer);
}

int list(Session& session, const std::vector<std::string>& patterns) {
  Request subscribe{"/subscribe"};
  for (const std::string& pattern : patterns) {
    if (!pattern.starts_with('/')) return not_an_address(session, pattern);
    subscribe.values.emplace_back(pattern);
  }
  constexpr int kAttempts =
      6;  // datagrams rarely get lost; where six times in a row some do, nothing else works either
  Listing listing;
  Request question = subscribe;
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    session.desk.send(question);
    bool waiting = true;
    while (waiting) {
      std::vector<Reply> replies;
      const auto event = session.desk.receive(now_s() + session.timeout_s / kAttempts, replies);
      if (event == Connection::Event::nobody_listens) return explain_silence(session);
      waiting = event == Connection::Event::messages;
      for (Reply& reply : replies) {
        if (reply.address == "/error") return explain(session, refusal(reply));
        if (reply.address == "/subscribed") question = Request{"/resync"};
        if (reply.address != "/synced") {
          listing.take(std::move(reply));
          continue;
        }
        waiting = false;  // all was sent; if some of it is missing, once more
        if (listing.size() < static_cast<std::size_t>(reply.integer(0))) continue;
        session.desk.send(Request{"/unsubscribe"});
        for (const Reply& value : listing.replies()) {
          print_line(session, value);
          session.out << '\n';
        }
        return kOk;
      }
    }
    if (session.stop.raised()) break;
  }
  if (listing.size() == 0) return explain_silence(session);
  session.err << "fohctl: the network loses too much to read the whole list from " << session.desk.where() << "\n";
  return kNoAnswer;
}

int info(Session& session) {
  const Answer answer = ask(session, {{"/counters"}});
  if (answer.code != kOk) return explain(session, answer);
  const Reply& told = answer.info;
  session.out << "name      " << printable(told.text(0)) << "\nversion   " << printable(told.text(1)) << " (protocol "
              << told.integer(2) << ")\ninputs    " << told.integer(3) << "\nbuses     " << told.integer(6) << "\n";
  if (told.integer(4) != 0) session.out << "aux       " << told.integer(4) << "\n";
  if (told.integer(5) != 0) session.out << "returns   " << told.integer(5) << "\n";
  if (told.integer(7) != 0) session.out << "matrices  " << told.integer(7) << "\n";
  session.out << "rate      " << (told.real(8) > 0 ? printed(told.real(8)) + " Hz" : "no audio: JACK is not there")
              << "\n";
  for (const Reply& reply : answer.replies) {
    if (reply.address != "/counters") continue;
    for (std::size_t i = 0; i + 1 < reply.values.size(); i += 2) {
      session.out << printable(reply.text(i)) << ' ' << printed(reply.values[i + 1]) << '\n';
    }
  }
  return kOk;
}

}  // namespace fohd::ctl
