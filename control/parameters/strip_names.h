// Lists of strips, for parameters that name one: "none", "bus_1", "bus_2", ... As long as the largest desk's, on every
// desk, so that a name has the same place everywhere.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string_view>

#include "control/parameters/owner_kind.h"
#include "engine/tile/geometry.h"

namespace fohd {

/// A word for no strip, and then `Count` strips, kind by kind, with the words of their addresses.
template <std::size_t Count>
class StripNames {
 public:
  struct Run {
    OwnerKind owner_kind;
    std::string_view word;  ///< that of its owner row, which a test compares
    int count;
  };
  template <std::size_t Runs>
  constexpr StripNames(std::string_view none, const Run (&runs)[Runs]) {
    std::size_t index = 0;
    write(index++, none, 0);
    for (const Run& run : runs) {
      for (int n = 1; n <= run.count; ++n) {
        refs_[index] = {run.owner_kind, n - 1};
        write(index++, run.word, n);
      }
    }
  }
  StripNames(const StripNames&) = delete;
  StripNames& operator=(const StripNames&) = delete;

  /// [any] The strip of an index; nothing for the first word, and outside the list.
  constexpr std::optional<StripRef> at(int index) const noexcept {
    if (index < 1 || index > static_cast<int>(Count)) return std::nullopt;
    return refs_[static_cast<std::size_t>(index)];
  }

  std::array<std::string_view, 1 + Count> names{};  ///< by index

 private:
  static constexpr std::size_t kLength = 8;  // "ch_128" and some room

  constexpr void write(std::size_t index, std::string_view word, int number) {
    std::size_t at = 0;
    for (const char c : word) text_[index][at++] = c;
    if (number > 0) text_[index][at++] = '_';
    for (int unit = 100; unit > 0; unit /= 10) {
      if (number >= unit) text_[index][at++] = static_cast<char>('0' + number / unit % 10);
    }
    names[index] = std::string_view(text_[index], at);
  }

  char text_[1 + Count][kLength] = {};
  std::array<StripRef, 1 + Count> refs_{};
};

/// What a detector can listen to: what it works on, or another strip.
inline constexpr StripNames<kMaxInputs + kMaxBuses> kKeySources("self", {{OwnerKind::channel, "ch", kMaxInputs},
                                                                         {OwnerKind::bus, "bus", kMaxBuses}});
inline constexpr StripNames<kMaxBuses> kBusNames("none", {{OwnerKind::bus, "bus", kMaxBuses}});

}  // namespace fohd
