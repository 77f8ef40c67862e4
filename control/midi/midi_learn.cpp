#include "control/midi/midi_learn.h"

#include <algorithm>

namespace fohd {
namespace {

/// Values of the first event's source, or of another one.
std::vector<int> values_of(const std::vector<MidiEvent>& events, const MidiSource& source) {
  std::vector<int> values;
  for (const MidiEvent& event : events) {
    if (event.source == source) values.push_back(event.value);
  }
  return values;
}

bool all_in(const std::vector<int>& values, std::initializer_list<std::pair<int, int>> ranges) {
  return std::all_of(values.begin(), values.end(), [&](int v) {
    return std::any_of(ranges.begin(), ranges.end(), [&](const auto& r) { return v >= r.first && v <= r.second; });
  });
}

/// Repeats itself, and only in small steps.
std::optional<MidiRelative> relative_coding(const std::vector<int>& values) {
  const bool repeats = std::adjacent_find(values.begin(), values.end()) != values.end();
  if (values.size() < 3 || !repeats) return std::nullopt;
  constexpr int kQuick = 10;  // ticks in one message when turned quickly
  if (all_in(values, {{1, kQuick}, {128 - kQuick, 127}})) return MidiRelative::twos;
  if (all_in(values, {{1, kQuick}, {65, 64 + kQuick}})) return MidiRelative::sign;
  if (all_in(values, {{64 - kQuick, 63}, {65, 64 + kQuick}})) return MidiRelative::offset;
  return std::nullopt;
}

void recognise_controller(MidiControlSpec& spec, const std::vector<MidiEvent>& events) {
  const std::vector<int> values = values_of(events, spec.message);
  // 7 and 39 together are one of 14 bits. The upper half comes only when it changes, so the lower may be first.
  MidiSource high = spec.message, low = spec.message;
  if (spec.message.number < 64) {
    high.number = static_cast<std::uint16_t>(spec.message.number % 32);
    low.number = static_cast<std::uint16_t>(high.number + 32);
  }
  if (high != low && !values_of(events, high).empty() && values_of(events, low).size() >= 2) {
    spec.message = high;
    spec.message.kind = MidiKind::control_change_14;
    spec.type = ControlType::fader;
    return;
  }
  if (const auto coding = relative_coding(values)) {
    spec.type = ControlType::encoder;
    spec.relative = *coding;
    return;
  }
  spec.type = all_in(values, {{0, 0}, {127, 127}}) ? ControlType::button : ControlType::knob;
}

}  // namespace

std::optional<MidiControlSpec> recognise_control(const std::vector<MidiEvent>& events) {
  if (events.empty()) return std::nullopt;
  // The kinds that one message identifies, then controllers, then keys (which may be a fader's touch).
  const auto first_of = [&](auto wanted) { return std::find_if(events.begin(), events.end(), wanted); };
  auto found = first_of([](const MidiEvent& e) { return e.source.kind == MidiKind::nrpn; });
  const auto is_part = [](const MidiEvent& e) {
    const int n = e.source.number;
    return e.source.kind == MidiKind::control_change && (n == 6 || n == 38 || (n >= 96 && n <= 101));
  };
  const auto is_key = [](const MidiEvent& e) {
    return e.source.kind == MidiKind::note || e.source.kind == MidiKind::hui_switch;
  };
  if (found == events.end()) {
    found = first_of([&](const MidiEvent& e) { return !is_key(e) && !is_part(e); });
  }
  if (found == events.end()) {
    found = first_of([&](const MidiEvent& e) { return is_key(e) && e.value > 0; });
  }
  if (found == events.end()) return std::nullopt;
  MidiControlSpec spec;
  spec.message = found->source;
  switch (found->source.kind) {
    case MidiKind::note:
    case MidiKind::program:
    case MidiKind::hui_switch:
      spec.type = ControlType::button;
      break;
    case MidiKind::control_change:
      recognise_controller(spec, events);
      break;
    case MidiKind::hui_vpot:
      spec.type = ControlType::encoder;
      break;
    case MidiKind::pressure:
      spec.type = ControlType::knob;
      break;
    default:
      spec.type = ControlType::fader;
      break;
  }
  spec.name = to_string(spec.message);
  spec.full_scale = max_value(spec.message.kind);
  spec.resolution = std::min(spec.full_scale, 1023);
  return spec;
}

}  // namespace fohd
