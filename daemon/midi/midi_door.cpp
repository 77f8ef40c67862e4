#include "daemon/midi/midi_door.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <chrono>
#include <ctime>
#include <exception>
#include <sstream>
#include <thread>

#include "daemon/base/clock.h"
#include "daemon/base/log.h"
#include "daemon/config/midi_profiles.h"

namespace fohd {
namespace {

SurfaceClock wall_clock() {
  const std::time_t now = std::chrono::system_clock::to_time_t(std::chrono::system_clock::now());
  std::tm local{};
  ::localtime_r(&now, &local);
  return {local.tm_hour, local.tm_min, local.tm_sec};
}

std::vector<std::string> words_of(const std::string& text) {
  std::istringstream stream(text);
  return {std::istream_iterator<std::string>(stream), {}};
}

}  // namespace

MidiSetup MidiDoor::make_setup(const Config& config, const std::filesystem::path& own_folder) {
  MidiSetup setup;
  if (config.midi.api == MidiApi::off) return setup;
  std::vector<std::filesystem::path> folders;
  if (!own_folder.empty()) folders.push_back(own_folder);
  if (const auto shipped = shipped_midi_profiles(); !shipped.empty()) folders.push_back(shipped);
  std::vector<ConfigError> errors;
  setup.profiles = load_midi_profiles(folders, errors);
  for (const ConfigError& error : errors) log_of(EventKind::midi).warn("MIDI profile left out: {}", error.to_string());
  setup.devices = config.midi.devices;
  setup.surfaces = config.midi.surfaces;
  setup.layers = config.midi.layers;
  for (const auto& [port, id] : setup.devices) {
    if (profile_with_id(setup.profiles, id) == nullptr)
      log_of(EventKind::midi)
          .warn("[[midi.device]]: there is no profile \"{}\"; \"{}\" is left to the others", id, port);
  }
  for (const SurfaceSetup& surface : setup.surfaces) {
    for (const std::string& unit : surface.units) {
      if (profile_with_id(setup.profiles, profile_of_unit(unit)) == nullptr) {
        log_of(EventKind::midi).warn("[[midi.surface]] \"{}\": there is no profile \"{}\"", surface.name, unit);
      }
    }
  }
  return setup;
}

MidiDoor::MidiDoor(Context context, const Config& config, const std::string& state_folder)
    : context_(std::move(context)),
      config_(config.midi),
      client_name_(config.audio.client),
      own_folder_(!config.midi.profiles.empty() ? std::filesystem::path(config.midi.profiles)
                  : !state_folder.empty()       ? std::filesystem::path(state_folder) / "midi"
                                                : std::filesystem::path()),
      hub_(context_.desk, context_.status, context_.commands, make_setup(config, own_folder_)) {}

MidiDoor::~MidiDoor() = default;

std::string MidiDoor::status() const {
  return std::to_string(hub_.unit_count()) + (hub_.unit_count() == 1 ? " MIDI device" : " MIDI devices");
}

void MidiDoor::add_metrics(std::vector<DoorMetric>& metrics) const {
  metrics.push_back({"fohd_midi_devices", "gauge", "MIDI devices that are there.", hub_.unit_count()});
}

void MidiDoor::open() {
  if (config_.api == MidiApi::off) return;
  MidiPorts::Options options;
  options.api = config_.api;
  options.client = client_name_;
  options.wants_exclusive = [this](const std::string& device) {
    const MidiProfile* profile = hub_.profile_of(device);
    return profile != nullptr && profile->protocol != MidiProtocol::midi;
  };
  MidiPorts::Handlers handlers;
  handlers.appeared = [this](MidiUnitId id, const MidiPortPair& pair) { appeared(id, pair); };
  handlers.gone = [this](MidiUnitId id, const MidiPortPair& pair) {
    hub_.disconnect(id);
    log_of(EventKind::midi).info("MIDI: {} is gone", pair.name);
  };
  handlers.bytes = [this](MidiUnitId id, MidiBytes bytes) { hub_.receive(id, bytes, now_ms()); };
  handlers.turn = [this] { context_.turn(); };
  handlers.trouble = [](const std::string& text) { log_of(EventKind::midi).warn("MIDI: {}", text); };
  ports_ = std::make_unique<MidiPorts>(context_.io, std::move(options), std::move(handlers));
  log_of(EventKind::midi)
      .info("MIDI surfaces are looked for over {}; {} device profiles are known", ports_->api_name(),
            hub_.setup().profiles.size());
}

void MidiDoor::appeared(MidiUnitId id, const MidiPortPair& pair) {
  if (context_.named) context_.named(id, pair.name);
  hub_.connect(id, pair.name, pair.ordinal, now_ms());
  const MidiUnit* unit = hub_.unit(id);
  const bool known = unit != nullptr && !unit->profile().id.empty();
  log_of(EventKind::midi).info("MIDI: {} is there, {}", pair.name, known ? "as " + unit->name() : "without a profile");
  if (known && (pair.source.empty() || pair.sink.empty())) {
    log_of(EventKind::midi)
        .warn("MIDI: {} has no port that {}; if its name is another one there, nothing can be {} it", pair.name,
              pair.sink.empty() ? "listens" : "speaks", pair.sink.empty() ? "sent to" : "heard from");
  }
}

void MidiDoor::set_jack_alive(bool alive) {
  if (ports_) ports_->set_server_alive(alive);
}

void MidiDoor::open_on_jack() {
  constexpr int kPatienceMs = 500;  // it takes 50; audio does not wait for more
  if (ports_) ports_->open_jack(kPatienceMs);
}

void MidiDoor::close_on_jack() {
  constexpr int kPatienceMs = 3000;  // RtMidi waits a second for each port that is not emptied any more
  if (ports_) ports_->close_jack(kPatienceMs);
}

void MidiDoor::watch_audio(std::uint64_t frames, std::int64_t now_ms) {
  if (frames != frames_) frames_ms_ = now_ms;
  frames_ = frames;
  constexpr std::int64_t kStandsMs =
      200;  // four of the longest periods; what is sent meanwhile fits RtMidi's ring ten times
  if (ports_) ports_->set_flowing(now_ms - frames_ms_ < kStandsMs);
}

void MidiDoor::turn(std::int64_t now_ms) {
  hub_.turn(now_ms, wall_clock());
  hub_.drain([this](MidiUnitId id, MidiBytes message) { return ports_ == nullptr || ports_->send(id, message); });
  for (const MidiNote& note : hub_.take_notes()) context_.answers.tell(note.client, note.address, note.text);
  look_for_saved();
}

void MidiDoor::register_commands(CommandHandlers& commands) {
  commands.add({Command::midi_list, Command::midi_controls, Command::midi_learn, Command::midi_forget,
                Command::midi_save, Command::midi_monitor, Command::midi_spill},
               [this](const CommandCall& call, const Origin& origin, std::span<const Value> arguments,
                      std::string& error) { return execute(call, origin, arguments, now_ms(), error); });
}

bool MidiDoor::execute(const CommandCall& call, const Origin& origin, std::span<const Value> arguments,
                       std::int64_t now_ms, std::string& error) {
  const auto text = [&](std::size_t i) { return std::get<std::string>(arguments[i]); };
  error.clear();
  switch (call.command) {
    case Command::midi_learn:
      error = hub_.learn(text(0), origin, now_ms);
      break;
    case Command::midi_forget:
      error = hub_.forget(text(0));
      break;
    case Command::midi_list:
    case Command::midi_controls: {
      const bool all = call.command == Command::midi_list;
      for (const std::string& line : all ? hub_.list() : hub_.list_controls(text(0), error)) {
        if (!context_.answers.tell(origin, address_of(call), line)) break;
      }
      break;
    }
    case Command::midi_monitor: {
      constexpr int kMostSeconds = 60;  // a client that watches asks again
      hub_.monitor(origin, std::clamp(std::get<std::int32_t>(arguments[0]), 0, kMostSeconds), now_ms);
      break;
    }
    case Command::midi_spill:
      error = hub_.spill(words_of(text(0)));
      break;
    case Command::midi_save:
      error = save(text(0), text(1), origin);
      break;
    default:
      error = "this command is not known here";
  }
  return error.empty();
}

/// "" or why not. The client is told when it is done.
std::string MidiDoor::save(const std::string& device, const std::string& name, const Origin& client) {
  if (own_folder_.empty()) return "this desk keeps nothing: it was started without a state folder";
  if (saving_.valid()) return "a profile is being saved; try again";
  MidiHub::Saved saved;
  if (std::string error = hub_.saved(device, saved); !error.empty()) return error;
  if (profile_with_id(hub_.setup().profiles, name) != nullptr) {
    return "there is a profile \"" + name + "\" already; choose another name";
  }
  saving_for_ = client;
  saving_name_ = name;
  try {
    // A disk may stand still, so no thread waits for this one.
    std::packaged_task<std::string()> task(
        [folder = own_folder_, name, saved = std::move(saved)] { return save_midi_profile(folder, name, saved); });
    saving_ = task.get_future();
    std::thread(std::move(task)).detach();
  } catch (const std::exception& failure) {  // no thread, no memory
    saving_ = {};
    return failure.what();
  }
  return "";
}

void MidiDoor::look_for_saved() {
  if (!saving_.valid() || saving_.wait_for(std::chrono::seconds(0)) != std::future_status::ready) return;
  std::string error;
  try {
    error = saving_.get();
  } catch (const std::exception& failure) {
    error = failure.what();
  }
  const std::string where = (own_folder_ / (saving_name_ + ".toml")).string();
  context_.answers.tell(saving_for_, "/midi/save",
                        error.empty() ? "saved as " + where + "; in force from the next start" : "not saved: " + error);
}

void MidiDoor::report() {
  const std::uint64_t lost = ports_ ? ports_->lost_bytes() : 0;
  if (lost == lost_told_) return;
  log_of(EventKind::midi).warn("MIDI: {} bytes came faster than they could be read and are lost", lost - lost_told_);
  lost_told_ = lost;
}

bool MidiDoor::close() {
  if (!ports_) return true;
  hub_.say_goodbye();
  hub_.drain([this](MidiUnitId id, MidiBytes message) { return ports_->send(id, message); });
  constexpr int kPatienceMs = 2500;  // beside a JACK server that has just ended RtMidi waits for a second
  return ports_->stop(kPatienceMs);
}

}  // namespace fohd
