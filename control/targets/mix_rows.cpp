#include "control/targets/mix_rows.h"

#include <algorithm>

#include "control/parameters/strip_names.h"

namespace fohd {
namespace {

MuteRules rules_of(const DeskSettings& desk) { return {.mute_pre_sends = desk.global.mute_pre_sends}; }

}  // namespace

MixRows::MixRows(const Geometry& geometry)
    : geometry_(geometry), columns_(static_cast<std::size_t>(kTaps * geometry.columns())) {}

void MixRows::design_sends(const MixingSettings& strip, int lane, int half, const DeskSettings& desk,
                           std::int32_t ramp_frames, TargetWriter& writer) {
  clear();
  if (strip.main_on) {
    add_to_main(strip_pan(strip.pan, strip.link, half), audibility(level_of(strip), rules_of(desk), Path::post_fader));
  }
  for (int bus = 0; bus < geometry_.buses; ++bus) add_send(strip, half, bus, desk);
  for (int tap = 0; tap < kTaps; ++tap) {
    writer.set_row(DeskTargets::row_index(lane, static_cast<Tap>(tap)), columns(static_cast<Tap>(tap)), ramp_frames);
  }
}

void MixRows::design_bus(int bus, int lane, const DeskSettings& desk, std::int32_t ramp_frames, TargetWriter& writer) {
  const MixSettings& mix = desk.buses[static_cast<std::size_t>(bus)];
  clear();
  const double gain = audibility(level_of(mix), rules_of(desk), Path::post_fader);
  if (mix.main_on) add_to_main(strip_pan(mix.pan, mix.link, bus % 2), gain);
  for (int slot = 0; slot < geometry_.effects(); ++slot) {
    const EffectSettings& effect = desk.effects[static_cast<std::size_t>(slot)];
    for (int side = 0; side < 2; ++side) {
      const bool feeds = kBusNames.at(effect.source[side]) == StripRef{OwnerKind::bus, bus};
      if (feeds && effect.type != EffectType::none) {
        columns(Tap::pre_fader)[geometry_.effect_column(slot) + side] = static_cast<float>(gain);
      }
    }
  }
  writer.set_row(DeskTargets::row_index(lane, Tap::pre_fader), columns(Tap::pre_fader), ramp_frames);
}

void MixRows::add_to_main(const PanGains& pan, double gain) {
  float* main = columns(Tap::pre_fader) + geometry_.main_column();
  main[0] = static_cast<float>(gain * pan.left);
  main[1] = static_cast<float>(gain * pan.right);
}

void MixRows::add_send(const MixingSettings& strip, int half, int bus, const DeskSettings& desk) {
  const SendSettings& send = strip.sends[static_cast<std::size_t>(bus)];
  if (!send.on) return;
  const SendTap tap = send.tap;
  const bool post = tap == SendTap::post_fader || tap == SendTap::subgroup;
  double gain = tap == SendTap::subgroup ? 1.0 : level_gain(send.level_db);
  gain *= audibility(level_of(strip), rules_of(desk), post ? Path::post_fader : Path::pre_fader);
  if (desk.buses[static_cast<std::size_t>(bus)].link) {
    // A subgroup takes the strip's own pan, a send has one of its own. A single bus takes neither.
    const float position = tap == SendTap::subgroup ? strip.pan : send.pan;
    const PanGains pan = strip_pan(position, strip.link, half);
    gain *= bus % 2 == 0 ? pan.left : pan.right;
  }
  columns(post ? Tap::pre_fader : static_cast<Tap>(send.tap))[geometry_.bus_column(bus)] = static_cast<float>(gain);
}

void MixRows::clear() { std::fill(columns_.begin(), columns_.end(), 0.0f); }

float* MixRows::columns(Tap tap) noexcept {
  return columns_.data() + static_cast<std::size_t>(static_cast<int>(tap) * geometry_.columns());
}

}  // namespace fohd
