#include "control/commands/command_handlers.h"

#include <stdexcept>

namespace fohd {

void CommandHandlers::add(std::initializer_list<Command> commands, const Handler& handler) {
  for (const Command command : commands) {
    Handler& place = handlers_[static_cast<std::size_t>(command)];
    if (place) throw std::logic_error(address_of({command}) + " has two handlers");
    place = handler;
  }
}

std::vector<std::string> CommandHandlers::missing() const {
  std::vector<std::string> addresses;
  for (const CommandRow& row : command_rows()) {
    if (!handlers_[static_cast<std::size_t>(row.command)]) addresses.emplace_back(row.path);
  }
  return addresses;
}

bool CommandHandlers::execute(const CommandCall& call, const Origin& origin, std::span<const Value> arguments,
                              std::string& error) {
  if (const Rights rights = desk_.rights_of(origin); !may_run(rights, call)) {
    desk_.note_refused(origin, address_of(call));
    error = explain_refusal(rights);
    return false;
  }
  if (command_rows()[static_cast<std::size_t>(call.command)].answers && !answers_.can_tell(origin)) {
    error = "this command answers, so only programs can send it";
    return false;
  }
  for (const Value& argument : arguments) {
    const auto* text = std::get_if<std::string>(&argument);
    if (text == nullptr || text->size() <= kMostTextBytes) continue;
    error = "takes at most " + std::to_string(kMostTextBytes) + " bytes of text";
    return false;
  }
  const Handler& handler = handlers_[static_cast<std::size_t>(call.command)];
  if (!handler) {
    error = "nothing here carries out " + address_of(call);
    return false;
  }
  return handler(call, origin, arguments, error);
}

}  // namespace fohd
