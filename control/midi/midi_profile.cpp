#include "control/midi/midi_profile.h"

#include <algorithm>
#include <cctype>

namespace fohd {
namespace {

char lower(char c) { return static_cast<char>(std::tolower(static_cast<unsigned char>(c))); }

std::size_t letters(std::string_view pattern) {
  return static_cast<std::size_t>(
      std::count_if(pattern.begin(), pattern.end(), [](char c) { return c != '*' && c != '?'; }));
}

}  // namespace

bool name_matches(std::string_view pattern, std::string_view name) noexcept {
  std::size_t p = 0, n = 0, star = std::string_view::npos, behind = 0;
  while (n < name.size()) {
    if (p < pattern.size() && pattern[p] != '*' && (pattern[p] == '?' || lower(pattern[p]) == lower(name[n]))) {
      ++p, ++n;
    } else if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      behind = n;
    } else if (star != std::string_view::npos) {
      p = star + 1;  // the last star takes one more: at most pattern times name steps
      n = ++behind;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

const MidiProfile* profile_with_id(const std::vector<MidiProfile>& profiles, std::string_view id) noexcept {
  const auto at = std::find_if(profiles.begin(), profiles.end(), [&](const MidiProfile& p) { return p.id == id; });
  return at == profiles.end() ? nullptr : &*at;
}

const MidiProfile* find_profile(const std::vector<MidiProfile>& profiles, std::string_view device_name) noexcept {
  const MidiProfile* best = nullptr;
  std::size_t most = 0;
  for (const MidiProfile& profile : profiles) {
    for (const std::string& pattern : profile.ports) {
      const std::size_t here = letters(pattern);
      // Of equals the one that extends the other, then the first: one's own go before those that came with the program.
      const bool better = here > most || (here == most && best != nullptr && profile.depth > best->depth);
      if (!better || !name_matches(pattern, device_name)) continue;
      most = here;
      best = &profile;
    }
  }
  return best;
}

}  // namespace fohd
