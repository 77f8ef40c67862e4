// Commands: what a client can make the desk do that is not a value (docs/DESIGN.md, "One row per parameter"). The OSC
// server, the reference page and tests loop over these rows; CommandHandlers says what carries them out. A command runs
// once per message, in order, and matches no address pattern.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "control/desk/desk.h"

namespace fohd {

enum class Command : std::uint8_t {
  start_release,
  clips_clear,
  safety_mutes_clear,
  effect_kill,
  midi_list,
  midi_controls,
  midi_learn,
  midi_forget,
  midi_save,
  midi_monitor,
  midi_spill,
  login,
  logout,
  access_list,
  access_approve,
  access_revoke,
  log,
  metrics,
};

inline constexpr std::size_t kCommands = static_cast<std::size_t>(Command::metrics) + 1;

struct CommandRow {
  Command command = Command::start_release;
  std::string_view path;            ///< the whole address; '#' stands for a number from 1
  std::string_view arguments = {};  ///< OSC type tags it takes, without the comma: "i", "f", "s"
  std::string_view doc;
  bool answers = false;         ///< with lines to its sender
  Role least = Role::engineer;  ///< the least role that may send it
};

/// [any] In the order of Command.
std::span<const CommandRow> command_rows() noexcept;
struct CommandCall {
  Command command = Command::start_release;
  int owner = 0;  ///< the number in the address, from 0; a desk may have fewer
  bool operator==(const CommandCall&) const = default;
};

/// [any] Exact address.
std::optional<CommandCall> find_command(std::string_view address) noexcept;
/// [any] The other way round.
std::string address_of(const CommandCall& call);

/// [any]
bool may_run(const Rights& rights, const CommandCall& call) noexcept;
/// [any] Whether a button can send it: it takes nothing, and answers nothing.
bool is_for_buttons(const CommandCall& call) noexcept;

/// Carries commands out: CommandHandlers, for the parts of the daemon.
class CommandSink {
 public:
  virtual ~CommandSink() = default;
  /// [control] arguments have been checked against the row's tags. On failure returns false and says why.
  virtual bool execute(const CommandCall& call, const Origin& origin, std::span<const Value> arguments,
                       std::string& error) = 0;
};

}  // namespace fohd
