// All doors of a desk, as one.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "control/commands/answers.h"
#include "daemon/doors/door.h"

namespace fohd {

/// [control] all of it, but for what Door says otherwise.
class Doors final : public Answers {
 public:
  /// They have their turns in the order in which they are added. Throws std::logic_error if a door of this side is
  /// there.
  void add(std::unique_ptr<Door> door);

  bool can_tell(const Origin& client) const override;
  bool tell(const Origin& client, const std::string& address, std::span<const Value> values) override;
  using Answers::tell;

  void open();
  void configure(const Config& config);
  /// False: one does not let go. All are closed.
  bool close();
  void turn(std::int64_t now_ms);
  void meters(const MeterFrame& frame, std::int64_t now_ms);
  void watch_audio(std::uint64_t frames, std::int64_t now_ms);
  void report();
  void register_commands(CommandHandlers& commands);
  void drop(const Refused& refused);
  std::vector<std::string> subscribers() const;
  /// "3 OSC subscribers, 1 MIDI device"
  std::string status() const;
  std::vector<DoorMetric> metrics() const;
  std::uint64_t lost_packets() const;
  void set_jack_alive(bool alive);
  void open_on_jack();   ///< [jack thread]
  void close_on_jack();  ///< [jack thread]

 private:
  Door* of(Origin::Side side) const;

  std::vector<std::unique_ptr<Door>> doors_;  ///< [jack thread: reads] complete before open()
};

}  // namespace fohd
