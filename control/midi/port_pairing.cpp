#include "control/midi/port_pairing.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <map>
#include <string_view>
#include <tuple>

namespace fohd {
namespace {

struct Port {
  std::string device, place;  ///< place: which of the device's ports
  int number = -1;            ///< the client's or card's, where the name has it
  int sub = 0;
};

std::string trimmed(std::string_view text) {
  constexpr std::string_view kBlank = " -_.:";
  const std::size_t first = text.find_first_not_of(kBlank);
  if (first == std::string_view::npos) return "";
  return std::string(text.substr(first, text.find_last_not_of(kBlank) - first + 1));
}

/// Without the words that say which way a port goes, standing alone or joined by a dash or an underscore.
std::string without_direction(std::string_view text) {
  constexpr std::array<std::string_view, 8> kWords = {"capture", "playback", "input", "output",
                                                      "in",      "out",      "send",  "receive"};
  std::string kept, word;
  const auto flush = [&](char separator) {
    std::string lower = word;
    for (char& c : lower) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    if (lower.size() > 2 && lower.front() == '(' && lower.back() == ')') lower = lower.substr(1, lower.size() - 2);
    if (std::find(kWords.begin(), kWords.end(), lower) == kWords.end()) {
      kept += word;
      if (separator != '\0') kept += separator;
    }
    word.clear();
  };
  for (const char c : text) {
    if (c == ' ' || c == '-' || c == '_') {
      flush(c);
    } else {
      word += c;
    }
  }
  flush('\0');
  return trimmed(kept);
}

std::optional<int> number_at(std::string_view text) {
  int number = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), number);
  if (read.ec != std::errc() || read.ptr != text.data() + text.size()) return std::nullopt;
  return number;
}

/// What bridges between ALSA and JACK add: "a2j:NAME [24] (capture): PORT", "Midi-Bridge:NAME:(capture_0) PORT". The
/// client's number, if it is there.
std::optional<int> without_bridge(std::string& text) {
  for (const std::string_view prefix : {"a2j:", "Midi-Bridge:"}) {
    if (text.starts_with(prefix)) text.erase(0, prefix.size());
  }
  for (const std::string_view way : {"(capture", "(playback"}) {
    const std::size_t open = text.find(way), close = text.find(')', open);
    if (open != std::string::npos && close != std::string::npos) text.erase(open, close + 1 - open);
  }
  const std::size_t open = text.find(" ["), close = text.find(']', open);
  if (open == std::string::npos || close == std::string::npos) return std::nullopt;
  const auto number = number_at(std::string_view(text).substr(open + 2, close - open - 2));
  if (number) text.erase(open, close + 1 - open);
  return number;
}

Port parse(std::string text) {
  Port port;
  if (const auto number = without_bridge(text)) port.number = *number;
  // ALSA: the client's and the port's number stand at the end.
  const std::size_t space = text.rfind(' '), sub = text.rfind(':');
  if (port.number < 0 && space != std::string::npos && sub != std::string::npos && sub > space) {
    const std::string_view all = text;
    const auto number = number_at(all.substr(space + 1, sub - space - 1)), second = number_at(all.substr(sub + 1));
    if (number && second) {
      port.number = *number;
      port.sub = *second;
      text.resize(space);
    }
  }
  const std::size_t colon = text.find(':');
  port.device = without_direction(text.substr(0, colon));
  if (colon != std::string::npos) port.place = without_direction(text.substr(colon + 1));
  return port;
}

/// The device's name, with the port's where that differs.
std::string full_name(const Port& port) {
  std::string place = port.place;
  while (!port.device.empty() && place.starts_with(port.device)) place = trimmed(place.substr(port.device.size()));
  return place.empty() ? port.device : port.device + " " + place;
}

}  // namespace

std::vector<MidiPortPair> pair_midi_ports(const std::vector<std::string>& sources,
                                          const std::vector<std::string>& sinks) {
  using Key = std::tuple<int, std::string, int, int>;  // number, name, port, how many like it came before
  std::map<Key, MidiPortPair> pairs;
  std::vector<Key> order;
  const auto add = [&](const std::vector<std::string>& names, std::string MidiPortPair::*side) {
    std::map<Key, int> seen;
    for (const std::string& text : names) {
      const Port port = parse(text);
      Key key{port.number, full_name(port), port.sub, 0};
      std::get<3>(key) = seen[key]++;
      const auto [pair, is_new] = pairs.try_emplace(key);
      if (is_new) {
        pair->second.name = std::get<1>(key);
        order.push_back(key);
      }
      pair->second.*side = text;
    }
  };
  add(sources, &MidiPortPair::source);
  add(sinks, &MidiPortPair::sink);
  // By the numbers where there are some: cards keep theirs while the machine runs.
  std::stable_sort(order.begin(), order.end(), [](const Key& a, const Key& b) {
    return std::pair(std::get<0>(a), std::get<2>(a)) < std::pair(std::get<0>(b), std::get<2>(b));
  });
  std::map<std::string, int> ordinals;
  std::vector<MidiPortPair> result;
  for (const Key& key : order) {
    MidiPortPair& pair = pairs[key];
    pair.ordinal = ++ordinals[pair.name];
    result.push_back(std::move(pair));
  }
  return result;
}

}  // namespace fohd
