// Whether the desk opens its outputs at its start (docs/DESK.md, "Starting"). Pure.
#pragma once

#include <optional>
#include <string>

#include "daemon/config/config.h"
#include "daemon/desk/run_options.h"
#include "daemon/store/state.h"

namespace fohd {

/// What is true now, to be compared with what was true when the state was written.
struct StartSituation {
  Geometry geometry;
  double rate_hz = 0;   ///< 0: not known yet
  std::string device;   ///< empty: not known yet
  std::string boot_id;  ///< empty: not known
  StartMode mode = StartMode::hold;
};

/// [any] The command line's `live`, then the configuration, then the command line's default, then hold.
inline StartMode start_mode(std::optional<StartMode> configured, const RunOptions& options) {
  if (options.live) return StartMode::live;
  return configured.value_or(options.live_by_default ? StartMode::live : StartMode::hold);
}

/// [any] What a state says of the desk, and of the counts that it does not have what is true now.
inline Geometry told_geometry(const StateMeta& then, Geometry now) {
  for (std::size_t i = 0; i < kCountRows.size(); ++i) {
    if ((then.geometry_counts >> i & 1) != 0) now.*kCountRows[i].count = then.geometry.*kCountRows[i].count;
  }
  return now;
}

/// [any] Empty: live. Otherwise why the outputs stay shut until /start/release, as the end of a sentence.
inline std::string reason_to_hold(const StoredState& state, const StartSituation& now) {
  if (!state.found) return "";  // a first start: nothing that could surprise
  const StateMeta& then = state.meta;
  if (const Geometry told = told_geometry(then, now.geometry); told != now.geometry) {
    std::string differences;
    for (const CountRow& row : kCountRows) {
      const int was = told.*row.count, is = now.geometry.*row.count;
      if (was == is) continue;
      differences += (differences.empty() ? "" : ", ") + std::string(row.word) + " " + std::to_string(was) + " then, " +
                     std::to_string(is) + " now";
    }
    return "the desk is another one (" + differences + ")";
  }
  if (then.rate_hz != 0 && now.rate_hz != 0 && then.rate_hz != now.rate_hz) {
    return "the sample rate is another one (" + std::to_string(static_cast<long>(then.rate_hz)) + " Hz then, " +
           std::to_string(static_cast<long>(now.rate_hz)) + " Hz now)";
  }
  if (!then.device.empty() && !now.device.empty() && then.device != now.device) {
    return "the audio device is another one (\"" + then.device + "\" then, \"" + now.device + "\" now)";
  }
  if (!then.boot_id.empty() && then.boot_id == now.boot_id) return "";  // a restart in the middle of a show
  return now.mode == StartMode::live ? "" : "the machine was switched on anew";
}

/// [any] What the state records as true when it was written. While the outputs wait to be released it keeps what it
/// recorded at the start: what is true now has not been confirmed, and a crash and restart must find the same reason
/// to wait. Only what was not known is filled in.
inline StateMeta meta_to_keep(const StateMeta& at_the_start, const StateMeta& now, bool held) {
  if (!held) return now;
  StateMeta meta = at_the_start;
  meta.geometry = told_geometry(meta, now.geometry);
  meta.geometry_counts |= now.geometry_counts;
  if (meta.rate_hz == 0) meta.rate_hz = now.rate_hz;
  if (meta.device.empty()) meta.device = now.device;
  meta.program_version = now.program_version;
  meta.clean_exit = now.clean_exit;
  return meta;
}

}  // namespace fohd
