// Which part of the desk carries out which command: the parts register themselves.
#pragma once

#include <array>
#include <functional>
#include <initializer_list>
#include <string>
#include <vector>

#include "control/commands/answers.h"
#include "control/commands/commands.h"

namespace fohd {

/// Of one argument: a datagram of 64 KB would keep the loop busy, and no address, name or key is longer.
inline constexpr std::size_t kMostTextBytes = 256;

/// [control]
class CommandHandlers : public CommandSink {
 public:
  /// As CommandSink::execute.
  using Handler = std::function<bool(const CommandCall& call, const Origin& origin, std::span<const Value> arguments,
                                     std::string& error)>;

  /// Both must outlive it: the desk's gate says who may do what, `answers` who can be told lines.
  CommandHandlers(Desk& desk, const Answers& answers) : desk_(desk), answers_(answers) {}

  /// From now on `handler` carries these out. A command has one: a second one throws std::logic_error.
  void add(std::initializer_list<Command> commands, const Handler& handler);
  /// Addresses of the rows that nothing carries out; none, once all parts have registered.
  std::vector<std::string> missing() const;

  /// Refuses what the origin may not do, which doors check before where they can refuse in advance; a command that
  /// answers, from a client that cannot be told lines; and texts of more than kMostTextBytes.
  bool execute(const CommandCall& call, const Origin& origin, std::span<const Value> arguments,
               std::string& error) override;

 private:
  Desk& desk_;
  const Answers& answers_;
  std::array<Handler, kCommands> handlers_;
};

}  // namespace fohd
