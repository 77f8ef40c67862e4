#include "control/midi/midi_unit.h"

#include <algorithm>
#include <cstdio>
#include <utility>

namespace fohd {

std::string midi_hex(MidiBytes bytes) {
  constexpr std::size_t kMost = 24;
  std::string text;
  char two[4];
  for (std::size_t i = 0; i < std::min(bytes.size(), kMost); ++i) {
    std::snprintf(two, sizeof two, "%02X", static_cast<unsigned>(bytes[i]));
    text += (i == 0 ? "" : " ") + std::string(two);
  }
  return bytes.size() > kMost ? text + " ..." : text;
}

MidiUnit::MidiUnit(MidiContext& context, std::uint64_t client, std::string name, MidiProfile profile, SurfaceView& view,
                   int first_column)
    : context_(context),
      client_(client),
      name_(std::move(name)),
      profile_(std::move(profile)),
      view_(view),
      first_column_(first_column),
      decoder_(profile_.protocol),
      display_(profile_.display, profile_.columns) {
  for (MidiControlSpec& spec : profile_.controls) add_control(spec);
  index_controls();
}

void MidiUnit::add_control(MidiControlSpec spec) {
  Control control;
  decoder_.expect_14_bit(spec.message);
  const MotorFaderSpec motor{spec.full_scale,  spec.resolution,
                             spec.echo,        spec.touch.has_value(),
                             spec.hold_off_ms, spec.reports_motor.value_or(spec.touch.has_value())};
  control.motor = MotorFader(motor);
  control.takeover = Takeover(spec.takeover, 1.0 / std::max(spec.resolution, 1));
  control.spec = std::move(spec);
  controls_.push_back(std::move(control));
}

void MidiUnit::index_controls() {
  places_.clear();
  for (std::size_t i = 0; i < controls_.size(); ++i) {
    places_.emplace(controls_[i].spec.message, Place{i, false});
    if (controls_[i].spec.touch) places_.emplace(*controls_[i].spec.touch, Place{i, true});
  }
  resolved_revision_ = 0;
}

void MidiUnit::learn(const MidiControlSpec& spec) {
  const auto known = std::find_if(controls_.begin(), controls_.end(),
                                  [&](const Control& c) { return c.spec.message == spec.message; });
  if (known != controls_.end()) {
    known->spec.does = spec.does;
    known->led_sent = known->ring_sent = -1;
  } else if (spec.does.what != MidiTarget::What::nothing) {
    add_control(spec);
  }
  index_controls();
}

void MidiUnit::forget(const MidiSource& message) {
  const auto original = std::find_if(profile_.controls.begin(), profile_.controls.end(),
                                     [&](const MidiControlSpec& spec) { return spec.message == message; });
  for (Control& control : controls_) {
    if (control.spec.message != message) continue;
    control.spec.does = original != profile_.controls.end() ? original->does : MidiTarget();
    control.led_sent = control.ring_sent = -1;
  }
  resolved_revision_ = 0;
}

const MidiControlSpec* MidiUnit::find_control(const MidiSource& source) const {
  const auto [first, last] = places_.equal_range(source);
  const auto own = std::find_if(first, last, [](const auto& place) { return !place.second.is_touch; });
  return own == last ? nullptr : &controls_[own->second.control].spec;
}

bool MidiUnit::is_touch(const MidiSource& source) const {
  const auto [first, last] = places_.equal_range(source);
  return std::any_of(first, last, [](const auto& place) { return place.second.is_touch; });
}

void MidiUnit::resolve(std::int64_t now_ms) {
  for (Control& control : controls_) {
    const std::optional<ParameterId> before = control.parameter;
    resolve(control);
    // The hand stands where the old parameter was: it must come to the new one first.
    if (control.parameter == before) continue;
    control.takeover.rearm();
    control.must_pick_up = control.spec.motor && control.motor.held(now_ms);
  }
  resolved_revision_ = view_.revision();
}

void MidiUnit::resolve(Control& control) {
  const MidiTarget& does = control.spec.does;
  control.parameter = view_.parameter(does, first_column_ + control.spec.column);
  control.readout.reset();
  control.command.reset();
  control.range = {};
  if (does.what == MidiTarget::What::address && !control.parameter) {
    control.readout = context_.readouts.find(does.path);
    // One that takes arguments or answers is for programs.
    const auto command = find_command(does.path);
    if (command && is_for_buttons(*command)) control.command = command;
  }
  if (!control.parameter) return;
  const ParameterRow& row = *context_.desk.table()[*control.parameter].row;
  if (control.spec.range) {
    control.range.low = taper_position(row, static_cast<double>(control.spec.range->low));
    control.range.high = taper_position(row, static_cast<double>(control.spec.range->high));
  }
  if (control.spec.invert) std::swap(control.range.low, control.range.high);
}

double MidiUnit::position(const Control& control) const {
  if (!control.parameter) return 0;
  const ParameterRow& row = *context_.desk.table()[*control.parameter].row;
  if (!has_taper(row)) return 0;
  return taper_position(row, context_.desk.get(*control.parameter), control.range);
}

std::string MidiUnit::what_it_is(const Control& control) const {
  if (control.parameter) {
    return context_.desk.table()[*control.parameter].address + " " +
           context_.desk.table().format(*control.parameter, context_.desk.get(*control.parameter));
  }
  if (control.readout || control.command) return control.spec.does.path;
  return "";
}

void MidiUnit::list(std::vector<std::string>& lines) const {
  for (const Control& control : controls_) {
    const std::string does = to_string(control.spec.does);
    std::string line = "  " + control.spec.name;
    line.resize(std::max<std::size_t>(line.size(), 22), ' ');
    line += " " + to_string(control.spec.message);
    line.resize(std::max<std::size_t>(line.size(), 44), ' ');
    line += " " + (does.empty() ? std::string("free") : does);
    const std::string what = what_it_is(control);
    if (!what.empty() && what != does) line += " = " + what;
    const bool is_ours = view_.lit(control.spec.does, first_column_ + control.spec.column).has_value();
    if (!does.empty() && what.empty() && !is_ours) line += " (not on this desk)";
    lines.push_back(std::move(line));
  }
}

}  // namespace fohd
