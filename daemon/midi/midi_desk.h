// MIDI in the running desk: profiles, ports and surfaces put together, and the commands of `fohctl midi`.
#pragma once

#include <boost/asio/io_context.hpp>
#include <filesystem>
#include <functional>
#include <future>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "control/commands/command_handlers.h"
#include "control/midi/midi_hub.h"
#include "daemon/config/config.h"
#include "daemon/midi/midi_ports.h"

namespace fohd {

/// [control]
class MidiDesk {
 public:
  struct Context {
    boost::asio::io_context& io;
    Desk& desk;
    DeskStatus& status;
    CommandSink& commands;
    /// Sends a client a line; false: it may not ask for more in this second.
    std::function<bool(std::uint64_t client, const std::string& address, const std::string& text)> tell;
    std::function<void()> turn;  ///< something came in: publish it
    /// A device is there under a number that its changes will carry.
    std::function<void(std::uint64_t client, const std::string& name)> named;
  };

  /// [control, before the loop: it reads the profiles from the disk] Warnings are logged. state_folder: where one's own
  /// profiles are kept if the configuration names no place; empty: nowhere.
  MidiDesk(Context context, const Config& config, const std::string& state_folder);
  ~MidiDesk();
  MidiDesk(const MidiDesk&) = delete;
  MidiDesk& operator=(const MidiDesk&) = delete;

  /// Opens the ports, if MIDI is not off.
  void start();
  /// Over JACK there are no ports without its server.
  void set_jack_alive(bool alive);
  /// [jack thread] Opens on a new server: see JackOptions::open_others.
  void open_jack();
  /// [jack thread] Closes on the dead server: see JackOptions::close_others.
  void close_jack();
  /// The engine's frame counter, 0 without one: whether audio runs through.
  void watch_audio(std::uint64_t frames, std::int64_t now_ms);
  void turn(std::int64_t now_ms);
  void meters(const MeterFrame& frame) { hub_.meters(frame); }
  /// Carries out what stands below its address, from now on.
  void register_commands(CommandHandlers& commands);
  std::size_t device_count() const noexcept { return hub_.unit_count(); }
  /// Once a second: logs what got lost.
  void report();
  /// Sends the devices their last messages and closes them. False: their thread does not end in time.
  bool stop();

 private:
  /// The commands below /midi. On failure returns false and says why.
  bool execute(const CommandCall& call, const Origin& origin, std::span<const Value> arguments, std::int64_t now_ms,
               std::string& error);
  static MidiSetup make_setup(const Config& config, const std::filesystem::path& own_folder);
  void appeared(MidiUnitId id, const MidiPortPair& pair);
  void save(const std::string& device, const std::string& name, std::uint64_t client);
  void look_for_saved();

  Context context_;
  MidiConfig config_;
  std::string client_name_;
  std::filesystem::path own_folder_;
  MidiHub hub_;
  std::unique_ptr<MidiPorts> ports_;
  std::future<std::string> saving_;  ///< valid while a disk is written
  std::uint64_t saving_for_ = 0;
  std::string saving_name_;
  std::uint64_t lost_told_ = 0, frames_ = 0;
  std::int64_t frames_ms_ = 0;
};

}  // namespace fohd
