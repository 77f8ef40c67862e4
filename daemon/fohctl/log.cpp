// fohctl log, fohctl metrics: long answers, fetched page by page (daemon/blackbox/line_pages.h), and the black box of a
// desk that does not run.
#include "daemon/fohctl/log.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <map>
#include <ostream>
#include <vector>

#include "daemon/base/file_system.h"
#include "daemon/blackbox/box_files.h"
#include "daemon/blackbox/line_pages.h"
#include "daemon/fohctl/session.h"
#include "daemon/fohctl/value_text.h"

namespace fohd::ctl {
namespace {

constexpr double kQuiet_s = 0.15;   // nothing for so long: the rest was lost, or is not allowed yet
constexpr double kRefill_s = 0.05;  // the desk's allowance refills with 1,000 lines a second
constexpr double kPatience_s = 5;   // without a line that is new, of a desk that has answered
constexpr double kFollow_s = 0.5;

/// What the desk has, and what of it is here.
struct Lines {
  bool known = false;
  std::int32_t oldest = 0, end = 0;
  std::map<std::int32_t, std::string> by_number;
};

void pause(Session& session, double seconds) {
  std::vector<OscReply> ignored;
  const double until_s = now_s() + seconds;
  while (now_s() < until_s && !session.stop.raised()) session.desk.receive(until_s, ignored);
}

void take(const OscReply& reply, Lines& lines) {
  if (reply.values.size() == 3) {
    lines.known = true;
    lines.oldest = reply.integer(1);
    lines.end = std::max(lines.oldest, reply.integer(2));
  } else if (reply.values.size() == 2) {
    lines.by_number.insert_or_assign(reply.integer(0), reply.text(1));
  }
}

/// The first that is missing of these; `until` if none is.
std::int32_t missing(const Lines& lines, std::int32_t first, std::int32_t until) {
  for (auto at = lines.by_number.lower_bound(first); first < until && at != lines.by_number.end() && at->first == first;
       ++at) {
    ++first;
  }
  return std::min(first, until);
}

/// Asks once, and takes what comes until all of it is there or nothing comes any more.
ExitCode ask_page(Session& session, const std::string& address, std::int32_t first, std::int32_t count, Lines& lines) {
  session.desk.send(OscRequest{address, {first, count}});
  bool heard = false;
  while (!session.stop.raised()) {
    std::vector<OscReply> replies;
    const auto event = session.desk.receive(now_s() + kQuiet_s, replies);
    if (event == OscConnection::Event::nobody_listens) return explain_silence(session), kNoAnswer;
    if (event == OscConnection::Event::timeout) return kOk;
    for (const OscReply& reply : replies) {
      if (reply.address == "/error") {
        session.err << "fohctl: " << printable(reply.text(0)) << ": " << printable(reply.text(1)) << "\n";
        return kRefused;
      }
      if (reply.address != address) continue;
      heard = heard || reply.values.size() == 3;
      take(reply, lines);
    }
    const std::int32_t until = first > lines.end - count ? lines.end : first + count;
    if (heard && missing(lines, std::max(first, lines.oldest), until) == until) return kOk;
  }
  return kOk;
}

/// All of these numbers that there are. What does not come is asked for again.
ExitCode fetch(Session& session, const std::string& address, std::int32_t first, std::int32_t until, Lines& lines) {
  for (double give_up_s = now_s() + session.timeout_s; !session.stop.raised();) {
    const std::int32_t begin = lines.known ? std::max(first, lines.oldest) : first;
    const std::int32_t end = lines.known ? std::min(until, lines.end) : until;
    const std::int32_t from = missing(lines, begin, end);
    if (lines.known && from >= end) return kOk;
    const auto next = lines.by_number.upper_bound(from);
    std::int32_t to = next == lines.by_number.end() ? end : std::min(end, next->first);
    if (to - from > kMostLinesAPage) to = from + kMostLinesAPage;
    const bool known = lines.known;
    const std::size_t before = lines.by_number.size();
    if (const ExitCode code = ask_page(session, address, from, to - from, lines); code != kOk) return code;
    const bool progress = lines.by_number.size() > before || lines.known != known;
    if (progress) give_up_s = now_s() + kPatience_s;
    if (!progress && now_s() > give_up_s) return explain_silence(session), kNoAnswer;
    if (missing(lines, from, std::min(to, lines.end)) < std::min(to, lines.end)) pause(session, kRefill_s);
  }
  return kOk;
}

bool wanted(const LogOptions& options, const Event& event) {
  return options.kinds.empty() ||
         std::find(options.kinds.begin(), options.kinds.end(), event.kind) != options.kinds.end();
}

/// Without the monotonic clock, which is for readers of the file.
void print(std::ostream& out, const Event& event) {
  std::string line = to_line(event);
  const std::size_t first = line.find(' '), second = line.find(' ', first + 1);
  line.erase(first, second - first);
  out << printable(line) << "\n";
}

/// Back from the newest, not from now: the last hour of last week's show can be read, too.
std::int64_t from_ms(const Event& newest, const LogOptions& options) {
  return options.since_s <= 0 ? INT64_MIN : newest.utc_ms - static_cast<std::int64_t>(options.since_s * 1000);
}

void print_since(const std::vector<Event>& events, const LogOptions& options, std::ostream& out) {
  for (const Event& event : events) {
    if (event.utc_ms >= from_ms(events.back(), options) && wanted(options, event)) print(out, event);
  }
}

/// Pages from the newest back, as far as the time that is asked for goes.
ExitCode fetch_events(Session& session, const LogOptions& options, std::vector<Event>& events, std::int32_t& next) {
  Lines lines;
  if (const ExitCode code = fetch(session, "/log", 0, 0, lines); code != kOk) return code;
  next = lines.end;
  std::vector<Event> newest_first;
  for (std::int32_t end = lines.end; end > lines.oldest && !session.stop.raised();) {
    const std::int32_t first = std::max(lines.oldest, end - kMostLinesAPage);
    if (const ExitCode code = fetch(session, "/log", first, end, lines); code != kOk) return code;
    bool all_older = true;
    for (std::int32_t number = end; number-- > first;) {
      const auto line = lines.by_number.find(number);
      auto event = line == lines.by_number.end() ? std::nullopt : parse_event(line->second);
      if (!event) continue;  // gave way while we asked
      newest_first.push_back(*std::move(event));
      all_older = all_older && newest_first.back().utc_ms < from_ms(newest_first.front(), options);
    }
    if (all_older && !newest_first.empty()) break;
    end = first;
  }
  events.assign(newest_first.rbegin(), newest_first.rend());
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
    Lines lines;
    const ExitCode code = fetch(session, "/log", next, INT32_MAX, lines);
    if (code != kOk) return session.stop.raised() ? kOk : code;
    for (const auto& [number, line] : lines.by_number) {
      if (const auto event = parse_event(line); event && number >= next && wanted(options, *event))
        print(session.out, *event);
    }
    next = lines.end;
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
  Lines lines;
  if (const ExitCode code = fetch(session, "/metrics", 0, INT32_MAX, lines); code != kOk) return code;
  for (const auto& [number, line] : lines.by_number) session.out << printable(line) << "\n";
  return kOk;
}

}  // namespace fohd::ctl
