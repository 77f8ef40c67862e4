#include "daemon/fohctl/conversation.h"

namespace fohd::ctl {

int ask_lines(Session& session, const OscRequest& request) {
  Conversation talk{session, request.address};
  const std::vector<OscRequest> both = {request, {"/info"}};
  session.desk.send(both);
  talk.run(session.timeout_s, [&](const std::string& line) {
    session.out << printable(line) << "\n";
    return false;
  });
  return talk.code == kNoAnswer ? explain_silence(session) : talk.code;
}

}  // namespace fohd::ctl
