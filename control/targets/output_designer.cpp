#include "control/targets/output_designer.h"

#include <algorithm>

#include "control/parameters/owner_rows.h"
#include "control/parameters/strip_names.h"
#include "control/targets/mix_rows.h"
#include "control/targets/strip_lanes.h"
#include "control/targets/target_work.h"

namespace fohd {
namespace {

/// In-ear monitors never get more (docs/DESK.md, "Outputs").
constexpr float kEarsCeilingDb = -12;

}  // namespace

void design_output(int output, double fader_gain, const OutputSettings& settings, std::int32_t ramp_frames,
                   TargetWriter& writer) {
  OutputTargets next = writer.targets().outputs[static_cast<std::size_t>(output)];
  next.gain = static_cast<float>(fader_gain * level_gain(settings.level_db) * polarity(settings.polarity_inverted));
  next.delay_frames = settings.delay_on ? writer.frames(static_cast<double>(settings.delay_ms)) : 0;
  const float ceiling_db =
      settings.ears ? std::min(settings.limiter_ceiling_db, kEarsCeilingDb) : settings.limiter_ceiling_db;
  next.limiter_ceiling = static_cast<float>(level_gain(ceiling_db));
  next.limiter_on = settings.limiter_on || settings.ears;
  writer.set_output(output, next, ramp_frames);
}

void design_main_bus(const MixSettings& main, LoadReduction load_reduction, std::int32_t ramp_frames,
                     TargetWriter& writer) {
  MainTargets next = writer.targets().main;
  const PanGains sides = balance(main.pan);
  const double gain = audibility(level_of(main), {}, Path::post_fader);
  next.gain[0] = static_cast<float>(gain * sides.left);
  next.gain[1] = static_cast<float>(gain * sides.right);
  next.width = design(main.main_bus.width, writer.rate_hz());
  next.limiter = design(main.main_bus.limiter, writer.rate_hz());
  next.limiter.between = load_reduction < LoadReduction::between_samples;
  writer.set_main(next, ramp_frames);
}

void design_listen(const DeskSettings& desk, TargetWriter& writer) {
  const auto first = std::find_if(desk.channels.begin(), desk.channels.end(),
                                  [](const ChannelSettings& channel) { return channel.gate.key_listen; });
  ListenTargets next = writer.targets().listen;
  next.ramp_frames = writer.frames(kCoefficientRampMs);
  next.strip = next.bus_strip = -1;
  const auto bus = kBusNames.at(desk.global.listen_bus);
  const auto bus_lane = bus ? lane_of(*bus, writer.geometry()) : std::nullopt;
  if (first != desk.channels.end() && bus_lane) {
    const auto channel = static_cast<int>(first - desk.channels.begin());
    next.strip = lane_of({OwnerKind::channel, channel}, writer.geometry()).value_or(-1);
    next.bus_strip = *bus_lane;
    next.key = design_key(first->gate.key, false, writer.geometry(), writer.rate_hz());
  }
  writer.set_listen(next);
}

bool ShutterDesigner::design(bool panic, TargetWriter& writer) {
  const ShutterTargets& present = writer.targets().shutter;
  ShutterTargets next = present;
  next.open = !(hold_ || panic || shutdown_);
  next.close_ramp_frames = writer.frames(kPanicRampMs);
  const bool panic_begins = panic && !panic_since_open_;
  panic_since_open_ |= panic;
  if (next.open && (!present.open || next.open_ramp_frames == 0)) {
    next.open_ramp_frames = writer.frames(panic_since_open_ ? kPanicReleaseRampMs : kStartRampMs);
    panic_since_open_ = false;
  }
  writer.set_shutter(next);
  return panic_begins;
}

}  // namespace fohd
