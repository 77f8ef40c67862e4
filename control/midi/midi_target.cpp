#include "control/midi/midi_target.h"

#include <algorithm>
#include <array>
#include <charconv>

namespace fohd {
namespace {

using What = MidiTarget::What;

struct Word {
  std::string_view text;
  What what;
};
/// What stands for itself.
constexpr std::array kPlain = {
    Word{"fader", What::fader},
    Word{"rotary", What::rotary},
    Word{"rotary push", What::rotary_push},
    Word{"select", What::select},
    Word{"bank left", What::bank_left},
    Word{"bank right", What::bank_right},
    Word{"channel left", What::channel_left},
    Word{"channel right", What::channel_right},
    Word{"flip", What::flip},
    Word{"sends on faders", What::sends_on_faders},
    Word{"spill", What::spill},
    Word{"fine", What::fine},
    Word{"page left", What::page_left},
    Word{"page right", What::page_right},
    Word{"display values", What::display_values},
    Word{"display clock", What::display_clock},
};
/// What something follows; the longer ones stand before their own beginnings.
constexpr std::array kWithMore = {
    Word{"rotary strip ", What::rotary_strip},
    Word{"rotary selected ", What::rotary_selected},
    Word{"strip ", What::strip},
    Word{"selected ", What::selected},
    Word{"view ", What::view},
    Word{"layer ", What::layer},
};

std::string with_number(std::string_view text, int n) {
  std::string all(text);
  for (std::size_t at = all.find("{n}"); at != std::string::npos; at = all.find("{n}")) {
    all.replace(at, 3, std::to_string(n));
  }
  return all;
}

std::vector<std::string> split(std::string_view text) {
  std::vector<std::string> words;
  while (!text.empty()) {
    const std::size_t space = std::min(text.find(' '), text.size());
    if (space > 0) words.emplace_back(text.substr(0, space));
    text.remove_prefix(std::min(space + 1, text.size()));
  }
  return words;
}

std::string allowed() {
  std::string text = "an address (/ch/1/fader)";
  for (const Word& word : kPlain) text += ", " + std::string(word.text);
  return text + ", strip PATH, selected PATH, rotary strip PATH, rotary selected WORDS, view WORD, layer N";
}

/// The part behind the words. False if it cannot be.
bool take_rest(MidiTarget& target, std::string_view rest) {
  if (target.what == What::layer) {
    const auto read = std::from_chars(rest.data(), rest.data() + rest.size(), target.number);
    return read.ec == std::errc() && read.ptr == rest.data() + rest.size() && target.number >= 1;
  }
  if (target.what == What::rotary_selected) {
    target.prefixes = split(rest);
    return !target.prefixes.empty();
  }
  target.path = rest;
  return !rest.empty() && rest.find(' ') == std::string_view::npos && rest.front() != '/';
}

}  // namespace

std::optional<MidiTarget> parse_midi_target(std::string_view text, int n, std::string& error) {
  const std::string words = with_number(text, n);
  MidiTarget target;
  if (words.empty()) return target;
  if (words.front() == '/' && words.find(' ') == std::string::npos) {
    target.what = What::address;
    target.path = words;
    return target;
  }
  for (const Word& word : kPlain) {
    if (word.text != words) continue;
    target.what = word.what;
    return target;
  }
  for (const Word& word : kWithMore) {
    if (!words.starts_with(word.text)) continue;
    target.what = word.what;
    if (take_rest(target, std::string_view(words).substr(word.text.size()))) return target;
    break;
  }
  error = "\"" + words + "\" is nothing a control can do; allowed: " + allowed();
  return std::nullopt;
}

std::string to_string(const MidiTarget& target) {
  if (target.what == What::nothing) return "";
  if (target.what == What::address) return target.path;
  for (const Word& word : kPlain) {
    if (word.what == target.what) return std::string(word.text);
  }
  const auto* const word =
      std::find_if(kWithMore.begin(), kWithMore.end(), [&](const Word& w) { return w.what == target.what; });
  std::string text(word->text);
  if (target.what == What::layer) return text + std::to_string(target.number);
  if (target.what != What::rotary_selected) return text + target.path;
  for (std::size_t i = 0; i < target.prefixes.size(); ++i) text += (i == 0 ? "" : " ") + target.prefixes[i];
  return text;
}

}  // namespace fohd
