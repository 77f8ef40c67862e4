// Watches the meters for strips that met broken samples (NaN, infinity, at an input more than +30 dBFS) and for safety
// mutes: keeps `muted` of /ch, /bus and /main up to date, and makes the lines for the log. docs/DESK.md, "Things that
// could hurt".
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "control/parameters/settings.h"
#include "engine/tile/meter_frame.h"

namespace fohd {

/// [control]
class FaultWatch {
 public:
  /// The first of its kind is logged at once, then one line a second at most...
  static constexpr std::int64_t kLinePauseMs = 1000;
  /// ... and the same strip's faults every 10 s at most: a broken cable makes hundreds a second, one line is enough.
  static constexpr std::int64_t kStripPauseMs = 10'000;

  struct Line {
    bool alarm = true;  ///< false: a recovery
    std::string text;   ///< a whole sentence
  };

  explicit FaultWatch(const Geometry& geometry);

  /// A new frame. Returns what is to be logged now, mostly nothing. now_ms: monotonic. Frames of another geometry are
  /// ignored.
  std::vector<Line> take(const MeterFrame& frame, const DeskSettings& settings, std::int64_t now_ms);

  /// The next frame comes from another engine, whose counters begin at zero.
  void new_engine();

 private:
  struct Strip {
    std::uint32_t faults = 0;       ///< as of the frame before
    std::uint32_t untold = 0;       ///< broken samples since the last line
    std::int64_t quiet_until_ms{};  ///< no line about faults before
    bool told_muted = false;
  };
  bool due(std::int64_t& next_ms, std::int64_t now_ms) const noexcept;
  std::string listed(const std::vector<int>& strips, const DeskSettings& settings) const;
  std::string name(int strip, const DeskSettings& settings) const;

  Geometry geometry_;
  std::vector<Strip> strips_;
  std::int64_t next_fault_line_ms_, next_mute_line_ms_, next_clear_line_ms_;
};

}  // namespace fohd
