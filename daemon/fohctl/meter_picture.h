// What the desk's meters show now, by strip: from the protocol's groups, as the rows of control/clients/meter_groups
// lay them out.
#pragma once

#include <array>
#include <cstddef>
#include <map>
#include <string>
#include <vector>

#include "control/clients/meter_groups.h"
#include "control/parameters/owner_rows.h"
#include "daemon/net/osc_connection.h"

namespace fohd::ctl {

inline constexpr double kSilence_db = -120;
inline constexpr double kBottom_db = -60;  ///< where bars begin: what is below is inaudible at a show

/// What an engineer looks at first: what comes in behind each fader, and what leaves.
struct MeterLine {
  std::string label;  ///< "ch 3 Kick"
  double peak_db = kSilence_db;
  bool clipped = false;
  double gain_db = 0;  ///< of all that turns it down
};

/// Everything that came so far. [fohctl]
class MeterPicture {
 public:
  /// Answers of the desk: /info, /meters, names. Others are left out.
  void take(const OscReply& reply);

  /// Strips in the order of the reference; an effect's return only while it sounds.
  std::vector<MeterLine> lines() const;
  /// A line for each strip and group that has them: "/ch/1", then its numbers in dB.
  std::vector<std::string> plain_lines() const;

 private:
  struct Cell {
    int group = 0, item = 0;
  };

  void take_info(const OscReply& reply);
  void take_name(const OscReply& reply);
  void take_meters(const OscReply& reply);
  /// As they came, divided by 100: dB, or 0 and 1 for latches.
  double number(const Cell& cell, std::size_t column) const;
  MeterLine line(StripRef strip) const;

  Geometry geometry_{.inputs = 0, .returns = 0, .buses = 0};
  std::array<std::vector<double>, clients::kMeterGroups> groups_;
  std::map<int, std::vector<Cell>> cells_;    ///< [lane]: where its numbers are
  std::map<std::string, std::string> names_;  ///< by the strip's prefix, "/ch/1/"
};

/// Six characters: " -12.3", or "  -inf" for silence.
std::string db_text(double db);

/// What a desk's /info says it has; a count that no desk has is the nearest one.
Geometry geometry_of(const OscReply& info);

}  // namespace fohd::ctl
