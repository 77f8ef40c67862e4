// The control loop's commands: what it carries out itself, and the parts that carry out the others.
#include <spdlog/spdlog.h>

#include <stdexcept>
#include <string>

#include "daemon/base/log.h"
#include "daemon/desk/control_loop.h"

namespace fohd {

void ControlLoop::register_commands() {
  access_.register_commands(commands_);
  watch_.register_commands(commands_);
  doors_.register_commands(commands_);
  const auto simple = [this](Command command, auto work) {
    commands_.add({command}, [work](const CommandCall&, const Origin&, std::span<const Value>, std::string&) {
      work();
      return true;
    });
  };
  simple(Command::start_release, [this] { release_outputs(); });
  simple(Command::clips_clear, [this] { ClipLatches::clear(status_); });
  simple(Command::safety_mutes_clear, [this] {
    if (core_) core_->safety_mutes_clear().raise();
  });
  commands_.add({Command::effect_kill}, [this](const CommandCall& call, const Origin&, std::span<const Value>,
                                               std::string& error) { return kill_effect(call.owner, error); });
  if (const auto missing = commands_.missing(); !missing.empty()) {
    throw std::logic_error("no part of the desk carries out " + missing.front());
  }
}

void ControlLoop::release_outputs() {
  if (!status_.held) return;
  status_.held = false;
  stored_.meta = meta();  // confirmed: audio that opens later finds no reason to hold in it
  console_.set_hold(false);
  if (store_) store_->submit_meta(meta());
  log_of(EventKind::outputs).info("The outputs are released");
}

bool ControlLoop::kill_effect(int slot, std::string& error) {
  const int slots = config_.geometry.effects();
  if (slot >= slots) {
    error =
        slots == 0 ? "this desk has no effect slots" : "this desk has the effect slots 1 to " + std::to_string(slots);
    return false;
  }
  console_.kill_effect(slot);
  return true;
}

}  // namespace fohd
