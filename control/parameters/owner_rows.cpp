#include "control/parameters/owner_rows.h"

#include <algorithm>
#include <cctype>

#include "control/parameters/rows.h"

namespace fohd {
namespace {

using G = const Geometry&;
using S = const DeskSettings&;

template <class All>
auto& at(All& all, int owner) {
  return all[static_cast<std::size_t>(owner)];
}
ChannelSettings& channel(DeskSettings& desk, int n) { return at(desk.channels, n); }
MixSettings& bus(DeskSettings& desk, int n) { return at(desk.buses, n); }
MixSettings& main_mix(DeskSettings& desk, int) { return desk.main; }
EffectSettings& effect(DeskSettings& desk, int n) { return at(desk.effects, n); }
ReturnSettings& fx_return(DeskSettings& desk, int n) { return at(desk.returns, n); }
GlobalSettings& global(DeskSettings& desk, int) { return desk.global; }

constexpr int one(G) { return 1; }

/// of(settings, owner) is what the rows are about.
template <auto kRows, auto of>
OwnedRows owned() noexcept {
  return {kRows().size(), [](std::size_t row) -> const ParameterRow& { return kRows()[row].info; },
          [](DeskSettings& settings, int owner, std::size_t row, int index) {
            return std::visit([&](auto member) { return Field(&member(of(settings, owner), index)); },
                              kRows()[row].field);
          }};
}
/// A member of it, for reading.
template <auto of, auto member>
const auto* read(S settings, int owner) {
  return &(of(const_cast<DeskSettings&>(settings), owner).*member);
}

/// "channels" -> "channel", "buses" -> "bus", "matrices" -> "matrix".
std::string singular(std::string words) {
  if (words.ends_with("ices")) return words.replace(words.size() - 4, 4, "ix");
  const std::size_t ending = words.ends_with("ses") ? 2 : 1;
  words.resize(words.size() - ending);
  return words;
}

}  // namespace

const std::array<OwnerRow, static_cast<std::size_t>(OwnerKind::global) + 1> kOwnerRows = std::to_array<OwnerRow>({
    {.word = "ch",
     .numbered = true,
     .called = "channel",
     .heading = "Channels",
     .letter = "N",
     .x32 = "/ch/NN/",
     .count = [](G g) { return g.inputs; },
     .rows = owned<channel_rows, channel>(),
     .strip = StripKind::channel,
     .identity = read<channel, &ChannelSettings::identity>,
     .mute = read<channel, &ChannelSettings::mute>,
     .link = read<channel, &ChannelSettings::link>,
     .has_sends = true,
     .meters_input = true},  // a signal behind a shut fader shows
    {.word = "bus",
     .numbered = true,
     .called = "bus",
     .heading = "Buses",
     .letter = "N",
     .x32 = "/bus/NN/",
     .count = [](G g) { return g.buses; },
     .rows = owned<bus_rows, bus>(),
     .strip = StripKind::bus,
     .identity = read<bus, &MixSettings::identity>,
     .mute = read<bus, &MixSettings::mute>,
     .link = read<bus, &MixSettings::link>},
    {.word = "main",
     .called = "main",
     .heading = "Main",
     .x32 = "/main/st/",
     .count = one,
     .rows = owned<main_rows, main_mix>(),
     .strip = StripKind::main,
     .identity = read<main_mix, &MixSettings::identity>,
     .mute = read<main_mix, &MixSettings::mute>},
    {.word = "fx",
     .numbered = true,
     .called = "input of effect",
     .heading = "Effects",
     .letter = "N (slot)",
     .x32 = "/fx/N/",
     .count = [](G g) { return g.effects(); },
     .rows = owned<effect_rows, effect>(),
     .strip = StripKind::effect_input},
    {.word = "fxrtn",
     .numbered = true,
     .called = "effect return",
     .heading = "Effect returns",
     .letter = "N",
     .note = ": left and right of slot 1, of slot 2, and so on",
     .remark = " A bus hears a return 64 samples late.",
     .x32 = "/fxrtn/NN/",
     .count = [](G g) { return g.returns; },
     .rows = owned<return_rows, fx_return>(),
     .strip = StripKind::fx_return,
     .identity = read<fx_return, &ReturnSettings::identity>,
     .mute = read<fx_return, &ReturnSettings::mute>,
     .link = read<fx_return, &ReturnSettings::link>,
     .has_sends = true},
    {.heading = "Desk", .x32 = "/", .count = one, .rows = owned<global_rows, global>()},
});

bool OwnerRow::has_outputs() const noexcept {
  return strip && std::find(kOutputKinds.begin(), kOutputKinds.end(), *strip) != kOutputKinds.end();
}

int owner_count(OwnerKind owner_kind, const Geometry& geometry) noexcept { return row_of(owner_kind).count(geometry); }

std::string owner_prefix(OwnerKind owner_kind, std::string_view number) {
  const OwnerRow& row = row_of(owner_kind);
  std::string prefix = "/";
  if (!row.word.empty()) prefix += std::string(row.word) + "/";
  if (row.numbered) prefix += std::string(number) + "/";
  return prefix;
}

std::string counts_text(const Geometry& geometry) {
  std::string text;
  for (const OwnerRow& row : kOwnerRows) {
    const int count = row.count(geometry);
    if (!row.numbered || count == 0) continue;
    std::string words(row.heading);
    words.front() = static_cast<char>(std::tolower(static_cast<unsigned char>(words.front())));
    if (count == 1) words = singular(words);
    text += (text.empty() ? "" : ", ") + std::to_string(count) + " " + words;
  }
  return text;
}

int lanes_of(OwnerKind owner_kind) noexcept {
  const auto& strip = row_of(owner_kind).strip;
  return strip ? row_of(*strip).lanes : 0;
}

std::optional<int> lane_of(StripRef strip, const Geometry& geometry) noexcept {
  const OwnerRow& row = row_of(strip.owner_kind);
  if (!row.strip || strip.owner < 0 || strip.owner >= row.count(geometry)) return std::nullopt;
  return geometry.first_strip(*row.strip) + strip.owner * lanes_of(strip.owner_kind);
}

std::optional<LaneOwner> owner_of_lane(int lane, const Geometry& geometry) noexcept {
  for (std::size_t k = 0; k < kOwnerRows.size(); ++k) {
    const auto kind = static_cast<OwnerKind>(k);
    const int each = lanes_of(kind);
    const auto first = lane_of({kind, 0}, geometry);
    if (each == 0 || !first || lane < *first || lane >= *first + owner_count(kind, geometry) * each) continue;
    return LaneOwner{{kind, (lane - *first) / each}, (lane - *first) % each};
  }
  return std::nullopt;
}

LaneOwner owner_of_output(int output, const Geometry& geometry) noexcept {
  return owner_of_lane(geometry.output_strip(output), geometry).value_or(LaneOwner{});
}

std::string lane_word(const LaneOwner& lane, std::string_view separator) {
  const OwnerRow& row = row_of(lane.strip.owner_kind);
  std::string word(row.word);
  if (row.numbered) word += std::string(separator) + std::to_string(lane.strip.owner + 1);
  if (lanes_of(lane.strip.owner_kind) == 2) word += std::string(separator) + (lane.lane == 0 ? "l" : "r");
  return word;
}

}  // namespace fohd
