// Levels of channels, buses and main in the terminal that fohd runs in: bars about ten times a second, or, where stdout
// is not a terminal, one line every few seconds.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "control/desk/desk.h"
#include "control/readouts.h"
#include "engine/meter_frame.h"

namespace fohd {

class LiveMeter {
 public:
  /// [control] recent_log gives the last lines of the log, to be shown under the bars.
  LiveMeter(const Desk& desk, const DeskStatus& status, int osc_port,
            std::function<std::vector<std::string>()> recent_log);
  ~LiveMeter();  ///< leaves the terminal as it was
  LiveMeter(const LiveMeter&) = delete;
  LiveMeter& operator=(const LiveMeter&) = delete;

  /// [control, every 10 ms]
  void take(const MeterFrame& frame);
  void draw(std::int64_t now_ms);

  /// [any] One bar of `width` characters from -60 dB to 0 dB, e.g. "#######>   ": peak as >, RMS as #.
  static std::string bar(double rms_db, double peak_db, int width);

 private:
  void draw_screen();
  void draw_line();
  std::string strip(const std::string& label, const std::string& name, double rms_db, double peak_db, bool muted) const;

  const Desk& desk_;
  const DeskStatus& status_;
  int osc_port_;
  std::function<std::vector<std::string>()> recent_log_;
  std::vector<StripMeter> held_;  ///< maxima since the last drawing
  std::vector<float> outputs_, output_rms_;
  bool terminal_;
  std::int64_t next_ms_ = 0;
};

}  // namespace fohd
