// All surfaces of a desk: which device is which, shared views, learning, watching. No port, thread or clock: the
// daemon brings bytes and the time and takes what is to be sent.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "control/midi/midi_setup.h"
#include "control/midi/midi_unit.h"

namespace fohd {

struct MidiSetup {
  std::vector<MidiProfile> profiles;  ///< of equal patterns the first counts
  /// Which profile a device has, whatever the profiles' own patterns are: {pattern of its name, profile's id}.
  std::vector<std::pair<std::string, std::string>> devices;
  std::vector<SurfaceSetup> surfaces;
  std::vector<MidiLayer> layers;
};

/// A device while it is there. Never used again for another one.
using MidiUnitId = std::uint32_t;

/// A line for a client, beside answers that come at once.
struct MidiNote {
  Origin client = {};
  std::string address;  ///< "/midi/monitor" or "/midi/learn"
  std::string text;
};

/// [control]
class MidiHub {
 public:
  MidiHub(Desk& desk, DeskStatus& status, CommandSink& commands, MidiSetup setup);
  ~MidiHub();
  MidiHub(const MidiHub&) = delete;
  MidiHub& operator=(const MidiHub&) = delete;

  /// A device is there, in both directions or one. ordinal: from 1 among devices of that name.
  void connect(MidiUnitId id, const std::string& device, int ordinal, std::int64_t now_ms);
  void disconnect(MidiUnitId id);
  void receive(MidiUnitId id, MidiBytes bytes, std::int64_t now_ms);
  /// Every 20 ms, and after packets and messages came in.
  void turn(std::int64_t now_ms, const SurfaceClock& clock);
  void meters(const MeterFrame& frame);
  /// Hands messages to `send` in order; false: the device takes no more now, what is left stays.
  void drain(const std::function<bool(MidiUnitId, MidiBytes)>& send);
  /// Puts every device into its final state; drain() then has the last messages.
  void say_goodbye();

  std::size_t unit_count() const noexcept { return units_.size(); }
  /// [any thread] It never changes.
  const MidiSetup& setup() const noexcept { return setup_; }
  const MidiUnit* unit(MidiUnitId id) const;
  /// [any thread] The profile that a device of this name has; null: none.
  const MidiProfile* profile_of(const std::string& device) const;

  // ---- requests of an engineer. Each returns "" or why it cannot be.
  /// The next control that is moved, on any device, does `target` from then on.
  std::string learn(const std::string& target, const Origin& client, std::int64_t now_ms);
  /// By what it does, or by its message; "all" removes everything learned.
  std::string forget(const std::string& what);
  /// What was learned on a device, as a profile of its own that extends the one it has. device: a unit's name, or "" if
  /// only one has learned anything.
  struct Saved {
    std::string extends, device;
    std::vector<MidiControlSpec> controls;
  };
  std::string saved(const std::string& device, Saved& into) const;
  /// Lines for people: devices, and what was learned.
  std::vector<std::string> list() const;
  /// The controls of a unit, by its name or its device's; nothing, and why, if there is none.
  std::vector<std::string> list_controls(const std::string& device, std::string& error) const;
  /// Sends the client all that goes in and out for so long.
  void monitor(const Origin& client, int seconds, std::int64_t now_ms);
  /// All surfaces show just the strips of these addresses.
  std::string spill(const std::vector<std::string>& addresses);
  std::vector<MidiNote> take_notes();

 private:
  struct Unit {
    std::unique_ptr<MidiUnit> unit;
    std::string key;               ///< whose learned controls it has: its profile's id, or the device's name
    std::string device;            ///< as the system calls it
    int surface = -1, place = -1;  ///< in setup_.surfaces; -1: a surface of its own
    std::size_t sent = 0;          ///< messages of its out() that drain() has handed over
  };
  struct Learning {
    std::string target;
    Origin client = {};
    std::int64_t until_ms = 0, first_ms = -1;
    MidiUnitId unit = 0;
    std::vector<MidiEvent> events;
  };

  void find_place(const std::string& device, int ordinal, Unit& unit, MidiProfile& profile) const;
  SurfaceView& view_of(const Unit& unit, const std::string& name, int columns);
  int columns_before(int surface, int places) const;
  bool hear_for_learning(MidiUnitId id, const MidiEvent& event);
  void finish_learning(std::int64_t now_ms);
  void say(const std::string& line);
  void update_monitor(std::int64_t now_ms);

  MidiSetup setup_;
  Observer observer_;
  ReadoutTable readouts_;
  MidiContext context_;
  std::map<std::string, std::unique_ptr<SurfaceView>> views_;  ///< a surface that returns finds its banks as they were
  std::map<MidiUnitId, Unit> units_;
  std::map<std::string, std::vector<MidiControlSpec>> learned_;
  std::optional<Learning> learning_;
  std::map<Origin, std::int64_t> watchers_;  ///< client -> until when
  std::vector<MidiNote> notes_;
  std::int64_t now_ms_ = 0, turned_ms_ = -1000;
};

}  // namespace fohd
