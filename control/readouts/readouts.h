// Read-outs: what a client can get and subscribe to but not set, because the desk itself measures it. The same kind of
// table as the parameters: a row, a geometry, an address each.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "control/desk/mutes.h"
#include "control/parameters/address_tree.h"
#include "control/parameters/parameter.h"
#include "control/parameters/settings.h"
#include "control/parameters/table.h"

namespace fohd {

/// What only the daemon and the engine have. The daemon fills it; rows below read it.
struct DeskStatus {
  explicit DeskStatus(const Geometry& desk)
      : geometry(desk),
        safety_muted(desk.strips()),
        input_clipped(desk.channels()),
        output_clipped(desk.outputs()),
        faulty(desk.strips()) {}

  Geometry geometry;
  bool held = false;            ///< the outputs wait for /start/release
  bool jack_connected = false;  ///< a JACK server runs this desk
  float rate_hz = 0;
  int period_frames = 0;
  std::int32_t main_latency_frames = 0;  ///< main is later than the buses by it; 0 before the first audio
  float load_percent = 0;                ///< of one period, as JACK reports it
  std::int32_t xruns = 0;                ///< since the start of the process
  std::int32_t deadline_misses = 0;      ///< callbacks that ended later than a period after their cycle began
  std::int32_t load_reduction = 0;       ///< a LoadReduction: what is given up because of the load
  std::int32_t lost_datagrams = 0;       ///< OSC that came faster than it was read, since the start of the process
  std::vector<bool> safety_muted;        ///< [lane of the engine]
  std::vector<bool> input_clipped;       ///< [channel] since /clips/clear
  std::vector<bool> output_clipped;      ///< [output] main L, main R, buses; since then too
  std::vector<bool> faulty;              ///< [lane of the engine] broken sound was met, since then
};

/// [any] Whether a strip of the desk is silent since its sound broke too often.
bool safety_muted(const DeskStatus& status, StripRef strip) noexcept;

struct ReadoutRow {
  std::string_view path;                  ///< below the owner, e.g. "muted"; the whole address of one of the desk's
  bool (*of)(const OwnerRow&) = nullptr;  ///< which kinds of owner have it
  Kind kind = Kind::integer;
  Unit unit = Unit::none;
  float min = 0, max = 1;  ///< equal: only counts up
  Value (*read)(const DeskSettings&, const DeskStatus&, StripRef of) = nullptr;
  std::string_view doc;
};

using ReadoutId = std::uint32_t;  ///< dense, from 0

struct Readout {
  const ReadoutRow* row = nullptr;
  std::string address;
  StripRef owner;
};
/// [any] One of each kind of owner, with N for its number: for the reference.
std::vector<Readout> readout_examples(const Geometry& geometry);

/// [control]
class ReadoutTable {
 public:
  explicit ReadoutTable(const Geometry& geometry);
  ReadoutTable(const ReadoutTable&) = delete;
  ReadoutTable& operator=(const ReadoutTable&) = delete;

  std::size_t size() const noexcept { return readouts_.size(); }
  const Readout& operator[](ReadoutId id) const { return readouts_[id]; }
  std::optional<ReadoutId> find(std::string_view address) const { return tree_.find(address); }
  /// In table order; see ParameterTable::match.
  std::vector<ReadoutId> match(std::string_view pattern) const { return tree_.match(pattern); }
  Value read(const DeskSettings& settings, const DeskStatus& status, ReadoutId id) const {
    return readouts_[id].row->read(settings, status, readouts_[id].owner);
  }

 private:
  std::vector<Readout> readouts_;
  AddressTree tree_;
};

}  // namespace fohd
