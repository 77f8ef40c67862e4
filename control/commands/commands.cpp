#include "control/commands/commands.h"

#include <array>
#include <charconv>

namespace fohd {
namespace {

constexpr std::array kRows = {
    CommandRow{Command::start_release, "/start/release", "",
               "Opens the outputs after a cold start that holds them shut; 200 ms ramp. Does nothing when not held."},
    CommandRow{Command::clips_clear, "/clips/clear", "", "Clears every clip latch, at inputs and outputs."},
    CommandRow{Command::safety_mutes_clear, "/safety_mutes/clear", "",
               "Lets strips sound again that were muted because NaN or infinity came out of them three times in 1 s."},
    CommandRow{Command::effect_kill, "/fx/#/kill", "",
               "Ends the tail of the effect in this slot: out in 20 ms, and forgotten; what comes in later is heard."},
    CommandRow{Command::midi_list, "/midi/list", "",
               "Answers with a line for each MIDI device that is there, and for each control that was learned.", true},
    CommandRow{Command::midi_controls, "/midi/controls", "s",
               "Answers with a line for each control of this device: its message, what it does, what that is now.",
               true},
    CommandRow{
        Command::midi_learn, "/midi/learn", "s",
        "The control that is moved next, on any surface, does this from then on: an address, or an action such as "
        "\"bank right\". Answers with what was learned, or after 30 s that nothing was moved.",
        true},
    CommandRow{Command::midi_forget, "/midi/forget", "s",
               "Forgets what was learned, by what it does or by its message, or \"all\"."},
    CommandRow{
        Command::midi_save, "/midi/save", "ss",
        "Saves what was learned on a device (\"\": the only one) as a profile of this name. Answers with where it is.",
        true},
    CommandRow{
        Command::midi_monitor, "/midi/monitor", "i",
        "Tells you everything that surfaces send, what it did, and what is sent back, for so many seconds (60 at "
        "most; 0 ends it).",
        true},
    CommandRow{Command::midi_spill, "/midi/spill", "s",
               "All surfaces show just these strips, until the next view, layer or spill: addresses and patterns, with "
               "spaces between."},
    CommandRow{Command::login, "/login", "s",
               "Gives this machine the rights of a key (docs/SECURITY.md). Answers with what they are.", true,
               Role::viewer},
    CommandRow{Command::logout, "/logout", "", "Gives back what /login gave. Answers with the rights that are left.",
               true, Role::viewer},
    CommandRow{Command::access_list, "/access/list", "",
               "Answers with a line for each rule, key, approval and machine that was heard: who may do what.", true},
    CommandRow{
        Command::access_approve, "/access/approve", "ss",
        "Lets the machine with this address in, over restarts too, as \"engineer\", \"viewer\", or \"monitor\" and "
        "its buses (\"monitor 1 2\").",
        true},
    CommandRow{Command::access_revoke, "/access/revoke", "s",
               "Takes back what was approved or logged in from this address.", true},
    CommandRow{Command::log, "/log", "ii",
               "Answers with lines of the black box (docs/BLACKBOX.md): the number of the first that is wanted and how "
               "many, 200 at most.",
               true},
    CommandRow{
        Command::metrics, "/metrics", "ii",
        "Answers with lines of the metrics in Prometheus' text format: the first that is wanted, from 0, and how "
        "many, 200 at most.",
        true},
};

consteval bool rows_are_in_order() {
  for (std::size_t i = 0; i < kRows.size(); ++i) {
    if (static_cast<std::size_t>(kRows[i].command) != i || kRows[i].doc.empty()) return false;
  }
  return true;
}
static_assert(rows_are_in_order() && kRows.size() == kCommands);

}  // namespace

std::span<const CommandRow> command_rows() noexcept { return kRows; }

std::optional<CommandCall> find_command(std::string_view address) noexcept {
  for (const CommandRow& row : kRows) {
    const std::size_t mark = row.path.find('#');
    if (mark == std::string_view::npos) {
      if (row.path == address) return CommandCall{row.command};
      continue;
    }
    if (!address.starts_with(row.path.substr(0, mark)) || !address.ends_with(row.path.substr(mark + 1))) continue;
    int number = 0;
    const char *begin = address.data() + mark, *end = address.data() + address.size() - (row.path.size() - mark - 1);
    if (begin >= end || *begin < '1' || *begin > '9') continue;  // no sign and no leading zero
    if (const auto read = std::from_chars(begin, end, number); read.ec == std::errc() && read.ptr == end) {
      return CommandCall{row.command, number - 1};
    }
  }
  return std::nullopt;
}

std::string address_of(const CommandCall& call) {
  const std::string_view path = kRows[static_cast<std::size_t>(call.command)].path;
  const std::size_t mark = path.find('#');
  if (mark == std::string_view::npos) return std::string(path);
  return std::string(path.substr(0, mark)) + std::to_string(call.owner + 1) + std::string(path.substr(mark + 1));
}

bool may_run(const Rights& rights, const CommandCall& call) noexcept {
  return rights.role >= kRows[static_cast<std::size_t>(call.command)].least;
}

bool is_for_buttons(const CommandCall& call) noexcept {
  const CommandRow& row = kRows[static_cast<std::size_t>(call.command)];
  return row.arguments.empty() && !row.answers;
}

}  // namespace fohd
