// fohctl log, fohctl metrics: long answers, fetched page by page (daemon/blackbox/line_pages.h), and the black box of a
// desk that does not run.
#include "daemon/fohctl/log.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <ostream>
#include <vector>

#include "daemon/blackbox/box_files.h"
#include "daemon/blackbox/line_pages.h"
#include "daemon/fohctl/session.h"
#include "daemon/fohctl/value_text.h"
#include "daemon/store/file_system.h"

namespace fohd::ctl {
namespace {

constexpr std::int32_t kNewest = INT32_MAX;  // beyond the end: asks what is there
constexpr double kPause_s = 0.05;            // the desk's allowance refills with 1,000 lines a second
constexpr double kQuiet_s = 0.15;            // no line for so long: the rest was lost or is not allowed yet
constexpr double kFollow_s = 0.5;

/// What is there, and a piece of it.
struct Piece {
  std::int32_t oldest = 0, end = 0;
  std::int32_t first = 0;
  std::vector<std::string> lines;
};

void pause(Session& session, double seconds) {
  std::vector<Reply> ignored;
  const double until_s = now_s() + seconds;
  while (now_s() < until_s && !session.stop.raised()) session.desk.receive(until_s, ignored);
}

/// One page. Lines that got lost end it; what came after them is asked for again.
ExitCode fetch_page(Session& session, const std::string& address, std::int32_t first, Piece& piece) {
  piece = {};
  bool head = false;
  for (const double give_up_s = now_s() + session.timeout_s; !head && now_s() < give_up_s;) {
    session.desk.send(Request{address, {first, kMostLinesAPage}});
    double deadline_s = std::min(now_s() + kQuiet_s, give_up_s);
    while (!session.stop.raised()) {
      std::vector<Reply> replies;
      const auto event = session.desk.receive(deadline_s, replies);
      if (event == Connection::Event::nobody_listens) return explain_silence(session), kNoAnswer;
      if (event == Connection::Event::timeout) break;
      for (const Reply& reply : replies) {
        if (reply.address == "/error") {
          session.err << "fohctl: " << printable(reply.text(0)) << ": " << printable(reply.text(1)) << "\n";
          return kRefused;
        }
        if (reply.address != address) continue;
        if (reply.values.size() == 3) {  // a second one answers a request that was put again: from the start
          const std::int32_t least = reply.integer(1), end = std::max(least, reply.integer(2));
          if (reply.integer(0) != std::clamp(first, least, end)) continue;  // to an older request
          piece = {reply.integer(1), reply.integer(2), reply.integer(0), {}};
          head = true;
        } else if (head && reply.integer(0) == piece.first + static_cast<std::int32_t>(piece.lines.size())) {
          piece.lines.push_back(reply.text(1));
        }
      }
      const auto here = static_cast<std::int32_t>(piece.lines.size());
      if (head && here >= std::min(kMostLinesAPage, piece.end - piece.first)) return kOk;
      deadline_s = now_s() + kQuiet_s;
    }
    if (session.stop.raised()) return head ? kOk : kNoAnswer;
  }
  return head ? kOk : (explain_silence(session), kNoAnswer);
}

/// From `first` on to what was the end when it began.
ExitCode fetch(Session& session, const std::string& address, std::int32_t first, Piece& all) {
  ExitCode code = fetch_page(session, address, first, all);
  int empty = 0;
  while (code == kOk && !session.stop.raised()) {
    const std::int32_t next = all.first + static_cast<std::int32_t>(all.lines.size());
    if (next >= all.end) break;
    Piece more;
    code = fetch_page(session, address, next, more);
    if (code != kOk) break;
    if (more.first != next) {  // what was next has given way meanwhile: go on behind the gap
      all.lines.clear();
      all.first = more.first;
    }
    std::move(more.lines.begin(), more.lines.end(), std::back_inserter(all.lines));
    empty = more.lines.empty() ? empty + 1 : 0;
    constexpr int kMostEmpty = 25;  // 5 s without a line: it will not be any better
    if (empty > kMostEmpty) return explain_silence(session), kNoAnswer;
    const bool cut = more.lines.size() < static_cast<std::size_t>(kMostLinesAPage);
    if (cut && all.first + static_cast<std::int32_t>(all.lines.size()) < all.end) pause(session, kPause_s);
  }
  return code;
}

bool wanted(const LogOptions& options, const Event& event) {
  return options.kinds.empty() ||
         std::find(options.kinds.begin(), options.kinds.end(), event.kind) != options.kinds.end();
}

/// Without the monotonic clock, which is for those who read the file.
void print(std::ostream& out, const Event& event) {
  std::string line = to_line(event);
  const std::size_t first = line.find(' '), second = line.find(' ', first + 1);
  line.erase(first, second - first);
  out << printable(line) << "\n";
}

/// Back from the newest, not from now: also of last week's show one wants the last hour.
void print_since(const std::vector<Event>& events, const LogOptions& options, std::ostream& out) {
  const std::int64_t from_ms = options.since_s <= 0 || events.empty()
                                   ? INT64_MIN
                                   : events.back().utc_ms - static_cast<std::int64_t>(options.since_s * 1000);
  for (const Event& event : events) {
    if (event.utc_ms >= from_ms && wanted(options, event)) print(out, event);
  }
}

/// Pages from the newest back, as far as the time that is asked for goes.
ExitCode fetch_events(Session& session, const LogOptions& options, std::vector<Event>& events, std::int32_t& next) {
  Piece there;
  if (const ExitCode code = fetch_page(session, "/log", kNewest, there); code != kOk) return code;
  next = there.end;
  for (std::int32_t end = there.end; end > there.oldest && !session.stop.raised();) {
    const std::int32_t first = std::max(there.oldest, end - kMostLinesAPage);
    Piece piece;
    if (const ExitCode code = fetch(session, "/log", first, piece); code != kOk) return code;
    std::vector<Event> page;
    for (std::size_t i = 0; i < piece.lines.size(); ++i) {
      if (piece.first + static_cast<std::int32_t>(i) >= end) break;
      if (auto event = parse_event(piece.lines[i])) page.push_back(*std::move(event));
    }
    events.insert(events.begin(), page.begin(), page.end());
    const std::int64_t from_ms =
        events.empty() ? 0 : events.back().utc_ms - static_cast<std::int64_t>(options.since_s * 1000);
    const auto is_older = [&](const Event& event) { return event.utc_ms < from_ms; };
    if (options.since_s > 0 && !page.empty() && std::all_of(page.begin(), page.end(), is_older)) break;
    end = first;
  }
  return kOk;
}

}  // namespace

std::string parse_since(const std::string& text, double& seconds) {
  char* end = nullptr;
  seconds = std::strtod(text.c_str(), &end);
  const std::string unit = end;
  const double factor = unit == "s"                    ? 1
                        : unit == "m" || unit == "min" ? 60
                        : unit == "h"                  ? 3600
                        : unit == "d"                  ? 86400
                                                       : 0;
  seconds *= factor;
  const bool good = end != text.c_str() && std::isfinite(seconds) && seconds > 0 && seconds < 1e9;
  return good ? "" : "\"" + text + "\" is no time such as 90s, 30m, 12h or 2d";
}

std::string parse_kinds(const std::string& text, std::vector<EventKind>& kinds) {
  for (std::size_t at = 0; at <= text.size();) {
    const std::size_t comma = std::min(text.find(',', at), text.size());
    const std::string word = text.substr(at, comma - at);
    const auto kind = event_kind_called(word);
    if (!kind) {
      std::string all;
      for (const std::string& name : event_kind_names()) all += (all.empty() ? "" : ", ") + name;
      return "there is no kind \"" + word + "\"; there are " + all;
    }
    kinds.push_back(*kind);
    at = comma + 1;
  }
  return "";
}

int log(Session& session, const LogOptions& options) {
  std::vector<Event> events;
  std::int32_t next = 0;
  if (const ExitCode code = fetch_events(session, options, events, next); code != kOk) return code;
  print_since(events, options, session.out);
  while (options.follow && !session.stop.raised() && session.out.good()) {
    session.out.flush();
    pause(session, kFollow_s);
    Piece piece;
    if (const ExitCode code = fetch(session, "/log", next, piece); code != kOk)
      return session.stop.raised() ? kOk : code;
    for (const std::string& line : piece.lines) {
      if (const auto event = parse_event(line); event && wanted(options, *event)) print(session.out, *event);
    }
    next = piece.first + static_cast<std::int32_t>(piece.lines.size());
  }
  return kOk;
}

int log_of_folder(const LogOptions& options, std::ostream& out, std::ostream& err) {
  FileSystem disk;
  const std::string box = options.folder + "/blackbox";
  const std::string folder = disk.kind(box) == FileSystem::Kind::folder ? box : options.folder;
  std::size_t damaged = 0;
  const std::vector<Event> events = read_box(disk, folder, SIZE_MAX, &damaged);
  if (events.empty()) {
    err << "fohctl: there is no black box in " << printable(options.folder) << "\n";
    return kRefused;
  }
  print_since(events, options, out);
  if (damaged > 0) err << "fohctl: " << damaged << " damaged lines were left out\n";
  out.flush();
  return out.good() ? kOk : kNoOutput;
}

int metrics(Session& session) {
  Piece piece;
  if (const ExitCode code = fetch(session, "/metrics", 0, piece); code != kOk) return code;
  for (const std::string& line : piece.lines) session.out << printable(line) << "\n";
  return kOk;
}

}  // namespace fohd::ctl
