#include <algorithm>

#include "engine/processors/dynamics_laws.h"
#include "engine/processors/gate.h"

namespace fohd {
namespace {

/// 2, 3 or 4 for the expanders, 0 for gate and ducker.
double ratio(GateMode mode) noexcept { return mode <= GateMode::expander_4 ? 2.0 + static_cast<int>(mode) : 0.0; }

}  // namespace

GateCoeffs design(const GateParams& params, double rate_hz) noexcept {
  GateCoeffs c;
  const double threshold_db = params.threshold_db, range_db = params.range_db;
  c.open_level = static_cast<float>(octaves(threshold_db));
  c.close_level = static_cast<float>(octaves(threshold_db - kGateHysteresisDb));
  if (ratio(params.mode) > 0) c.slope = static_cast<float>((ratio(params.mode) - 1) / octaves(range_db));
  c.attack_coeff = static_cast<float>(coeff_per_frame(static_cast<double>(params.attack_ms), rate_hz));
  c.release_coeff = static_cast<float>(coeff_per_frame(static_cast<double>(params.release_ms), rate_hz));
  c.hold_frames = static_cast<float>(whole_frames(static_cast<double>(params.hold_ms), rate_hz));
  const auto reduced = static_cast<float>(params.on ? -octaves(range_db) : 0.0);
  (params.mode == GateMode::ducker ? c.open_gain : c.closed_gain) = reduced;
  return c;
}

double gate_curve_db(const GateParams& params, double level_db, bool was_open) noexcept {
  const double threshold_db = params.threshold_db, range_db = params.range_db;
  if (!params.on) return 0;
  if (ratio(params.mode) > 0) {
    const double below_db = std::max(threshold_db - level_db, 0.0);
    return -std::min((ratio(params.mode) - 1) * below_db, range_db);
  }
  const bool open = level_db >= (was_open ? threshold_db - kGateHysteresisDb : threshold_db);
  const bool reduced = params.mode == GateMode::ducker ? open : !open;
  return reduced ? -range_db : 0;
}

}  // namespace fohd
