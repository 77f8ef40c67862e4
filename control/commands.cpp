#include "control/commands.h"

#include <array>

namespace fohd {
namespace {

constexpr std::array kRows = {
    CommandRow{Command::start_release, "/start/release", "",
               "Opens the outputs after a cold start that holds them shut; 200 ms ramp. Does nothing when not held."},
    CommandRow{Command::clips_clear, "/clips/clear", "", "Clears every clip latch, at inputs and outputs."},
    CommandRow{Command::safety_mutes_clear, "/safety_mutes/clear", "",
               "Lets strips sound again that were muted because NaN or infinity came out of them three times in 1 s."},
};

consteval bool rows_are_in_order() {
  for (std::size_t i = 0; i < kRows.size(); ++i) {
    if (static_cast<std::size_t>(kRows[i].command) != i || kRows[i].doc.empty()) return false;
  }
  return true;
}
static_assert(rows_are_in_order());

}  // namespace

std::span<const CommandRow> command_rows() noexcept { return kRows; }

std::optional<Command> find_command(std::string_view address) noexcept {
  for (const CommandRow& row : kRows) {
    if (row.path == address) return row.command;
  }
  return std::nullopt;
}

}  // namespace fohd
