#include "control/targets/target_designer.h"

#include <algorithm>
#include <utility>

#include "control/targets/strip_lanes.h"

namespace fohd {

// In the order of OwnerKind.
const std::array<TargetDesigner::Design, kOwnerRows.size()> TargetDesigner::kDesigns = std::to_array<Design>({
    &TargetDesigner::design_strip<OwnerKind::channel, &DeskSettings::channels>, &TargetDesigner::design_bus,
    &TargetDesigner::design_main,
    nullptr,  // effects have a designer of their own
    &TargetDesigner::design_strip<OwnerKind::fx_return, &DeskSettings::returns>,
    nullptr,  // key listen and the shutter are designed in every turn
});

TargetDesigner::TargetDesigner(Desk& desk, double rate_hz)
    : desk_(desk), writer_(desk.geometry(), rate_hz), rows_(desk.geometry()), effects_(desk.geometry(), rate_hz) {
  for (std::size_t k = 0; k < kOwnerRows.size(); ++k) {
    const int count = kDesigns[k] == nullptr ? 0 : kOwnerRows[k].count(desk.geometry());
    work_[k].assign(static_cast<std::size_t>(count), TargetWork{true, true, false});
  }
  desk_.attach(observer_);
  update();
}

TargetDesigner::~TargetDesigner() { desk_.detach(observer_); }

bool TargetDesigner::update(bool unread) {
  writer_.begin(unread);
  sort_dirty();
  for (std::size_t k = 0; k < work_.size(); ++k) {
    for (std::size_t owner = 0; owner < work_[k].size(); ++owner) {
      const TargetWork work = std::exchange(work_[k][owner], {});
      if (work.any()) (this->*kDesigns[k])(static_cast<int>(owner), work);
    }
  }
  design_listen(desk_.settings(), writer_);
  if (shutter_.design(desk_.settings().global.panic, writer_)) effects_.kill_all();
  writer_.note_change(effects_.update(desk_.settings().effects, writer_.effects()));
  return writer_.changed();
}

void TargetDesigner::set_load_reduction(LoadReduction load_reduction) {
  if (load_reduction != std::exchange(load_reduction_, load_reduction)) add_work(OwnerKind::main, {.gains = true});
}

void TargetDesigner::add_work(OwnerKind owner_kind, const TargetWork& work) {
  for (TargetWork& present : work_of(owner_kind)) present.merge(work);
}

void TargetDesigner::sort_dirty() {
  for (const ParameterId id : observer_.dirty.ids()) {
    const Parameter& p = desk_.table()[id];
    const Stage stage = p.row->stage;
    if (stage == Stage::none) continue;
    const bool processing = stage >= Stage::low_cut && stage <= Stage::compressor;
    // A link is about both: gains, and the detectors of a pair.
    const bool link = p.row->link_role == LinkRole::toggle;
    const TargetWork work{processing || link, !processing, !processing && p.row->kind == Kind::boolean};
    if (std::vector<TargetWork>& all = work_of(p.owner_kind); !all.empty()) {
      all[static_cast<std::size_t>(p.owner)].merge(work);
    }
    if (p.owner_kind == OwnerKind::effect) effects_.touch(p.owner);
    // Which bus feeds an effect stands among what the bus feeds. It is a switch.
    if (stage == Stage::effect_source) add_work(OwnerKind::bus, {.gains = true, .switched = true});
    // Pans of sends take effect where a pair is linked; the desk's own gains concern all sends.
    const bool pair_of_buses = link && p.owner_kind == OwnerKind::bus;
    const bool of_the_desk = p.owner_kind == OwnerKind::global && stage == Stage::mix;
    for (std::size_t k = 0; (pair_of_buses || of_the_desk) && k < kOwnerRows.size(); ++k) {
      if (kOwnerRows[k].has_sends) add_work(static_cast<OwnerKind>(k), work);
    }
  }
  observer_.dirty.clear();
}

template <OwnerKind kind, auto kStrips>
void TargetDesigner::design_strip(int owner, const TargetWork& work) {
  const auto& settings = (desk_.settings().*kStrips)[static_cast<std::size_t>(owner)];
  const int strip = lane(kind, owner);
  design_lane(settings, strip, work.processing, writer_);
  if (work.gains) {
    rows_.design_sends(settings, strip, owner % 2, desk_.settings(), writer_.frames(work.ramp_ms()), writer_);
  }
}

void TargetDesigner::design_bus(int bus, const TargetWork& work) {
  const MixSettings& mix = desk_.settings().buses[static_cast<std::size_t>(bus)];
  const int strip = lane(OwnerKind::bus, bus);
  design_lane(mix, mix.link, strip, work.processing, writer_);
  if (!work.gains) return;
  const std::int32_t ramp_frames = writer_.frames(work.ramp_ms());
  rows_.design_bus(bus, strip, desk_.settings(), ramp_frames, writer_);
  const double gain = audibility(level_of(mix), {}, Path::post_fader);
  design_output(desk_.geometry().first_output(StripKind::bus) + bus, gain, mix.output[0], ramp_frames, writer_);
}

void TargetDesigner::design_main(int, const TargetWork& work) {
  const MixSettings& mix = desk_.settings().main;
  const std::int32_t ramp_frames = writer_.frames(work.ramp_ms());
  for (int side = 0; side < 2; ++side) {
    // Left and right are one picture.
    design_lane(mix, true, lane(OwnerKind::main, 0) + side, work.processing, writer_);
    if (!work.gains) continue;
    design_output(desk_.geometry().first_output(StripKind::main) + side, 1.0, mix.output[side], ramp_frames, writer_);
  }
  if (work.gains) design_main_bus(mix, load_reduction_, ramp_frames, writer_);
}

void TargetDesigner::publish(Engine& engine, Latest<DeskTargets>& latest) {
  effects_.hand_over(engine);
  writer_.count_publication();
  copy_to(latest.back());
  latest.publish();
}

void TargetDesigner::give(Engine& engine) {
  effects_.hand_over(engine);
  writer_.count_publication();
  engine.set_targets(targets());
}

}  // namespace fohd
