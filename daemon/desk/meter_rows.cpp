#include "daemon/desk/meter_rows.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace fohd {
namespace {

constexpr double kFloorDb = -60;  // what a bar begins with; most of a mix happens above
constexpr int kLabel = 6;         // "ch 128", "bus 16", "main L"
constexpr int kLevel = 5;         // "-12.3"
constexpr int kGap = 2;
constexpr int kWide = 38;    // two of these and the gap fill 80 columns but two
constexpr int kNarrow = 25;  // three of these and the gaps do
constexpr int kWidest = 60;  // a longer bar shows nothing more
constexpr int kLeastBar = 8, kShortName = 9;

/// Terminal columns of a text.
int columns_in(const std::string& text) {
  return static_cast<int>(
      std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

int columns_of(int cell, int width) { return std::max(1, (width + kGap) / (cell + kGap)); }

/// The first `room` by importance, in their own order.
std::vector<const MeterCell*> choose(const std::vector<MeterCell>& cells, std::size_t room) {
  std::vector<const MeterCell*> chosen;
  for (const MeterCell& cell : cells) chosen.push_back(&cell);
  std::stable_sort(chosen.begin(), chosen.end(), [](auto* a, auto* b) { return a->wanted && !b->wanted; });
  chosen.resize(std::min(room, chosen.size()));
  std::sort(chosen.begin(), chosen.end());
  return chosen;
}

}  // namespace

std::string fit_text(const std::string& text, int width) {
  std::string result;
  int columns = 0;
  for (const char c : text) {
    const bool continues = (static_cast<unsigned char>(c) & 0xC0) == 0x80;
    const bool control = static_cast<unsigned char>(c) < 0x20 || c == 0x7F;  // none from a name to the terminal
    if (control) continue;
    if (!continues && columns == width) break;
    if (!continues) ++columns;
    result += c;
  }
  return result + std::string(static_cast<std::size_t>(width - columns), ' ');
}

std::string level_text(double db) { return db < -99 ? " -inf" : fmt::format("{:5.1f}", db); }

std::string level_bar(double rms_db, double peak_db, int width, bool muted) {
  const auto column = [&](double db) {
    return static_cast<int>(std::lround(std::clamp((db - kFloorDb) / -kFloorDb, 0.0, 1.0) * width));
  };
  std::string text(static_cast<std::size_t>(width), ' ');
  std::fill_n(text.begin(), column(rms_db), muted ? '.' : '#');
  if (const int peak = column(peak_db); peak > 0 && !muted) text[static_cast<std::size_t>(peak - 1)] = '>';
  return text;
}

std::string meter_cell(const MeterCell& cell, int width, int name_columns) {
  const int left = width - kLabel - kLevel - 3;  // for the name and the bar; three blanks between the four
  // As much of the name as is asked for, and a bar in which something can be seen; half for each where both are short.
  const int name = std::max(std::min(name_columns, left - kLeastBar), std::min(kShortName, (left + 1) / 2));
  return fmt::format("{} {} {}{} {}{}", fit_text(cell.label, kLabel), fit_text(cell.name, name),
                     cell.muted ? "\033[2m" : "", level_bar(cell.rms_db, cell.peak_db, left - name, cell.muted),
                     cell.muted ? " mute" : level_text(cell.peak_db), cell.muted ? "\033[0m" : "");
}

std::vector<std::string> wrap_text(const std::string& text, int width) {
  constexpr int kIndent = 2;
  std::vector<std::string> lines;
  std::string line, word;
  const auto add_word = [&] {
    const int used = columns_in(line);
    if (used > (lines.empty() ? 0 : kIndent) && used + 1 + columns_in(word) > width) {
      lines.push_back(line);
      line = std::string(kIndent, ' ');
    } else if (used > (lines.empty() ? 0 : kIndent)) {
      line += ' ';
    }
    line += word;
    word.clear();
  };
  for (const char c : text) {
    if (c == ' ') {
      if (!word.empty()) add_word();
    } else {
      word += c;
    }
  }
  if (!word.empty()) add_word();
  if (!line.empty()) lines.push_back(line);
  return lines;
}

std::vector<std::string> meter_rows(const std::vector<MeterCell>& cells, int width, int rows) {
  const auto room = [&](int cell, int lines) {
    return static_cast<std::size_t>(columns_of(cell, width)) * static_cast<std::size_t>(std::max(lines, 0));
  };
  const auto wanted =
      static_cast<std::size_t>(std::count_if(cells.begin(), cells.end(), [](const auto& cell) { return cell.wanted; }));
  const bool all_wide = room(kWide, rows) >= cells.size();
  const bool all_narrow = room(kNarrow, rows) >= cells.size();
  // Room for a longer bar is worth more than strips that neither sound nor have a name.
  const bool wide = all_wide || (!all_narrow && room(kWide, rows - 1) >= wanted);
  const int cell = wide ? kWide : kNarrow;
  const int lines = all_wide || all_narrow ? rows : std::max(rows - 1, 0);

  const std::vector<const MeterCell*> shown = choose(cells, room(cell, lines));
  const int columns = columns_of(cell, width);
  const int used = (static_cast<int>(shown.size()) + columns - 1) / columns;
  // What is left of the width goes to names and bars.
  const int across = used == 0 ? 1 : (static_cast<int>(shown.size()) + used - 1) / used;
  const int wide_as_fits = std::clamp((width + kGap) / across - kGap, std::min(cell, width), std::max(kWidest, cell));
  int longest_name = kShortName;
  for (const MeterCell* one : shown) longest_name = std::max(longest_name, columns_in(one->name));
  std::vector<std::string> result;
  for (int row = 0; row < used; ++row) {
    std::string text;
    for (int column = 0; column < columns; ++column) {
      const auto index = static_cast<std::size_t>(column * used + row);
      if (index >= shown.size()) break;
      text += (column != 0 ? std::string(kGap, ' ') : "") + meter_cell(*shown[index], wide_as_fits, longest_name);
    }
    result.push_back(std::move(text));
  }
  if (const std::size_t missing = cells.size() - shown.size(); missing > 0 && rows > 0) {
    const std::size_t hidden = wanted - std::min(wanted, shown.size());
    result.push_back(fit_text(fmt::format("{} more{}: widen the window, or see `fohctl meters`", missing,
                                          hidden == 0 ? ", without name or sound" : ""),
                              width));
  }
  return result;
}

}  // namespace fohd
