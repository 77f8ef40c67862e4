#include "control/parameters/owner_rows.h"

namespace fohd {
namespace {

using G = const Geometry&;
using S = const DeskSettings&;

constexpr int one(G) { return 1; }

}  // namespace

const std::array<OwnerRow, static_cast<std::size_t>(OwnerKind::global) + 1> kOwnerRows = {{
    {.word = "ch",
     .numbered = true,
     .heading = "Channels",
     .letter = "N",
     .x32 = "/ch/NN/",
     .count = [](G g) { return g.inputs; },
     .link = [](S s, std::size_t owner) { return s.channels[owner].link; },
     .has_sends = true,
     .lanes = 1,
     .first_lane = [](G) { return 0; },
     .meters_input = true},  // a signal behind a shut fader shows
    {.word = "bus",
     .numbered = true,
     .heading = "Buses",
     .letter = "N",
     .x32 = "/bus/NN/",
     .count = [](G g) { return g.buses; },
     .link = [](S s, std::size_t owner) { return s.buses[owner].link; },
     .lanes = 1,
     .first_lane = [](G g) { return g.first_bus_strip(); },
     .outputs = 1,
     .first_output = [](G) { return 2; }},
    {.word = "main",
     .heading = "Main",
     .x32 = "/main/st/",
     .count = one,
     .lanes = 2,
     .first_lane = [](G g) { return g.main_strip(); },
     .outputs = 2,
     .first_output = [](G) { return 0; }},
    {.word = "fx",
     .numbered = true,
     .heading = "Effects",
     .letter = "N (slot)",
     .x32 = "/fx/N/",
     .count = [](G g) { return g.effects(); }},
    {.word = "fxrtn",
     .numbered = true,
     .heading = "Effect returns",
     .letter = "N",
     .note = ": left and right of slot 1, of slot 2, and so on",
     .remark = " A bus hears a return 64 samples late.",
     .x32 = "/fxrtn/NN/",
     .count = [](G g) { return g.returns; },
     .link = [](S s, std::size_t owner) { return s.returns[owner].link; },
     .has_sends = true,
     .lanes = 1,
     .first_lane = [](G g) { return g.first_return_strip(); }},
    {.heading = "Desk", .x32 = "/", .count = one},
}};

int owner_count(OwnerKind owner_kind, const Geometry& geometry) noexcept { return row_of(owner_kind).count(geometry); }

std::string owner_prefix(OwnerKind owner_kind, std::string_view number) {
  const OwnerRow& row = row_of(owner_kind);
  std::string prefix = "/";
  if (!row.word.empty()) prefix += std::string(row.word) + "/";
  if (row.numbered) prefix += std::string(number) + "/";
  return prefix;
}

}  // namespace fohd
