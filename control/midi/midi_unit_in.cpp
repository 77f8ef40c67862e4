// Messages from a device, and their effect on the desk.
#include <algorithm>
#include <cmath>

#include "control/midi/midi_unit.h"

namespace fohd {
namespace {

using What = MidiTarget::What;

constexpr std::int64_t kShowMs = 1000;  // how long a moved control's value stands on the display

}  // namespace

void MidiUnit::receive(MidiBytes bytes, std::int64_t now_ms) {
  parser_.feed(bytes, [&](MidiBytes message) { take_message(message, now_ms); });
}

void MidiUnit::take_message(MidiBytes message, std::int64_t now_ms) {
  if (context_.monitor) context_.monitor(name_ + " in  " + midi_hex(message));
  heard(now_ms);
  if (message[0] == 0xF0) {
    take_exclusive(message, now_ms);
    return;
  }
  const bool pong = profile_.protocol == MidiProtocol::hui && message[0] == 0x90 && message[1] == 0;
  if (pong) return;  // the answer to a ping, no key
  for (const MidiEvent& event : decoder_.decode(message)) {
    if (on_event && on_event(event)) {
      follow_motors(event, now_ms);
      continue;
    }
    take_event(event, now_ms);
  }
}

/// The event does nothing, but its fader stands where it reports.
void MidiUnit::follow_motors(const MidiEvent& event, std::int64_t now_ms) {
  const auto [first, last] = places_.equal_range(event.source);
  for (auto place = first; place != last; ++place) {
    Control& control = controls_[place->second.control];
    if (control.spec.motor && !place->second.is_touch) {
      control.motor.moved(std::min(event.value, control.spec.full_scale), now_ms);
    }
  }
}

/// Any message shows that the device is alive; many have no handshake.
void MidiUnit::heard(std::int64_t now_ms) {
  heard_ms_ = now_ms;
  asked_ = false;
  if (!online_) must_paint_ = true;
  online_ = true;
}

void MidiUnit::take_exclusive(MidiBytes message, std::int64_t now_ms) {
  // F0 00 00 66 id command ... F7: a Mackie Control or one of its kin.
  if (profile_.protocol != MidiProtocol::mcu || message.size() < 7 || message[1] != 0 || message[2] != 0 ||
      message[3] != 0x66) {
    return;
  }
  const std::uint8_t command = message[5];
  if (display_.sysex_id() != message[4]) must_paint_ = true;  // what was sent to the wrong id went nowhere
  display_.set_sysex_id(message[4]);
  constexpr std::int64_t kAnswerMs = 1000;
  const bool unasked = now_ms - asked_ms_ > kAnswerMs;
  if (!unasked) answers_ = true;  // only a device that answers counts as gone when it is silent
  const bool logic_control = message[4] == 0x10 || message[4] == 0x11;
  if (command == 0x01 && logic_control && message.size() >= 18 && out_.size_bytes() < kBytesPerTurn) {
    // Only these two need the answer; a wrong one can lock the others. Sums modulo 128 of the four challenge bytes.
    const auto c = [&](std::size_t i) { return static_cast<unsigned>(message[13 + i]); };
    auto& bytes = out_.bytes();
    bytes.insert(bytes.end(), {0xF0, 0x00, 0x00, 0x66, message[4], 0x02});
    bytes.insert(bytes.end(), message.begin() + 6, message.begin() + 13);
    const unsigned response[4] = {c(0) + (c(1) ^ 0x0Au) - c(3), (c(2) >> c(3) % 32u) ^ (c(0) + c(3)),
                                  (c(3) - (c(2) << 2)) ^ (c(0) | c(1)), c(1) - c(2) + (0xF0u ^ (c(3) << 4))};
    for (const unsigned r : response) bytes.push_back(static_cast<std::uint8_t>(r & 0x7F));
    bytes.push_back(0xF7);
    out_.close();
  }
  // It was switched on (01), accepted the desk (03) or is ready (06): whatever it showed is gone.
  if (command == 0x03 || ((command == 0x01 || command == 0x06) && unasked)) must_paint_ = true;
}

void MidiUnit::take_event(const MidiEvent& event, std::int64_t now_ms) {
  look_ = true;
  const auto [first, last] = places_.equal_range(event.source);
  if (first == last && context_.monitor) context_.monitor(name_ + "     " + to_string(event.source) + " is not mapped");
  for (auto place = first; place != last; ++place) {
    Control& control = controls_[place->second.control];
    if (resolved_revision_ != view_.revision()) resolve(now_ms);
    if (place->second.is_touch) {
      control.motor.touch(event.value > 0, now_ms);
      control.must_pick_up = control.must_pick_up && event.value > 0;
      continue;
    }
    switch (control.spec.type) {
      case ControlType::fader:
      case ControlType::knob:
        move_absolute(control, event.value, now_ms);
        break;
      case ControlType::encoder:
        turn_encoder(control, event.value, now_ms);
        break;
      case ControlType::button:
        press(control, event.value, now_ms);
        break;
    }
  }
}

void MidiUnit::tell(const Control& control, const std::string& what) const {
  if (!context_.monitor) return;
  const std::string does = to_string(control.spec.does);
  context_.monitor(name_ + "     " + control.spec.name + ": " + (what.empty() ? does.empty() ? "free" : does : what));
}

/// "": it was set; else why not.
std::string MidiUnit::set(Control& control, const Value& value) {
  std::string error;
  const Change change{*control.parameter, value};
  if (context_.desk.apply({Origin::Side::midi, client_}, {&change, 1}, error)) error.clear();
  if (context_.monitor) tell(control, error.empty() ? what_it_is(control) : error);
  return error;
}

void MidiUnit::move_absolute(Control& control, int value, std::int64_t now_ms) {
  const int reported = std::min(value, control.spec.full_scale);
  const bool was_held = control.motor.held(now_ms);
  if (control.spec.motor && !control.motor.moved(reported, now_ms)) {
    tell(control, "its motor moves");
    return;
  }
  if (!control.parameter || !has_taper(*context_.desk.table()[*control.parameter].row)) {
    tell(control, "");
    return;
  }
  const double place = static_cast<double>(reported) / control.spec.full_scale;
  const ParameterRow& row = *context_.desk.table()[*control.parameter].row;
  std::optional<double> to = place;
  // Without a touch sensor, a fader that rested long enough counts as released.
  control.must_pick_up = control.must_pick_up && was_held;
  if (!control.spec.motor || control.must_pick_up) {
    const double now_at = position(control);
    to = control.takeover.move(place, now_at);
    if (!to && context_.monitor) {
      const int way = control.takeover.way(now_at);
      tell(control, what_it_is(control) + (way > 0   ? ": move up to take over"
                                           : way < 0 ? ": move down to take over"
                                                     : ": not moved"));
    }
  }
  control.shown_until_ms = now_ms + kShowMs;
  if (!to) return;
  control.must_pick_up = false;
  set(control, taper_value(row, *to, control.range));
  control.takeover.settled(position(control));
}

void MidiUnit::turn_encoder(Control& control, int value, std::int64_t now_ms) {
  const int ticks = encoder_ticks(control.spec.relative, value);
  if (!control.parameter || ticks == 0 || !has_taper(*context_.desk.table()[*control.parameter].row)) {
    tell(control, "");
    return;
  }
  const ParameterRow& row = *context_.desk.table()[*control.parameter].row;
  const double quick = view_.fine() ? EncoderSpeed::kFine : control.speed.factor(ticks, now_ms);
  double step = EncoderSpeed::kTick * quick;
  if (is_stepped(row)) {
    // A tick is a step; only what has many is turned faster.
    const double steps = static_cast<double>(row.max) - static_cast<double>(row.min);
    constexpr double kMany = 32;
    const double part = std::abs(control.range.high - control.range.low);
    step = (steps > kMany ? std::max(quick, 1.0) : 1.0) / std::max(steps * part, 1.0);
  }
  const double to = std::clamp(position(control) + ticks * step, 0.0, 1.0);
  control.shown_until_ms = now_ms + kShowMs;
  set(control, taper_value(row, to, control.range));
}

/// What it was pressed for, whatever lies under it by now.
void MidiUnit::release(Control& control) {
  if (!control.held) return;
  const ParameterRow& row = *context_.desk.table()[*control.held].row;
  std::string error;
  const Change change{*control.held, taper_value(row, 0, control.range)};
  context_.desk.apply({Origin::Side::midi, client_}, {&change, 1}, error);
  control.held.reset();
}

void MidiUnit::let_go() {
  for (Control& control : controls_) {
    release(control);
    if (control.spec.does.what == What::fine) view_.act(control.spec.does, 0, false);
  }
}

void MidiUnit::press(Control& control, int value, std::int64_t now_ms) {
  const bool pressed = value > 0;
  if (!pressed && control.held && control.held != control.parameter) {
    release(control);
    return;
  }
  if (!pressed) control.held.reset();
  const MidiTarget& does = control.spec.does;
  if (view_.act(does, first_column_ + control.spec.column, pressed)) {
    if (pressed) tell(control, "");
    return;
  }
  if (control.command) {
    if (!pressed) return;
    std::string error;
    if (!context_.commands.execute(*control.command, {Origin::Side::midi, client_}, {}, error)) tell(control, error);
    tell(control, error.empty() ? does.path : error);
    return;
  }
  if (!control.parameter) {
    if (pressed) tell(control, "");
    return;
  }
  if (does.what == What::rotary_push) {
    if (!pressed) return;
    control.shown_until_ms = now_ms + kShowMs;
    set(control, context_.desk.table().default_value(*control.parameter));
    return;
  }
  press_parameter(control, value, pressed);
}

void MidiUnit::press_parameter(Control& control, int value, bool pressed) {
  const ParameterRow& row = *context_.desk.table()[*control.parameter].row;
  if (!has_taper(row)) return;
  const auto put = [&](bool on) { set(control, taper_value(row, on ? 1 : 0, control.range)); };
  switch (control.spec.mode) {
    case ButtonMode::momentary:
      if (pressed) control.held = control.parameter;
      put(pressed);
      return;
    case ButtonMode::follow:
      put(value >= 64);
      return;
    case ButtonMode::follow_nonzero:
      if (value > 0) put(value >= 64);
      return;
    case ButtonMode::set:
      if (!pressed) return;
      if (row.kind == Kind::real) {
        set(control, static_cast<float>(control.spec.set_value));
      } else {
        set(control, static_cast<std::int32_t>(control.spec.set_value));
      }
      return;
    case ButtonMode::toggle:
      break;
  }
  if (!pressed) return;
  const Value now = context_.desk.get(*control.parameter);
  if (const auto* whole = std::get_if<std::int32_t>(&now)) {
    // A choice goes round.
    const bool last = *whole >= static_cast<std::int32_t>(row.max);
    set(control, last ? static_cast<std::int32_t>(row.min) : *whole + 1);
    return;
  }
  put(position(control) < 0.5);  // from end to end
}

}  // namespace fohd
