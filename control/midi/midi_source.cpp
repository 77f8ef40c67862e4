#include "control/midi/midi_source.h"

#include <algorithm>
#include <charconv>

namespace fohd {
namespace {

struct KindRow {
  std::string_view word;
  int limit;        ///< numbers are below it; 1: has none
  bool pair;        ///< its number is written as two, "3/23"
  int second_base;  ///< what the first of the two counts
};
constexpr std::array<KindRow, 10> kKinds = {{{"note", 128, false, 0},
                                             {"cc", 128, false, 0},
                                             {"cc14", 32, false, 0},
                                             {"nrpn", 16384, true, 128},
                                             {"pitch_bend", 1, false, 0},
                                             {"program", 128, false, 0},
                                             {"pressure", 1, false, 0},
                                             {"hui_fader", 8, false, 0},
                                             {"hui_switch", 256, true, 8},
                                             {"hui_vpot", 13, false, 0}}};
constexpr const KindRow& row_of(MidiKind kind) { return kKinds[static_cast<std::size_t>(kind)]; }

/// The next word or number; moves `text` on.
std::string_view next_word(std::string_view& text) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  const std::string_view word = text.substr(0, text.find(' '));
  text.remove_prefix(word.size());
  return word;
}

std::optional<int> whole(std::string_view text, int below) {
  int number = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), number);
  if (read.ec != std::errc() || read.ptr != text.data() + text.size() || number < 0 || number >= below) {
    return std::nullopt;
  }
  return number;
}

std::optional<int> numbers(const KindRow& row, std::string_view text) {
  if (!row.pair) return whole(text, row.limit);
  const std::size_t slash = text.find('/');
  if (slash == std::string_view::npos) return std::nullopt;
  const auto first = whole(text.substr(0, slash), row.limit / row.second_base);
  const auto second = whole(text.substr(slash + 1), row.second_base);
  if (!first || !second) return std::nullopt;
  return *first * row.second_base + *second;
}

constexpr std::uint8_t low7(int value) { return static_cast<std::uint8_t>(value & 0x7F); }
constexpr std::uint8_t high7(int value) { return static_cast<std::uint8_t>(value >> 7 & 0x7F); }
constexpr std::uint8_t status(int kind, std::uint8_t channel) { return static_cast<std::uint8_t>(kind | channel); }

}  // namespace

std::optional<MidiSource> parse_midi_source(std::string_view text) {
  const std::string_view word = next_word(text);
  const auto* const row = std::find_if(kKinds.begin(), kKinds.end(), [&](const KindRow& k) { return k.word == word; });
  if (row == kKinds.end()) return std::nullopt;
  MidiSource source{static_cast<MidiKind>(row - kKinds.begin()), 0, 0};
  std::string_view next = next_word(text);
  if (row->limit > 1) {
    const auto number = numbers(*row, next);
    if (!number) return std::nullopt;
    source.number = static_cast<std::uint16_t>(*number);
    next = next_word(text);
  }
  const bool has_channel = source.kind < MidiKind::hui_fader;
  if (next == "ch" && has_channel) {
    const auto channel = whole(next_word(text), 17);
    if (!channel || *channel < 1) return std::nullopt;
    source.channel = static_cast<std::uint8_t>(*channel - 1);
    next = next_word(text);
  }
  if (!next.empty()) return std::nullopt;
  return source;
}

std::string midi_kind_words() {
  std::string text;
  for (const KindRow& row : kKinds) text += (text.empty() ? "" : ", ") + std::string(row.word);
  return text;
}

std::string to_string(const MidiSource& source) {
  const KindRow& row = row_of(source.kind);
  std::string text(row.word);
  if (row.pair) {
    text +=
        " " + std::to_string(source.number / row.second_base) + "/" + std::to_string(source.number % row.second_base);
  } else if (row.limit > 1) {
    text += " " + std::to_string(source.number);
  }
  const bool has_channel = source.kind < MidiKind::hui_fader;
  return has_channel ? text + " ch " + std::to_string(source.channel + 1) : text;
}

int number_limit(MidiKind kind) noexcept { return row_of(kind).limit; }

void MidiDecoder::expect_14_bit(const MidiSource& source) {
  if (source.kind != MidiKind::control_change_14) return;
  channels_[source.channel & 15u].expected_14 |= 1u << (source.number & 31u);
}

MidiDecoder::Events MidiDecoder::decode(MidiBytes message) {
  Events events;
  if (message.size() < 2) return events;
  const auto channel = static_cast<std::uint8_t>(message[0] & 0x0F);
  const std::uint8_t first = message[1], second = message.size() > 2 ? message[2] : std::uint8_t{0};
  switch (message[0] >> 4) {
    case 0x8:
      events.add({{MidiKind::note, channel, first}, 0});
      break;
    case 0x9:
      events.add({{MidiKind::note, channel, first}, second});
      break;
    case 0xB:
      if (protocol_ == MidiProtocol::hui && channel == 0 && decode_hui(first, second, events)) break;
      decode_control(channel, first, second, events);
      break;
    case 0xC:
      events.add({{MidiKind::program, channel, first}, 127});
      break;
    case 0xD:
      events.add({{MidiKind::pressure, channel, 0}, first});
      break;
    case 0xE:
      events.add({{MidiKind::pitch_bend, channel, 0}, second << 7 | first});
      break;
    default:
      break;  // pressure of single keys: no surface has it
  }
  return events;
}

/// Controllers 98 to 101 choose a parameter, 6, 38, 96 and 97 change it (MIDI 1.0, "Registered and Non-Registered
/// Parameter Numbers"). An upper half resets the lower one; it counts at once, the lower half refines it.
void MidiDecoder::decode_control(std::uint8_t number_channel, std::uint8_t number, std::uint8_t value, Events& events) {
  Channel& channel = channels_[number_channel];
  const auto pair = static_cast<std::uint16_t>(number & 31);
  if (number < 64 && (channel.expected_14 >> pair & 1u) != 0) {  // one half of a pair is no controller of its own
    if (number < 32) channel.msb[pair] = value, channel.known_14 |= 1u << pair;
    if ((channel.known_14 >> pair & 1u) == 0) return;  // a lower half is ignored as long as the upper is unknown
    const int low = number < 32 ? 0 : value;
    events.add({{MidiKind::control_change_14, number_channel, pair}, channel.msb[pair] << 7 | low});
    return;
  }
  events.add({{MidiKind::control_change, number_channel, number}, value});
  if (number == 98 || number == 99) {
    (number == 99 ? channel.nrpn_msb : channel.nrpn_lsb) = value;
    channel.registered = channel.data_known = false;
  }
  if (number == 100 || number == 101) channel.registered = true;
  const bool chosen = !channel.registered && (channel.nrpn_msb != 127 || channel.nrpn_lsb != 127);
  if (!chosen || !take_data_entry(channel, number, value)) return;
  const auto parameter = static_cast<std::uint16_t>(channel.nrpn_msb << 7 | channel.nrpn_lsb);
  events.add({{MidiKind::nrpn, number_channel, parameter}, channel.data_msb << 7 | channel.data_lsb});
}

/// True if it changes the chosen parameter. Steps and lower halves are ignored as long as the value of this
/// parameter is unknown.
bool MidiDecoder::take_data_entry(Channel& channel, std::uint8_t number, std::uint8_t value) {
  if (number == 6) {
    channel.data_msb = value, channel.data_lsb = 0;
    return channel.data_known = true;
  }
  if (!channel.data_known) return false;
  if (number == 38) {
    channel.data_lsb = value;
  } else if (number == 96) {
    channel.data_msb = static_cast<std::uint8_t>(std::min(channel.data_msb + 1, 127));
  } else if (number == 97) {
    channel.data_msb = static_cast<std::uint8_t>(std::max(channel.data_msb - 1, 0));
  } else {
    return false;
  }
  return true;
}

bool MidiDecoder::decode_hui(std::uint8_t number, std::uint8_t value, Events& events) {
  if (number < 0x08) {
    hui_msb_[number] = value;
    return true;  // the lower half always follows
  }
  if (number >= 0x20 && number < 0x28) {
    const auto fader = static_cast<std::uint16_t>(number - 0x20);
    events.add({{MidiKind::hui_fader, 0, fader}, hui_msb_[fader] << 7 | value});
    return true;
  }
  if (number == 0x0F) {
    hui_zone_ = value & 0x1F;
    return true;
  }
  if (number == 0x2F) {
    const auto place = static_cast<std::uint16_t>(hui_zone_ * 8 + (value & 7));
    events.add({{MidiKind::hui_switch, 0, place}, (value & 0x40) != 0 ? 127 : 0});
    return true;
  }
  if (number >= 0x40 && number <= 0x4C) {
    // It sets bit 6 for clockwise; here, as on an MCU, bit 6 is the other way.
    const int ticks = value & 0x3F;
    const bool clockwise = (value & 0x40) != 0;
    const auto pot = static_cast<std::uint16_t>(number - 0x40);
    events.add({{MidiKind::hui_vpot, 0, pot}, clockwise ? ticks : ticks | 0x40});
    return true;
  }
  return false;
}

void append_midi(std::vector<std::uint8_t>& out, const MidiSource& target, int value) {
  const int limited = std::clamp(value, 0, max_value(target.kind));
  const auto number = low7(target.number);
  const auto add = [&](int kind, std::uint8_t first, std::uint8_t second) {
    out.insert(out.end(), {status(kind, target.channel), first, second});
  };
  switch (target.kind) {
    case MidiKind::note:
      return add(0x90, number, low7(limited));
    case MidiKind::control_change:
      return add(0xB0, number, low7(limited));
    case MidiKind::control_change_14:
      add(0xB0, number, high7(limited));
      return add(0xB0, static_cast<std::uint8_t>(number + 32), low7(limited));
    case MidiKind::nrpn:
      add(0xB0, 99, high7(target.number));
      add(0xB0, 98, number);
      add(0xB0, 6, high7(limited));
      return add(0xB0, 38, low7(limited));
    case MidiKind::pitch_bend:
      return add(0xE0, low7(limited), high7(limited));
    case MidiKind::program:
      if (limited > 0) out.insert(out.end(), {status(0xC0, target.channel), number});
      return;
    case MidiKind::pressure:
      out.insert(out.end(), {status(0xD0, target.channel), low7(limited)});
      return;
    case MidiKind::hui_fader:
      add(0xB0, number, high7(limited));
      return add(0xB0, static_cast<std::uint8_t>(number + 0x20), low7(limited));
    case MidiKind::hui_switch:
      add(0xB0, 0x0C, low7(target.number / 8));
      return add(0xB0, 0x2C, static_cast<std::uint8_t>((limited > 0 ? 0x40 : 0) | target.number % 8));
    case MidiKind::hui_vpot:
      return add(0xB0, static_cast<std::uint8_t>(0x10 + number), low7(limited));
  }
}

}  // namespace fohd
