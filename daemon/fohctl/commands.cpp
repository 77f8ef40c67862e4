#include "daemon/fohctl/commands.h"

#include <algorithm>
#include <iomanip>
#include <ostream>
#include <string_view>
#include <unordered_map>

#include "control/commands/commands.h"
#include "daemon/fohctl/meter_picture.h"
#include "daemon/fohctl/value_text.h"

namespace fohd::ctl {
namespace {

bool is_pattern(const std::string& address) { return address.find_first_of("*?[{") != std::string::npos; }

/// Whether `address` can be asked for a value; says why if not.
bool has_value(Session& session, const std::string& address) {
  if (!looks_like_address(session, address)) return false;
  if (find_command(address)) {
    // Asked without an argument it would be carried out.
    session.err << "fohctl: " << address << " is a command and has no value; fohctl do " << address << "\n";
    return false;
  }
  if (address.size() > 1 && address.ends_with('/')) {
    const std::string shorter = address.substr(0, address.find_last_not_of('/') + 1);
    session.err << "fohctl: " << printable(address) << ": the address of a value does not end with /; fohctl list "
                << printable(shorter) << " shows all that is below\n";
    return false;
  }
  struct Instead {
    std::string_view request, command;
  };
  for (const auto& [request, command] :
       {Instead{"/subscribe", "watch"}, Instead{"/resync", "watch"}, Instead{"/renew", "watch"},
        Instead{"/unsubscribe", "watch"}, Instead{"/meters", "meters"}}) {
    if (address != request) continue;
    session.err << "fohctl: " << address << " has no value, programs hold a conversation with it; fohctl " << command
                << " does so\n";
    return false;
  }
  return true;
}

void print_line(Session& session, const OscReply& reply) {
  session.out << printable(reply.address);
  for (const Value& value : reply.values) session.out << ' ' << printed(value);
}

Answer refusal(const OscReply& error) {
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
  void take(OscReply&& reply) {
    if (reply.address == "/seq" || reply.address == "/subscribed" || reply.address == "/unsubscribed") return;
    const auto [place, is_new] = places_.try_emplace(reply.address, replies_.size());
    if (is_new) {
      replies_.push_back(std::move(reply));
    } else {
      replies_[place->second] = std::move(reply);
    }
  }
  std::size_t size() const { return replies_.size(); }
  const std::vector<OscReply>& replies() const { return replies_; }

 private:
  std::vector<OscReply> replies_;
  std::unordered_map<std::string, std::size_t> places_;
};

/// All values below `prefixes` by a subscription, which brings them at a pace that the network and this program can
/// follow, however many there are, and shows whether some got lost.
Answer fetch(Session& session, const std::vector<std::string>& prefixes, Listing& listing) {
  OscRequest subscribe{"/subscribe"};
  for (const std::string& prefix : prefixes) subscribe.values.emplace_back(prefix);
  constexpr int kAttempts =
      6;  // datagrams rarely get lost; where six times in a row some do, nothing else works either
  OscRequest question = subscribe;
  Answer answer;
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    session.desk.send(question);
    bool waiting = true;
    while (waiting) {
      std::vector<OscReply> replies;
      const auto event = session.desk.receive(now_s() + session.timeout_s / kAttempts, replies);
      if (event == OscConnection::Event::nobody_listens) return answer;
      waiting = event == OscConnection::Event::messages;
      for (OscReply& reply : replies) {
        if (reply.address == "/error") return refusal(reply);
        if (reply.address == "/subscribed") question = OscRequest{"/resync"};
        if (reply.address != "/synced") {
          listing.take(std::move(reply));
          continue;
        }
        waiting = false;  // all was sent; if some of it is missing, once more
        if (listing.size() < static_cast<std::size_t>(reply.integer(0))) continue;
        session.desk.send(OscRequest{"/unsubscribe"});
        answer.code = kOk;
        return answer;
      }
    }
    if (session.stop.raised()) break;
  }
  return answer;
}

/// The value of `address`, or of all that it matches. A plain question may bring a few hundred values, a subscription
/// any number; where there is no place for one, the question is better than nothing.
Answer read(Session& session, const std::string& address) {
  if (is_pattern(address)) {
    Listing listing;
    Answer answer = fetch(session, {address}, listing);
    if (answer.code == kOk) {
      // Subscribed is what lies below the pattern too; wanted is what it matches itself.
      const auto depth = std::count(address.begin(), address.end(), '/');
      for (const OscReply& reply : listing.replies()) {
        if (std::count(reply.address.begin(), reply.address.end(), '/') == depth) answer.replies.push_back(reply);
      }
      if (!answer.replies.empty()) return answer;
    } else if (answer.code != kRefused) {
      return answer;
    }
  }
  return ask(session, {{address}});
}

}  // namespace

int get(Session& session, const std::string& address, bool only_value) {
  if (!has_value(session, address)) return kUsage;
  if (address == "/info") return info(session);
  const Answer answer = read(session, address);
  if (answer.code != kOk) return explain(session, answer);
  for (const OscReply& reply : answer.replies) {
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
  if (!has_value(session, address)) return kUsage;
  if (address == "/info" || address == "/counters") {
    session.err << "fohctl: " << address << " can be read, not set; fohctl get " << address << "\n";
    return kUsage;
  }
  const std::vector<Value> choices = as_text ? std::vector<Value>{text} : readings(text);
  Answer first;
  for (std::size_t i = 0; i < choices.size(); ++i) {
    std::vector<OscRequest> requests = {{address, {choices[i]}}};
    if (!is_pattern(address)) requests.push_back({address});
    Answer answer = ask(session, std::move(requests));
    if (answer.code == kRefused && i == 0) first = answer;
    if (answer.code == kRefused) continue;
    if (answer.code == kOk && is_pattern(address)) answer = read(session, address);
    if (answer.code != kOk) return explain(session, answer);
    for (const OscReply& reply : answer.replies) {
      print_line(session, reply);
      const bool other = !reply.values.empty() && altered(choices[i], reply.values.front());
      session.out << (other ? "  (asked for " + printable(text) + ", which is out of range)\n" : "\n");
    }
    return kOk;
  }
  return explain(session, first);  // the first reading is the likeliest, so its refusal is the most useful
}

int carry_out(Session& session, const std::string& address, const std::vector<std::string>& arguments) {
  if (!looks_like_address(session, address)) return kUsage;
  if (!find_command(address)) {
    session.err << "fohctl: " << printable(address) << " is not a command. The commands are";
    for (const CommandRow& row : command_rows()) session.err << ' ' << row.path;
    session.err << "; values are set with fohctl set\n";
    return kUsage;
  }
  OscRequest request{address};
  for (const std::string& argument : arguments) request.values.push_back(readings(argument).front());
  const Answer answer = ask(session, {request}, Repeat::forbidden);
  if (answer.code == kNoAnswer) session.err << "fohctl: it is not known whether " << address << " was carried out\n";
  return explain(session, answer);
}

int list(Session& session, const std::vector<std::string>& patterns) {
  for (const std::string& pattern : patterns) {
    if (!looks_like_address(session, pattern)) return kUsage;
  }
  Listing listing;
  const Answer answer = fetch(session, patterns, listing);
  if (answer.code == kNoAnswer && listing.size() > 0) {
    session.err << "fohctl: the network loses too much to read the whole list from " << session.desk.where() << "\n";
    return kNoAnswer;
  }
  if (answer.code != kOk) return explain(session, answer);
  for (const OscReply& value : listing.replies()) {
    print_line(session, value);
    session.out << '\n';
  }
  return kOk;
}

int info(Session& session) {
  const Answer answer = ask(session, {{"/counters"}});
  if (answer.code != kOk) return explain(session, answer);
  const OscReply& told = answer.info;
  session.out << "name      " << printable(told.text(0)) << "\nversion   " << printable(told.text(1)) << " (protocol "
              << told.integer(2) << ")\n";
  const Geometry geometry = geometry_of(told);
  for (const CountRow& row : kCountRows) {
    const int count = geometry.*row.count;
    if (count != 0) session.out << std::left << std::setw(10) << row.word << count << "\n";
  }
  session.out << "rate      " << (told.real(8) > 0 ? printed(told.real(8)) + " Hz" : "no audio: JACK is not there")
              << "\n";
  for (const OscReply& reply : answer.replies) {
    if (reply.address != "/counters") continue;
    for (std::size_t i = 0; i + 1 < reply.values.size(); i += 2) {
      session.out << printable(reply.text(i)) << ' ' << printed(reply.values[i + 1]) << '\n';
    }
  }
  return kOk;
}

}  // namespace fohd::ctl
