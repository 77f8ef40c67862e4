#include "control/targets/target_designer.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "engine/processors/eq_design.h"
#include "engine/processors/key_filter.h"

namespace fohd {
namespace {

// docs/DESK.md, "Ramps".
constexpr double kGainRampMs = 5, kMuteRampMs = 10;
/// A filter or compressor that is switched changes as much as a mute does, and takes as long.
constexpr double kCoefficientRampMs = kMuteRampMs;
constexpr double kStartRampMs = 200, kPanicRampMs = 20, kPanicReleaseRampMs = 500;
/// In-ear monitors never get more (docs/DESK.md, "Outputs").
constexpr float kEarsCeilingDb = -12;

double polarity(bool inverted) { return inverted ? -1.0 : 1.0; }
double unless(bool muted, double gain) { return muted ? 0.0 : gain; }

template <std::size_t N>
void design_bands(const EqBandParams (&bands)[N], bool on, double rate_hz, SvfCoeffs (&into)[kMaxEqBands]) {
  for (std::size_t i = 0; i < N; ++i) {
    EqBandParams band = bands[i];
    band.on = on;
    into[i] = design(band, rate_hz);
  }
}

KeyTargets design_key(const KeySettings& key, bool linked, const Geometry& geometry, double rate_hz) {
  KeyTargets targets;
  const int channel = key.source - 1, bus = key.source - 1 - kMaxInputs;
  if (channel >= 0 && channel < geometry.inputs) targets.source = channel;
  if (bus >= 0 && bus < geometry.buses) targets.source = geometry.first_bus_strip() + bus;
  targets.linked = linked;
  if (key.filter_on) {
    targets.filter = design_key_filter(key.filter_type, static_cast<double>(key.filter_hz), rate_hz);
  }
  return targets;
}

/// of: GateSettings or CompressorSettings. A disabled processor has no key source.
template <class Settings>
KeyTargets key_of(const Settings& of, bool linked, const Geometry& geometry, double rate_hz) {
  return of.on ? design_key(of.key, linked, geometry, rate_hz) : KeyTargets{};
}

}  // namespace

TargetDesigner::TargetDesigner(Desk& desk, double rate_hz)
    : desk_(desk),
      rate_hz_(rate_hz),
      targets_(desk.geometry()),
      effects_(desk.geometry(), rate_hz),
      channel_work_(desk.settings().channels.size(), Work{true, true, false}),
      return_work_(desk.settings().returns.size(), Work{true, true, false}),
      bus_work_(desk.settings().buses.size(), Work{true, true, false}),
      main_work_{true, true, false},
      row_turns_(targets_.rows.size()),
      output_turns_(targets_.outputs.size()),
      scratch_(static_cast<std::size_t>(kTaps * desk.geometry().columns())),
      packed_(static_cast<std::size_t>(desk.geometry().columns())) {
  desk_.attach(observer_);
  update();
}

TargetDesigner::~TargetDesigner() { desk_.detach(observer_); }

bool TargetDesigner::update(bool unread) {
  changed_ = false;
  ++turn_;
  if (!unread) first_unread_turn_ = turn_;
  collect();
  for (std::size_t n = 0; n < channel_work_.size(); ++n) {
    if (channel_work_[n].any()) design_channel(static_cast<int>(n), std::exchange(channel_work_[n], {}));
  }
  for (std::size_t n = 0; n < bus_work_.size(); ++n) {
    if (bus_work_[n].any()) design_bus(static_cast<int>(n), std::exchange(bus_work_[n], {}));
  }
  for (std::size_t n = 0; n < return_work_.size(); ++n) {
    if (return_work_[n].any()) design_return(static_cast<int>(n), std::exchange(return_work_[n], {}));
  }
  if (main_work_.any()) design_main(std::exchange(main_work_, {}));
  design_listen();
  design_shutter();
  changed_ |= effects_.update(desk_.settings().effects, targets_.effects);
  return changed_;
}

void TargetDesigner::set_load_reduction(LoadReduction load_reduction) {
  if (load_reduction == std::exchange(load_reduction_, load_reduction)) return;
  main_work_.merge({.gains = true});
}

/// Sorts what is dirty by strip.
void TargetDesigner::collect() {
  for (const ParameterId id : observer_.dirty.ids()) {
    const Parameter& p = desk_.table()[id];
    const Stage stage = p.row->stage;
    if (stage == Stage::none) continue;
    const bool processing = stage >= Stage::low_cut && stage <= Stage::compressor;
    // A link is about both: gains, and the detectors of a pair.
    const bool link = p.row->link_role == LinkRole::toggle;
    const Work more{processing || link, !processing, !processing && p.row->kind == Kind::boolean};
    const auto add = [&more](Work& work) { work.merge(more); };
    const auto owner = static_cast<std::size_t>(p.owner);
    if (p.owner_kind == OwnerKind::channel) add(channel_work_[owner]);
    if (p.owner_kind == OwnerKind::bus) add(bus_work_[owner]);
    if (p.owner_kind == OwnerKind::fx_return) add(return_work_[owner]);
    if (p.owner_kind == OwnerKind::main) add(main_work_);
    if (p.owner_kind == OwnerKind::effect) effects_.touch(p.owner);
    if (stage == Stage::effect_source) {
      // Which bus feeds an effect stands among what the bus feeds. It is a switch.
      const Work source{.gains = true, .switched = true};
      std::for_each(bus_work_.begin(), bus_work_.end(), [&](Work& work) { work.merge(source); });
    }
    // Pans of sends take effect when buses are linked. Key listen and the shutter are designed in every turn.
    const bool bus_link = p.owner_kind == OwnerKind::bus && link;
    const bool desk_wide = p.owner_kind == OwnerKind::global && stage == Stage::mix;
    if (bus_link || desk_wide) {
      std::for_each(channel_work_.begin(), channel_work_.end(), add);
      std::for_each(return_work_.begin(), return_work_.end(), add);
    }
  }
  observer_.dirty.clear();
}

void TargetDesigner::design_channel(int channel, const Work& work) {
  const ChannelSettings& settings = desk_.settings().channels[static_cast<std::size_t>(channel)];
  LaneTargets lane = targets_.lanes[static_cast<std::size_t>(channel)];  // a channel's strip is its number
  lane.input_gain = static_cast<float>(level_gain(settings.trim_db) * polarity(settings.polarity_inverted));
  lane.post_gain = static_cast<float>(level_gain(settings.fader_db));
  lane.source = settings.source <= desk_.geometry().inputs ? settings.source - 1 : -1;
  lane.delay_frames = settings.delay_on ? frames(static_cast<double>(settings.delay_ms)) : 0;
  lane.input_gain_ramp_frames = lane.post_gain_ramp_frames = frames(kGainRampMs);
  lane.coeff_ramp_frames = frames(kCoefficientRampMs);
  if (work.processing) {
    design(settings.low_cut, rate_hz_, lane.low_cut);
    design_bands(settings.eq, settings.eq_on, rate_hz_, lane.eq);
    lane.gate = design(settings.gate, rate_hz_);
    lane.gate_key = key_of(settings.gate, settings.link, desk_.geometry(), rate_hz_);
    set_compressor(lane, settings.compressor, settings.link);
  }
  commit(channel, lane);
  if (work.gains) design_mixing(channel, channel % 2, settings, work);
}

void TargetDesigner::design_return(int side, const Work& work) {
  const ReturnSettings& settings = desk_.settings().returns[static_cast<std::size_t>(side)];
  const int strip = desk_.geometry().first_return_strip() + side;
  LaneTargets lane = targets_.lanes[static_cast<std::size_t>(strip)];
  lane.post_gain = static_cast<float>(level_gain(settings.fader_db));
  lane.post_gain_ramp_frames = frames(kGainRampMs);
  lane.coeff_ramp_frames = frames(kCoefficientRampMs);
  if (work.processing) design_bands(settings.eq, settings.eq_on, rate_hz_, lane.eq);
  commit(strip, lane);
  if (work.gains) design_mixing(strip, side % 2, settings, work);
}

/// Everything one channel or return gives to main and the buses. half: which one of its pair, 0 the odd one.
void TargetDesigner::design_mixing(int strip, int half, const MixingSettings& settings, const Work& work) {
  std::fill(scratch_.begin(), scratch_.end(), 0.0f);
  if (settings.main_on) {
    add_to_main(strip_pan(settings.pan, settings.link, half), unless(settings.mute, level_gain(settings.fader_db)));
  }
  for (int bus = 0; bus < desk_.geometry().buses; ++bus) add_send(settings, half, bus);
  for (int tap = 0; tap < kTaps; ++tap) {
    commit_row(DeskTargets::row_index(strip, static_cast<Tap>(tap)), scratch_row(static_cast<Tap>(tap)),
               gain_ramp(work));
  }
}

/// Into the scratch rows.
void TargetDesigner::add_to_main(const PanGains& pan, double gain) {
  float* main = scratch_row(Tap::pre_fader) + desk_.geometry().main_column();
  main[0] = static_cast<float>(gain * pan.left);
  main[1] = static_cast<float>(gain * pan.right);
}

/// Into the scratch rows.
void TargetDesigner::add_send(const MixingSettings& settings, int half, int bus) {
  const SendSettings& send = settings.sends[static_cast<std::size_t>(bus)];
  if (!send.on) return;
  const SendTap tap = send.tap;
  const bool post = tap == SendTap::post_fader || tap == SendTap::subgroup;
  const bool muted = settings.mute && (post || desk_.settings().global.mute_pre_sends);
  double gain = tap == SendTap::subgroup ? 1.0 : level_gain(send.level_db);
  if (post) gain *= level_gain(settings.fader_db);
  if (desk_.settings().buses[static_cast<std::size_t>(bus)].link) {
    // A subgroup takes the channel's own pan, a send has one of its own. A single bus takes neither.
    const float position = tap == SendTap::subgroup ? settings.pan : send.pan;
    const PanGains pan = strip_pan(position, settings.link, half);
    gain *= bus % 2 == 0 ? pan.left : pan.right;
  }
  float* row = scratch_row(post ? Tap::pre_fader : static_cast<Tap>(send.tap));
  row[desk_.geometry().bus_column(bus)] = static_cast<float>(unless(muted, gain));
}

void TargetDesigner::design_bus(int bus, const Work& work) {
  const Geometry& geometry = desk_.geometry();
  const MixSettings& mix = desk_.settings().buses[static_cast<std::size_t>(bus)];
  const int strip = geometry.first_bus_strip() + bus;
  LaneTargets lane = targets_.lanes[static_cast<std::size_t>(strip)];
  set_mix_processing(lane, mix, mix.link, work);
  commit(strip, lane);
  if (!work.gains) return;

  std::fill(scratch_.begin(), scratch_.end(), 0.0f);
  float* row = scratch_row(Tap::pre_fader);
  const double gain = unless(mix.mute, level_gain(mix.fader_db));
  if (mix.main_on) add_to_main(strip_pan(mix.pan, mix.link, bus % 2), gain);
  for (int slot = 0; slot < geometry.effects(); ++slot) {
    const EffectSettings& effect = desk_.settings().effects[static_cast<std::size_t>(slot)];
    for (int side = 0; side < 2; ++side) {
      const bool feeds = effect.source[side] == bus + 1 && effect.type != EffectType::none;
      if (feeds) row[geometry.effect_column(slot) + side] = static_cast<float>(gain);
    }
  }
  commit_row(DeskTargets::row_index(strip, Tap::pre_fader), row, gain_ramp(work));
  design_output(2 + bus, gain, mix.output[0], work);
}

void TargetDesigner::design_main(const Work& work) {
  const MixSettings& mix = desk_.settings().main;
  for (int side = 0; side < 2; ++side) {
    const int strip = desk_.geometry().main_strip() + side;
    LaneTargets lane = targets_.lanes[static_cast<std::size_t>(strip)];
    set_mix_processing(lane, mix, true, work);  // left and right are one picture
    commit(strip, lane);
    if (work.gains) design_output(side, 1.0, mix.output[side], work);
  }
  if (work.gains) design_main_bus(mix, work);
}

void TargetDesigner::design_main_bus(const MixSettings& mix, const Work& work) {
  const MainBusSettings& main_bus = mix.main_bus;
  MainTargets& present = targets_.main;
  MainTargets next = present;
  const PanGains sides = balance(mix.pan);
  const double gain = unless(mix.mute, level_gain(mix.fader_db));
  next.gain[0] = static_cast<float>(gain * sides.left);
  next.gain[1] = static_cast<float>(gain * sides.right);
  next.width = design(main_bus.width, rate_hz_);
  next.limiter = design(main_bus.limiter, rate_hz_);
  next.limiter.between = load_reduction_ < LoadReduction::between_samples;
  if (next == present) return;
  next.gain_ramp_frames = folded(gain_ramp(work), present.gain_ramp_frames, main_turn_);
  ++next.revision;
  present = next;
  changed_ = true;
}

void TargetDesigner::set_compressor(LaneTargets& lane, const CompressorSettings& compressor, bool linked) const {
  lane.compressor = design(compressor, rate_hz_);
  lane.compressor_key = key_of(compressor, linked, desk_.geometry(), rate_hz_);
  lane.compressor_before_eq = compressor.position == CompressorPosition::before_eq;
}

void TargetDesigner::set_mix_processing(LaneTargets& lane, const MixSettings& mix, bool linked,
                                        const Work& work) const {
  lane.post_gain = static_cast<float>(level_gain(mix.fader_db));
  lane.post_gain_ramp_frames = frames(kGainRampMs);
  lane.coeff_ramp_frames = frames(kCoefficientRampMs);
  if (!work.processing) return;
  design_bands(mix.eq, mix.eq_on, rate_hz_, lane.eq);
  set_compressor(lane, mix.compressor, linked);
}

void TargetDesigner::design_output(int output, double fader_gain, const OutputSettings& settings, const Work& work) {
  OutputTargets& present = targets_.outputs[static_cast<std::size_t>(output)];
  OutputTargets next = present;
  next.gain = static_cast<float>(fader_gain * level_gain(settings.level_db) * polarity(settings.polarity_inverted));
  next.delay_frames = settings.delay_on ? frames(static_cast<double>(settings.delay_ms)) : 0;
  const float ceiling_db =
      settings.ears ? std::min(settings.limiter_ceiling_db, kEarsCeilingDb) : settings.limiter_ceiling_db;
  next.limiter_ceiling = static_cast<float>(level_gain(ceiling_db));
  next.limiter_on = settings.limiter_on || settings.ears;
  if (next == present) return;
  next.gain_ramp_frames =
      folded(gain_ramp(work), present.gain_ramp_frames, output_turns_[static_cast<std::size_t>(output)]);
  ++next.revision;
  present = next;
  changed_ = true;
}

/// The first channel with key listen.
void TargetDesigner::design_listen() {
  const DeskSettings& desk = desk_.settings();
  const auto first = std::find_if(desk.channels.begin(), desk.channels.end(),
                                  [](const ChannelSettings& channel) { return channel.gate.key_listen; });
  ListenTargets next = targets_.listen;
  next.ramp_frames = frames(kCoefficientRampMs);
  next.strip = next.bus_strip = -1;
  const int bus = desk.global.listen_bus - 1;
  if (first != desk.channels.end() && bus >= 0 && bus < desk_.geometry().buses) {
    next.strip = static_cast<std::int32_t>(first - desk.channels.begin());
    next.bus_strip = desk_.geometry().first_bus_strip() + bus;
    next.key = design_key(first->gate.key, false, desk_.geometry(), rate_hz_);
  }
  if (next == targets_.listen) return;
  ++next.revision;
  targets_.listen = next;
  changed_ = true;
}

void TargetDesigner::design_shutter() {
  const bool panic = desk_.settings().global.panic;
  ShutterTargets next = targets_.shutter;
  next.open = !(hold_ || panic || shutdown_);
  next.close_ramp_frames = frames(kPanicRampMs);
  if (panic && !panic_since_open_) effects_.kill_all();
  panic_since_open_ |= panic;
  if (next.open && (!targets_.shutter.open || next.open_ramp_frames == 0)) {
    next.open_ramp_frames = frames(panic_since_open_ ? kPanicReleaseRampMs : kStartRampMs);
    panic_since_open_ = false;
  }
  if (next == targets_.shutter) return;
  targets_.shutter = next;
  changed_ = true;
}

void TargetDesigner::commit(int strip, const LaneTargets& next) {
  LaneTargets& present = targets_.lanes[static_cast<std::size_t>(strip)];
  if (next == present) return;
  present = next;
  ++present.revision;
  changed_ = true;
}

void TargetDesigner::commit_row(int row, const float* gains, std::int32_t ramp_frames) {
  const int size = targets_.layout.row_size(row);
  targets_.layout.pack(row, gains, packed_.data());
  float* present = targets_.row_gains(row);
  if (std::equal(packed_.data(), packed_.data() + size, present)) return;
  std::copy_n(packed_.data(), size, present);
  RowTargets& targets = targets_.rows[static_cast<std::size_t>(row)];
  targets.ramp_frames = folded(ramp_frames, targets.ramp_frames, row_turns_[static_cast<std::size_t>(row)]);
  ++targets.revision;
  changed_ = true;
}

std::int32_t TargetDesigner::folded(std::int32_t ramp_frames, std::int32_t previous,
                                    std::uint32_t& block_turn) const noexcept {
  const bool unread = block_turn >= first_unread_turn_;
  block_turn = turn_;
  return unread ? std::max(ramp_frames, previous) : ramp_frames;
}

void TargetDesigner::publish(Engine& engine, Latest<DeskTargets>& latest) {
  effects_.hand_over(engine);
  copy_to(latest.back());
  latest.publish();
}

void TargetDesigner::give(Engine& engine) {
  effects_.hand_over(engine);
  engine.set_targets(targets_);
}

void TargetDesigner::copy_to(DeskTargets& slot) const {
  for (std::size_t i = 0; i < targets_.lanes.size(); ++i) {
    if (slot.lanes[i].revision != targets_.lanes[i].revision) slot.lanes[i] = targets_.lanes[i];
  }
  for (std::size_t i = 0; i < targets_.rows.size(); ++i) {
    if (slot.rows[i].revision == targets_.rows[i].revision) continue;
    slot.rows[i] = targets_.rows[i];
    const int row = static_cast<int>(i);
    std::copy_n(targets_.row_gains(row), targets_.layout.row_size(row), slot.row_gains(row));
  }
  for (std::size_t i = 0; i < targets_.outputs.size(); ++i) {
    if (slot.outputs[i].revision != targets_.outputs[i].revision) slot.outputs[i] = targets_.outputs[i];
  }
  for (std::size_t i = 0; i < targets_.effects.size(); ++i) {
    if (slot.effects[i].revision != targets_.effects[i].revision) slot.effects[i] = targets_.effects[i];
  }
  if (slot.main.revision != targets_.main.revision) slot.main = targets_.main;
  if (slot.listen.revision != targets_.listen.revision) slot.listen = targets_.listen;
  slot.shutter = targets_.shutter;
}

float* TargetDesigner::scratch_row(Tap tap) noexcept {
  return scratch_.data() + static_cast<std::size_t>(static_cast<int>(tap) * desk_.geometry().columns());
}

std::int32_t TargetDesigner::frames(double ms) const noexcept {
  return static_cast<std::int32_t>(std::lround(ms * rate_hz_ / 1000));
}

std::int32_t TargetDesigner::gain_ramp(const Work& work) const noexcept {
  return frames(work.switched ? kMuteRampMs : kGainRampMs);
}

}  // namespace fohd
