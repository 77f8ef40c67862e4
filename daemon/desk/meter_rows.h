// The strips of the live meter laid out over the rows and columns of a terminal. Pure.
#pragma once

#include <string>
#include <vector>

namespace fohd {

struct MeterCell {
  std::string label, name;  ///< "bus 12", "Drums"
  double rms_db = -200, peak_db = -200;
  bool muted = false;
  bool wanted = false;  ///< has a name or has sounded: shown before those that have neither
};

/// [any] At most `width` terminal columns of the text, cut at a character's edge, control characters left out; filled
/// with blanks.
std::string fit_text(const std::string& text, int width);
/// [any] Five characters: "-12.3", or " -inf" for silence, as fohctl says it.
std::string level_text(double db);
/// [any] One bar of `width` characters from -60 dB to 0 dB, e.g. "#######>   ": peak as >, RMS as # (muted: .).
std::string level_bar(double rms_db, double peak_db, int width, bool muted = false);
/// [any] One strip in `width` columns (25 and more), its name in at most `name_columns` of them.
std::string meter_cell(const MeterCell& cell, int width, int name_columns);
/// [any] At most `rows` lines of at most `width` columns, several strips beside each other, in their order down each
/// column. Where not all fit, the wanted ones go first and the last line says how many are missing. Names are whole as
/// far as a bar is left beside them.
std::vector<std::string> meter_rows(const std::vector<MeterCell>& cells, int width, int rows);
/// [any] A text over lines of at most `width` columns, broken between words where it can be; those behind the first
/// begin with two blanks.
std::vector<std::string> wrap_text(const std::string& text, int width);

}  // namespace fohd
