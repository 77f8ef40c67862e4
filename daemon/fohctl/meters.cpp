#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <ostream>
#include <sstream>

#include "daemon/fohctl/commands.h"
#include "daemon/fohctl/value_text.h"

namespace fohd::ctl {
namespace {

// Groups of the protocol (docs/OSC.md): channels and mixes have pre peak, pre RMS, post peak, post RMS; outputs have
// peak, RMS, clip latch; channel latches have clip, NaN; channel gains have gate, compressor; mix gains and the limiter
// have one; returns are as channels.
constexpr int kChannels = 0, kMixes = 1, kOutputs = 2, kChannelLatches = 3, kChannelGains = 5, kMixGains = 6,
              kLimiter = 7;
constexpr int kReturns = 8, kGroups = 9;
constexpr std::array<int, kGroups> kColumns = {4, 4, 3, 2, 2, 2, 1, 1, 4};
constexpr bool is_gain(int group) { return group >= kChannelGains && group <= kLimiter; }
constexpr double kBottom_db = -60;  // what is below is inaudible at a show
constexpr double kSilence_db = -120;

struct Group {
  std::vector<double> values;  ///< dB, or 0 and 1 for latches: as they came, in hundredths, divided by 100
  double db(std::size_t item, int column, int columns) const {
    const std::size_t at = item * static_cast<std::size_t>(columns) + static_cast<std::size_t>(column);
    return at < values.size() ? values[at] : kSilence_db;
  }
};

/// Everything that came so far.
struct Picture {
  std::array<Group, kGroups> groups;
  std::vector<std::string> channel_names, bus_names;
  int inputs = 0, returns = 0, buses = 0;

  /// Deepest gain of a strip, dB, 0 where nothing is known.
  double gain_db(int group, std::size_t item) const {
    const Group& gains = groups[static_cast<std::size_t>(group)];
    const auto columns = static_cast<std::size_t>(kColumns[static_cast<std::size_t>(group)]);
    double deepest = 0;
    for (std::size_t at = item * columns; at < std::min((item + 1) * columns, gains.values.size()); ++at) {
      deepest = std::min(deepest, gains.values[at]);
    }
    return deepest;
  }

  void take(const OscReply& reply) {
    if (reply.address == "/meters" && !reply.blob.empty()) take_meters(reply);
    if (reply.address == "/info") inputs = reply.integer(3), returns = reply.integer(5), buses = reply.integer(6);
    if (!reply.address.ends_with("/name")) return;
    if (reply.address.starts_with("/ch/")) take_name(channel_names, reply.address.substr(4), reply.text(0));
    if (reply.address.starts_with("/bus/")) take_name(bus_names, reply.address.substr(5), reply.text(0));
  }

 private:
  static void take_name(std::vector<std::string>& names, const std::string& rest, const std::string& name) {
    std::istringstream number(rest);
    std::size_t n = 0;
    if (!(number >> n) || n < 1 || n > 1000) return;
    if (names.size() < n) names.resize(n);
    names[n - 1] = printable(name);
  }
  void take_meters(const OscReply& reply) {
    const int number = reply.integer(0), first = reply.integer(1);
    if (number < 0 || number >= kGroups || first < 0 || first > 1000) return;
    const auto column_count = static_cast<std::size_t>(kColumns[static_cast<std::size_t>(number)]);
    Group& group = groups[static_cast<std::size_t>(number)];
    const std::size_t start = static_cast<std::size_t>(first) * column_count, count = reply.blob.size() / 2;
    if (group.values.size() < start + count) group.values.resize(start + count, is_gain(number) ? 0 : kSilence_db);
    for (std::size_t i = 0; i < count; ++i) {
      const auto bits = static_cast<std::uint16_t>(std::to_integer<unsigned>(reply.blob[2 * i]) << 8 |
                                                   std::to_integer<unsigned>(reply.blob[2 * i + 1]));
      group.values[start + i] = static_cast<std::int16_t>(bits) / 100.0;
    }
  }
};

std::string db_text(double db) {
  if (db <= kSilence_db) return "  -inf";
  std::ostringstream text;
  text.setf(std::ios::fixed);
  text.precision(1);
  text.width(6);
  text << db;
  return text.str();
}

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

struct MeterLine {
  std::string label;
  double peak_db = kSilence_db;
  bool clipped = false;
  double gain_db = 0;  ///< of all that turns it down
};

/// Whole decibels; nothing below half of one.
std::string gain_text(double gain_db) {
  if (gain_db > -0.5) return "    ";
  std::ostringstream text;
  text.width(4);
  text << std::lround(gain_db);
  return text.str();
}

/// What an engineer looks at first: what comes in behind each fader, and what leaves.
std::vector<MeterLine> lines_of(const Picture& picture) {
  std::vector<MeterLine> lines;
  const auto name = [](const std::vector<std::string>& names, std::size_t i) {
    return i < names.size() ? names[i] : "";
  };
  for (std::size_t i = 0; i < static_cast<std::size_t>(picture.inputs); ++i) {
    const bool clipped =
        picture.groups[kChannelLatches].values.size() > 2 * i && picture.groups[kChannelLatches].values[2 * i] > 0;
    lines.push_back({"ch " + std::to_string(i + 1) + " " + name(picture.channel_names, i),
                     picture.groups[kChannels].db(i, 2, kColumns[kChannels]), clipped,
                     picture.gain_db(kChannelGains, i)});
  }
  for (std::size_t i = 0; i < static_cast<std::size_t>(picture.buses) + 2; ++i) {
    const Group& outputs = picture.groups[kOutputs];
    std::string label = i == 0 ? "main L" : "main R";
    if (i >= 2) label = "bus " + std::to_string(i - 1) + " " + name(picture.bus_names, i - 2);
    const bool clipped = outputs.values.size() > 3 * i + 2 && outputs.values[3 * i + 2] > 0;
    const double limiter_db = i < 2 ? picture.gain_db(kLimiter, 0) : 0;
    lines.push_back({label, outputs.db(i, 0, kColumns[kOutputs]), clipped, picture.gain_db(kMixGains, i) + limiter_db});
  }
  for (std::size_t i = 0; i < static_cast<std::size_t>(picture.returns); ++i) {
    const double peak_db = picture.groups[kReturns].db(i, 2, kColumns[kReturns]);
    if (peak_db <= kBottom_db) continue;  // an unused slot
    lines.push_back({"fx " + std::to_string(i / 2 + 1) + (i % 2 == 0 ? " left" : " right"), peak_db});
  }
  return lines;
}

void draw(Session& session, const Picture& picture, const MeterOptions& options) {
  const std::vector<MeterLine> lines = lines_of(picture);
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

void print(Session& session, const Picture& picture) {
  const auto block = [&](const char* what, int group, std::size_t first, std::size_t count, const char* last) {
    for (std::size_t i = 0; i < count; ++i) {
      session.out << what << (last != nullptr ? std::to_string(i + 1) + last : "");
      for (int column = 0; column < kColumns[static_cast<std::size_t>(group)]; ++column) {
        session.out << ' '
                    << db_text(picture.groups[static_cast<std::size_t>(group)].db(
                           first + i, column, kColumns[static_cast<std::size_t>(group)]));
      }
      session.out << '\n';
    }
  };
  block("/ch/", kChannels, 0, static_cast<std::size_t>(picture.inputs), "");
  block("/main/left", kMixes, 0, 1, nullptr);
  block("/main/right", kMixes, 1, 1, nullptr);
  block("/bus/", kMixes, 2, static_cast<std::size_t>(picture.buses), "");
  block("/fxrtn/", kReturns, 0, static_cast<std::size_t>(picture.returns), "");
  block("/ch/", kChannelGains, 0, static_cast<std::size_t>(picture.inputs), "/gain");
  block("/main/gain", kMixGains, 0, 1, nullptr);
  block("/bus/", kMixGains, 2, static_cast<std::size_t>(picture.buses), "/gain");
  block("/main/limiter/gain", kLimiter, 0, 1, nullptr);
  session.out << "\n" << std::flush;
}

}  // namespace

int meters(Session& session, const MeterOptions& options) {
  const Answer there = ask(session, {});
  if (there.code != kOk) return explain(session, there);
  Picture picture;
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
      for (int group = 0; group < kGroups; ++group) session.desk.send({"/meters", {group, options.interval_ms}});
    }
    alive.turn({{"/ch/*/name"}, {"/bus/*/name"}});
    std::vector<OscReply> replies;
    session.desk.receive(std::min({alive.next_s(), show_s, end_s}), replies);
    for (const OscReply& reply : replies) {
      alive.heard(reply);
      picture.take(reply);
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
