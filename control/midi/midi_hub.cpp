#include "control/midi/midi_hub.h"

#include <algorithm>
#include <utility>

#include "control/midi/midi_learn.h"

namespace fohd {
namespace {

constexpr std::int64_t kLearnMs = 30'000;  // from the command to the control
constexpr std::int64_t kGatherMs = 400;    // of one control's messages, until it is judged
constexpr std::int64_t kTurnMs = 15;       // the daemon's tick is 20, and may be a little early
constexpr std::size_t kMaxWatchers = 16;
constexpr std::size_t kMaxNotes = 500;  // between two updates; 20 ms of eight surfaces at full speed are 250

}  // namespace

MidiHub::MidiHub(Desk& desk, DeskStatus& status, CommandSink& commands, MidiSetup setup)
    : setup_(std::move(setup)), readouts_(desk.geometry()), context_{desk, status, commands, readouts_} {
  desk.attach(observer_);
}

MidiHub::~MidiHub() { context_.desk.detach(observer_); }

// ---------------------------------------------------------------- devices

const MidiProfile* MidiHub::profile_of(const std::string& device) const {
  for (const auto& [pattern, id] : setup_.devices) {
    if (!name_matches(pattern, device)) continue;
    if (const MidiProfile* chosen = profile_with_id(setup_.profiles, id)) return chosen;
  }
  return find_profile(setup_.profiles, device);
}

/// The place of a device in a surface that was set up, else a surface of its own.
void MidiHub::find_place(const std::string& device, int ordinal, Unit& unit, MidiProfile& profile) const {
  const MidiProfile* known = profile_of(device);
  if (known == nullptr) {
    unit.key = device;
    profile.device = device;
    return;
  }
  unit.key = known->id;
  profile = *known;
  // A name without a number is the first device of that kind, where it stands again the second, and so on.
  int like_it = 0;
  for (std::size_t s = 0; s < setup_.surfaces.size(); ++s) {
    for (std::size_t p = 0; p < setup_.surfaces[s].units.size(); ++p) {
      const std::string& wanted = setup_.surfaces[s].units[p];
      const bool numbered = wanted == known->id + "#" + std::to_string(ordinal);
      if (!numbered && (wanted != known->id || ++like_it != ordinal)) continue;
      // Another port of the same kind under another name (X-Touch's EXT) is a surface of its own.
      const bool taken = std::any_of(units_.begin(), units_.end(), [&](const auto& other) {
        return other.second.surface == static_cast<int>(s) && other.second.place == static_cast<int>(p);
      });
      if (taken) continue;
      unit.surface = static_cast<int>(s);
      unit.place = static_cast<int>(p);
      return;
    }
  }
}

/// Columns of the first `places` units of a surface that was set up; a surface of its own begins at 0.
int MidiHub::columns_before(int surface, int places) const {
  if (surface < 0) return 0;
  const auto& names = setup_.surfaces[static_cast<std::size_t>(surface)].units;
  int columns = 0;
  for (int i = 0; i < places; ++i) {
    const std::string id = profile_of_unit(names[static_cast<std::size_t>(i)]);
    if (const MidiProfile* profile = profile_with_id(setup_.profiles, id)) columns += profile->columns;
  }
  return columns;
}

SurfaceView& MidiHub::view_of(const Unit& unit, const std::string& name, int columns) {
  std::string key = "device " + name;
  if (unit.surface >= 0) {
    key = "surface " + std::to_string(unit.surface);
    const auto& names = setup_.surfaces[static_cast<std::size_t>(unit.surface)].units;
    columns = columns_before(unit.surface, static_cast<int>(names.size()));
  }
  auto& view = views_[key];
  if (!view) view = std::make_unique<SurfaceView>(context_.desk, setup_.layers, columns);
  return *view;
}

void MidiHub::connect(MidiUnitId id, const std::string& device, int ordinal, std::int64_t now_ms) {
  Unit unit;
  unit.device = device;
  MidiProfile profile;
  find_place(device, ordinal, unit, profile);
  const std::string number = ordinal > 1 ? "#" + std::to_string(ordinal) : "";
  std::string name = (profile.id.empty() ? device : profile.id) + number;
  const bool taken =
      std::any_of(units_.begin(), units_.end(), [&](const auto& u) { return u.second.unit->name() == name; });
  if (taken) name = device + number;
  SurfaceView& view = view_of(unit, device + number, profile.columns);
  unit.unit = std::make_unique<MidiUnit>(context_, id, name, std::move(profile), view,
                                         columns_before(unit.surface, unit.place));
  for (const MidiControlSpec& spec : learned_[unit.key]) unit.unit->learn(spec);
  unit.unit->on_event = [this, id](const MidiEvent& event) { return hear_for_learning(id, event); };
  unit.unit->connect(now_ms);
  if (context_.monitor) context_.monitor(name + " is there (" + device + ")");
  units_[id] = std::move(unit);
}

void MidiHub::disconnect(MidiUnitId id) {
  const auto at = units_.find(id);
  if (at == units_.end()) return;
  if (context_.monitor) context_.monitor(at->second.unit->name() + " is gone");
  at->second.unit->let_go();
  units_.erase(at);
}

const MidiUnit* MidiHub::unit(MidiUnitId id) const {
  const auto at = units_.find(id);
  return at == units_.end() ? nullptr : at->second.unit.get();
}

void MidiHub::receive(MidiUnitId id, MidiBytes bytes, std::int64_t now_ms) {
  now_ms_ = now_ms;
  if (const auto at = units_.find(id); at != units_.end()) at->second.unit->receive(bytes, now_ms);
}

void MidiHub::turn(std::int64_t now_ms, const SurfaceClock& clock) {
  now_ms_ = now_ms;
  context_.clock = clock;
  const bool changed = !observer_.dirty.empty();
  observer_.dirty.clear();
  if (learning_) finish_learning(now_ms);
  if (!watchers_.empty()) update_monitor(now_ms);
  // However often packets cause a turn, surfaces are updated every 20 ms.
  const bool too_soon = now_ms - turned_ms_ < kTurnMs;
  if (!too_soon) turned_ms_ = now_ms;
  for (auto& [id, unit] : units_) {
    // What the device has not taken yet would be out of date by then: it is generated again when there is room.
    if (!too_soon && unit.unit->out().messages() == 0)
      unit.unit->turn(now_ms, changed);
    else
      unit.unit->note_change(changed);
  }
}

void MidiHub::meters(const MeterFrame& frame) {
  for (auto& [id, unit] : units_) unit.unit->meters(frame);
}

void MidiHub::drain(const std::function<bool(MidiUnitId, MidiBytes)>& send) {
  for (auto& [id, unit] : units_) {
    MidiOut& out = unit.unit->out();
    while (unit.sent < out.messages() && send(id, out.message(unit.sent))) {
      if (context_.monitor) context_.monitor(unit.unit->name() + " out " + midi_hex(out.message(unit.sent)));
      ++unit.sent;
    }
    if (unit.sent < out.messages()) continue;
    out.clear();
    unit.sent = 0;
  }
}

void MidiHub::say_goodbye() {
  for (auto& [id, unit] : units_) unit.unit->say_goodbye();
}

// ---------------------------------------------------------------- learning

std::string MidiHub::learn(const std::string& target, const Origin& client, std::int64_t now_ms) {
  std::string error;
  const auto parsed = parse_midi_target(target, 1, error);
  if (!parsed) return error;
  if (parsed->what == MidiTarget::What::nothing) return "say what the control is to do: an address such as /ch/1/fader";
  if (parsed->what == MidiTarget::What::address) {
    const auto id = context_.desk.table().find(parsed->path);
    const auto command = find_command(parsed->path);
    if (!id && !(command && is_for_buttons(*command)) && !readouts_.find(parsed->path)) {
      return parsed->path + " is no parameter, command or read-out of this desk";
    }
    if (id && !has_taper(*context_.desk.table()[*id].row)) return parsed->path + " is text, which no control can set";
  }
  if (units_.empty()) return "there is no MIDI device; fohctl midi list shows them when there is";
  learning_ = Learning{target, client, now_ms + kLearnMs, -1, 0, {}};
  return "";
}

/// During learning a moved control does nothing else.
bool MidiHub::hear_for_learning(MidiUnitId id, const MidiEvent& event) {
  if (!learning_) return false;
  if (learning_->first_ms >= 0 && learning_->unit != id) return false;
  const auto at = units_.find(id);
  if (at == units_.end()) return false;
  // A hand on a fader of the surface is no key.
  if (at->second.unit->is_touch(event.source)) return false;
  if (learning_->first_ms < 0) learning_->first_ms = now_ms_;
  learning_->unit = id;
  constexpr std::size_t kEnough = 64;
  if (learning_->events.size() < kEnough) learning_->events.push_back(event);
  return true;
}

void MidiHub::finish_learning(std::int64_t now_ms) {
  Learning& learning = *learning_;
  const auto tell = [&](const std::string& text) { notes_.push_back({learning.client, "/midi/learn", text}); };
  if (learning.first_ms < 0 || now_ms - learning.first_ms < kGatherMs) {
    if (now_ms < learning.until_ms) return;
    tell("nothing was moved; " + learning.target + " was not learned");
    learning_.reset();
    return;
  }
  const auto spec = recognise_control(learning.events);
  const auto at = units_.find(learning.unit);
  if (!spec || at == units_.end()) {
    learning.first_ms = -1;
    learning.events.clear();
    return;
  }
  std::string error;
  MidiControlSpec learned = *spec;
  if (const MidiControlSpec* known = at->second.unit->find_control(spec->message)) learned = *known;
  learned.does = *parse_midi_target(learning.target, 1, error);
  std::vector<MidiControlSpec>& all = learned_[at->second.key];
  std::erase_if(all, [&](const MidiControlSpec& other) { return other.message == learned.message; });
  all.push_back(learned);
  for (auto& [id, unit] : units_) {
    if (unit.key == at->second.key) unit.unit->learn(learned);
  }
  tell(learning.target + " is " + learned.name +
       (learned.name == to_string(learned.message) ? "" : " (" + to_string(learned.message) + ")") + " of " +
       at->second.unit->name());
  learning_.reset();
}

std::string MidiHub::forget(const std::string& what) {
  bool found = false;
  for (auto& [key, specs] : learned_) {
    std::erase_if(specs, [&, &device = key](const MidiControlSpec& spec) {
      if (what != "all" && what != to_string(spec.does) && what != to_string(spec.message)) return false;
      found = true;
      for (auto& [id, unit] : units_) {
        if (unit.key == device) unit.unit->forget(spec.message);
      }
      return true;
    });
  }
  if (found) return "";
  return what == "all" ? "nothing was learned" : "nothing that was learned is or does " + what;
}

std::string MidiHub::saved(const std::string& device, Saved& into) const {
  for (const auto& [id, unit] : units_) {
    const auto learned = learned_.find(unit.key);
    const bool has = learned != learned_.end() && !learned->second.empty();
    if (device.empty() ? !has : device != unit.unit->name() && device != unit.device) continue;
    if (!has) return "nothing was learned on " + device;
    if (device.empty() && !into.device.empty() && into.device != unit.device) {
      return "more than one device has learned something; say which";
    }
    into = {unit.unit->profile().id, unit.device, learned->second};
  }
  if (!into.device.empty()) return "";
  return device.empty() ? "nothing was learned on any device that is there" : "there is no device " + device;
}

// ---------------------------------------------------------------- lists and watching

std::vector<std::string> MidiHub::list() const {
  std::vector<std::string> lines;
  for (const auto& [id, unit] : units_) {
    const MidiUnit& u = *unit.unit;
    std::string line = u.name() + ": " + (u.profile().id.empty() ? "no profile" : u.profile().device) + ", port \"" +
                       unit.device + "\"" + (u.online() ? "" : ", does not answer");
    if (unit.surface >= 0) {
      line += ", place " + std::to_string(unit.place + 1) + " of surface \"" +
              setup_.surfaces[static_cast<std::size_t>(unit.surface)].name + "\"";
    }
    lines.push_back(std::move(line));
  }
  if (units_.empty()) lines.emplace_back("There is no MIDI device.");
  for (const auto& [key, specs] : learned_) {
    for (const MidiControlSpec& spec : specs) {
      lines.push_back("learned on " + key + ": " + to_string(spec.message) + " " + to_string(spec.does));
    }
  }
  return lines;
}

std::vector<std::string> MidiHub::list_controls(const std::string& device, std::string& error) const {
  std::vector<std::string> lines;
  for (const auto& [id, unit] : units_) {
    if (unit.unit->name() == device || unit.device == device) unit.unit->list(lines);
  }
  if (lines.empty()) error = "there is no device " + device + " with controls; /midi/list names those that are there";
  return lines;
}

void MidiHub::monitor(const Origin& client, int seconds, std::int64_t now_ms) {
  if (seconds <= 0) {
    watchers_.erase(client);
  } else if (watchers_.size() < kMaxWatchers || watchers_.contains(client)) {
    watchers_[client] = now_ms + std::int64_t{seconds} * 1000;
  }
  update_monitor(now_ms);
}

void MidiHub::update_monitor(std::int64_t now_ms) {
  std::erase_if(watchers_, [&](const auto& watcher) { return watcher.second <= now_ms; });
  if (watchers_.empty()) {
    context_.monitor = nullptr;
  } else if (!context_.monitor) {
    context_.monitor = [this](const std::string& line) { say(line); };
  }
}

void MidiHub::say(const std::string& line) {
  for (const auto& [client, until] : watchers_) {
    if (notes_.size() < kMaxNotes) notes_.push_back({client, "/midi/monitor", line});
  }
}

std::string MidiHub::spill(const std::vector<std::string>& addresses) {
  std::vector<StripRef> strips = find_strips(context_.desk.table(), addresses);
  if (strips.empty()) return "none of these is a strip with a fader, such as /ch/1 or /bus/[1-4]";
  if (units_.empty()) return "there is no MIDI surface";
  for (const auto& [key, view] : views_) view->show(strips);
  return "";
}

std::vector<MidiNote> MidiHub::take_notes() { return std::exchange(notes_, {}); }

}  // namespace fohd
