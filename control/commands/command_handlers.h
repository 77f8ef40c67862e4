// Which part of the desk carries out which command: the parts register themselves.
#pragma once

#include <array>
#include <functional>
#include <initializer_list>
#include <string>
#include <vector>

#include "control/commands/commands.h"

namespace fohd {

/// [control]
class CommandHandlers : public CommandSink {
 public:
  /// As CommandSink::execute.
  using Handler = std::function<bool(const CommandCall& call, const Origin& origin, std::span<const Value> arguments,
                                     std::string& error)>;

  /// Desk must outlive it: its gate says who may do what.
  explicit CommandHandlers(Desk& desk) : desk_(desk) {}

  /// From now on `handler` carries these out. A command has one: a second one throws std::logic_error.
  void add(std::initializer_list<Command> commands, const Handler& handler);
  /// Addresses of the rows that nothing carries out; none, once all parts have registered.
  std::vector<std::string> missing() const;

  /// Refuses what the origin may not do. Doors check it before, where they can refuse in advance.
  bool execute(const CommandCall& call, const Origin& origin, std::span<const Value> arguments,
               std::string& error) override;

 private:
  Desk& desk_;
  std::array<Handler, kCommands> handlers_;
};

}  // namespace fohd
