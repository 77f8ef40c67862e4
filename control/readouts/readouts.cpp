#include "control/readouts/readouts.h"

#include "control/watches/overload_watch.h"

#include <algorithm>
#include <array>

namespace fohd {
namespace {

using S = const DeskSettings&;
using T = const DeskStatus&;

std::int32_t flag(bool on) { return on ? 1 : 0; }

constexpr std::string_view kMutedDoc =
    "Why this strip is silent, as bits: 1 own mute, 2 mute group, 4 DCA, 8 solo in place, 16 safety; 0 when it sounds.";

constexpr auto kAllBits = static_cast<float>(kMutedOwn | kMutedGroup | kMutedDca | kMutedSoloInPlace | kMutedSafety);

bool can_mute(const OwnerRow& row) { return row.mute != nullptr; }
bool meters_input(const OwnerRow& row) { return row.meters_input; }
bool has_one_output(const OwnerRow& row) { return row.has_outputs() && row_of(*row.strip).lanes == 1; }
bool has_two_outputs(const OwnerRow& row) { return row.has_outputs() && row_of(*row.strip).lanes == 2; }
bool is_main(const OwnerRow& row) { return &row == &row_of(OwnerKind::main); }
bool is_desk(const OwnerRow& row) { return &row == &row_of(OwnerKind::global); }

Value muted(S settings, T status, StripRef of) {
  return MuteFlags{.own = *row_of(of.owner_kind).mute(settings, of.owner), .safety = safety_muted(status, of)}.bits();
}
/// Of the side-th output of an owner.
std::int32_t output_clipped(T status, StripRef of, int side) {
  const int first = status.geometry.first_output(*row_of(of.owner_kind).strip) + of.owner * lanes_of(of.owner_kind);
  return flag(status.output_clipped[static_cast<std::size_t>(first + side)]);
}
constexpr std::string_view kOutputClipDoc = "The output wanted to pass 0 dBFS since the last /clips/clear.";

constexpr std::array kRows = {
    ReadoutRow{"muted", can_mute, Kind::bitmask, Unit::none, 0, kAllBits, muted, kMutedDoc},
    ReadoutRow{"clip", meters_input, Kind::boolean, Unit::none, 0, 1,
               [](S, T t, StripRef of) -> Value {
                 return flag(t.input_clipped[static_cast<std::size_t>(lane_of(of, t.geometry).value_or(0))]);
               },
               "The input reached 0 dBFS since the last /clips/clear."},
    ReadoutRow{"out/clip", has_one_output, Kind::boolean, Unit::none, 0, 1,
               [](S, T t, StripRef of) -> Value { return output_clipped(t, of, 0); }, kOutputClipDoc},
    ReadoutRow{"out/left/clip", has_two_outputs, Kind::boolean, Unit::none, 0, 1,
               [](S, T t, StripRef of) -> Value { return output_clipped(t, of, 0); }, kOutputClipDoc},
    ReadoutRow{"out/right/clip", has_two_outputs, Kind::boolean, Unit::none, 0, 1,
               [](S, T t, StripRef of) -> Value { return output_clipped(t, of, 1); }, kOutputClipDoc},
    ReadoutRow{"latency", is_main, Kind::integer, Unit::none, 0, 4096,
               [](S, T t, StripRef) -> Value { return t.main_latency_frames; },
               "Samples by which main is later than the buses: the look-ahead of its limiter."},
    ReadoutRow{"/start/held", is_desk, Kind::boolean, Unit::none, 0, 1,
               [](S, T t, StripRef) -> Value { return flag(t.held); },
               "After a cold start everything is restored but the outputs stay shut until /start/release."},
    ReadoutRow{"/jack/connected", is_desk, Kind::boolean, Unit::none, 0, 1,
               [](S, T t, StripRef) -> Value { return flag(t.jack_connected); },
               "A JACK server runs this desk; without one only the control side answers."},
    ReadoutRow{"/jack/rate", is_desk, Kind::real, Unit::hz, 0, 192000,
               [](S, T t, StripRef) -> Value { return t.rate_hz; }, "The sample rate."},
    ReadoutRow{"/jack/period", is_desk, Kind::integer, Unit::none, 0, 8192,
               [](S, T t, StripRef) -> Value { return std::int32_t{t.period_frames}; }, "Frames in one JACK period."},
    ReadoutRow{"/jack/load", is_desk, Kind::real, Unit::percent, 0, 100,
               [](S, T t, StripRef) -> Value { return t.load_percent; },
               "How much of a period the audio takes, as JACK measures it."},
    ReadoutRow{"/jack/xruns", is_desk, Kind::integer, Unit::none, 0, 0,
               [](S, T t, StripRef) -> Value { return t.xruns; },
               "Xruns that JACK reported since the program started."},
    ReadoutRow{"/jack/deadline_misses", is_desk, Kind::integer, Unit::none, 0, 0,
               [](S, T t, StripRef) -> Value { return t.deadline_misses; },
               "Audio callbacks that ended too late by the desk's own clock, since JACK last came."},
    ReadoutRow{
        "/audio/shed", is_desk, Kind::integer, Unit::none, 0, kLoadReductionRows.size() - 1,
        [](S, T t, StripRef) -> Value { return t.load_reduction; },
        "What the desk gives up because the audio load is near its limit, never of the dry path: 0 nothing, 1 main's "
        "limiter watches the samples only, not what lies between them."},
    ReadoutRow{"/osc/lost_datagrams", is_desk, Kind::integer, Unit::none, 0, 0,
               [](S, T t, StripRef) -> Value { return t.lost_datagrams; },
               "OSC datagrams that came faster than they could be read, since the program started."},
};

consteval bool rows_are_whole() {
  for (const ReadoutRow& row : kRows) {
    if (row.doc.empty() || row.path.empty() || row.read == nullptr || row.min > row.max) return false;
    if (row.of == nullptr || (row.of == is_desk) != (row.path.front() == '/')) return false;
  }
  return true;
}
static_assert(rows_are_whole());

}  // namespace

bool safety_muted(const DeskStatus& status, StripRef strip) noexcept {
  const int first = lane_of(strip, status.geometry).value_or(0);
  const auto begin = status.safety_muted.begin() + first, end = begin + lanes_of(strip.owner_kind);
  return std::find(begin, end, true) != end;
}

std::vector<Readout> readout_examples(const Geometry& geometry) {
  std::vector<Readout> examples;
  for (std::size_t k = 0; k < kOwnerRows.size(); ++k) {
    const auto owner_kind = static_cast<OwnerKind>(k);
    if (owner_count(owner_kind, geometry) == 0) continue;
    const std::string prefix = owner_kind == OwnerKind::global ? "" : owner_prefix(owner_kind, "N");
    for (const ReadoutRow& row : kRows) {
      if (row.of(kOwnerRows[k])) examples.push_back({&row, prefix + std::string(row.path), {owner_kind, 0}});
    }
  }
  return examples;
}

ReadoutTable::ReadoutTable(const Geometry& geometry) {
  for (std::size_t k = 0; k < kOwnerRows.size(); ++k) {
    const auto owner_kind = static_cast<OwnerKind>(k);
    for (int owner = 0; owner < owner_count(owner_kind, geometry); ++owner) {
      const std::string prefix =
          owner_kind == OwnerKind::global ? "" : owner_prefix(owner_kind, std::to_string(owner + 1));
      for (const ReadoutRow& row : kRows) {
        if (row.of(kOwnerRows[k])) readouts_.push_back({&row, prefix + std::string(row.path), {owner_kind, owner}});
      }
    }
  }
  for (ReadoutId id = 0; id < readouts_.size(); ++id) tree_.add(readouts_[id].address, id);
}

}  // namespace fohd
