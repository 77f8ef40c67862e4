#include "control/midi/surface_display.h"

#include <algorithm>
#include <cmath>

#include "control/parameters/text.h"

namespace fohd {
namespace {

constexpr std::size_t kCell = 7;        // characters of a strip on an MCU's display, the gap included
constexpr std::size_t kMcuLine = 56;    // characters of its line
constexpr std::size_t kVfdZone = 10;    // characters of a zone of a HUI's main display; four make a line
constexpr std::int64_t kMeterMs = 100;  // devices let a step fall about every 300 ms

/// Printable ASCII; every other character (however many bytes) is one '?'.
std::string plain(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x80 && byte < 0xC0) continue;  // the rest of a character that has its '?'
    out += byte >= 0x20 && byte < 0x7F ? c : '?';
  }
  return out;
}

/// A character of a seven-segment display: ASCII 64..95 less 64, 32..63 as it is.
std::uint8_t segments(char c) {
  const auto upper = static_cast<std::uint8_t>(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c);
  if (upper >= 0x40 && upper < 0x60) return static_cast<std::uint8_t>(upper - 0x40);
  return upper >= 0x20 && upper < 0x40 ? upper : std::uint8_t{0x20};
}

}  // namespace

std::string short_number(float number, std::string_view unit, std::size_t width) {
  const bool thousands = std::abs(number) >= 1000;
  const float shown = thousands ? number / 1000 : number;
  const std::string tail = thousands ? "k" : "";
  const auto most = thousands ? 2 : std::abs(number) >= 100 ? 0 : 1;
  const auto write = [&](int decimals, bool with_unit) {
    const std::string digits = fixed_text(shown, decimals);
    return (digits == "-0.0" || digits == "-0" ? digits.substr(1) : digits) + tail + std::string(with_unit ? unit : "");
  };
  for (const bool with_unit : {true, false}) {
    for (int decimals = most; decimals >= std::min(most, 1); --decimals) {
      if (std::string text = write(decimals, with_unit); text.size() <= width) return text;
    }
  }
  return write(0, false).substr(0, width);
}

int meter_step(float peak) noexcept {
  constexpr std::array<float, 12> kFromDb = {-60, -50, -40, -30, -20, -14, -10, -8, -6, -4, -2, 0};
  if (!(peak > 0)) return 0;
  const float level_db = 20 * std::log10(peak);
  return static_cast<int>(std::count_if(kFromDb.begin(), kFromDb.end(), [&](float from) { return level_db >= from; }));
}

SurfaceDisplay::SurfaceDisplay(const DisplaySpec& spec, int columns)
    : spec_(spec),
      sysex_id_(static_cast<std::uint8_t>(spec.sysex_id.value_or(spec.kind == DisplayKind::hui ? 0x05 : 0x14))),
      columns_(static_cast<std::size_t>(std::clamp(columns, 0, 8))),
      colors_(8, 7),
      meters_(columns_) {
  for (std::string& line : wanted_) line.assign(kMcuLine, ' ');
  digits_.fill(0x20);
  repaint();
}

void SurfaceDisplay::repaint() {
  for (std::string& line : sent_) line.clear();
  colors_sent_.clear();
  digits_known_ = false;
  for (Meter& meter : meters_) meter = {};
}

void SurfaceDisplay::text(int column, int line, std::string_view text) {
  const auto at = static_cast<std::size_t>(column);
  if (at >= columns_) return;
  std::string cell = plain(text).substr(0, cell_width());
  cell.resize(kCell, ' ');
  wanted_[static_cast<std::size_t>(line)].replace(at * kCell, kCell, cell);
}

void SurfaceDisplay::color(int column, int color) {
  const auto at = static_cast<std::size_t>(column);
  // Off would make the name invisible, too.
  if (at < columns_) colors_[at] = static_cast<std::uint8_t>(color % 8 == 0 ? 7 : color % 8);
}

void SurfaceDisplay::digits(std::string_view ten, std::string_view two) {
  const auto put = [this](std::string_view text, std::size_t first, std::size_t count) {
    std::size_t place = count;
    for (const char c : text) {
      if (c == '.' && place < count) {
        digits_[first + place] |= 0x40;
      } else if (place > 0) {
        digits_[first + --place] = segments(c);
      }
    }
    while (place > 0) digits_[first + --place] = 0x20;
  };
  put(ten, 0, 10);
  put(two, 10, 2);
}

void SurfaceDisplay::level(int column, float peak, bool clipped) {
  const auto at = static_cast<std::size_t>(column);
  if (at >= columns_) return;
  meters_[at].peak = std::max(meters_[at].peak, peak);
  meters_[at].clipped = clipped;
}

void SurfaceDisplay::send(MidiOut& out, std::size_t most_bytes, std::int64_t now_ms) {
  if (spec_.meters) send_meters(out, now_ms);
  for (int line = 0; line < kLines && out.size_bytes() < most_bytes; ++line) {
    if (spec_.kind == DisplayKind::mcu || spec_.kind == DisplayKind::mcu_icon) send_mcu_text(out, line);
  }
  if (spec_.kind == DisplayKind::hui) send_hui_text(out, most_bytes);
  if (spec_.colors && out.size_bytes() < most_bytes) send_colors(out);
  if (spec_.clock && out.size_bytes() < most_bytes) send_digits(out);
}

void SurfaceDisplay::begin_exclusive(MidiOut& out, std::uint8_t command) const {
  auto& bytes = out.bytes();
  bytes.insert(bytes.end(), {0xF0, 0x00, 0x00, 0x66, sysex_id_});
  if (spec_.kind == DisplayKind::hui) bytes.push_back(0x00);
  bytes.push_back(command);
}

void SurfaceDisplay::end_exclusive(MidiOut& out) {
  out.bytes().push_back(0xF7);
  out.close();
}

/// One run from the first to the last character that differs.
void SurfaceDisplay::send_mcu_text(MidiOut& out, int line) {
  const std::string& wanted = wanted_[static_cast<std::size_t>(line)];
  std::string& sent = sent_[static_cast<std::size_t>(line)];
  if (wanted == sent) return;
  std::size_t first = 0, last = wanted.size() - 1;
  if (sent.size() == wanted.size()) {
    while (wanted[first] == sent[first]) ++first;
    while (wanted[last] == sent[last]) --last;
  }
  begin_exclusive(out, 0x12);
  out.bytes().push_back(static_cast<std::uint8_t>(static_cast<std::size_t>(line) * kMcuLine + first));
  for (std::size_t i = first; i <= last; ++i) out.bytes().push_back(static_cast<std::uint8_t>(wanted[i]));
  end_exclusive(out);
  sent = wanted;
}

/// Names go to the scribble strips of four characters; both lines to the main display, five characters a column.
void SurfaceDisplay::send_hui_text(MidiOut& out, std::size_t most_bytes) {
  for (std::size_t line = 0; line < kLines; ++line) {
    const std::string& wanted = wanted_[line];
    std::string& sent = sent_[line];
    if (sent.size() != wanted.size()) sent.assign(wanted.size(), '\0');
    for (std::size_t column = 0; column < columns_ && out.size_bytes() < most_bytes; ++column) {
      const std::size_t pair = column / 2 * 2;
      const std::string_view now = std::string_view(wanted).substr(pair * kCell, 2 * kCell);
      if (column % 2 == 0 && std::string_view(sent).substr(pair * kCell, 2 * kCell) != now) {
        begin_exclusive(out, 0x12);
        out.bytes().push_back(static_cast<std::uint8_t>(line * 4 + column / 2));
        for (std::size_t i = 0; i < kVfdZone; ++i) {
          const std::size_t half = i / 5;
          out.bytes().push_back(static_cast<std::uint8_t>(i % 5 == 4 ? ' ' : now[half * kCell + i % 5]));
        }
        end_exclusive(out);
        for (std::size_t half = 0; line == 0 && half < 2 && pair + half < columns_; ++half) {
          begin_exclusive(out, 0x10);
          out.bytes().push_back(static_cast<std::uint8_t>(pair + half));
          for (std::size_t i = 0; i < 4; ++i) out.bytes().push_back(static_cast<std::uint8_t>(now[half * kCell + i]));
          end_exclusive(out);
        }
        sent.replace(pair * kCell, 2 * kCell, now);
      }
    }
  }
}

void SurfaceDisplay::send_colors(MidiOut& out) {
  if (colors_ == colors_sent_) return;
  begin_exclusive(out, 0x72);
  for (const std::uint8_t color : colors_) out.bytes().push_back(color);
  end_exclusive(out);
  colors_sent_ = colors_;
}

void SurfaceDisplay::send_digits(MidiOut& out) {
  if (digits_known_ && digits_ == digits_sent_) return;
  if (spec_.kind == DisplayKind::hui) {
    // Eight digits from the right: 0 to 9, with bit 4 a dot behind them, 20h is blank.
    begin_exclusive(out, 0x11);
    for (std::size_t i = 0; i < 8; ++i) {
      const auto c = static_cast<std::uint8_t>(digits_[i] & 0x3F);
      const bool digit = c >= '0' && c <= '9';
      const auto dot = static_cast<std::uint8_t>((digits_[i] & 0x40) >> 2);
      out.bytes().push_back(digit ? static_cast<std::uint8_t>((c - '0') | dot) : std::uint8_t{0x20});
    }
    end_exclusive(out);
  } else {
    for (std::size_t i = 0; i < digits_.size(); ++i) {
      if (digits_known_ && digits_[i] == digits_sent_[i]) continue;
      out.add(std::array<std::uint8_t, 3>{0xB0, static_cast<std::uint8_t>(0x40 + i), digits_[i]});
    }
  }
  digits_sent_ = digits_;
  digits_known_ = true;
}

void SurfaceDisplay::send_meters(MidiOut& out, std::int64_t now_ms) {
  if (now_ms - meters_ms_ < kMeterMs) return;
  meters_ms_ = now_ms;
  for (std::size_t i = 0; i < meters_.size(); ++i) {
    Meter& meter = meters_[i];
    const int step = meter_step(meter.peak);
    meter.peak = 0;
    const auto column = static_cast<std::uint8_t>(i);
    if (spec_.kind == DisplayKind::hui) {
      if (step == 0 && meter.sent == 0) continue;
      for (const int side : {0x00, 0x10})
        out.add(std::array<std::uint8_t, 3>{0xA0, column, static_cast<std::uint8_t>(side | step)});
    } else {
      const auto put = [&](int level) {
        out.add(std::array<std::uint8_t, 2>{0xD0, static_cast<std::uint8_t>(column << 4 | level)});
      };
      if (step > 0 || meter.sent > 0) put(step);
      if (const int lamp = meter.clipped ? 1 : 0; lamp != meter.clip_sent) put(lamp == 1 ? 0xE : 0xF);
      meter.clip_sent = meter.clipped ? 1 : 0;
    }
    meter.sent = step;
  }
}

}  // namespace fohd
