#include "daemon/doctor/print.h"

#include <algorithm>
#include <array>
#include <sstream>

namespace fohd::doctor {
namespace {

constexpr std::size_t kColumns = 100;

struct Look {
  const char* word;
  const char* colour;  ///< green, cyan, yellow, red; the latter two bold
};
constexpr std::array<Look, 4> kLooks = {
    {{"OK", "\033[32m"}, {"note", "\033[36m"}, {"WARN", "\033[1;33m"}, {"FAIL", "\033[1;31m"}}};
constexpr std::size_t kLevelColumns = 6;  // the longest word and two blanks

std::string padded(std::string text, std::size_t width) {
  text.resize(std::max(text.size(), width), ' ');
  return text;
}

/// Nothing that the text holds (a device's name) may drive the terminal.
std::string printable(std::string text) {
  std::replace_if(
      text.begin(), text.end(), [](unsigned char c) { return c < 0x20 || c == 0x7F; }, '?');
  return text;
}

/// Words of `text` behind `indent` columns, the first line's being written already.
void wrap(const std::string& text, std::size_t indent, std::string& out) {
  std::size_t column = indent;
  std::istringstream words(text);
  for (std::string word; words >> word;) {
    if (column != indent && column + 1 + word.size() > kColumns) {
      out += "\n" + std::string(indent, ' ');
      column = indent;
    }
    if (column != indent) out += ' ', ++column;
    out += word;
    column += word.size();
  }
  out += '\n';
}

std::string summary(std::span<const Finding> findings) {
  const auto count = [&](Level level) {
    return std::count_if(findings.begin(), findings.end(), [&](const Finding& f) { return f.level == level; });
  };
  const auto fails = count(Level::fail), warnings = count(Level::warn);
  if (fails > 0) {
    return std::to_string(fails) + (fails == 1 ? " thing keeps" : " things keep") + " the show from working; " +
           std::to_string(warnings) + (warnings == 1 ? " warning." : " warnings.");
  }
  if (warnings > 0) return "The desk works; " + std::to_string(warnings) + (warnings == 1 ? " warning." : " warnings.");
  return exit_code(findings) == 0 ? "All is well." : "All is well; there is advice.";
}

}  // namespace

std::string to_paragraph(const std::string& text) {
  std::string out;
  wrap(printable(text), 0, out);
  return out + '\n';
}

std::string to_text(std::span<const Finding> findings, bool colour) {
  std::size_t title_columns = 0;
  for (const Finding& finding : findings) title_columns = std::max(title_columns, finding.title.size() + 2);
  const std::size_t indent = kLevelColumns + title_columns;
  std::string out;
  for (const Finding& finding : findings) {
    const Look& look = kLooks[static_cast<std::size_t>(finding.level)];
    const std::string word = padded(look.word, kLevelColumns);
    out += colour ? look.colour + word + "\033[0m" : word;
    out += padded(finding.title, title_columns);
    wrap(printable(finding.text), indent, out);
    std::istringstream remedies(finding.remedy);
    for (std::string line; std::getline(remedies, line);) {
      out += std::string(kLevelColumns, ' ') + "do: " + printable(line) + "\n";
    }
  }
  return out + "\n" + summary(findings) + "\n";
}

}  // namespace fohd::doctor
