// MIDI as a door of the running desk: profiles, ports and surfaces put together, and the commands of `fohctl midi`.
#pragma once

#include <boost/asio/io_context.hpp>
#include <filesystem>
#include <functional>
#include <future>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "control/commands/answers.h"
#include "control/midi/midi_hub.h"
#include "daemon/doors/door.h"
#include "daemon/midi/midi_ports.h"

namespace fohd {

/// [control]
class MidiDoor final : public Door {
 public:
  struct Context {
    boost::asio::io_context& io;
    Desk& desk;
    DeskStatus& status;
    CommandSink& commands;
    Answers& answers;
    std::function<void()> turn;  ///< something came in: publish it
    /// A device is there under a number that its changes will carry.
    std::function<void(std::uint64_t client, const std::string& name)> named;
  };

  /// [control, before the loop: it reads the profiles from the disk] Warnings are logged. state_folder: where one's own
  /// profiles are kept if the configuration names no place; empty: nowhere.
  MidiDoor(Context context, const Config& config, const std::string& state_folder);
  ~MidiDoor() override;

  Origin::Side side() const noexcept override { return Origin::Side::midi; }
  std::string status() const override;
  /// Opens the ports, if MIDI is not off.
  void open() override;
  /// Sends the devices their last messages and closes them.
  bool close() override;
  void turn(std::int64_t now_ms) override;
  void meters(const MeterFrame& frame, std::int64_t) override { hub_.meters(frame); }
  void watch_audio(std::uint64_t frames, std::int64_t now_ms) override;
  void report() override;
  void register_commands(CommandHandlers& commands) override;
  void add_metrics(std::vector<DoorMetric>& metrics) const override;
  /// Over JACK there are no ports without its server.
  void set_jack_alive(bool alive) override;
  void open_on_jack() override;
  void close_on_jack() override;

 private:
  /// The commands below /midi. On failure returns false and says why.
  bool execute(const CommandCall& call, const Origin& origin, std::span<const Value> arguments, std::int64_t now_ms,
               std::string& error);
  static MidiSetup make_setup(const Config& config, const std::filesystem::path& own_folder);
  void appeared(MidiUnitId id, const MidiPortPair& pair);
  std::string save(const std::string& device, const std::string& name, const Origin& client);
  void look_for_saved();

  Context context_;
  MidiConfig config_;
  std::string client_name_;
  std::filesystem::path own_folder_;
  MidiHub hub_;
  std::unique_ptr<MidiPorts> ports_;
  std::future<std::string> saving_;  ///< valid while a disk is written
  Origin saving_for_ = {};
  std::string saving_name_;
  std::uint64_t lost_told_ = 0, frames_ = 0;
  std::int64_t frames_ms_ = 0;
};

}  // namespace fohd
