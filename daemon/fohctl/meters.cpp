#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <ostream>
#include <sstream>

#include "daemon/fohctl/commands.h"
#include "daemon/fohctl/meter_picture.h"
#include "daemon/fohctl/value_text.h"

namespace fohd::ctl {
namespace {

/// Eighths of a character, so that a bar of 20 shows steps of less than half a dB.
std::string bar(double db, std::size_t width) {
  static constexpr std::array<std::string_view, 8> kEighths = {"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
  const double part = std::clamp((db - kBottom_db) / -kBottom_db, 0.0, 1.0);
  const auto eighths = static_cast<std::size_t>(part * static_cast<double>(width) * 8);
  std::string text;
  for (std::size_t i = 0; i < eighths / 8; ++i) text += "█";
  text += kEighths[eighths % 8];
  return fitted(text, width);
}

/// Whole decibels; nothing below half of one.
std::string gain_text(double gain_db) {
  if (gain_db > -0.5) return "    ";
  std::ostringstream text;
  text.width(4);
  text << std::lround(gain_db);
  return text.str();
}

void draw(Session& session, const MeterPicture& picture, const MeterOptions& options) {
  const std::vector<MeterLine> lines = picture.lines();
  const auto rows = static_cast<std::size_t>(std::max(options.rows - 1, 1));
  const std::size_t across = (lines.size() + rows - 1) / rows;
  if (across == 0) return;
  constexpr std::size_t kFixed = 14;  // the numbers, the clip mark, spaces
  const std::size_t cell = std::max<std::size_t>(static_cast<std::size_t>(options.columns) / across, kFixed + 8);
  const std::size_t label = std::min<std::size_t>(18, (cell - kFixed) / 2 + 2), width = cell - kFixed - label;
  const std::size_t down = (lines.size() + across - 1) / across;
  std::string screen = "\x1b[H";  // home; the screen is overwritten, not cleared, so it does not flicker
  for (std::size_t row = 0; row < down; ++row) {
    for (std::size_t column = 0; column < across; ++column) {
      const std::size_t i = column * down + row;
      if (i >= lines.size()) continue;
      const MeterLine& line = lines[i];
      const char* color = line.clipped || line.peak_db >= -1 ? "31" : line.peak_db >= -18 ? "33" : "32";
      screen += fitted(line.label, label) + " \x1b[" + color + "m" + bar(line.peak_db, width) + "\x1b[0m" +
                db_text(line.peak_db) + gain_text(line.gain_db) + (line.clipped ? " C " : "   ");
    }
    screen += "\x1b[K\n";
  }
  session.out << screen << "\x1b[J" << std::flush;
}

void print(Session& session, const MeterPicture& picture) {
  for (const std::string& line : picture.plain_lines()) session.out << line << '\n';
  session.out << "\n" << std::flush;
}

std::vector<OscRequest> ask_names() {
  std::vector<OscRequest> names;
  for (std::size_t k = 0; k < kOwnerRows.size(); ++k) {
    if (kOwnerRows[k].identity != nullptr) names.push_back({owner_prefix(static_cast<OwnerKind>(k), "*") + "name"});
  }
  return names;
}

}  // namespace

int meters(Session& session, const MeterOptions& options) {
  const Answer there = ask(session, {});
  if (there.code != kOk) return explain(session, there);
  MeterPicture picture;
  picture.take(there.info);
  const bool plain = options.plain || options.columns == 0;
  const double end_s = options.seconds > 0 ? now_s() + options.seconds : std::numeric_limits<double>::max();
  const double interval_s = options.interval_ms / 1000.0;
  double show_s = now_s() + interval_s;
  KeepAlive alive(session);
  if (!plain) session.out << "\x1b[?25l\x1b[2J";  // no cursor, empty screen
  int code = kOk;
  while (code == kOk && now_s() < end_s && !session.stop.raised()) {
    if (alive.take_subscribe()) {
      for (int group = 0; group < clients::kMeterGroups; ++group)
        session.desk.send({"/meters", {group, options.interval_ms}});
    }
    alive.turn(ask_names());
    std::vector<OscReply> replies;
    session.desk.receive(std::min({alive.next_s(), show_s, end_s}), replies);
    for (const OscReply& reply : replies) {
      alive.heard(reply);
      if (reply.address != "/info") picture.take(reply);  // a desk does not change its counts while it runs
      if (reply.address == "/error" && reply.text(0) == "/meters") {
        session.err << "fohctl: /meters: " << printable(reply.text(1)) << "\n";
        code = kRefused;
      }
    }
    if (now_s() < show_s) continue;
    show_s = std::max(show_s + interval_s, now_s());
    plain ? print(session, picture) : draw(session, picture, options);
  }
  if (!plain) session.out << "\x1b[?25h" << std::flush;
  session.desk.send({"/meters", {0}});
  return code;
}

}  // namespace fohd::ctl
