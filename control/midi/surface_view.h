// What a surface shows: which strips lie under its columns, which one is selected, what its faders and rotaries
// are. Shared by all units of a surface. It changes nothing of the desk.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "control/desk/desk.h"
#include "control/midi/midi_setup.h"
#include "control/midi/midi_target.h"

namespace fohd {

/// [any] The strips that a list of addresses and patterns names, in that order; only what has a fader.
std::vector<StripRef> find_strips(const ParameterTable& table, std::span<const std::string> patterns);

/// [control]
class SurfaceView {
 public:
  /// Desk and layers must outlive it.
  SurfaceView(const Desk& desk, std::span<const MidiLayer> layers, int columns);

  int columns() const noexcept { return columns_; }
  /// Grows with everything that changes what controls stand for.
  std::uint64_t revision() const noexcept { return revision_; }

  /// Carries out what is an action of the surface itself; `column` is where the button is. False: it is none.
  bool act(const MidiTarget& target, int column, bool pressed);
  /// Shows just these strips until the next view, layer or spill.
  void show(std::vector<StripRef> strips);
  /// Whether a button with this target is lit; nullopt: it is no action of the surface.
  std::optional<bool> lit(const MidiTarget& target, int column) const;

  std::optional<StripRef> strip(int column) const;
  StripRef selected() const noexcept { return selected_; }
  /// What a control of the column stands for; nothing where this desk has no such thing.
  std::optional<ParameterId> parameter(const MidiTarget& target, int column) const;
  std::optional<ParameterId> below(StripRef strip, std::string_view path) const;

  bool fine() const noexcept { return fine_; }
  bool shows_fader_values() const noexcept { return fader_values_; }
  bool shows_load() const noexcept { return load_; }
  /// Two characters for a small display: what the rotaries are, or the bus whose sends are on the faders.
  std::string assignment() const;
  /// Whether the rotaries are many parameters of one strip.
  bool rotaries_are_selected() const noexcept { return !prefixes_.empty(); }

 private:
  std::vector<StripRef> all_of(std::string_view word) const;
  void set_order(std::vector<StripRef> order, const MidiTarget& source);
  void scroll(int by);
  void select(StripRef strip);
  void toggle_spill();
  std::vector<StripRef> contributors() const;
  void collect_rotaries();
  /// Sends on faders of a strip: its faders are the buses.
  bool columns_are_buses() const { return sends_ && selected_.owner_kind != OwnerKind::bus; }
  const std::vector<StripRef>& order() const { return columns_are_buses() ? buses_ : order_; }
  int offset() const { return columns_are_buses() ? bus_offset_ : offset_; }
  std::optional<ParameterId> strip_fader(int column) const;
  std::optional<ParameterId> rotary(int column) const;

  const Desk& desk_;
  std::span<const MidiLayer> layers_;
  int columns_;
  std::uint64_t revision_ = 1;

  std::vector<StripRef> order_, buses_;
  MidiTarget order_source_;  ///< the view or layer that is shown
  int offset_ = 0, bus_offset_ = 0;
  // What a spill returns to.
  std::vector<StripRef> unspilled_;
  int unspilled_offset_ = 0;
  bool spilled_ = false;

  StripRef selected_;
  bool flip_ = false, sends_ = false, fine_ = false, fader_values_ = false, load_ = false;
  std::string rotary_path_ = "pan";
  std::vector<std::string> prefixes_;
  std::vector<ParameterId> rotaries_;  ///< of the selected strip, while prefixes_ say so
  int page_ = 0;
};

}  // namespace fohd
