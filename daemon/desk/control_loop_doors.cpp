// The control loop's doors, one of each, and what the parts of the daemon ask of the desk through them.
#include "daemon/base/clock.h"
#include "daemon/desk/control_loop.h"
#include "daemon/midi/midi_door.h"
#include "daemon/net/osc_door.h"

namespace fohd {

/// In the order of their turns: what surfaces change in theirs goes to programs at once.
void ControlLoop::make_doors(const std::string& store_folder) {
  const auto turn = [this] { this->turn(); };
  doors_.add(std::make_unique<MidiDoor>(
      MidiDoor::Context{io_, desk_, status_, commands_, doors_, turn,
                        [this](std::uint64_t client, const std::string& name) { access_.name_midi(client, name); }},
      config_, store_folder));
  doors_.add(std::make_unique<OscDoor>(
      OscDoor::Context{io_, desk_, status_, commands_,
                       [this](const Origin& client, std::uint32_t address, std::uint32_t interface) {
                         return access_.hears(client, address, interface, now_ms());
                       },
                       [this] { return access_.refusal(now_ms()); }, turn},
      config_));
}

AccessDesk::Context ControlLoop::access_context() {
  return {desk_, doors_, [this](const Refused& refused) { doors_.drop(refused); }};
}

DeskWatch::Context ControlLoop::watch_context() {
  return {io_, desk_, status_, box_, [this] { return facts(); }, doors_};
}

DeskFacts ControlLoop::facts() {
  return {jack_->figures(),
          doors_.metrics(),
          doors_.subscribers(),
          media_.lost_blocks(),
          store_ ? std::optional(store_->failing()) : std::nullopt,
          access_.login_counts()};
}

}  // namespace fohd
