// fohctl midi: what surfaces are there, what their controls do, learning by moving them.
#include <algorithm>
#include <limits>
#include <ostream>

#include "daemon/fohctl/commands.h"
#include "daemon/fohctl/conversation.h"
#include "daemon/fohctl/value_text.h"

namespace fohd::ctl {
namespace {

/// A command that is answered by one line, later.
int wait_for_line(Session& session, const OscRequest& request, double seconds) {
  Conversation talk{session, request.address};
  session.desk.send(request);
  talk.run(seconds, [&](const std::string& line) {
    session.out << printable(line) << "\n" << std::flush;
    talk.code = line.find(" was not learned") != std::string::npos || line.starts_with("not saved") ? kRefused : kOk;
    return true;
  });
  return talk.code == kNoAnswer && !session.stop.raised() ? explain_silence(session) : talk.code;
}

}  // namespace

int midi_list(Session& session, const std::string& device) {
  if (device.empty()) return ask_lines(session, {"/midi/list"});
  return ask_lines(session, {"/midi/controls", {device}});
}

int midi_learn(Session& session, const std::string& target) {
  session.err << "Move the control that is to do " << printable(target) << " (30 s).\n";
  constexpr double kLearn_s = 31;  // the desk gives up after 30
  return wait_for_line(session, {"/midi/learn", {target}}, kLearn_s + session.timeout_s);
}

int midi_forget(Session& session, const std::string& what) { return ask_lines(session, {"/midi/forget", {what}}); }

int midi_save(Session& session, const std::string& name, const std::string& device) {
  constexpr double kDisk_s = 5;  // of a slow card
  return wait_for_line(session, {"/midi/save", {device, name}}, kDisk_s + session.timeout_s);
}

int midi_spill(Session& session, const std::vector<std::string>& strips) {
  std::string all;
  for (const std::string& strip : strips) all += (all.empty() ? "" : " ") + strip;
  return ask_lines(session, {"/midi/spill", {all}});
}

int midi_monitor(Session& session, double seconds) {
  const Answer there = ask(session, {});
  if (there.code != kOk) return explain(session, there);
  const double end_s = seconds > 0 ? now_s() + seconds : std::numeric_limits<double>::max();
  constexpr double kRenew_s = 5;
  constexpr std::int32_t kAsk_s = 15;  // two renewals may get lost
  double renew_s = 0;
  Conversation talk{session, "/midi/monitor"};
  while (now_s() < end_s && !session.stop.raised() && session.out.good()) {
    if (now_s() >= renew_s) {
      session.desk.send(OscRequest{"/midi/monitor", {kAsk_s}});
      renew_s = now_s() + kRenew_s;
    }
    std::vector<OscReply> replies;
    session.desk.receive(std::min(renew_s, end_s), replies);
    for (const OscReply& reply : replies) {
      const bool ends = talk.hear(reply, [&](const std::string& line) {
        session.out << printable(line) << "\n" << std::flush;
        return false;
      });
      if (ends && talk.code == kRefused) return kRefused;
    }
  }
  session.desk.send(OscRequest{"/midi/monitor", {std::int32_t{0}}});
  return kOk;
}

}  // namespace fohd::ctl
