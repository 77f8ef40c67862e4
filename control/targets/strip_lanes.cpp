#include "control/targets/strip_lanes.h"

#include "control/parameters/owner_rows.h"
#include "control/parameters/strip_names.h"
#include "control/targets/gain_laws.h"
#include "control/targets/target_work.h"
#include "engine/processors/eq_design.h"
#include "engine/processors/key_filter.h"

namespace fohd {
namespace {

template <std::size_t N>
void design_bands(const EqBandParams (&bands)[N], bool on, double rate_hz, SvfCoeffs (&into)[kMaxEqBands]) {
  for (std::size_t i = 0; i < N; ++i) {
    EqBandParams band = bands[i];
    band.on = on;
    into[i] = design(band, rate_hz);
  }
}

/// of: GateSettings or CompressorSettings. A disabled processor has no key source.
template <class Settings>
KeyTargets key_of(const Settings& of, bool linked, const TargetWriter& writer) {
  return of.on ? design_key(of.key, linked, writer.geometry(), writer.rate_hz()) : KeyTargets{};
}

void set_compressor(LaneTargets& lane, const CompressorSettings& compressor, bool linked, const TargetWriter& writer) {
  lane.compressor = design(compressor, writer.rate_hz());
  lane.compressor_key = key_of(compressor, linked, writer);
  lane.compressor_before_eq = compressor.position == CompressorPosition::before_eq;
}

LaneTargets begun(float fader_db, int strip, const TargetWriter& writer) {
  LaneTargets lane = writer.targets().lanes[static_cast<std::size_t>(strip)];
  lane.post_gain = static_cast<float>(level_gain(fader_db));
  lane.post_gain_ramp_frames = writer.frames(kGainRampMs);
  lane.coeff_ramp_frames = writer.frames(kCoefficientRampMs);
  return lane;
}

}  // namespace

KeyTargets design_key(const KeySettings& key, bool linked, const Geometry& geometry, double rate_hz) {
  KeyTargets targets;
  if (const auto source = kKeySources.at(key.source)) targets.source = lane_of(*source, geometry).value_or(-1);
  targets.linked = linked;
  if (key.filter_on) {
    targets.filter = design_key_filter(key.filter_type, static_cast<double>(key.filter_hz), rate_hz);
  }
  return targets;
}

void design_lane(const ChannelSettings& settings, int strip, bool processing, TargetWriter& writer) {
  LaneTargets lane = begun(settings.fader_db, strip, writer);
  lane.input_gain = static_cast<float>(level_gain(settings.trim_db) * polarity(settings.polarity_inverted));
  lane.source = settings.source <= writer.geometry().inputs ? settings.source - 1 : -1;
  lane.delay_frames = settings.delay_on ? writer.frames(static_cast<double>(settings.delay_ms)) : 0;
  lane.input_gain_ramp_frames = writer.frames(kGainRampMs);
  if (processing) {
    design(settings.low_cut, writer.rate_hz(), lane.low_cut);
    design_bands(settings.eq, settings.eq_on, writer.rate_hz(), lane.eq);
    lane.gate = design(settings.gate, writer.rate_hz());
    lane.gate_key = key_of(settings.gate, settings.link, writer);
    set_compressor(lane, settings.compressor, settings.link, writer);
  }
  writer.set_lane(strip, lane);
}

void design_lane(const ReturnSettings& settings, int strip, bool processing, TargetWriter& writer) {
  LaneTargets lane = begun(settings.fader_db, strip, writer);
  if (processing) design_bands(settings.eq, settings.eq_on, writer.rate_hz(), lane.eq);
  writer.set_lane(strip, lane);
}

void design_lane(const MixSettings& settings, bool linked, int strip, bool processing, TargetWriter& writer) {
  LaneTargets lane = begun(settings.fader_db, strip, writer);
  if (processing) {
    design_bands(settings.eq, settings.eq_on, writer.rate_hz(), lane.eq);
    set_compressor(lane, settings.compressor, linked, writer);
  }
  writer.set_lane(strip, lane);
}

}  // namespace fohd
