#include "control/readouts/readouts.h"

#include "control/watches/overload_watch.h"

#include <array>

namespace fohd {
namespace {

using S = const DeskSettings&;
using T = const DeskStatus&;

std::int32_t muted_bits(bool own, bool safety) { return (own ? kMutedOwn : 0) | (safety ? kMutedSafety : 0); }
std::int32_t flag(bool on) { return on ? 1 : 0; }

constexpr std::string_view kMutedDoc =
    "Why this strip is silent, as bits: 1 own mute, 2 mute group, 4 DCA, 8 solo in place, 16 safety; 0 when it sounds.";

constexpr auto kAllBits = static_cast<float>(kMutedOwn | kMutedGroup | kMutedDca | kMutedSoloInPlace | kMutedSafety);

constexpr std::array kRows = {
    ReadoutRow{"muted", OwnerKind::channel, Kind::bitmask, Unit::none, 0, kAllBits,
               [](S s, T t, int n) -> Value { return muted_bits(s.channels[n].mute, t.channel_safety_muted[n]); },
               kMutedDoc},
    ReadoutRow{"clip", OwnerKind::channel, Kind::boolean, Unit::none, 0, 1,
               [](S, T t, int n) -> Value { return flag(t.input_clipped[n]); },
               "The input reached 0 dBFS since the last /clips/clear."},
    ReadoutRow{"muted", OwnerKind::bus, Kind::bitmask, Unit::none, 0, kAllBits,
               [](S s, T t, int n) -> Value { return muted_bits(s.buses[n].mute, t.bus_safety_muted[n]); }, kMutedDoc},
    ReadoutRow{"out/clip", OwnerKind::bus, Kind::boolean, Unit::none, 0, 1,
               [](S, T t, int n) -> Value { return flag(t.output_clipped[2 + n]); },
               "The output wanted to pass 0 dBFS since the last /clips/clear."},
    ReadoutRow{"muted", OwnerKind::fx_return, Kind::bitmask, Unit::none, 0, kAllBits,
               [](S s, T, int n) -> Value { return muted_bits(s.returns[n].mute, false); }, kMutedDoc},
    ReadoutRow{"muted", OwnerKind::main, Kind::bitmask, Unit::none, 0, kAllBits,
               [](S s, T t, int) -> Value { return muted_bits(s.main.mute, t.main_safety_muted); }, kMutedDoc},
    ReadoutRow{"out/left/clip", OwnerKind::main, Kind::boolean, Unit::none, 0, 1,
               [](S, T t, int) -> Value { return flag(t.output_clipped[0]); },
               "The output wanted to pass 0 dBFS since the last /clips/clear."},
    ReadoutRow{"out/right/clip", OwnerKind::main, Kind::boolean, Unit::none, 0, 1,
               [](S, T t, int) -> Value { return flag(t.output_clipped[1]); },
               "The output wanted to pass 0 dBFS since the last /clips/clear."},
    ReadoutRow{"latency", OwnerKind::main, Kind::integer, Unit::none, 0, 4096,
               [](S, T t, int) -> Value { return t.main_latency_frames; },
               "Samples by which main is later than the buses: the look-ahead of its limiter."},
    ReadoutRow{"/start/held", OwnerKind::global, Kind::boolean, Unit::none, 0, 1,
               [](S, T t, int) -> Value { return flag(t.held); },
               "After a cold start everything is restored but the outputs stay shut until /start/release."},
    ReadoutRow{"/jack/connected", OwnerKind::global, Kind::boolean, Unit::none, 0, 1,
               [](S, T t, int) -> Value { return flag(t.jack_connected); },
               "A JACK server runs this desk; without one only the control side answers."},
    ReadoutRow{"/jack/rate", OwnerKind::global, Kind::real, Unit::hz, 0, 192000,
               [](S, T t, int) -> Value { return t.rate_hz; }, "The sample rate."},
    ReadoutRow{"/jack/period", OwnerKind::global, Kind::integer, Unit::none, 0, 8192,
               [](S, T t, int) -> Value { return std::int32_t{t.period_frames}; }, "Frames in one JACK period."},
    ReadoutRow{"/jack/load", OwnerKind::global, Kind::real, Unit::percent, 0, 100,
               [](S, T t, int) -> Value { return t.load_percent; },
               "How much of a period the audio takes, as JACK measures it."},
    ReadoutRow{"/jack/xruns", OwnerKind::global, Kind::integer, Unit::none, 0, 0,
               [](S, T t, int) -> Value { return t.xruns; }, "Xruns that JACK reported since the program started."},
    ReadoutRow{"/jack/deadline_misses", OwnerKind::global, Kind::integer, Unit::none, 0, 0,
               [](S, T t, int) -> Value { return t.deadline_misses; },
               "Audio callbacks that ended too late by the desk's own clock, since JACK last came."},
    ReadoutRow{
        "/audio/shed", OwnerKind::global, Kind::integer, Unit::none, 0, kLoadReductionRows.size() - 1,
        [](S, T t, int) -> Value { return t.load_reduction; },
        "What the desk gives up because the audio load is near its limit, never of the dry path: 0 nothing, 1 main's "
        "limiter watches the samples only, not what lies between them."},
    ReadoutRow{"/osc/lost_datagrams", OwnerKind::global, Kind::integer, Unit::none, 0, 0,
               [](S, T t, int) -> Value { return t.lost_datagrams; },
               "OSC datagrams that came faster than they could be read, since the program started."},
};

consteval bool rows_are_whole() {
  for (const ReadoutRow& row : kRows) {
    if (row.doc.empty() || row.path.empty() || row.read == nullptr || row.min > row.max) return false;
    if ((row.owner_kind == OwnerKind::global) != (row.path.front() == '/')) return false;
  }
  return true;
}
static_assert(rows_are_whole());

}  // namespace

std::span<const ReadoutRow> readout_rows() noexcept { return kRows; }

ReadoutTable::ReadoutTable(const Geometry& geometry) {
  for (std::size_t f = 0; f < kOwnerRows.size(); ++f) {
    const auto owner_kind = static_cast<OwnerKind>(f);
    for (int owner = 0; owner < owner_count(owner_kind, geometry); ++owner) {
      const std::string prefix =
          owner_kind == OwnerKind::global ? "" : owner_prefix(owner_kind, std::to_string(owner + 1));
      for (const ReadoutRow& row : kRows) {
        if (row.owner_kind == owner_kind) readouts_.push_back({&row, prefix + std::string(row.path), owner});
      }
    }
  }
  for (ReadoutId id = 0; id < readouts_.size(); ++id) tree_.add(readouts_[id].address, id);
}

}  // namespace fohd
