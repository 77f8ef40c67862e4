#include <algorithm>

#include "engine/processors/compressor.h"
#include "engine/processors/dynamics_laws.h"

namespace fohd {
namespace {

/// Head of compressor_kernels.cpp.
constexpr double kRmsMs = 10, kCrestMs = 200;
/// Deeper than any ratio can go from +24 dBFS with a threshold of -60 dB.
constexpr double kCompressorRangeDb = 120;

bool expands(const CompressorParams& params) noexcept { return params.mode == CompressorMode::expander; }

/// dB of gain per dB beyond the threshold.
double slope(const CompressorParams& params) noexcept {
  const double ratio = std::max(static_cast<double>(params.ratio), 1.0);
  return expands(params) ? 1 - ratio : 1 / ratio - 1;
}

double range_db(const CompressorParams& params) noexcept {
  return expands(params) ? kExpanderRangeDb : kCompressorRangeDb;
}

double linear(double db) noexcept { return std::pow(10, db / 20); }

}  // namespace

CompressorCoeffs design(const CompressorParams& params, double rate_hz) noexcept {
  const auto narrow = [](double x) { return static_cast<float>(x); };
  const double knee_db = params.knee_db;
  CompressorCoeffs c;
  c.direction = expands(params) ? -1.0f : 1.0f;
  c.threshold = narrow(octaves(params.threshold_db));
  c.half_knee = narrow(octaves(knee_db / 2));
  c.knee_curve = knee_db > 0 ? narrow(1 / (2 * octaves(knee_db))) : 0.0f;
  c.slope = narrow(slope(params));
  c.lowest = narrow(-octaves(range_db(params)));
  c.power_coeff = params.detector == Detector::rms ? narrow(coeff_per_frame(kRmsMs, rate_hz)) : 1.0f;
  c.linear = params.envelope == Envelope::linear ? 1.0f : 0.0f;
  c.crest_coeff = params.auto_time ? narrow(coeff_per_frame(kCrestMs, rate_hz)) : 0.0f;
  c.attack_coeff = narrow(coeff_per_frame(params.attack_ms, rate_hz));
  c.release_coeff = narrow(coeff_per_frame(params.release_ms, rate_hz));
  c.hold_frames = narrow(whole_frames(params.hold_ms, rate_hz));
  if (!params.on) return c;
  const double mix = static_cast<double>(params.mix_percent) / 100;
  const double makeup_db = static_cast<double>(params.makeup_db) + (params.auto_makeup ? auto_makeup_db(params) : 0.0);
  c.dry = narrow(1 - mix);
  c.wet = narrow(mix * linear(makeup_db));
  return c;
}

double compressor_curve_db(const CompressorParams& params, double level_db) noexcept {
  const double half_knee_db = static_cast<double>(params.knee_db) / 2;
  const double over_db = level_db - static_cast<double>(params.threshold_db);
  const double beyond_db = expands(params) ? -over_db : over_db;
  double bent_db = std::max(beyond_db, 0.0);
  if (half_knee_db > 0 && std::abs(beyond_db) < half_knee_db) {
    bent_db = (beyond_db + half_knee_db) * (beyond_db + half_knee_db) / (4 * half_knee_db);
  }
  return std::max(slope(params) * bent_db, -range_db(params));
}

double auto_makeup_db(const CompressorParams& params) noexcept {
  return expands(params) ? 0 : -compressor_curve_db(params, 0) / 2;
}

}  // namespace fohd
