// What a device is sent: positions, LEDs, rings, texts, meters. Nothing is queued: every turn compares what should be
// with what was sent, and sends what differs as far as the turn's bytes go.
#include <algorithm>
#include <cmath>
#include <cstdio>

#include "control/midi/midi_unit.h"

namespace fohd {
namespace {

using What = MidiTarget::What;

constexpr std::int64_t kAskMs = 100;       // ports need a moment until both directions are there
constexpr std::int64_t kNoAnswerMs = 400;  // then it is painted, whether it answers or not: some never do
constexpr std::int64_t kSilentMs = 10'000, kPatienceMs = 2000;
constexpr std::int64_t kPingMs = 1000;  // a HUI goes off-line when it gets none for 2 s

std::string two_digits(int number) {
  char text[16];
  std::snprintf(text, sizeof text, "%02d", number);
  return text;
}

}  // namespace

// ---------------------------------------------------------------- connection

void MidiUnit::connect(std::int64_t now_ms) {
  connected_ms_ = heard_ms_ = asked_ms_ = now_ms;
  if (profile_.protocol == MidiProtocol::hui) asked_ms_ -= kPingMs;  // at once
  parser_.reset();
  online_ = answers_ = asked_ = false;
  must_paint_ = profile_.protocol == MidiProtocol::midi;
  if (must_paint_) online_ = true;
  for (const auto& message : profile_.hello) out_.add(message);
}

void MidiUnit::say_goodbye() {
  for (const auto& message : profile_.goodbye) out_.add(message);
}

void MidiUnit::exclusive(std::uint8_t command) {
  out_.add(std::array<std::uint8_t, 7>{0xF0, 0x00, 0x00, 0x66, display_.sysex_id(), command, 0xF7});
}

void MidiUnit::greet(std::int64_t now_ms) {
  asked_ = true;
  asked_ms_ = now_ms;
  if (profile_.protocol == MidiProtocol::mcu) {
    exclusive(0x00);
  } else {
    out_.add(std::array<std::uint8_t, 3>{0x90, 0x00, 0x00});
  }
}

/// Queries a device that does not answer, detects one that has gone or come back.
void MidiUnit::look_after(std::int64_t now_ms) {
  if (profile_.protocol == MidiProtocol::hui) {
    if (now_ms - asked_ms_ >= kPingMs) greet(now_ms);
    if (online_ && now_ms - heard_ms_ > kPatienceMs) online_ = false;
    return;
  }
  if (profile_.protocol != MidiProtocol::mcu) return;
  const bool first = asked_ms_ == connected_ms_;
  if (first && now_ms - connected_ms_ >= kAskMs) greet(now_ms);
  if (!online_ && now_ms - connected_ms_ >= kNoAnswerMs && !answers_) online_ = must_paint_ = true;
  if (now_ms - heard_ms_ > kSilentMs && now_ms - asked_ms_ > kSilentMs) greet(now_ms);
  if (asked_ && answers_ && online_ && now_ms - asked_ms_ > kPatienceMs) online_ = false;
}

void MidiUnit::repaint(std::int64_t now_ms) {
  must_paint_ = false;
  display_.repaint();
  std::int64_t start_ms = now_ms;
  for (Control& control : controls_) {
    control.led_sent = control.ring_sent = -1;
    control.takeover.rearm();
    if (!control.spec.motor) continue;
    control.motor.connected(start_ms);
    start_ms += kStaggerMs;
  }
}

// ---------------------------------------------------------------- every turn

void MidiUnit::turn(std::int64_t now_ms, bool desk_changed) {
  look_after(now_ms);
  if (!online_) return;
  const bool remapped = resolved_revision_ != view_.revision();
  constexpr std::int64_t kLookMs = 100;  // read-outs and texts that were shown long enough
  look_ = look_ || must_paint_ || desk_changed || remapped || now_ms - looked_ms_ >= kLookMs;
  if (must_paint_) repaint(now_ms);
  if (remapped) resolve(now_ms);
  const bool faders_done = paint_faders(now_ms);
  if (look_) {
    looked_ms_ = now_ms;
    look_ = !faders_done;
    paint_leds();
    paint_texts(now_ms);
    paint_clock();
  }
  display_.send(out_, kBytesPerTurn, now_ms);
}

/// False: the turn's bytes are used up.
bool MidiUnit::paint_faders(std::int64_t now_ms) {
  for (Control& control : controls_) {
    if (!control.spec.motor || !(look_ || control.motor.busy())) continue;
    if (out_.size_bytes() >= kBytesPerTurn) return false;
    const int target = static_cast<int>(std::lround(position(control) * control.spec.full_scale));
    const auto send = control.motor.next(target, now_ms);
    if (send) out_.set(control.spec.message, *send);
  }
  return true;
}

void MidiUnit::paint_leds() {
  const std::size_t first = next_painted_;
  next_painted_ = 0;
  for (std::size_t i = 0; i < controls_.size(); ++i) {
    const std::size_t at = (first + i) % controls_.size();
    if (paint_led(controls_[at])) continue;
    next_painted_ = at;  // goes on there in the next turn
    look_ = true;
    return;
  }
}

/// LED and ring. False: the turn's bytes are used up.
bool MidiUnit::paint_led(Control& control) {
  const auto send = [this](const MidiSource& target, int wanted, int& sent) {
    if (wanted == sent) return true;
    if (out_.size_bytes() >= kBytesPerTurn) return false;
    out_.set(target, wanted);
    sent = wanted;
    return true;
  };
  const MidiControlSpec& spec = control.spec;
  if (spec.type == ControlType::button && spec.has_led) {
    if (!send(spec.led.value_or(spec.message), wanted_led(control), control.led_sent)) return false;
  }
  return !spec.ring || send(*spec.ring, wanted_ring(control), control.ring_sent);
}

int MidiUnit::wanted_led(const Control& control) const {
  const MidiControlSpec& spec = control.spec;
  if (const auto lit = view_.lit(spec.does, first_column_ + spec.column)) return *lit ? spec.led_on : spec.led_off;
  bool on = false;
  if (control.parameter) {
    const Value value = context_.desk.get(*control.parameter);
    const ParameterRow& row = *context_.desk.table()[*control.parameter].row;
    if (spec.mode == ButtonMode::set) {
      on = std::abs(number_in(value).value_or(0) - spec.set_value) < 1e-6;  // both came from the same text
    } else if (row.kind == Kind::boolean || row.kind == Kind::real) {
      on = position(control) >= 0.5;
    } else {
      on = position(control) > 0;
    }
  } else if (control.readout) {
    const Value value = context_.readouts.read(context_.desk.settings(), context_.status, *control.readout);
    const auto* whole = std::get_if<std::int32_t>(&value);
    on = whole != nullptr && *whole != 0;
    if (on) return spec.led_blink;  // an alarm must be seen
  }
  return on ? spec.led_on : spec.led_off;
}

/// An MCU ring: bits 5-4 the style, 3-0 the place 1 to 11, bit 6 the LED in the middle.
int MidiUnit::wanted_ring(const Control& control) const {
  if (!control.parameter) return 0;
  const ParameterRow& row = *context_.desk.table()[*control.parameter].row;
  const double at = position(control);
  if (control.spec.ring_style == RingStyle::value) return static_cast<int>(std::lround(at * 127));
  if (control.spec.ring_style == RingStyle::steps_13) return 1 + static_cast<int>(std::lround(at * 12));
  const bool two_sided = row.kind == Kind::real && row.min == -row.max;
  const bool amount = row.taper == Taper::fader || row.kind == Kind::boolean || row.unit == Unit::percent;
  enum Style : int { dot = 0, boost_cut = 1, bar = 2 };
  const Style style = two_sided ? boost_cut : amount ? bar : dot;
  if (style == bar && at <= 0) return 0;
  const int place = 1 + static_cast<int>(std::lround(at * 10));
  const bool middle = two_sided && std::abs(at - 0.5) < 1e-6;
  return (middle ? 0x40 : 0) | style << 4 | place;
}

// ---------------------------------------------------------------- texts and meters

std::string MidiUnit::name_of(StripRef strip) const {
  if (const auto id = view_.below(strip, "name")) {
    const Value value = context_.desk.get(*id);
    if (const auto* name = std::get_if<std::string>(&value); name != nullptr && !name->empty()) return *name;
  }
  const OwnerRow& owner_kind = row_of(strip.owner_kind);
  if (!owner_kind.numbered) return std::string(owner_kind.word);
  // The number distinguishes them, so the word is cut.
  const std::string number = std::to_string(strip.owner + 1);
  const std::size_t width = display_.cell_width(), room = width - std::min(width, number.size() + 1);
  return std::string(owner_kind.word.substr(0, std::max<std::size_t>(room, 1))) + (room > 1 ? " " : "") + number;
}

/// The end of its path in a few letters: "eq/2/freq" is "2freq"; a send has the name of its bus.
std::string MidiUnit::parameter_name(ParameterId id) const {
  const Parameter& parameter = context_.desk.table()[id];
  if (const auto towards = parameter.row->repeat.towards) return name_of({*towards, parameter.index});
  std::string_view path = parameter.address;
  const std::size_t last = path.rfind('/');
  const std::size_t before = last == 0 ? std::string_view::npos : path.rfind('/', last - 1);
  std::string word(path.substr(last + 1));
  if (before == std::string_view::npos) return word;
  const std::string_view parent = path.substr(before + 1, last - before - 1);
  const bool number = parent.find_first_not_of("0123456789") == std::string_view::npos;
  return number ? std::string(parent) + word : word;
}

std::string MidiUnit::value_text(ParameterId id) const {
  const ParameterTable& table = context_.desk.table();
  const Value value = context_.desk.get(id);
  const std::size_t width = display_.cell_width();
  const auto* real = std::get_if<float>(&value);
  if (real == nullptr) return table.format(id, value);
  std::string whole = table.format(id, value);
  const std::size_t space = whole.find(' ');
  if (space == std::string::npos && !std::isfinite(*real)) return whole;
  if (table[id].row->taper == Taper::fader && *real <= kLevelOffDb) return whole;  // "off"
  return short_number(*real, space == std::string::npos ? "" : std::string_view(whole).substr(space + 1), width);
}

void MidiUnit::paint_texts(std::int64_t now_ms) {
  if (!display_.has_text()) return;
  std::vector<std::string> moved(static_cast<std::size_t>(profile_.columns));
  for (const Control& control : controls_) {
    if (control.shown_until_ms <= now_ms || !control.parameter || control.spec.column >= profile_.columns) continue;
    moved[static_cast<std::size_t>(control.spec.column)] = value_text(*control.parameter);
  }
  MidiTarget rotary_target{What::rotary}, fader_target{What::fader};
  for (int column = 0; column < profile_.columns; ++column) {
    const int there = first_column_ + column;
    const auto strip = view_.strip(there);
    const auto rotary = view_.parameter(rotary_target, there), fader = view_.parameter(fader_target, there);
    std::string upper = strip ? name_of(*strip) : "";
    if (view_.rotaries_are_selected()) upper = rotary ? parameter_name(*rotary) : "";
    std::string lower = moved[static_cast<std::size_t>(column)];
    const auto& shown = view_.shows_fader_values() ? fader : rotary;
    if (lower.empty() && shown) lower = value_text(*shown);
    display_.text(column, 0, upper);
    display_.text(column, 1, lower);
    int color = 7;
    if (const auto id = strip ? view_.below(*strip, "color") : std::nullopt) {
      color = std::get<std::int32_t>(context_.desk.get(*id));
    }
    display_.color(column, color);
  }
}

/// Hours, minutes, seconds, and in the three digits of the frames the load of the audio thread in percent; or, on
/// request, the xruns since the start.
void MidiUnit::paint_clock() {
  std::string ten;
  if (view_.shows_load()) {
    ten = std::to_string(std::clamp(context_.status.xruns, 0, 999'999));
    ten = "Er  " + std::string(6 - std::min<std::size_t>(ten.size(), 6), ' ') + ten;
  } else {
    const SurfaceClock& clock = context_.clock;
    ten = " " + two_digits(clock.hours) + "." + two_digits(clock.minutes) + "." + two_digits(clock.seconds);
    const int load = std::clamp(static_cast<int>(std::lround(context_.status.load_percent)), 0, 999);
    const std::string percent = std::to_string(load);
    ten += std::string(3 - percent.size(), ' ') + percent;
  }
  display_.digits(ten, view_.assignment());
}

void MidiUnit::meters(const MeterFrame& frame) {
  if (!profile_.display.meters) return;
  const Geometry& geometry = context_.desk.geometry();
  for (int column = 0; column < profile_.columns; ++column) {
    const auto strip = view_.strip(first_column_ + column);
    if (!strip) {
      display_.level(column, 0, false);
      continue;
    }
    const OwnerRow& kind = row_of(strip->owner_kind);
    const auto first_lane = static_cast<std::size_t>(lane_of(*strip, geometry).value_or(0));
    const auto lanes = static_cast<std::size_t>(lanes_of(strip->owner_kind));
    float peak = 0;
    for (std::size_t i = first_lane; i < first_lane + lanes && i < frame.strips.size(); ++i) {
      peak = std::max(peak, kind.meters_input ? frame.strips[i].pre_peak : frame.strips[i].post_peak);
    }
    bool clipped = false;
    const std::vector<bool>& clips = kind.meters_input ? context_.status.input_clipped : context_.status.output_clipped;
    std::size_t from = first_lane;
    if (!kind.meters_input && kind.has_outputs()) {
      from =
          static_cast<std::size_t>(geometry.first_output(*kind.strip)) + static_cast<std::size_t>(strip->owner) * lanes;
    }
    const bool can_clip = kind.meters_input || kind.has_outputs();
    for (std::size_t i = from; can_clip && i < from + lanes && i < clips.size(); ++i) clipped = clipped || clips[i];
    display_.level(column, peak, clipped);
  }
}

}  // namespace fohd
