// The control loop's commands: which part carries out which.
#include <spdlog/spdlog.h>

#include <string>

#include "daemon/base/clock.h"
#include "daemon/base/log.h"
#include "daemon/desk/control_loop.h"

namespace fohd {

bool ControlLoop::execute(const CommandCall& call, const Origin& origin, std::span<const Value> arguments,
                          std::string& error) {
  // The entry points check this already, where they can refuse in advance; this check covers later entry points.
  if (const Rights rights = desk_.rights_of(origin); !may_run(rights, call)) {
    desk_.note_refused(origin, address_of(call));
    error = explain_refusal(rights);
    return false;
  }
  switch (call.command) {
    case Command::login:
    case Command::logout:
    case Command::access_list:
    case Command::access_approve:
    case Command::access_revoke:
      return access_.execute(call, origin, arguments, now_ms(), error);
    case Command::log:
    case Command::metrics:
      return watch_.execute(call, origin, arguments, error);
    case Command::start_release:
      if (!status_.held) return true;
      status_.held = false;
      stored_.meta = meta();  // confirmed: audio that opens later finds no reason to hold in it
      console_.set_hold(false);
      if (store_) store_->submit_meta(meta());
      log_of(EventKind::outputs).info("The outputs are released");
      return true;
    case Command::clips_clear:
      osc_->clear_clips();
      return true;
    case Command::safety_mutes_clear:
      if (core_) core_->safety_mutes_clear().raise();
      return true;
    case Command::effect_kill:
      if (call.owner >= config_.geometry.effects()) {
        const int slots = config_.geometry.effects();
        error = slots == 0 ? "this desk has no effect slots"
                           : "this desk has the effect slots 1 to " + std::to_string(slots);
        return false;
      }
      console_.kill_effect(call.owner);
      return true;
    default:
      return midi_->execute(call, origin, arguments, now_ms(), error);
  }
}

}  // namespace fohd
