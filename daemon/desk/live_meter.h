// Levels of channels, buses and main in the terminal that fohd runs in: bars about ten times a second, or, where stdout
// is not a terminal, one line every few seconds.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "control/desk/desk.h"
#include "control/readouts/readouts.h"
#include "daemon/base/non_blocking_writer.h"
#include "daemon/config/config.h"
#include "daemon/desk/meter_rows.h"
#include "engine/tile/meter_frame.h"

namespace fohd {

class LiveMeter {
 public:
  /// [control] recent_log gives the last lines of the log, to be shown under the bars; absent_reason: why there is no
  /// audio, empty while it is not known yet. `config` may change while it runs (it is read again).
  LiveMeter(const Desk& desk, const DeskStatus& status, const Config& config, const std::string& absent_reason,
            std::function<std::vector<std::string>()> recent_log);
  ~LiveMeter();  ///< leaves the terminal as it was
  LiveMeter(const LiveMeter&) = delete;
  LiveMeter& operator=(const LiveMeter&) = delete;

  /// [control, every 10 ms] Never waits for the terminal.
  void take(const MeterFrame& frame);
  void draw(std::int64_t now_ms);

 private:
  std::string screen() const;
  std::string line() const;
  std::vector<MeterCell> cells() const;
  MeterCell cell(StripRef strip) const;
  std::string reached_at() const;
  std::string audio_line() const;

  const Desk& desk_;
  const DeskStatus& status_;
  const Config& config_;
  const std::string& absent_reason_;
  std::function<std::vector<std::string>()> recent_log_;
  std::vector<StripMeter> held_;  ///< maxima since the last drawing
  std::vector<float> outputs_, output_rms_;
  std::vector<bool> strip_heard_, output_heard_;  ///< has sounded since the start
  NonBlockingWriter writer_;
  std::int64_t next_ms_ = 0;
};

}  // namespace fohd
